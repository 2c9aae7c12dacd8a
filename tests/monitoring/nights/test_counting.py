"""The part of a night that is about truths: in whatever order they came."""

import datetime as dt
from pathlib import Path

import pytest

from core.domain.case import CaseKind
from core.domain.feedback import Role, Source, Truth
from core.sections import Watch
from core.store.database import Database
from core.store.watch import audits, cases, comparisons, concordance
from core.store.watch.concordance import Counted
from tests.core.watch import answered
from tests.monitoring.nights.conftest import NIGHT, YESTERDAY, hold

NOON = dt.datetime.combine(YESTERDAY, dt.time(12), dt.UTC)
LATER = dt.timedelta(hours=1)


def results(database: Database, count: int) -> list[str]:
    """So many studies of yesterday, each with a result."""
    return [
        answered.job(database, answered.study(database, at=NOON), at=NOON) for _ in range(count)
    ]


def test_results_are_drawn_for_audit_once(both: Database, tmp_path: Path) -> None:
    made = set(results(both, 6))
    watch = Watch(audit_share=1.0)
    night = hold(both, tmp_path, watch=watch)
    assert night.notes["did"]["drawn"] == 6
    again = hold(both, tmp_path, now=NIGHT + LATER, watch=watch)
    assert again.notes["did"]["drawn"] == 0
    with both.read() as connection:
        assert {one.job_id for one in audits.waiting(connection)} == made


def test_an_answer_is_compared_and_counted(both: Database, tmp_path: Path) -> None:
    (job_id,) = results(both, 1)
    hold(both, tmp_path, watch=Watch(audit_share=1.0))
    with both.write() as connection:
        truths = {answered.PNEUMOTHORAX: Truth.PRESENT}
        audits.answer(connection, job_id, truths=truths, role=Role.RADIOLOGIST, now=NIGHT + LATER)
    night = hold(both, tmp_path, now=NIGHT + 2 * LATER)
    assert night.error == ""
    assert night.notes["did"]["compared"] == 1
    assert [one.true_positive for one in counted(both)] == [1]
    with both.write() as connection:  # what a lost transaction would leave
        connection.exec_driver_sql("DELETE FROM concordance")
    hold(both, tmp_path, now=NIGHT + 3 * LATER)
    assert [one.true_positive for one in counted(both)] == [1]


def counted(database: Database) -> list[Counted]:
    with database.read() as connection:
        return concordance.of(
            connection, algorithm="chest", first=YESTERDAY, last=YESTERDAY, subgroup="",
            label=answered.PNEUMOTHORAX,
        )  # fmt: skip


def test_errors_that_pile_up_become_a_case(database: Database, tmp_path: Path) -> None:
    """Many days are counted already; one truth of yesterday has the stream looked at."""
    days = [a_day(number, wrong=3 if number > 30 else 14) for number in range(60)]
    with database.write() as connection:
        concordance.write(connection, days)
    test_an_answer_is_compared_and_counted(database, tmp_path)
    with database.read() as connection:
        found = cases.listed(connection, kind=CaseKind.ERRORS)
    assert [case.subject for case in found] == ["report:false_positive"]


def a_day(back: int, *, wrong: int) -> Counted:
    return Counted(
        "haukeland", "chest", "1.0.0", YESTERDAY - dt.timedelta(days=back + 1), "any",
        Source.REPORT, "", true_positive=27, false_positive=wrong, false_negative=3,
        true_negative=70 - wrong,
    )  # fmt: skip


def test_one_day_that_cannot_be_counted_does_not_stop_the_others(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_an_answer_is_compared_and_counted(database, tmp_path)

    def broken(*_: object) -> int:
        raise ValueError

    monkeypatch.setattr(concordance, "recount", broken)
    night = hold(database, tmp_path, now=NIGHT + 4 * LATER)
    assert night.error == f"recount haukeland/chest:{YESTERDAY}: ValueError"
    assert night.notes["whole"] is True
    assert night.notes["did"]["drawn"] == 0
    with database.read() as connection:
        assert comparisons.changed(connection, NIGHT)
