"""Jobs: one claim wins, leases end, results are stored once, deliveries settle the job."""

import datetime as dt
import threading

import pytest

from core.domain.codes import LUNG, MILLIMETRE, NODULE, RIGHT
from core.domain.errors import IllegalTransitionError, NotFoundError
from core.domain.finding import Finding, Measurement, Outcome, Provenance, Region, Result
from core.domain.job import TRANSITIONS, DeliveryState, Event, State, after, before
from core.domain.profile import Profile
from core.domain.reason import SENTENCES, Reason, ReasonCode
from core.store import deliveries, jobs, outbox, result_json, results
from core.store.database import Database
from tests.core.conftest import NOW, queued

LEASE = dt.timedelta(seconds=30)


def claimed(database: Database, job_id: str, owner: str = "w1", *, now: dt.datetime = NOW) -> bool:
    """Whether the claim was won."""
    with database.write() as connection:
        return jobs.claim(connection, job_id, owner=owner, now=now, lease=LEASE) is not None


def state(database: Database, job_id: str) -> State:
    """Where the job stands."""
    with database.read() as connection:
        return jobs.get(connection, job_id).state


def result(job_id: str, **more: object) -> Result:
    """A result with everything in it."""
    provenance = Provenance(
        algorithm="chest", name="Chest", version="1.0.0", weights_sha256="ab", device_uid="2.25.9",
        intended_use="test", platform_version="0.1.0", provider="CPU", worker="w1", started_at=NOW,
        finished_at=NOW + LEASE, parameters={"threshold": "0.4"},
    )  # fmt: skip
    region = Region("2.25.1", ((1.5, 2.0), (3.0, 2.0), (1.5, 2.0)))
    finding = Finding(
        NODULE, 0.9, 0.5, "2.25.1", site=LUNG, laterality=RIGHT, region=region,
        measurements=(Measurement(NODULE, 7.5, MILLIMETRE),),
        tracking_id="a", tracking_uid="2.25.5",
    )  # fmt: skip
    values = {"findings": (finding,), "read": ("2.25.1",), **more}
    return Result(job_id, Outcome.FINDINGS, provenance, **values)  # type: ignore[arg-type]


def stored(database: Database, job_id: str, kinds: tuple[str, ...] = ("sr", "gsps")) -> None:
    """A claimed job's result, its objects and deliveries to two destinations."""
    objects = [
        results.StoredObject(f"2.25.{number}.{int(job_id, 16)}"[:64], "1.2", kind, "p", 1, "s")
        for number, kind in enumerate(kinds)
    ]
    with database.write() as connection:
        assert jobs.encoded(
            connection, job_id, owner="w1", outcome=Outcome.FINDINGS, error="", now=NOW
        )
        wanted = [("pacs", Profile()), ("vna", Profile(objects=("sr",)))]
        sent = results.store(
            connection, result(job_id), objects, run=1, destinations=wanted, now=NOW
        )
    assert sent == 3


def test_only_one_of_many_claims_wins(database: Database) -> None:
    job_id = queued(database)
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda n=n: won.append(claimed(database, job_id, f"w{n}")))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_a_lost_lease_gives_the_job_back_and_shuts_the_first_worker_out(database: Database) -> None:
    job_id = queued(database)
    assert claimed(database, job_id)
    later = NOW + LEASE + LEASE
    with database.write() as connection:
        assert jobs.release_lost(connection, NOW) == []
        assert jobs.release_lost(connection, later) == [job_id]
    assert claimed(database, job_id, "w2", now=later)
    with database.write() as connection:
        assert not jobs.renew(connection, job_id, owner="w1", now=later, lease=LEASE)
        assert not jobs.encoded(
            connection, job_id, owner="w1", outcome=Outcome.FINDINGS, error="", now=later
        )
        assert jobs.renew(connection, job_id, owner="w2", now=later, lease=LEASE)
        assert jobs.get(connection, job_id).attempts == 2


def test_news_are_told_until_the_job_is_claimed(database: Database) -> None:
    job_id = queued(database)
    with database.write() as connection:
        ((job, sent),) = jobs.due_news(connection, NOW)
        assert (job.id, sent) == (job_id, 0)
        outbox.told(connection, job_id, sent=0, again=NOW + LEASE)
        assert jobs.due_news(connection, NOW) == []
        assert outbox.tell_all_again(connection, NOW) == 1
        assert len(jobs.due_news(connection, NOW)) == 1
    assert claimed(database, job_id)
    with database.read() as connection:
        assert jobs.due_news(connection, NOW + LEASE + LEASE) == []


def test_delivered_when_every_destination_has_acknowledged(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    stored(database, job_id)
    with database.write() as connection:
        due = deliveries.due(connection, "pacs", NOW) + deliveries.due(connection, "vna", NOW)
        ended = [deliveries.delivered(connection, one, receipt=0, now=NOW) for one in due]
    assert ended == [False, False, True]
    assert state(database, job_id) is State.DELIVERED


def test_undeliverable_is_kept_and_can_be_retried(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    stored(database, job_id)
    with database.write() as connection:
        for one in deliveries.due(connection, "pacs", NOW):
            deliveries.delivered(connection, one, receipt=0, now=NOW)
        (last,) = deliveries.due(connection, "vna", NOW)
        deliveries.postponed(connection, last, receipt=0xA700, error="full", again=NOW + LEASE)
        assert deliveries.due(connection, "vna", NOW) == []
        assert deliveries.next_due(connection, "vna") == NOW + LEASE
        deliveries.undeliverable(connection, last, receipt=0xA900, error="no", now=NOW)
    assert state(database, job_id) is State.UNDELIVERABLE
    with database.write() as connection:
        assert [job.id for job in jobs.listed(connection, states=[State.UNDELIVERABLE])] == [job_id]
        assert jobs.retry(connection, job_id, NOW) is State.ENCODED
        (again,) = deliveries.due(connection, "vna", NOW)
        assert (again.attempts, again.sop_uid) == (0, last.sop_uid)
        assert deliveries.delivered(connection, again, receipt=0, now=NOW)
        kept = {(one.destination, one.state) for one in deliveries.of_jobs(connection, [job_id])}
    assert kept == {("pacs", DeliveryState.DELIVERED), ("vna", DeliveryState.DELIVERED)}


def test_what_one_destination_refused_is_seen_while_another_waits(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    stored(database, job_id)
    with database.write() as connection:
        assert jobs.troubled(connection, 10) == []
        (refused,) = deliveries.due(connection, "vna", NOW)
        deliveries.undeliverable(connection, refused, receipt=0xA900, error="no", now=NOW)
        assert [job.id for job in jobs.troubled(connection, 10)] == [job_id]
        assert jobs.retry(connection, job_id, NOW) is State.ENCODED
        assert [one.id for one in deliveries.due(connection, "vna", NOW)] == [refused.id]
        assert jobs.troubled(connection, 10) == []
        with pytest.raises(IllegalTransitionError, match="encoded"):
            jobs.retry(connection, job_id, NOW)


def test_failed_jobs_run_again_with_a_new_number(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    with database.write() as connection:
        assert jobs.failed(connection, job_id, owner="w1", error="broken", now=NOW)
        assert jobs.retry(connection, job_id, NOW) is State.QUEUED
        assert jobs.get(connection, job_id).run == 2
        assert len(jobs.due_news(connection, NOW)) == 1


def test_cancel_and_what_cannot_be(database: Database) -> None:
    job_id = queued(database)
    with database.write() as connection:
        with pytest.raises(IllegalTransitionError, match="queued"):
            jobs.retry(connection, job_id, NOW)
        jobs.cancel(connection, job_id, NOW)
    assert not claimed(database, job_id)
    with database.write() as connection:
        with pytest.raises(IllegalTransitionError, match="cancelled"):
            jobs.cancel(connection, job_id, NOW)
        with pytest.raises(NotFoundError):
            jobs.cancel(connection, "../../x", NOW)


def test_a_worker_gives_a_job_back(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    with database.write() as connection:
        assert jobs.release(connection, job_id, owner="w1", error="disk", due=NOW + LEASE)
        assert jobs.due_news(connection, NOW) == []
        assert len(jobs.due_news(connection, NOW + LEASE)) == 1
    assert state(database, job_id) is State.QUEUED


def test_results_come_back_as_they_were(database: Database) -> None:
    job_id = queued(database)
    claimed(database, job_id)
    stored(database, job_id)
    with database.read() as connection:
        assert results.of_jobs(connection, [job_id]) == {job_id: result(job_id)}
        assert [one.kind for one in results.objects(connection, job_id)] == ["sr", "gsps"]


def test_a_reason_survives_json() -> None:
    why = Reason(ReasonCode.NO_ALGORITHM, {"found": "CT"})
    body = result_json.dump(result("a", reason=why, findings=()))
    assert result_json.load(body).reason == why


def test_every_reason_has_both_languages() -> None:
    assert set(SENTENCES) == set(ReasonCode)
    for code in ReasonCode:
        assert Reason(code).text("en") != Reason(code).text("nb")


def test_the_transition_table_reaches_every_state() -> None:
    assert {*TRANSITIONS.values()} == set(State)
    assert before(Event.CANCEL) == (State.QUEUED, State.RUNNING)
    with pytest.raises(IllegalTransitionError, match="a job that is delivered cannot claim"):
        after(State.DELIVERED, Event.CLAIM)
