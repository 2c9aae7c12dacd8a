"""A grid of points in the patient, and smooth fields carried from a coarse to a fine one.

All arrays are (z, y, x); coordinates are LPS in mm: x to the left, y to the back, z to the head.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """`low`: LPS (x, y, z) of the first point's centre, mm; `shape`: points along (z, y, x)."""

    low: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing: float

    @classmethod
    def between(
        cls, low: tuple[float, float, float], high: tuple[float, float, float], spacing: float
    ) -> "Grid":
        """The grid from `low` until `high` (x, y, z) is reached or passed."""
        x, y, z = (int(np.ceil((b - a) / spacing)) + 1 for a, b in zip(low, high, strict=True))
        return cls(low, (z, y, x), spacing)

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """x, y and z as arrays (1, 1, x), (1, y, 1) and (z, 1, 1), mm: they broadcast."""
        z, y, x = (
            np.asarray(self.low[2 - n] + self.spacing * np.arange(count), np.float32)
            for n, count in enumerate(self.shape)
        )
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def index(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) LPS (x, y, z) as (n, 3) indices (z, y, x), not rounded."""
        return ((np.asarray(points, np.float64) - self.low) / self.spacing)[:, ::-1]

    def point(self, index: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) indices (z, y, x) as (n, 3) LPS (x, y, z)."""
        return np.asarray(index, np.float64)[:, ::-1] * self.spacing + self.low

    def coarser(self, spacing: float) -> "Grid":
        """A grid that covers this one, with points `spacing` mm apart."""
        z, y, x = (int(np.ceil((n - 1) * self.spacing / spacing)) + 2 for n in self.shape)
        return Grid(self.low, (z, y, x), spacing)


def refine(field: Floats, coarse: Grid, fine: Grid) -> Floats:
    """`field` on `coarse`, linear between its points, on the points of `fine`."""
    parts = [_between(coarse, fine, axis) for axis in range(3)]
    out = np.empty(fine.shape, np.float32)
    for plane, below, rest in zip(out, *parts[0], strict=True):  # small enough for the cache
        low = field[below] + rest * (field[below + 1] - field[below])
        low = low[parts[1][0]] + parts[1][1][:, None] * np.diff(low, axis=0)[parts[1][0]]
        steps = np.diff(low, axis=1)
        np.take(low, parts[2][0], 1, out=plane)
        np.add(plane, parts[2][1] * np.take(steps, parts[2][0], 1), out=plane)
    return out


def _between(coarse: Grid, fine: Grid, axis: int) -> tuple[NDArray[np.intp], Floats]:
    """For each fine point of one axis the coarse point below it, and how far it is beyond."""
    shift = fine.low[2 - axis] - coarse.low[2 - axis]
    place = (shift + fine.spacing * np.arange(fine.shape[axis])) / coarse.spacing
    place = np.clip(place, 0, coarse.shape[axis] - 1)
    below = np.minimum(place.astype(np.intp), coarse.shape[axis] - 2)
    return below, np.asarray(place - below, np.float32)


def smooth_noise(rng: np.random.Generator, grid: Grid, length: float) -> Floats:
    """A random field of unit variance on `grid` that varies over `length` mm."""
    coarse = grid.coarser(max(length, 2 * grid.spacing))
    field = refine(np.asarray(rng.standard_normal(coarse.shape), np.float32), coarse, grid)
    return np.asarray(field * np.float32(1.84), np.float32)  # linear weights lose 70 % of variance
