"""Painting bodies into a volume of Hounsfield units with soft edges: partial volume.

A voxel on a boundary takes each side's share, so that volumes hold at any resolution.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.ct.grid import Floats, Grid
from simulator.ct.shapes import Point, Tube, around, ellipsoid, tube

THIN = 0.56  #: radius in voxels below which a tube is drawn weaker rather than thinner
STAMP = 4_000_000  #: voxels that are stamped at once


def share(distance: Floats, spacing: float) -> Floats:
    """How much of each voxel lies inside, 0..1, from signed distances in mm."""
    inside = np.empty(distance.shape, np.float32)
    for plane, gap in zip(inside, distance, strict=True):  # small enough for the cache
        np.clip(gap * np.float32(-1 / spacing) + np.float32(0.5), 0, 1, out=plane)
    return inside


def fill(volume: Floats, inside: Floats, value: float | Floats) -> None:
    """Put `value` into the share `inside` of each voxel of `volume`, in place."""
    values = np.broadcast_to(np.asarray(value, np.float32), volume.shape)
    shares = np.broadcast_to(inside, volume.shape)
    for plane, part, one in zip(volume, shares, values, strict=True):
        np.add(plane, part * (one - plane), out=plane)


def paint_tubes(volume: Floats, grid: Grid, tubes: Sequence[Tube], value: float) -> None:
    """Each tube in its own neighbourhood; for few, large ones."""
    for one in tubes:
        radius = max(one.first, one.last) + 2 * grid.spacing
        ends = np.array([one.start, one.end])
        slices, part = around(grid, ends.min(0) - radius, ends.max(0) + radius)
        if 0 not in part.shape:
            fill(volume[slices], share(tube(part.axes(), one), grid.spacing), value)


def paint_ellipsoid(
    volume: Floats, grid: Grid, centre: Point, radii: Point, value: float, *, turn: float = 0.0
) -> None:
    """An ellipsoid, turned about z by `turn` radians."""
    reach = max(radii) + 2 * grid.spacing
    slices, part = around(grid, np.array(centre) - reach, np.array(centre) + reach)
    if 0 not in part.shape:
        fill(
            volume[slices],
            share(ellipsoid(part.axes(), centre, radii, turn), grid.spacing),
            value,
        )


def balls(grid: Grid, points: NDArray[np.float64], radii: NDArray[np.float64]) -> Floats:
    """How much of each voxel the balls at `points` (n, 3; x, y, z) with `radii` mm cover, 0..1."""
    index, sizes = grid.index(points), np.asarray(radii, np.float64) / grid.spacing
    reaches = np.ceil(np.maximum(sizes, THIN) + 0.5).astype(int)
    margin = int(reaches.max(initial=1)) + 1
    near = ((index > -margin + 0.5) & (index < np.array(grid.shape) + margin - 1.5)).all(1)
    cover = np.zeros([count + 4 * margin for count in grid.shape], np.float32)
    for reach in np.unique(reaches[near]):
        chosen = np.flatnonzero(near & (reaches == reach))
        step = max(1, STAMP // (2 * int(reach) + 1) ** 3)
        for first in range(0, len(chosen), step):
            some = chosen[first : first + step]
            _stamp(cover, index[some] + 2 * margin, sizes[some], int(reach))
    inside = slice(2 * margin, -2 * margin)
    return cover[inside, inside, inside]


def _stamp(
    cover: Floats, index: NDArray[np.float64], sizes: NDArray[np.float64], reach: int
) -> None:
    """The largest cover of any ball, for balls that reach `reach` voxels, well inside `cover`."""
    steps = np.arange(-reach, reach + 1)
    nearest = np.rint(index).astype(np.int64)
    gap = np.asarray(nearest - index, np.float32)
    squares = [(gap[:, n, None] + steps.astype(np.float32)) ** 2 for n in range(3)]
    square = (
        squares[0][:, :, None, None] + squares[1][:, None, :, None] + squares[2][:, None, None, :]
    ).reshape(len(index), -1)
    drawn = np.maximum(sizes, THIN).astype(np.float32)[:, None] + np.float32(0.5)
    weak = np.minimum(1, (sizes / THIN) ** 2).astype(np.float32)
    rows, columns = np.nonzero(square < drawn**2)
    value = drawn[rows, 0] - np.sqrt(square[rows, columns])
    value = np.minimum(value, 1) * weak[rows]
    _, high, wide = cover.shape
    offset = ((steps[:, None, None] * high + steps[:, None]) * wide + steps).ravel()
    base = (nearest[:, 0] * high + nearest[:, 1]) * wide + nearest[:, 2]
    np.maximum.at(cover.reshape(-1), base[rows] + offset[columns], value)


def beads(tubes: Sequence[Tube], step: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points (n, 3) every `step` mm along the tubes, and the radius at each."""
    if not tubes:
        return np.zeros((0, 3)), np.zeros(0)
    start, end = np.array([t.start for t in tubes]), np.array([t.end for t in tubes])
    first, last = np.array([t.first for t in tubes]), np.array([t.last for t in tubes])
    count = np.ceil(np.linalg.norm(end - start, axis=1) / step).astype(int) + 1
    owner = np.repeat(np.arange(len(tubes)), count)
    order = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    t = (order / np.maximum(count[owner] - 1, 1))[:, None]
    points = start[owner] * (1 - t) + end[owner] * t
    return points, first[owner] * (1 - t[:, 0]) + last[owner] * t[:, 0]
