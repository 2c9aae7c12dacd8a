"""Thin bodies along curves in space, as the beam sees them: ribs, vessels, wires.

The beam's way through a cylinder of radius r at the distance d from its axis is
2 √(r² - d²) (over the sine of the angle between them): the length of the axis that the
image shows within a disc of radius r. So a curve's length, spread over the pixels that it
crosses and convolved with a disc, is the thickness of the tube.
"""

import functools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from simulator.chest.person import Floats, Grid

STEP: Final = 0.06  #: cm between the points of a curve
REACH: Final = 16  #: pixels, at least, by which the plane is larger than the image on each side
FINER: Final = 5  #: a disc is drawn on a grid so much finer

Points = NDArray[np.float64]


def curve(corners: Sequence[Sequence[float] | Points] | Points) -> Points:
    """Points (n, 3) in steps of `STEP` along a smooth line (Catmull-Rom) through `corners`."""
    given = np.asarray(corners, float)
    ends = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    share = np.linspace(0, 1, 24, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ends[:-3], ends[1:-2], ends[2:-1], ends[3:], strict=True):
        bend = (2 * b) + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2
        parts.append((bend + (3 * b - a - 3 * c + d) * share**3) / 2)
    return even(np.vstack([*parts, given[-1:]]))


def even(points: Points) -> Points:
    """Points (m, 3) in steps of `STEP` along the polyline `points` (n, 3)."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(STEP / 2, max(length[-1], STEP), STEP)
    return np.stack([np.interp(at, length, points[:, axis]) for axis in range(3)], axis=1)


def thickness(grid: Grid, tubes: Sequence[tuple[Points, float, float]]) -> Floats:
    """Centimetres along the beam through all tubes: (points, radius, share) each.

    The points (n, 3) go in steps of `STEP`; `share` is how much of the tube is the material.
    """
    if not tubes:
        return np.zeros(grid.shape, np.float32)
    widest = int(max(radius for _, radius, _ in tubes) * _scale(grid)) + 3
    shape = [fft.next_fast_len(size + 2 * max(REACH, widest), real=True) for size in grid.shape]
    total: Any = 0
    for radius in sorted({radius for _, radius, _ in tubes}):
        some = [(points, share) for points, size, share in tubes if size == radius]
        drawn = _spread(grid, some, shape)
        total = total + fft.rfft2(drawn) * _disc(grid, radius, (shape[0], shape[1]))
    made = fft.irfft2(total, shape)[: grid.shape[0], : grid.shape[1]]
    return np.asarray(np.maximum(made, 0), np.float32)


def _spread(grid: Grid, tubes: Sequence[tuple[Points, float]], shape: Sequence[int]) -> Floats:
    """The length (cm) of the curves in each pixel, shared among the four nearest."""
    places = np.vstack([grid.pixels(points) for points, _ in tubes])
    length = np.concatenate([np.full(len(points), share * STEP) for points, share in tubes])
    first = np.floor(places).astype(int)
    part = places - first
    flat = np.zeros(shape[0] * shape[1])
    for right in (0, 1):
        for down in (0, 1):
            column, row = first[:, 0] + right, first[:, 1] + down
            weight = np.abs(1 - right - part[:, 0]) * np.abs(1 - down - part[:, 1]) * length
            inside = (column >= 0) & (column < grid.shape[1]) & (row >= 0) & (row < grid.shape[0])
            flat += np.bincount(row[inside] * shape[1] + column[inside], weight[inside], len(flat))
    return np.asarray(flat.reshape(shape), np.float32)


def _disc(grid: Grid, radius: float, shape: tuple[int, int]) -> NDArray[Any]:
    return _disc_of(round(radius * _scale(grid), 3), shape)


def _scale(grid: Grid) -> float:
    """Pixels a cm of the patient."""
    return float(np.sqrt(abs(np.linalg.det(grid.matrix[:, :2]))))


@functools.lru_cache(maxsize=64)
def _disc_of(pixels: float, shape: tuple[int, int]) -> NDArray[Any]:
    """The transform of a disc with a radius in pixels, its centre at the first pixel."""
    reach = int(np.ceil(pixels)) + 1
    at = (np.arange((2 * reach + 1) * FINER) + 0.5) / FINER - reach - 0.5
    fine = (np.hypot(at[:, None], at[None]) < pixels).astype(np.float64)
    size = 2 * reach + 1
    disc = fine.reshape(size, FINER, size, FINER).mean(axis=(1, 3))
    disc *= np.pi * pixels**2 / max(disc.sum(), 1e-9) if disc.sum() else 1
    if not disc.sum():
        disc[reach, reach] = np.pi * pixels**2
    whole = np.zeros(shape)
    whole[:size, :size] = disc
    return np.asarray(fft.rfft2(np.roll(whole, (-reach, -reach), (0, 1)).astype(np.float32)))
