"""What a result takes the place of, as the store knows it, and when a delivery's turn has come."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Iterable, Mapping

import pytest
import sqlalchemy as sa

from core.domain.finding import Outcome
from core.domain.job import PLATFORM, DeliveryState, Job, Priority
from core.domain.profile import REJECTION, Profile
from core.store import assembly, deliveries, jobs, results, succession
from core.store.database import Database
from core.store.results import StoredObject
from core.store.tables import DeliveryRow
from tests.core.conftest import NOW, arrive
from tests.core.test_jobs import result

LEASE = dt.timedelta(minutes=1)
TO_PACS = {"pacs": True}
PROFILE = Profile(objects=("sr", "gsps", "seg"), withdraw=True)


class Study:
    """A study whose revisions are answered one after the other."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.count = 0
        self.id = arrive(database)
        self._close(1)

    def _close(self, seen: int) -> None:
        with self.database.write() as connection:
            assembly.close_revision(connection, self.id, because="quiet", seen=seen, now=NOW)

    def revise(self) -> None:
        """One more instance, and the next revision."""
        self.count += 1
        arrive(self.database, self.count + 1, expect_fresh=True)
        self._close(1)

    def job(self, revision: int, algorithm: str = "chest", version: str = "1.0.0") -> str:
        """A job that a worker has; returns its id."""
        wish = assembly.Wish(algorithm, version, "cpu", Priority.ROUTINE, 60)
        now = NOW + dt.timedelta(seconds=self.count)
        with self.database.write() as connection:
            made = assembly.create_job(connection, self.id, "haukeland", revision, wish, now=now)
        self.claim(made)
        return made

    def claim(self, job_id: str) -> None:
        """A worker takes the job."""
        with self.database.write() as connection:
            assert jobs.claim(connection, job_id, owner="w", now=NOW, lease=LEASE)

    def get(self, job_id: str) -> Job:
        """The job as it is now."""
        with self.database.read() as connection:
            return jobs.get(connection, job_id)

    def asked(
        self,
        job_id: str,
        outcome: Outcome = Outcome.FINDINGS,
        withdrawing: Mapping[str, bool] = TO_PACS,
    ) -> succession.Succession:
        """Where a result of the job would stand now."""
        with self.database.read() as connection:
            return succession.of(connection, jobs.get(connection, job_id), outcome, withdrawing)

    def names(
        self, job_id: str, outcome: Outcome = Outcome.FINDINGS, *, noted: bool = True
    ) -> set[str]:
        """What it would take the place of in `pacs`, which gets notes or does not."""
        found = self.asked(job_id, outcome, {"pacs": noted}).replaced["pacs"]
        return {one.sop_uid for one in found}

    def store(
        self,
        job_id: str,
        kinds: Iterable[str] = ("sr",),
        outcome: Outcome = Outcome.FINDINGS,
        to: Iterable[str] = ("pacs",),
    ) -> set[str]:
        """Store a result with objects of these kinds; returns the UIDs of all but notes."""
        job = self.get(job_id)
        uid = f"2.25.{int(job_id, 16) % 10**20}.{job.run}"
        made = [
            StoredObject(
                f"{uid}.{n}", "1.2", kind, f"{kind}-{n}", 1, "s", "2.25.9", PROFILE.fingerprint
            )
            for n, kind in enumerate(kinds)
        ]
        told = dataclasses.replace(result(job_id), outcome=outcome)
        with self.database.write() as connection:
            assert jobs.encoded(connection, job_id, owner="w", outcome=outcome, error="", now=NOW)
            results.store(
                connection, told, made, run=job.run,
                destinations=[(key, PROFILE) for key in to], now=NOW,
            )  # fmt: skip
        return {one.sop_uid for one in made if one.kind != REJECTION}

    def end(self, job_id: str, state: DeliveryState = DeliveryState.DELIVERED) -> None:
        """End all deliveries of a job."""
        with self.database.write() as connection:
            for one in deliveries.of_jobs(connection, [job_id]):
                if state is DeliveryState.DELIVERED:
                    deliveries.delivered(connection, one, receipt=0, now=NOW)
                else:
                    deliveries.undeliverable(connection, one, receipt=1, error="no", now=NOW)

    def refuse(self, job_id: str, kind: str) -> None:
        """The destination has given its last no to one kind of object."""
        with self.database.write() as connection:
            for one in deliveries.of_jobs(connection, [job_id]):
                if one.kind == kind:
                    deliveries.undeliverable(connection, one, receipt=1, error="no", now=NOW)

    def postpone(self, job_id: str) -> None:
        """The destination was away: all deliveries of a job are tried again in an hour."""
        with self.database.write() as connection:
            for one in deliveries.of_jobs(connection, [job_id]):
                again = NOW + dt.timedelta(hours=1)
                deliveries.postponed(connection, one, receipt=None, error="away", again=again)

    def again(self, job_id: str) -> None:
        """An operator has a failed job run once more."""
        with self.database.write() as connection:
            jobs.retry(connection, job_id, NOW)
        self.claim(job_id)

    def turn(self) -> list[str]:
        """The objects whose delivery waits and whose turn has come, in order."""
        query = (
            sa.select(DeliveryRow.sop_uid)
            .where(DeliveryRow.state == DeliveryState.WAITING.value, succession.in_turn())
            .order_by(DeliveryRow.id)
        )
        with self.database.read() as connection:
            return list(connection.execute(query).scalars())


@pytest.fixture
def study(database: Database) -> Study:
    """A study with one revision."""
    return Study(database)


def test_the_first_result_takes_the_place_of_nothing(study: Study) -> None:
    assert study.asked(study.job(1)) == succession.Succession(None, {"pacs": ()})


def test_a_later_revision_replaces_what_the_destination_holds(study: Study) -> None:
    first = study.store(study.job(1), ("sr", "gsps"))
    study.revise()
    second = study.job(2)
    assert study.names(second) == first
    assert study.asked(second, withdrawing={"other": True}).replaced["other"] == ()
    assert [one.kind for one in study.asked(second).replaced["pacs"]] == ["sr", "gsps"]


def test_the_answer_is_the_same_however_often_it_is_asked(study: Study) -> None:
    study.store(study.job(1), ("sr", "gsps", "seg"))
    study.revise()
    second = study.job(2)
    assert study.asked(second) == study.asked(second)


@pytest.mark.parametrize("noted", [True, False])
def test_of_three_in_a_row_the_last_replaces_the_second_alone(study: Study, noted: bool) -> None:
    study.store(study.job(1))
    study.revise()
    second = study.store(study.job(2), (REJECTION, "sr") if noted else ("sr",))
    study.revise()
    assert study.names(study.job(3), noted=noted) == second


def test_what_no_note_has_named_is_named_however_old(study: Study) -> None:
    """The destination has begun to understand notes only now."""
    first = study.store(study.job(1))
    study.revise()
    second = study.store(study.job(2))
    study.revise()
    assert study.names(study.job(3), noted=True) == first | second
    assert study.names(study.job(3, version="2.0.0"), noted=False) == second


def test_a_note_that_was_refused_for_good_is_written_again(study: Study) -> None:
    first = study.store(study.job(1))
    study.revise()
    second = study.job(2)
    held = study.store(second, (REJECTION, "sr"))
    study.refuse(second, REJECTION)
    study.revise()
    assert study.names(study.job(3)) == first | held


def test_what_a_destination_has_refused_for_good_is_not_named(study: Study) -> None:
    first = study.job(1)
    study.store(first, ("sr", "gsps"))
    study.refuse(first, "gsps")
    study.revise()
    (named,) = study.asked(study.job(2)).replaced["pacs"]
    assert named.kind == "sr"


def test_a_new_version_replaces_the_old_one_on_the_same_revision(study: Study) -> None:
    first = study.store(study.job(1))
    study.count += 1
    assert study.names(study.job(1, version="2.0.0")) == first


def test_a_further_run_replaces_the_first(study: Study) -> None:
    job = study.job(1)
    first = study.store(job, outcome=Outcome.FAILED)
    study.end(job)
    study.again(job)
    assert study.get(job).run == 2
    assert study.names(job) == first
    assert study.names(job, Outcome.FAILED) == first


def test_another_algorithm_is_left_alone(study: Study) -> None:
    study.store(study.job(1, "bone"))
    study.revise()
    assert study.names(study.job(2)) == set()


def test_failed_stands_beside_findings_until_somebody_succeeds(study: Study) -> None:
    first = study.store(study.job(1))
    study.revise()
    second = study.job(2)
    assert study.names(second, Outcome.FAILED) == set()
    failed = study.store(second, outcome=Outcome.FAILED)
    study.revise()
    assert study.names(study.job(3)) == first | failed


def test_failed_does_not_name_again_what_a_success_has_replaced(study: Study) -> None:
    study.store(study.job(1), outcome=Outcome.FAILED)
    study.revise()
    study.store(study.job(2), (REJECTION, "sr"))
    study.revise()
    assert study.names(study.job(3), Outcome.FAILED) == set()


def test_no_algorithm_gives_way_to_the_first_that_reads_the_study(study: Study) -> None:
    answer = study.store(study.job(1, PLATFORM), outcome=Outcome.NOT_EVALUATED)
    study.revise()
    chest, bone = study.job(2), study.job(2, "bone")
    assert study.names(chest) == study.names(bone) == answer
    study.store(chest, (REJECTION, "sr"))
    assert study.names(bone) == set()


def test_a_late_finisher_is_outdated(study: Study) -> None:
    first = study.job(1)
    study.revise()
    second = study.job(2)
    study.store(second)
    late = study.asked(first)
    assert late.outdated_by is not None
    assert (late.outdated_by.job_id, late.outdated_by.revision) == (second, 2)
    assert late.replaced == {}
    assert study.asked(first, Outcome.FAILED).outdated_by == late.outdated_by


def test_a_failure_outdates_nothing_but_failures(study: Study) -> None:
    first = study.job(1)
    study.revise()
    study.store(study.job(2), outcome=Outcome.FAILED)
    assert study.asked(first).outdated_by is None
    assert study.asked(first).replaced == {"pacs": ()}
    assert study.asked(first, Outcome.FAILED).outdated_by is not None


def test_no_algorithm_is_outdated_by_any_algorithm(study: Study) -> None:
    answer = study.job(1, PLATFORM)
    study.revise()
    study.store(study.job(2))
    assert study.asked(answer, Outcome.NOT_EVALUATED).outdated_by is not None


def test_a_site_without_destinations_replaces_what_went_nowhere(study: Study) -> None:
    first = study.store(study.job(1), to=())
    study.revise()
    found = study.asked(study.job(2), withdrawing={"": False}).replaced[""]
    assert {one.sop_uid for one in found} == first


def test_two_results_of_a_study_are_not_stored_at_once(study: Study, database: Database) -> None:
    """The second waits for the first to commit, and then sees it."""
    began, seen = threading.Event(), []

    def second() -> None:
        began.set()
        with database.write() as connection:
            succession.lock(connection, study.id)
            seen.append(connection.execute(sa.select(DeliveryRow.sop_uid)).scalars().all())

    job = study.job(1)
    waiting = threading.Thread(target=second)
    with database.write() as connection:
        succession.lock(connection, study.id)
        waiting.start()
        assert began.wait(10)
        assert jobs.encoded(connection, job, owner="w", outcome=Outcome.FINDINGS, error="", now=NOW)
        made = StoredObject("2.25.1", "1.2", "sr", "p", 1, "s", "2.25.9", PROFILE.fingerprint)
        results.store(
            connection, result(job), [made], run=1, destinations=[("pacs", PROFILE)], now=NOW
        )
    waiting.join(30)
    assert seen == [["2.25.1"]]


def test_instances_arrive_while_a_result_is_stored(study: Study, database: Database) -> None:
    """On PostgreSQL the lock leaves the study's key free; SQLite has one writer in any case."""
    if database.sqlite:
        return
    with database.write() as connection:
        succession.lock(connection, study.id)
        arrive(database, 7)


def test_a_note_waits_for_what_it_withdraws(study: Study) -> None:
    """The first result is being tried again: the second is due, and it is not its turn."""
    first = study.job(1)
    old = study.store(first)
    study.postpone(first)
    study.revise()
    second = study.job(2)
    new = study.store(second, (REJECTION, "sr"))
    assert set(study.turn()) == old
    study.end(first)
    note, report = study.turn()
    assert {report} == new
    assert note not in new


def test_other_algorithms_and_destinations_do_not_wait(study: Study) -> None:
    study.store(study.job(1))
    bone = study.store(study.job(1, "bone"))
    study.revise()
    elsewhere = study.store(study.job(2), to=("vna",))
    assert bone | elsewhere <= set(study.turn())


def test_what_ended_for_good_holds_nobody_up(study: Study) -> None:
    first = study.job(1)
    study.store(first)
    study.revise()
    new = study.store(study.job(2))
    assert not new & set(study.turn())
    study.end(first, DeliveryState.UNDELIVERABLE)
    assert set(study.turn()) == new


def test_a_delivery_is_claimed_in_its_turn(study: Study, database: Database) -> None:
    """The condition of a statement that changes what it asks about."""
    first = study.job(1)
    study.store(first)
    study.revise()
    study.store(study.job(2), (REJECTION, "sr"))
    claim = sa.update(DeliveryRow).where(succession.in_turn()).values(attempts=7)
    with database.write() as connection:
        assert connection.execute(claim).rowcount == 1
    study.end(first)
    with database.write() as connection:
        assert connection.execute(claim).rowcount == 3
