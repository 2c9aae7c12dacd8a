"""Connected parts of a mask and their outlines, in numpy alone, for the small maps of a head."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Point = tuple[float, float]
_NEIGHBOURS = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]


def components(mask: Mask) -> Iterator[Mask]:
    """The 8-connected parts of `mask` (rows, columns), each as a mask of the same shape."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    while left:
        part = np.zeros_like(mask)
        edge = [left.pop()]
        while edge:
            row, column = edge.pop()
            part[row, column] = True
            near = {(row + down, column + right) for down, right in _NEIGHBOURS} & left
            left -= near
            edge.extend(near)
        yield part


def outline(part: Mask) -> NDArray[np.float64]:
    """The outer outline of one part: (n, 2) points (column, row), the last repeats the first.

    Cell (row r, column c) reaches from (c, r) to (c + 1, r + 1). Corners are cut at the
    middles of the cells' sides; holes are left out.
    """
    loops = _loops(_sides(part))
    corners = np.array(max(loops, key=lambda loop: abs(_area(np.array(loop)))), np.float64)
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    kept = middles[_bends(middles)]
    return np.vstack([kept, kept[:1]])


def _sides(part: Mask) -> dict[Point, list[Point]]:
    """Directed sides between a cell of the part and one outside, clockwise on the screen."""
    padded = np.pad(part, 1)
    sides: dict[Point, list[Point]] = {}
    for row, column in np.argwhere(part):
        r, c = int(row), int(column)
        around = (
            (padded[r, c + 1], (c, r), (c + 1, r)),
            (padded[r + 1, c + 2], (c + 1, r), (c + 1, r + 1)),
            (padded[r + 2, c + 1], (c + 1, r + 1), (c, r + 1)),
            (padded[r + 1, c], (c, r + 1), (c, r)),
        )
        for covered, start, end in around:
            if not covered:
                sides.setdefault(start, []).append(end)
    return sides


def _loops(sides: dict[Point, list[Point]]) -> list[list[Point]]:
    """Chains of sides that return to their start; where two meet in a corner either is taken."""
    loops = []
    while sides:
        start = point = next(iter(sides))
        loop = []
        while True:
            loop.append(point)
            ends = sides[point]
            following = ends.pop()
            if not ends:
                del sides[point]
            point = following
            if point == start:
                break
        loops.append(loop)
    return loops


def _area(points: NDArray[np.float64]) -> float:
    """Signed area by the shoelace formula."""
    x, y = points[:, 0], points[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _bends(points: NDArray[np.float64]) -> Mask:
    """Which points of a closed chain are more than a step along a straight line."""
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    bends = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) > 0
    return bends if bends.any() else np.ones(len(points), np.bool_)
