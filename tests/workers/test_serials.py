import multiprocessing
import stat
from pathlib import Path

import pytest

from workers.serials import FILE, Serials


def test_a_number_has_one_hash_that_does_not_tell_it() -> None:
    serials = Serials(b"key")
    assert serials.hashed("209225") == serials.hashed("209225")
    assert serials.hashed("209225") != serials.hashed("209226")
    assert "209225" not in serials.hashed("209225")
    assert len(serials.hashed("209225")) == 16
    assert serials.hashed("") == ""


def test_another_key_gives_another_hash() -> None:
    assert Serials(b"one").hashed("209225") != Serials(b"two").hashed("209225")


def test_the_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    home = tmp_path / "var"
    first = Serials.below(home).hashed("209225")
    assert Serials.below(home).hashed("209225") == first
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert len((home / FILE).read_bytes()) == 32
    assert [path.name for path in home.iterdir()] == [FILE]


def test_a_key_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"short")
    with pytest.raises(ValueError, match="has 5 bytes"):
        Serials.below(tmp_path)


def _hashed(home: Path, go: "multiprocessing.synchronize.Barrier", found: object) -> None:
    go.wait(20)
    found.put(Serials.below(home).hashed("209225"))  # type: ignore[attr-defined]


def test_workers_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    go, found = context.Barrier(6), context.Queue()
    several = [context.Process(target=_hashed, args=(tmp_path, go, found)) for _ in range(6)]
    for one in several:
        one.start()
    hashes = {found.get(timeout=20) for _ in several}
    for one in several:
        one.join(20)
    assert hashes == {Serials.below(tmp_path).hashed("209225")}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
