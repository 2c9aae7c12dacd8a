"""A result, its withdrawal and its successor, sent by C-STORE to a real Orthanc."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from core.domain.job import State
from core.sections import Delivery as Patience
from models.registry import Algorithm
from router.delivery import Deliverer
from tests.router.test_delivery import GSPS, SR, Archive
from tests.services.orthanc import Orthanc
from tests.services.validators import dciodvfy, pixelmed_sr
from tests.workers import tiny_onnx
from tests.workers.place import RealClock
from tests.workers.test_lifecycle import Ward, predecessors, uids, withdrawn

PATIENCE = Patience(first_delay_s=0.1, factor=2, longest_delay_s=0.5, attempts=5, linger_s=0.1)
SOON_S = 30.0
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"


class Post(Ward):
    """A ward whose results go to an archive that gets rejection notes."""

    def __init__(self, home: Path, tiny: Algorithm, ae_title: str, port: int) -> None:
        """`ae_title` and `port` are Orthanc's, or another archive's."""
        peer = {
            "ae_title": ae_title, "host": "127.0.0.1", "port": port,
            "objects": ["sr", "gsps", "kos"], "withdraw": True,
        }  # fmt: skip
        super().__init__(home, tiny, clock=RealClock(), destinations={"archive": peer})
        self.deliverer = Deliverer(
            "archive", self.station.settings.destinations["archive"], PATIENCE,
            database=self.station.database, files=self.station.files, clock=self.clock,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to deliver."""
        self.deliverer.start()

    def wait_delivered(self, job: str) -> None:
        """Wait until the archive has acknowledged every object of a job."""
        pause, deadline = threading.Event(), dt.timedelta(seconds=SOON_S) + self.clock()
        self.deliverer.wake()
        while (state := self.state(job).state) is State.ENCODED and self.clock() < deadline:
            pause.wait(0.05)
        assert state is State.DELIVERED, self.deliveries(job)

    def close(self) -> None:
        """Stop delivering."""
        self.deliverer.stop()
        self.deliverer.join(SOON_S)
        super().close()


@pytest.fixture
def tiny(tmp_path: Path) -> Algorithm:
    """The tiny algorithm, version 1.0.0."""
    return tiny_onnx.folder(tmp_path / "models")


@pytest.fixture
def post(tmp_path: Path, tiny: Algorithm, orthanc: Orthanc) -> Iterator[Post]:
    """A ward with a tiny algorithm beside a running Orthanc."""
    made = Post(tmp_path / "var", tiny, orthanc.ae_title, orthanc.dicom_port)
    made.start()
    yield made
    made.close()


def arrivals(orthanc: Orthanc) -> list[pydicom.Dataset]:
    """What Orthanc holds, in the order in which it came."""
    changes = orthanc.get("/changes?limit=1000")["Changes"]
    came = [one["ID"] for one in changes if one["ChangeType"] == "NewInstance"]
    return [orthanc.dataset(identifier) for identifier in came]


def test_the_note_and_the_successor_arrive_after_what_they_replace(
    post: Post, orthanc: Orthanc, tmp_path: Path
) -> None:
    first = post.answered(1)
    post.wait_delivered(first)
    post.revise()
    second = post.answered(2)
    post.wait_delivered(second)
    kept = arrivals(orthanc)
    assert [one.Modality for one in kept] == ["SR", "PR", "KO", "KO", "SR", "PR", "PR", "KO"]
    old, new = kept[:3], kept[3:]
    note, report, key_images = new[0], new[1], new[-1]
    assert {str(one.SOPInstanceUID) for one in old} == uids(post.sent(first, "archive"))
    assert note.ConceptNameCodeSequence[0].CodeMeaning == "Rejected for Quality Reasons"
    assert withdrawn(note) == {str(one.SOPInstanceUID) for one in old}
    assert predecessors(report) == {str(old[0].SOPInstanceUID)}
    assert key_images.ConceptNameCodeSequence[0].CodeMeaning == "Of Interest"
    assert len({str(one.StudyInstanceUID) for one in kept}) == 1
    for number, one in enumerate(kept):
        path = tmp_path / f"{number}.dcm"
        one.save_as(path)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
    for number in (3, 4):  # the note and the report
        verdict = pixelmed_sr(tmp_path / f"{number}.dcm")
        assert verdict, verdict.output


def test_a_result_that_comes_too_late_is_never_sent(post: Post, orthanc: Orthanc) -> None:
    first = post.asked(1)
    post.revise()
    second = post.answered(2)
    post.wait_delivered(second)
    kept = len(orthanc.instances())
    late = post.performed(first)
    assert late.error.startswith("not sent")
    post.revise()
    third = post.answered(3)
    post.wait_delivered(third)
    note = arrivals(orthanc)[kept]
    assert note.Modality == "KO"
    assert withdrawn(note) == uids(post.sent(second, "archive"))
    assert post.sent(first, "archive") == []


def test_a_note_does_not_overtake_what_is_tried_again(tmp_path: Path, tiny: Algorithm) -> None:
    """The archive is out of resources when the first report comes; the second result is ready."""
    archive = Archive(0xA700, 0xA700, sop_classes=(SR, GSPS, KEY_OBJECTS))
    post = Post(tmp_path / "var", tiny, "ARCHIVE", archive.port)
    first = post.answered(1)
    post.revise()
    second = post.answered(2)
    post.start()
    post.wait_delivered(second)
    post.wait_delivered(first)
    old, new = ([uid for _, uid in post.sent(job, "archive")] for job in (first, second))
    last = {uid: number for number, uid in enumerate(archive.received)}
    assert max(last[uid] for uid in old) < min(last[uid] for uid in new)
    assert sorted(new, key=lambda uid: last[uid]) == new
    assert post.sent(second, "archive")[0][0] == "rejection"
    post.close()
    archive.stop()
