"""The receiving archive: honest statuses, one file an instance, never overwritten."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from core.domain.errors import (
    ConflictError,
    InvalidUidError,
    MissingAttributeError,
    NotDicomError,
    UnavailableError,
)
from simulator import __main__ as program
from simulator.archive import Archive
from simulator.modality import Modality, Peer, find
from tests.services import dcmtk
from tests.services.process import Process
from tests.workers.instances import as_file, image, ramp


def test_an_instance_is_kept_under_its_uids(
    archive: Archive, peer: Peer, write: Callable[..., Path]
) -> None:
    sent = write("one.dcm", StudyInstanceUID="2.25.7", SOPInstanceUID="2.25.8")
    studies, _ = find([sent])
    (answer,) = Modality(peer, calling="SIM").send(studies["2.25.7"])
    assert answer.taken
    kept = archive.folder / "2.25.7" / "2.25.8.dcm"
    assert pydicom.dcmread(kept).PixelData == pydicom.dcmread(sent).PixelData
    assert [path.name for path in archive.folder.rglob("*") if path.is_file()] == [kept.name]


def test_the_same_again_changes_nothing_and_is_a_success(tmp_path: Path) -> None:
    told: list[Path] = []
    archive = Archive(tmp_path, on_stored=told.append)
    encoded = as_file(image(ramp()))
    assert archive.store(encoded) == archive.store(encoded)
    assert len(told) == 1


def test_other_content_under_the_same_uid_is_refused(tmp_path: Path) -> None:
    archive, one = Archive(tmp_path), image(ramp())
    path = archive.store(as_file(one))
    before = path.read_bytes()
    one.PatientID = "another"
    with pytest.raises(ConflictError):
        archive.store(as_file(one))
    assert path.read_bytes() == before


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID"])
def test_a_hostile_uid_is_refused(tmp_path: Path, keyword: str) -> None:
    with pytest.warns(UserWarning, match="Invalid value for VR UI"):
        hostile = as_file(image(ramp(), tags={keyword: "../../2.25.1"}))
    with pytest.raises(InvalidUidError):
        Archive(tmp_path / "in").store(hostile)
    assert not list(tmp_path.rglob("*.dcm"))


def test_what_is_no_data_set_is_refused(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(NotDicomError):
        archive.store(b"not DICOM at all")
    without = image(ramp())
    del without.StudyInstanceUID
    with pytest.raises(MissingAttributeError):
        archive.store(as_file(without))


def test_a_full_disk_is_out_of_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(UnavailableError, match="No space left") as refused:
        Archive(tmp_path).store(as_file(image(ramp())))
    assert refused.value.dimse_status == 0xA700
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_sender_learns_that_it_was_refused(
    archive: Archive, peer: Peer, write: Callable[..., Path]
) -> None:
    first = write("one.dcm", StudyInstanceUID="2.25.7", SOPInstanceUID="2.25.8")
    second = write("two.dcm", StudyInstanceUID="2.25.7", SOPInstanceUID="2.25.8", PatientID="2")
    studies, _ = find([first, second])
    answers = list(Modality(peer, calling="SIM").send(studies["2.25.7"]))
    assert [(answer.status, answer.taken) for answer in answers] == [(0, True), (0x0111, False)]


def test_dcmtk_finds_it_and_sends_to_it(archive: Archive, write: Callable[..., Path]) -> None:
    sent = write("one.dcm", StudyInstanceUID="2.25.7", SOPInstanceUID="2.25.8")
    assert dcmtk.echoscu(archive.port, called=archive.ae_title).status == 0
    answer = dcmtk.storescu([sent], archive.port, called=archive.ae_title)
    assert answer.responses == ["Success"]
    assert (archive.folder / "2.25.7" / "2.25.8.dcm").is_file()


def test_the_program_says_where_it_listens_and_stops(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "archive", "--folder", str(tmp_path / "kept")]
    with Process(command, cwd=Path(program.__file__).parents[1]) as running:
        line = running.wait_for_line("ready: ARKIV@127.0.0.1:")
        port = int(line.split()[1].rpartition(":")[2])
        assert Modality(Peer("ARKIV", "127.0.0.1", port), calling="SIM").echo() == 0
        assert running.stop() == 0
