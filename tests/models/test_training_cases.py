import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.training import cases
from models.training.progress import Progress


def simulate(seed: int) -> dict[str, Any]:
    """A case whose arrays tell its seed."""
    return {"image": np.full((2, 3), seed % 256, np.uint8), "seed": np.int64(seed)}


def test_cases_come_back_in_the_order_of_their_seeds(tmp_path: Path) -> None:
    paths = cases.make(tmp_path, "train", range(10, 17), simulate, shard=3)
    assert [path.name for path in paths] == [
        "train_10_3.npz", "train_13_3.npz", "train_16_1.npz",
    ]  # fmt: skip
    read = cases.read(paths)
    np.testing.assert_array_equal(read["seed"], np.arange(10, 17))
    assert read["image"].shape == (7, 2, 3)
    assert read["image"].dtype == np.uint8


def test_only_missing_files_are_made(tmp_path: Path) -> None:
    paths = cases.make(tmp_path, "valid", range(6), simulate, shard=2)
    paths[1].unlink()
    kept = paths[0].stat().st_mtime_ns
    made: list[int] = []

    def counted(seed: int) -> dict[str, Any]:
        made.append(seed)
        return simulate(seed)

    assert cases.make(tmp_path, "valid", range(6), counted, shard=2) == paths
    assert made == [2, 3]
    assert paths[0].stat().st_mtime_ns == kept


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    def broken(seed: int) -> dict[str, Any]:
        if seed == 3:
            message = "no case"
            raise RuntimeError(message)
        return simulate(seed)

    with pytest.raises(RuntimeError, match="no case"):
        cases.make(tmp_path, "train", range(4), broken, shard=2)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["train_0_2.npz"]


def test_several_processes_make_the_same(tmp_path: Path) -> None:
    one = cases.make(tmp_path / "one", "train", range(4), simulate, shard=2)
    two = cases.make(tmp_path / "two", "train", range(4), simulate, shard=2, processes=2)
    for alone, together in zip(one, two, strict=True):
        assert alone.read_bytes() == together.read_bytes()


def test_progress_tells_the_share_and_the_end() -> None:
    stream = io.StringIO()
    bar = Progress("cases", stream)
    for share in (0.25, 0.5, 1.0):
        bar.tell(share, "now")
    bar.say("words")
    lines = stream.getvalue().splitlines()
    assert "25.0%" in lines[0]
    assert "100.0%" in lines[1]  # no terminal: one line in many seconds, and the last one
    assert lines[2] == "words"
