"""Simulated cases on disk, between two trainings: files of arrays without pickles.

A file holds `shard` cases; it appears when it is whole, so that making cases can be
stopped at any moment and goes on with the files that are missing.
"""

import functools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.training.progress import Progress

#: From a seed to arrays by name; picklable (a function of a module) for several processes.
Simulate = Callable[[int], Mapping[str, Any]]


def make(
    folder: Path,
    kind: str,
    seeds: Sequence[int],
    simulate: Simulate,
    *,
    processes: int = 1,
    shard: int = 100,
) -> list[Path]:
    """The files of `simulate(seed)` for all `seeds`, in their order; only missing ones are made.

    A file is named for `kind`, its first seed and its number of cases. Every case must
    give the same names and shapes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = [tuple(seeds[first : first + shard]) for first in range(0, len(seeds), shard)]
    paths = [folder / f"{kind}_{part[0]}_{len(part)}.npz" for part in parts]
    missing = [job for job in zip(paths, parts, strict=True) if not job[0].exists()]
    if missing:
        bar = Progress(f"{kind} cases")
        total = sum(len(part) for _, part in missing)
        for done, _ in enumerate(_run(missing, simulate, processes), start=1):
            bar.tell(done / total, f"{done} of {total}")
    return paths


def read(paths: Iterable[Path]) -> dict[str, NDArray[Any]]:
    """The arrays of all files by name, the cases along the first axis."""
    files = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            files.append({name: file[name] for name in file.files})
    return {name: np.concatenate([file[name] for file in files]) for name in files[0]}


def _run(
    jobs: Sequence[tuple[Path, tuple[int, ...]]], simulate: Simulate, processes: int
) -> Iterator[None]:
    """Nothing for every case that is done."""
    if processes == 1:
        for job in jobs:
            yield from _store(job, simulate)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for count in pool.imap_unordered(functools.partial(_whole, simulate=simulate), jobs):
            yield from (None for _ in range(count))


def _whole(job: tuple[Path, tuple[int, ...]], simulate: Simulate) -> int:
    return sum(1 for _ in _store(job, simulate))


def _store(job: tuple[Path, tuple[int, ...]], simulate: Simulate) -> Iterator[None]:
    """Write one file; it appears when it is whole."""
    path, seeds = job
    made = []
    for seed in seeds:
        made.append(simulate(seed))
        yield
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        arrays = {name: np.stack([case[name] for case in made]) for name in made[0]}
        np.savez(file, allow_pickle=False, **arrays)
    beside.replace(path)
