"""Truths meet results, on both databases: early, late, corrected, withdrawn, made again."""

import datetime as dt
import functools
import threading
from collections.abc import Callable

import pytest

from core.domain import codes
from core.domain.equipment import Equipment
from core.domain.feedback import Comparison, Feedback, Role, Source, Truth, Word
from core.domain.finding import Outcome
from core.store.database import Database
from core.store.watch import (
    comparisons,
    concordance,
    feedback,
    observations,
    reports,
    subjects,
)
from core.store.watch.comparisons import Settled
from core.store.watch.observations import Observed
from core.store.watch.reports import Became, Report
from monitoring import comparing
from tests.core.conftest import NOW
from tests.core.watch import answered
from tests.core.watch.answered import EFFUSION, PNEUMOTHORAX, SITE

DAY = NOW.date()
HOUR = dt.timedelta(hours=1)
BOTH = {PNEUMOTHORAX: Truth.PRESENT, EFFUSION: Truth.PRESENT}


def report(
    database: Database, study: str, truths: dict[str, Truth], *, at: dt.datetime = NOW + HOUR
) -> Became:
    """A report arrives and is compared."""
    with database.write() as connection:
        became = reports.store(connection, Report(study, at, at, "api", truths))
        comparing.compare_and_count(connection, study, at)
    return became


def catch_up(database: Database, now: dt.datetime = NOW + 2 * HOUR, most: int = 200) -> int:
    with database.write() as connection:
        return comparing.catch_up(connection, now=now, most=most)


def of_job(database: Database, job: str) -> dict[tuple[str, str], Comparison]:
    """By source and label."""
    with database.read() as connection:
        found = comparisons.of_job(connection, job)
    return {(one.source.value, one.label): one for one in found}


def counted(
    database: Database, label: str | None = "any", subgroup: str | None = ""
) -> list[concordance.Counted]:
    with database.read() as connection:
        return concordance.of(
            connection, algorithm="chest", first=DAY, last=DAY, label=label, subgroup=subgroup
        )


def test_a_report_is_compared_when_it_comes(database: Database) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    assert report(database, study, BOTH) is Became.STORED
    found = of_job(database, job)
    assert {key: (one.called, one.truth) for key, one in found.items()} == {
        ("report", PNEUMOTHORAX): (True, Truth.PRESENT),
        ("report", EFFUSION): (False, Truth.PRESENT),
        ("report", "any"): (True, Truth.PRESENT),
    }
    assert found["report", "any"].groups == ("sex:F", "age:65-79")
    (whole,) = counted(database)
    assert (whole.true_positive, whole.known, whole.unknown) == (1, 1, 0)
    (effusion,) = counted(database, EFFUSION)
    assert (effusion.false_negative, effusion.known) == (1, 1)
    groups = {one.subgroup for one in counted(database, subgroup=None)}
    assert groups == {"", "sex:F", "age:65-79"}


def test_a_report_may_come_before_the_answer(database: Database) -> None:
    study = answered.study(database)
    report(database, study, BOTH, at=NOW - HOUR)
    assert catch_up(database) == 0
    job = answered.job(database, study)
    assert catch_up(database) == 1
    assert catch_up(database) == 0, "and once is enough"
    assert len(of_job(database, job)) == 3
    assert counted(database)[0].true_positive == 1


def test_catching_up_goes_step_by_step(database: Database) -> None:
    for _ in range(5):
        study = answered.study(database)
        report(database, study, BOTH, at=NOW - HOUR)
        answered.job(database, study)
    assert [catch_up(database, most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert counted(database)[0].true_positive == 5


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
def test_no_answer_is_no_comparison(database: Database, outcome: Outcome) -> None:
    study = answered.study(database)
    job = answered.job(database, study, outcome=outcome)
    report(database, study, BOTH)
    assert of_job(database, job) == {}
    assert catch_up(database) == 0
    assert counted(database) == []


def test_the_later_report_holds(database: Database) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    report(database, study, BOTH)
    corrected = {PNEUMOTHORAX: Truth.ABSENT}
    assert report(database, study, corrected, at=NOW + 2 * HOUR) is Became.REPLACED
    assert report(database, study, BOTH, at=NOW + HOUR) is Became.OLDER
    assert report(database, study, corrected, at=NOW + 2 * HOUR) is Became.UNCHANGED
    found = of_job(database, job)
    assert found["report", PNEUMOTHORAX].truth is Truth.ABSENT
    assert ("report", EFFUSION) not in found, "the later report says nothing of it"
    assert counted(database, EFFUSION) == []
    (whole,) = counted(database)
    assert (whole.known, whole.unknown) == (0, 1)


def test_only_the_newest_revision_meets_the_report(database: Database) -> None:
    study = answered.study(database)
    old = answered.job(database, study)
    report(database, study, BOTH)
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO revision (study_id, number, at, last_instance_at, instances, because) "
            "SELECT study_id, 2, at, last_instance_at, instances, because FROM revision"
        )
    new = answered.job(database, study, {codes.PNEUMOTHORAX: 0.2}, revision=2,
                       at=NOW + 2 * HOUR)  # fmt: skip
    assert catch_up(database, NOW + 3 * HOUR) == 1
    assert catch_up(database, NOW + 3 * HOUR) == 0
    assert of_job(database, old) == {}
    assert not of_job(database, new)["report", PNEUMOTHORAX].called
    (whole,) = counted(database)
    assert (whole.true_positive, whole.false_negative) == (0, 1), "the study counts once"


def test_every_algorithm_and_version_is_compared(database: Database) -> None:
    study = answered.study(database)
    made = [
        answered.job(database, study),
        answered.job(database, study, version="1.1.0"),
        answered.job(database, study, algorithm="other"),
    ]
    report(database, study, BOTH)
    assert all(len(of_job(database, job)) == 3 for job in made)
    assert [one.version for one in counted(database)] == ["1.0.0", "1.1.0"]


def test_corrections_are_truths_of_their_own(database: Database) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    for role, said, after in (
        (Role.RADIOGRAPHER, {PNEUMOTHORAX: Truth.PRESENT, EFFUSION: Truth.ABSENT}, 1),
        (Role.RADIOLOGIST, {PNEUMOTHORAX: Truth.ABSENT}, 2),
    ):
        word = Feedback(job, NOW + after * HOUR, role, Word.CORRECT, "", said)
        with database.write() as connection:
            feedback.record(connection, word, called=True)
            comparing.compare_and_count(connection, study, word.at)
    found = of_job(database, job)
    assert found["feedback", PNEUMOTHORAX].truth is Truth.ABSENT, "the later word"
    assert found["feedback", EFFUSION].truth is Truth.ABSENT
    with database.write() as connection:
        assert feedback.withdraw(connection, job, Role.RADIOGRAPHER)
        comparing.compare_and_count(connection, study, NOW + 3 * HOUR)
    assert set(of_job(database, job)) == {("feedback", PNEUMOTHORAX), ("feedback", "any")}
    assert counted(database, EFFUSION) == [], "what is withdrawn is not counted any more"


def test_agreeing_and_disagreeing_are_no_truths(database: Database) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    for role, word in ((Role.RADIOLOGIST, Word.AGREE), (Role.CLINICIAN, Word.DISAGREE)):
        with database.write() as connection:
            feedback.record(connection, Feedback(job, NOW, role, word), called=True)
            comparing.compare_and_count(connection, study, NOW)
    assert of_job(database, job) == {}
    assert catch_up(database) == 0


def observe(database: Database, job: str, day: dt.date) -> None:
    equipment = Equipment("Maker", "M1", "1.0", "00ff")
    seen = Observed(job, 1, SITE, "chest", "1.0.0", equipment.key, "DX", day, NOW,
                    ("sex:F", "age:80+"), b"")  # fmt: skip
    with database.write() as connection:
        observations.record(connection, seen, equipment)


def test_day_and_subgroups_are_those_of_the_observation_also_when_it_is_gone(
    database: Database,
) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    before = DAY - dt.timedelta(days=1)
    observe(database, job, before)
    report(database, study, BOTH)
    groups = of_job(database, job)["report", "any"].groups
    assert groups[:2] == ("sex:F", "age:80+")
    assert groups[2].startswith("equipment:")
    with database.write() as connection:
        assert observations.purge(connection, NOW.date()) == 1
    report(database, study, {PNEUMOTHORAX: Truth.ABSENT}, at=NOW + 3 * HOUR)
    assert of_job(database, job)["report", "any"].groups == groups
    with database.read() as connection:
        (one,) = subjects.of_studies(connection, [study])
        days = comparisons.changed(connection, NOW)
    assert one.day == before
    assert days == [(SITE, "chest", before)]


def test_days_that_changed_are_told(database: Database) -> None:
    study = answered.study(database)
    answered.job(database, study)
    report(database, study, BOTH)
    with database.read() as connection:
        assert comparisons.changed(connection, NOW) == [(SITE, "chest", DAY)]
        assert comparisons.changed(connection, NOW + HOUR) == []
    report(database, study, BOTH, at=NOW + 2 * HOUR)
    with database.read() as connection:
        assert comparisons.changed(connection, NOW + HOUR) == [], "nothing of it is new"


def test_disagreements_wait_until_somebody_has_read_them(database: Database) -> None:
    study = answered.study(database)
    job = answered.job(database, study)
    report(database, study, {PNEUMOTHORAX: Truth.ABSENT, EFFUSION: Truth.ABSENT})
    with database.write() as connection:
        (one,) = comparisons.disagreements(connection, site=SITE, algorithm="chest")
        assert one.comparison.label == PNEUMOTHORAX
        assert one.study_id == study
        assert comparisons.disagreements(connection, site="elsewhere") == []
        assert comparisons.disagreements(connection, source=Source.AUDIT) == []
        settled = comparisons.settle(
            connection, job, PNEUMOTHORAX, Source.REPORT,
            settled_as=Settled.ALGORITHM, role=Role.RADIOLOGIST, now=NOW + 2 * HOUR,
        )  # fmt: skip
        assert settled
        assert not comparisons.settle(
            connection, job, EFFUSION, Source.REPORT,
            settled_as=Settled.ALGORITHM, role=Role.RADIOLOGIST, now=NOW,
        )  # fmt: skip
        assert comparisons.disagreements(connection) == []
        (known,) = comparisons.disagreements(connection, open_only=False)
    assert (known.settled_as, known.settled_role) == (Settled.ALGORITHM, Role.RADIOLOGIST)
    report(database, study, {PNEUMOTHORAX: Truth.ABSENT}, at=NOW + 3 * HOUR)
    with database.read() as connection:
        assert comparisons.disagreements(connection) == [], "the same disagreement stays settled"
    report(database, study, {PNEUMOTHORAX: Truth.PRESENT}, at=NOW + 4 * HOUR)
    report(database, study, {PNEUMOTHORAX: Truth.ABSENT}, at=NOW + 5 * HOUR)
    with database.read() as connection:
        assert len(comparisons.disagreements(connection)) == 1, "a new one is open"


def test_all_that_compare_one_study_at_once_come_one_after_the_other(database: Database) -> None:
    """Reports, corrections and the night: none fails, and nothing is lost or counted twice."""
    study = answered.study(database)
    job = answered.job(database, study)
    failed: list[BaseException] = []

    def tell(role: Role) -> None:
        word = Feedback(job, NOW, role, Word.CORRECT, "", {EFFUSION: Truth.ABSENT})
        with database.write() as connection:
            reports.hold(connection, [study])
            feedback.record(connection, word, called=True)
            comparing.compare_and_count(connection, study, NOW + HOUR)

    def run(work: Callable[[], object]) -> None:
        try:
            for _ in range(3):
                work()
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    work: list[Callable[[], object]] = [
        lambda: report(database, study, BOTH),
        lambda: catch_up(database),
        *(functools.partial(tell, role) for role in Role),
    ]
    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(of_job(database, job)) == 5
    (whole, other) = sorted(counted(database), key=lambda one: one.source)
    assert (whole.source, whole.unknown) == (Source.FEEDBACK, 1)
    assert (other.source, other.true_positive) == (Source.REPORT, 1)
    with database.read() as connection:
        days = feedback.of_days(connection, first=DAY, last=DAY)
    assert sum(one.count for one in days) == len(Role)


def test_without_sex_and_age_there_is_no_subgroup(database: Database) -> None:
    study = answered.study(database, sex="", born="garbage")
    job = answered.job(database, study)
    report(database, study, BOTH)
    assert of_job(database, job)["report", "any"].groups == ()
