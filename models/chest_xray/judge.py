"""Whether what the head reports lies on the truth, in cells of the location map."""

import dataclasses
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.domain.finding import Finding
from models.steps import Geometry

ON_IT: Final = 0.2  #: a region is right if this share of its cells is on the true finding
COVERED: Final = 0.05  #: a cell belongs to the true finding from this share on

Cells = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """The regions of one label on one image."""

    right: int  #: regions on the true finding
    false: int  #: regions on none
    parts: int  #: separate parts of the true finding
    found: int  #: those that a right region touches


def judge(findings: Iterable[Finding], cells: Cells, geometry: Geometry, size: int) -> Judged:
    """Compare the regions of `findings` with `cells` (h, w), the covered share of each cell.

    `geometry`: of the input tensor, which has `size` rows and columns.
    """
    truth = cells >= COVERED
    parts, count = ndimage.label(truth, np.ones((3, 3)))
    right, false, touched = 0, 0, np.zeros(count + 1, np.bool_)
    for finding in findings:
        if finding.region is None:
            continue
        points = geometry.to_input(np.array(finding.region.points))
        covered = inside(points, truth.shape, size)
        if truth[covered].mean() >= ON_IT:
            right += 1
            touched[parts[covered]] = True
        else:
            false += 1
    return Judged(right, false, int(count), int(touched[1:].sum()))


def inside(points: NDArray[np.float64], cells: tuple[int, ...], size: int) -> NDArray[np.bool_]:
    """Which cells (rows, columns) have their centre in a closed polyline (n, 2) of (column, row).

    `size` is the number of pixels that the cells share along each axis. By the parity of
    crossings; at least the cell of the middle.
    """
    x, y = (points / (size / cells[0])).T
    column, row = np.meshgrid(np.arange(cells[1]) + 0.5, np.arange(cells[0]) + 0.5)
    odd = np.zeros(cells, bool)
    for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > row) != (y1 > row)
        odd ^= crosses & (column < x0 + (row - y0) * (x1 - x0) / (y1 - y0))
    if not odd.any():
        middle = np.clip([y.mean(), x.mean()], 0, np.array(cells) - 1).astype(int)
        odd[tuple(middle)] = True
    return odd
