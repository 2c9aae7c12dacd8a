"""The file store: beside, durable, renamed; hostile names stay out."""

import os
from pathlib import Path

import pytest

from core.domain.errors import InvalidUidError, StorageFullError, UnavailableError
from core.store.files import Files, same_content


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """An empty store."""
    return Files(tmp_path / "var")


def kept(files: Files, content: bytes = b"abc", *, uid: str = "1.2.3") -> Path:
    """One instance in the store."""
    with files.receive() as part:
        part.write(content[:1], content[1:])
        return files.keep_instance(part, site="a", study_uid="1.2", sop_uid=uid)


def test_written_beside_and_renamed(files: Files) -> None:
    path = kept(files)
    assert path.read_bytes() == b"abc"
    assert path.parent == files.home / "instances" / "a" / "1.2"
    assert list(files.incoming.iterdir()) == []
    assert files.absolute(files.relative(path)) == path


def test_the_same_name_never_overwrites(files: Files) -> None:
    one, other = kept(files), kept(files, b"xyz")
    assert one != other
    assert one.read_bytes() == b"abc"
    assert not same_content(one, other)


def test_what_is_not_kept_is_removed(files: Files) -> None:
    with files.receive() as part:
        part.write(b"half")
    assert list(files.incoming.iterdir()) == []


@pytest.mark.parametrize("uid", ["../../x", "1/2", "", "1.2.3\0", "1.2 ", "a.b"])
def test_hostile_uids_are_no_paths(files: Files, uid: str) -> None:
    with pytest.raises(InvalidUidError):
        kept(files, uid=uid)
    assert list((files.home / "instances").rglob("*")) == []


def test_rows_cannot_lead_out_of_the_store(files: Files) -> None:
    with pytest.raises(UnavailableError):
        files.absolute("../../etc/passwd")


def test_sweep_removes_what_a_killed_router_left(files: Files) -> None:
    fresh, old = files.incoming / "a.part", files.outgoing / "b.part"
    fresh.write_bytes(b"1")
    old.write_bytes(b"1")
    os.utime(old, (1, 1))
    assert files.sweep() == 1
    assert fresh.exists(), "it may be another router's"


def test_refused_objects_make_room_for_newer_ones(files: Files) -> None:
    def refuse(stamp: str, size: int) -> str:
        with files.receive() as part:
            part.write(bytes(size))
            return files.keep_refused(part, stamp=stamp, limit=100)

    first = refuse("1", 60)
    second = refuse("2", 60)
    assert not files.absolute(first).exists()
    assert files.absolute(second).exists()
    assert refuse("3", 101) == ""
    assert files.absolute(second).exists()


def test_everything_is_synced_before_it_counts(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    rename = Path.rename

    def renamed(self: Path, target: Path) -> Path:
        calls.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fdatasync", lambda _: calls.append("file"))
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("folder"))
    monkeypatch.setattr(Path, "rename", renamed)
    kept(files)
    assert calls[:3] == ["rename", "file", "folder"]
    assert len(calls) > 3, "new folders are synced into their parents too"
    calls.clear()
    files.fsync = False
    kept(files)
    assert calls == ["rename"]


def test_a_full_disk_is_told(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "writev", full)
    with files.receive() as part, pytest.raises(StorageFullError, match="disk is full"):
        part.write(b"abc")
