"""`varde send`: files to a peer, and what it did not take."""

from pathlib import Path

import pytest

from simulator.archive import Archive
from tests.services.process import free_port
from tests.workers.instances import as_file, image, ramp
from varde import cli

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two instances of one study, and a file that is not DICOM."""
    made = tmp_path / "files"
    made.mkdir()
    for number in (1, 2):
        tags = {"StudyInstanceUID": "2.25.7", "SOPInstanceUID": f"2.25.8{number}"}
        (made / f"{number}.dcm").write_bytes(as_file(image(ramp(), tags=tags)))
    (made / "read.me").write_text("no")
    return made


def test_a_folder_is_sent(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive(tmp_path / "in") as archive:
        assert cli.main(["send", str(folder), "--to", f"ARKIV@127.0.0.1:{archive.port}"]) == 0
        assert len(list(archive.folder.rglob("*.dcm"))) == 2
    told = capsys.readouterr()
    assert told.out == "2.25.7: 2 of 2 taken\n"
    assert told.err == f"varde: not DICOM, left out: {folder / 'read.me'}\n"


def test_what_the_peer_refuses_is_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Archive(tmp_path / "in") as archive:
        archive.store(
            as_file(image(ramp(), tags={"StudyInstanceUID": "2.25.7", "SOPInstanceUID": "2.25.81"}))
        )
        assert cli.main(["send", str(folder), "--to", f"ARKIV@127.0.0.1:{archive.port}"]) == 1
    told = capsys.readouterr()
    assert told.out == "2.25.7: 1 of 2 taken\n"
    assert "2.25.81: 0x0111" in told.err


def test_nobody_there_is_two(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["send", str(folder), "--to", f"X@127.0.0.1:{free_port()}"]) == 2
    assert "does not answer" in capsys.readouterr().err


def test_the_platform_is_the_default_peer(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Archive(tmp_path / "in", ae_title="VARDE") as archive:
        monkeypatch.setenv("VARDE_DICOM__PORT", str(archive.port))
        assert cli.main(["send", str(folder)]) == 0
