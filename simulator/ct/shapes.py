"""Signed distances in mm (negative inside) of simple bodies, on the axes of a grid."""

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.ct.grid import Floats, Grid

Point = tuple[float, float, float]
Axes = tuple[Floats, Floats, Floats]


class Tube(NamedTuple):
    """A round cone from `start` to `end` (x, y, z) with the radii there, mm."""

    start: Point
    end: Point
    first: float
    last: float


def tube(axes: Axes, one: Tube) -> Floats:
    """Distance to a round cone (exact for equal radii)."""
    x, y, z = axes
    a, b = np.array(one.start, np.float32), np.array(one.end, np.float32)
    along = b - a
    length = max(float(along @ along), 1e-6)
    t = ((x - a[0]) * along[0] + (y - a[1]) * along[1] + (z - a[2]) * along[2]) / length
    t = np.clip(t, 0, 1)
    square = (x - a[0] - t * along[0]) ** 2 + (y - a[1] - t * along[1]) ** 2
    square = square + (z - a[2] - t * along[2]) ** 2
    return np.asarray(np.sqrt(square) - (one.first + t * (one.last - one.first)), np.float32)


def ellipsoid(axes: Axes, centre: Point, radii: Point, turn: float = 0.0) -> Floats:
    """Approximate distance to an ellipsoid, turned by `turn` radians about z."""
    x, y, z = (axis - c for axis, c in zip(axes, centre, strict=True))
    if turn:
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        x, y = x * c + y * s, y * c - x * s
    squares = (x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2
    outer = (x / radii[0] ** 2) ** 2 + (y / radii[1] ** 2) ** 2 + (z / radii[2] ** 2) ** 2
    size = np.sqrt(squares)
    return np.asarray(size * (size - 1) / np.maximum(np.sqrt(outer), 1e-6), np.float32)


def blend(fields: Iterable[Floats], width: float) -> Floats:
    """The union of bodies, their joints rounded over `width` mm (a soft minimum)."""
    total: Floats | None = None
    for field in fields:
        term = np.exp(np.clip(-field / width, -60, 60))
        total = term if total is None else total + term
    assert total is not None
    return np.asarray(-width * np.log(np.maximum(total, 1e-26)), np.float32)


def meet(*fields: NDArray[Any]) -> NDArray[Any]:
    """What several bodies have in common (the largest distance), broadcast."""
    return functools.reduce(np.maximum, fields)


def around(
    grid: Grid, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[tuple[slice, slice, slice], Grid]:
    """The part of `grid` between two corners, as slices (z, y, x) and as a grid; may be empty."""
    first, last = [], []
    for n in range(3):
        a = int(np.floor((low[n] - grid.low[n]) / grid.spacing))
        b = int(np.ceil((high[n] - grid.low[n]) / grid.spacing)) + 1
        count = grid.shape[2 - n]
        first.append(min(max(a, 0), count))
        last.append(min(max(b, 0), count))
    slices = tuple(slice(first[n], max(first[n], last[n])) for n in (2, 1, 0))
    x, y, z = (grid.low[n] + first[n] * grid.spacing for n in range(3))
    shape = tuple(part.stop - part.start for part in slices)
    return (slices[0], slices[1], slices[2]), Grid(
        (x, y, z), (shape[0], shape[1], shape[2]), grid.spacing
    )
