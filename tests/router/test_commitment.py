"""Storage commitment (PS3.4 J) with archives that report at once, late, never, twice or wrongly."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from pydicom.dataset import Dataset

from core.domain.commitment import MOST_ASKS, CommitmentState
from core.domain.job import DeliveryState, State
from core.queue import News, app
from core.store import commitments, jobs
from core.store.database import Database
from core.store.tables import DeliveryRow, JobRow, ResultRow, RevisionRow
from router.dispatch import Dispatcher
from tests.router.committing import UIDS, Asked, Keeper, Reporter, event_information
from tests.router.conftest import settings_of
from tests.router.test_delivery import SR, Post
from tests.services.redis import Redis

_S = CommitmentState


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits two seconds for somebody to look."""
    monkeypatch.setattr("router.commitment._LONGEST_SLEEP_S", 0.05)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """A job that waits for delivery to an archive that is asked for commitment."""
    made = Asked(tmp_path / "var")
    yield made
    made.stop()


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Asked]:
    """The same, with no patience to speak of."""
    made = Asked(tmp_path / "var", commitment_s=0.02)
    yield made
    made.stop()


def all_kept(request: Dataset) -> Dataset:
    """The report that commits to all that was asked for."""
    uids = [item.ReferencedSOPInstanceUID for item in request.ReferencedSOPSequence]
    return event_information(request.TransactionUID, uids)


def report(asked: Asked, data: Dataset) -> int:
    """One report on an association of the archive's own."""
    reporter = Reporter(asked.port)
    status = reporter.report(data)
    reporter.release()
    return status


def test_asked_for_in_one_transaction_and_committed_on_a_new_association(asked: Asked) -> None:
    stored = []
    keeper = Keeper(during=lambda _: stored.extend(asked.found()))
    asked.start(keeper.port)
    request = keeper.request()
    items = request.ReferencedSOPSequence
    assert [item.ReferencedSOPInstanceUID for item in items] == [*UIDS]
    assert {item.ReferencedSOPClassUID for item in items} == {SR}
    assert {one.transaction_uid for one in stored} == {request.TransactionUID}  # before it went out
    assert {one.state for one in stored} == {_S.ASKED}
    assert report(asked, all_kept(request)) == 0
    found = asked.wait_states(_S.COMMITTED)
    assert [(one.error, one.asks) for one in found] == [("", 1)] * 2
    asked.wait(lambda job: job.state is State.DELIVERED)
    keeper.stop()


def test_a_report_on_the_same_association(asked: Asked) -> None:
    keeper = Keeper(same=all_kept)
    asked.start(keeper.port)
    assert keeper.statuses.get(timeout=20) == 0
    assert asked.states() == [_S.COMMITTED] * 2  # acknowledged only when it is durable
    keeper.stop()


def test_reports_may_come_while_the_request_is_being_answered(asked: Asked) -> None:
    """Orthanc's order of things is not everybody's."""
    statuses: list[int] = []
    keeper = Keeper(during=lambda request: statuses.append(report(asked, all_kept(request))))
    asked.start(keeper.port)
    keeper.request()
    asked.wait_states(_S.COMMITTED)
    assert statuses == [0]
    keeper.stop()


def test_what_is_lacked_is_sent_once_more_and_asked_for_again(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    first = keeper.request()
    lost = event_information(first.TransactionUID, [UIDS[0]], [(UIDS[1], 0x0112)])
    assert report(asked, lost) == 0
    second = keeper.request()
    assert second.TransactionUID != first.TransactionUID
    assert [item.ReferencedSOPInstanceUID for item in second.ReferencedSOPSequence] == [UIDS[1]]
    assert keeper.received == [*UIDS, UIDS[1]]
    assert asked.states() == [_S.COMMITTED, _S.ASKED]
    assert report(asked, all_kept(second)) == 0
    assert asked.wait_states(_S.COMMITTED)[1].resent
    keeper.stop()


def test_what_a_newer_result_has_taken_the_place_of_is_not_sent_again(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    first = keeper.request()
    newer(asked.database, asked.job_id)
    lost = event_information(first.TransactionUID, [UIDS[0]], [(UIDS[1], 0x0112)])
    assert report(asked, lost) == 0
    asked.wait_states(_S.COMMITTED, _S.NONE)
    assert keeper.received == [*UIDS]
    keeper.stop()


def newer(database: Database, job_id: str) -> None:
    """A result of the same algorithm on the next revision of the job's study."""
    with database.write() as connection:
        job = connection.execute(sa.select(JobRow.__table__).where(JobRow.id == job_id)).one()
        more = {**job._asdict(), "id": "newer", "revision": job.revision + 1}
        revision = connection.execute(
            sa.select(RevisionRow.__table__).where(RevisionRow.study_id == job.study_id)
        ).one()
        again = {**revision._asdict(), "number": more["revision"]}
        connection.execute(sa.insert(RevisionRow).values(again))
        connection.execute(sa.insert(JobRow).values(more))
        result = connection.execute(sa.select(ResultRow.__table__)).one()
        connection.execute(sa.insert(ResultRow).values({**result._asdict(), "job_id": "newer"}))


def test_refused_twice_is_refused_until_somebody_restarts_it(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    for _ in range(2):
        uid = keeper.request().TransactionUID
        failed = [(one, 0x0112) for one in UIDS]
        assert report(asked, event_information(uid, failed=failed)) == 0
    found = asked.wait_states(_S.REFUSED)
    assert {one.error for one in found} == {"0x0112 no such object instance"}
    assert len(keeper.received) == 4
    with asked.database.write() as connection:
        assert len(commitments.broken(connection)) == 2
        assert jobs.retry(connection, asked.job_id, dt.datetime.now(dt.UTC)) is State.DELIVERED
    asked.wake()
    assert report(asked, all_kept(keeper.request())) == 0
    asked.wait_states(_S.COMMITTED)
    keeper.stop()


def test_a_damaged_file_is_not_sent_again(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    request = keeper.request()
    for path in (asked.files.home / "results").rglob("sr-2.dcm"):
        path.write_bytes(b"garbage")
    lost = event_information(request.TransactionUID, [UIDS[0]], [(UIDS[1], 0x0112)])
    assert report(asked, lost) == 0
    _, second = asked.wait_states(_S.COMMITTED, _S.REFUSED)
    assert "damaged" in second.error
    assert "0x0112" in second.error
    keeper.stop()


def test_what_stays_without_an_answer_is_asked_for_again_and_ends(hurried: Asked) -> None:
    keeper = Keeper()
    hurried.start(keeper.port)
    found = hurried.wait_states(_S.UNANSWERED)
    requests = [keeper.request() for _ in range(MOST_ASKS)]
    assert keeper.asked == MOST_ASKS
    assert len({request.TransactionUID for request in requests}) == MOST_ASKS
    assert {one.error for one in found} == {f"no answer to {MOST_ASKS} requests"}
    assert report(hurried, all_kept(requests[-1])) == 0  # late, and welcome
    hurried.wait_states(_S.COMMITTED)
    keeper.stop()


@pytest.mark.parametrize(("offers", "status"), [(False, 0), (True, 0x0211), (True, 0x0122)])
def test_an_archive_that_does_not_offer_it_is_said_once(
    asked: Asked, offers: bool, status: int
) -> None:
    keeper = Keeper(offers=offers, action_status=status)
    with structlog.testing.capture_logs() as logs:
        asked.start(keeper.port)
        asked.wait_states(_S.UNSUPPORTED)
        with asked.database.write() as connection:
            commitments.restart(connection, asked.job_id, dt.datetime.now(dt.UTC))
        asked.wake()
        found = asked.wait_states(_S.UNSUPPORTED)
    said = [one for one in logs if one["event"] == "storage commitment not offered"]
    assert len(said) == 1
    assert "destinations.pacs.commitment" in said[0]["error"]
    assert all(one.error for one in found)
    with asked.database.read() as connection:
        assert commitments.next_due(connection, "pacs") is None
    keeper.stop()


def test_a_request_that_is_turned_away_is_made_again_and_ends(hurried: Asked) -> None:
    keeper = Keeper(action_status=0x0110)
    hurried.start(keeper.port)
    found = hurried.wait_states(_S.UNANSWERED)
    assert all("0x0110" in one.error for one in found)
    assert keeper.asked == MOST_ASKS
    keeper.stop()


def test_an_archive_that_has_gone_since_the_delivery(hurried: Asked) -> None:
    keeper = Keeper(action_status=0x0213)
    hurried.start(keeper.port)
    hurried.wait_states(_S.UNANSWERED)
    keeper.stop()
    with hurried.database.write() as connection:
        commitments.restart(connection, hurried.job_id, dt.datetime.now(dt.UTC))
    found = hurried.wait_states(_S.UNANSWERED)
    assert all("does not answer" in one.error for one in found)


def test_the_same_report_twice_is_one(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    request = keeper.request()
    said = event_information(request.TransactionUID, [UIDS[0]], [(UIDS[1], 0x0122)])
    assert [report(asked, said), report(asked, said)] == [0, 0]
    before = asked.found()
    assert [one.state for one in before] == [_S.COMMITTED, _S.REFUSED]
    assert before[1].error == "0x0122 referenced SOP class not supported"
    turned = event_information(request.TransactionUID, [UIDS[1]], [(UIDS[0], 0x0110)])
    assert report(asked, turned) == 0  # heard, and nothing more: they have their answer
    assert asked.found() == before
    keeper.stop()


def test_contradictions_and_strangers_do_not_become_commitment(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    uid = keeper.request().TransactionUID
    strange = [f"2.25.9.{number}" for number in range(2000)]
    with structlog.testing.capture_logs() as logs:
        said = event_information(uid, [UIDS[0], *strange], [(UIDS[0], 0x0119)])
        assert report(asked, said) == 0
    assert asked.states() == [_S.REFUSED, _S.ASKED]
    assert {one["count"] for one in logs if one["event"].startswith("report")} == {1, 2000}
    other = event_information(uid, [UIDS[1]], sop_class="1.2.840.10008.5.1.4.1.1.66.4")
    assert report(asked, other) == 0
    assert asked.states() == [_S.REFUSED, _S.ASKED]
    keeper.stop()


def test_an_archive_that_does_not_answer_holds_no_delivery_up(asked: Asked) -> None:
    asking, done = threading.Event(), threading.Event()

    def stall(_: Dataset) -> None:
        asking.set()
        assert done.wait(20)

    keeper = Keeper(during=stall)
    asked.start(keeper.port)
    assert asking.wait(20)
    with asked.database.write() as connection:
        connection.execute(
            sa.update(DeliveryRow)
            .where(DeliveryRow.sop_uid == UIDS[0])
            .values(state=DeliveryState.WAITING.value, commitment="")
        )
    for _ in range(3):
        assert keeper.stored.acquire(timeout=20)
    assert keeper.received == [*UIDS, UIDS[0]]
    assert not done.is_set()
    done.set()
    keeper.stop()


def test_two_routers_ask_once(asked: Asked) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    first = asked.deliverer
    asked.start(keeper.port)
    uids: set[str] = set()
    while len(uids) < 2:  # in one transaction or in two, but nothing in both
        request = keeper.request()
        fresh = {str(item.ReferencedSOPInstanceUID) for item in request.ReferencedSOPSequence}
        assert not fresh & uids
        uids |= fresh
        assert report(asked, all_kept(request)) == 0
    asked.wait_states(_S.COMMITTED)
    assert first
    first.stop()
    first.join(10)
    assert keeper.requests.empty()
    keeper.stop()


def test_reconciliation_asks_no_longer_where_the_setting_is_gone(
    asked: Asked, redis_server: Redis
) -> None:
    keeper = Keeper()
    asked.start(keeper.port)
    keeper.request()
    destination = asked.destination(keeper.port)
    for commitment, expected in ((True, _S.ASKED), (False, _S.NONE)):
        now = destination.model_copy(update={"commitment": commitment})
        Dispatcher(
            settings_of(asked.home, destinations={"pacs": now}), asked.database, {},
            app(redis_server.url), news=News(redis_server.url),
            clock=lambda: dt.datetime.now(dt.UTC),
        ).reconcile()  # fmt: skip
        assert asked.states() == [expected] * 2
    keeper.stop()


def test_an_archive_without_the_setting_is_not_asked(asked: Asked) -> None:
    keeper = Keeper()
    Post.start(asked, keeper.port)
    asked.wait(lambda job: job.state is State.DELIVERED)
    assert asked.states() == [_S.NONE] * 2
    assert keeper.asked == 0
    keeper.stop()
