"""Delivery to real peers: receipts, growing delay, an end, and one association for many objects."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.events import Event

from core.domain.finding import Outcome
from core.domain.job import Job, State
from core.domain.profile import Profile
from core.sections import Delivery, Destination
from core.store import deliveries, jobs, results
from core.store.database import Database, open_database
from core.store.files import Files
from router.delivery import Deliverer, delay
from router.file_meta import file_meta
from tests.core.conftest import NOW, queued
from tests.core.test_jobs import LEASE, result
from tests.router.conftest import encoded, instance, settings_of
from tests.services.dcmtk import Storescp
from tests.services.process import free_port

SR = "1.2.840.10008.5.1.4.1.1.88.34"
GSPS = "1.2.840.10008.5.1.4.1.1.11.1"
PATIENCE = Delivery(first_delay_s=0.05, factor=2, longest_delay_s=0.2, attempts=4, linger_s=0.2)


class Archive:
    """A peer that answers as it is told."""

    def __init__(
        self,
        *statuses: int,
        sop_classes: Sequence[str] = (SR, GSPS),
    ) -> None:
        """One status for each C-STORE, then success."""
        self.statuses = list(statuses)
        self.received: list[str] = []
        self.associations = 0
        self.heard = threading.Semaphore(0)
        self.port = free_port()
        entity = AE(ae_title="ARCHIVE")
        for sop_class in sop_classes:
            entity.add_supported_context(sop_class, ExplicitVRLittleEndian)
        handlers: Any = [(evt.EVT_C_STORE, self._store), (evt.EVT_ESTABLISHED, self._opened)]
        self._server: Any = entity.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers
        )

    def _store(self, event: Event) -> int:
        self.received.append(str(getattr(event.request, "AffectedSOPInstanceUID", "")))
        status = self.statuses.pop(0) if self.statuses else 0
        self.heard.release()
        return status

    def _opened(self, _: Event) -> None:
        self.associations += 1

    def stop(self) -> None:
        """Stop it."""
        self._server.shutdown()


class Post:
    """A job with two objects on disk, and a deliverer for it."""

    def __init__(self, home: Path) -> None:
        """Everything but the deliverer."""
        settings = settings_of(home)
        self.database: Database = open_database(settings)
        self.files = Files(home)
        self.job_id = queued(self.database)
        self.deliverer: Deliverer | None = None
        with self.database.write() as connection:
            jobs.claim(connection, self.job_id, owner="w1", now=NOW, lease=LEASE)
        objects = []
        for number in (1, 2):
            uid = f"2.25.300.{number}"
            data = file_meta(
                sop_class_uid=SR, sop_uid=uid, transfer_syntax_uid="1.2.840.10008.1.2.1"
            )
            data += encoded(instance(SOPClassUID=SR, SOPInstanceUID=uid, PixelData=None))
            (path,) = self.files.write_results(
                "haukeland", self.job_id, 1, [(f"sr-{number}.dcm", data)]
            )
            digest = hashlib.sha256(data).hexdigest()
            objects.append(results.StoredObject(uid, SR, "sr", path, len(data), digest))
        with self.database.write() as connection:
            jobs.encoded(
                connection, self.job_id, owner="w1", outcome=Outcome.FINDINGS, error="", now=NOW
            )
            results.store(
                connection, result(self.job_id), objects, run=1,
                destinations=[("pacs", Profile())], now=NOW,
            )  # fmt: skip

    def start(self, port: int, ae_title: str = "ARCHIVE") -> None:
        """Deliver."""
        destination = Destination(ae_title=ae_title, host="127.0.0.1", port=port, timeout_s=5)
        self.deliverer = Deliverer(
            "pacs", destination, PATIENCE,
            database=self.database, files=self.files, clock=lambda: dt.datetime.now(dt.UTC),
        )  # fmt: skip
        self.deliverer.start()

    def wait(self, wanted: Callable[[Job], bool]) -> Job:
        """Wait until the job is as wanted."""
        deadline = threading.Event()
        for _ in range(400):
            with self.database.read() as connection:
                job = jobs.get(connection, self.job_id)
            if wanted(job):
                return job
            deadline.wait(0.05)
        pytest.fail("the job is not as it should be by now")

    def stop(self) -> None:
        """Stop."""
        if self.deliverer:
            self.deliverer.stop()
            self.deliverer.join(10)
        self.database.close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A job that waits for delivery."""
    made = Post(tmp_path / "var")
    yield made
    made.stop()


def peers(post: Post) -> list[tuple[int | None, int, str]]:
    """(receipt, attempts, error) of each delivery."""
    with post.database.read() as connection:
        found = deliveries.of_jobs(connection, [post.job_id])
    return [(one.receipt, one.attempts, one.error) for one in found]


def test_delay_grows_and_ends_growing() -> None:
    waits = [delay(n, Delivery()).total_seconds() for n in (1, 2, 3, 11, 400)]
    assert waits == [5, 10, 20, 3600, 3600]


def test_delivered_over_one_association_with_receipts(post: Post) -> None:
    archive = Archive()
    post.start(archive.port)
    post.wait(lambda job: job.state is State.DELIVERED)
    assert archive.received == ["2.25.300.1", "2.25.300.2"]
    assert archive.associations == 1
    assert peers(post) == [(0, 1, ""), (0, 1, "")]
    archive.stop()


def test_tried_again_after_out_of_resources(post: Post) -> None:
    archive = Archive(0xA700, 0, 0xA700, 0xB000)
    post.start(archive.port)
    post.wait(lambda job: job.state is State.DELIVERED)
    assert archive.received.count("2.25.300.1") == 3
    assert peers(post) == [(0xB000, 3, ""), (0, 1, "")]
    archive.stop()


def test_a_hopeless_status_ends_at_once(post: Post) -> None:
    archive = Archive(0xA900, 0)
    post.start(archive.port)
    post.wait(lambda job: job.state is State.UNDELIVERABLE)
    first, second = peers(post)
    assert first[:2] == (0xA900, 1)
    assert "0xA900" in first[2]
    assert second == (0, 1, "")
    archive.stop()


def test_gives_up_after_the_last_attempt_and_can_be_retried(post: Post) -> None:
    port = free_port()
    post.start(port)
    post.wait(lambda job: job.state is State.UNDELIVERABLE)
    assert all(attempts == 4 and "does not answer" in error for _, attempts, error in peers(post))
    archive = Archive()
    post.stop()
    with post.database.write() as connection:
        jobs.retry(connection, post.job_id, dt.datetime.now(dt.UTC))
    post.start(archive.port)
    post.wait(lambda job: job.state is State.DELIVERED)
    archive.stop()


def test_a_destination_that_does_not_take_reports(post: Post) -> None:
    archive = Archive(sop_classes=[GSPS])
    post.start(archive.port)
    post.wait(lambda job: job.state is State.UNDELIVERABLE)
    assert all("does not take this kind" in error for _, _, error in peers(post))
    archive.stop()


def test_the_bytes_are_the_files_own(post: Post, storescp: Storescp) -> None:
    post.start(storescp.port, storescp.ae_title)
    received = {path.read_bytes()[-300:] for path in storescp.wait_for(2)}
    sent = {path.read_bytes()[-300:] for path in (post.files.home / "results").rglob("*.dcm")}
    assert received == sent


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(300)])
def test_a_damaged_file_is_undeliverable_and_holds_nothing_up(post: Post, content: bytes) -> None:
    for path in (post.files.home / "results").rglob("sr-1.dcm"):
        path.write_bytes(content)
    archive = Archive()
    post.start(archive.port)
    post.wait(lambda job: job.state is State.UNDELIVERABLE)
    assert "damaged" in peers(post)[0][2]
    assert archive.received == ["2.25.300.2"]
    archive.stop()


def test_an_archive_that_has_it_already_has_acknowledged_it(post: Post) -> None:
    """The receipt was lost with a killed router, and the archive refuses duplicates."""
    archive = Archive(0x0111, 0)
    post.start(archive.port)
    post.wait(lambda job: job.state is State.DELIVERED)
    assert peers(post)[0][:2] == (0x0111, 1)
    archive.stop()


def test_two_routers_deliver_once(post: Post) -> None:
    archive = Archive()
    post.start(archive.port)
    first = post.deliverer
    post.start(archive.port)
    post.wait(lambda job: job.state is State.DELIVERED)
    assert first
    first.stop()
    first.join(10)
    assert sorted(archive.received) == ["2.25.300.1", "2.25.300.2"]
    archive.stop()


def test_a_destination_that_is_no_longer_described(post: Post) -> None:
    with post.database.write() as connection:
        assert deliveries.stranded(connection, {"pacs"}, NOW) == 0
        assert deliveries.stranded(connection, {"other"}, NOW) == 2
    job = post.wait(lambda job: job.state is State.UNDELIVERABLE)
    assert job.id == post.job_id
    assert "no destination «pacs»" in peers(post)[0][2]


def test_a_missing_file_is_undeliverable_not_a_crash(post: Post) -> None:
    for path in (post.files.home / "results").rglob("sr-1.dcm"):
        path.unlink()
    archive = Archive()
    post.start(archive.port)
    post.wait(lambda job: job.state is State.UNDELIVERABLE)
    assert "missing" in peers(post)[0][2]
    archive.stop()
