"""Grids of points in the patient, and volumes resampled on them.

A grid lies along the axes of the patient whatever way the slices lie: turned, mirrored,
feet first or sheared by a tilted gantry. Its arrays are (z, y, x) with z towards the head,
y to the back and x to the left (LPS, PS3.3 C.7.6.2.1.1), all in mm.
"""

import dataclasses
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.volume import Volume

Floats = NDArray[np.float32]
Triple = tuple[int, int, int]
_REVERSED = np.eye(3)[::-1]  #: from (z, y, x) to (x, y, z) and back


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """`low`: LPS (x, y, z) of the first point, mm; `shape` (z, y, x); equal `spacing`, mm."""

    low: tuple[float, float, float]
    shape: Triple
    spacing: float

    @classmethod
    def covering(cls, volume: Volume, spacing: float) -> Self:
        """The smallest grid around every voxel of `volume`."""
        ends = [(0, count - 1) for count in volume.voxels.shape]
        corners = volume.to_patient(np.array(np.meshgrid(*ends)).reshape(3, -1).T)
        low, high = corners.min(0), corners.max(0)
        x, y, z = (int(n) for n in np.ceil((high - low) / spacing - 1e-6) + 1)
        return cls((float(low[0]), float(low[1]), float(low[2])), (z, y, x), spacing)

    def to_patient(self, indices: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) indices (z, y, x), also between points, as (n, 3) LPS."""
        return np.asarray(indices, np.float64)[:, ::-1] * self.spacing + self.low

    def to_index(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) LPS as (n, 3) indices (z, y, x), not rounded."""
        return ((np.asarray(points, np.float64) - self.low) / self.spacing)[:, ::-1]

    def part(self, start: Triple, shape: Triple) -> "Grid":
        """The grid of `shape` whose first point is this one's `start`; it may reach outside."""
        low = self.to_patient(np.array([start]))[0]
        return Grid((float(low[0]), float(low[1]), float(low[2])), shape, self.spacing)


def sample(volume: Volume, grid: Grid, outside: float) -> Floats:
    """The voxels of `volume` on the points of `grid`, linear between them.

    Where the voxels are finer than the grid, several are averaged first. Points that lie
    outside the volume get the value `outside`. Only the part of the volume that the grid
    touches is read, so memory is that of the grid and of that part, averaged.
    """
    near = _touched(volume, grid)
    if near is None:
        return np.full(grid.shape, outside, np.float32)
    factors = [max(1, int(grid.spacing / mm + 0.25)) for mm in volume.spacing]
    voxels, start = _averaged(volume.voxels, near, factors)
    back = np.linalg.inv(volume.steps)
    matrix = ((grid.spacing * _REVERSED) @ back / factors).T
    offset = (volume.to_index(np.array([grid.low]))[0] - start) / factors
    found = ndimage.affine_transform(
        voxels, _plain(matrix), offset, grid.shape, np.float32, order=1, mode="constant",
        cval=outside,
    )  # fmt: skip
    return np.asarray(found, np.float32)


def carry(field: NDArray[Any], grid: Grid, volume: Volume, first: int, last: int) -> Floats:
    """`field` on `grid`, linear between its points, at the voxels of slices `first`..`last` - 1.

    (last - first, rows, columns); 0 outside the grid.
    """
    matrix = volume.steps @ _REVERSED / grid.spacing
    offset = grid.to_index(volume.to_patient(np.array([[first, 0, 0]])))[0]
    shape = (last - first, *volume.voxels.shape[1:])
    found = ndimage.affine_transform(
        field, _plain(matrix.T), offset, shape, np.float32, order=1, mode="constant", cval=0.0
    )
    return np.asarray(found, np.float32)


def _plain(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The diagonal alone where there is nothing else: axis by axis is faster."""
    diagonal = np.diag(matrix)
    rest = np.abs(matrix - np.diag(diagonal)).max()
    return diagonal.copy() if rest < 1e-9 and (diagonal > 0).all() else matrix  # noqa: PLR2004


def _touched(volume: Volume, grid: Grid) -> tuple[slice, slice, slice] | None:
    """The voxels (slice, row, column) around the grid; None where it lies beside the volume."""
    ends = [(0, count - 1) for count in grid.shape]
    corners = volume.to_index(grid.to_patient(np.array(np.meshgrid(*ends)).reshape(3, -1).T))
    reach = [int(np.ceil(grid.spacing / mm)) + 1 for mm in volume.spacing]
    low = np.floor(corners.min(0)).astype(int) - reach
    high = np.ceil(corners.max(0)).astype(int) + reach + 1
    bounds = zip(low, high, volume.voxels.shape, strict=True)
    parts = [slice(max(0, int(a)), min(count, int(b))) for a, b, count in bounds]
    if any(part.stop <= part.start for part in parts):
        return None
    return parts[0], parts[1], parts[2]


def _averaged(
    voxels: NDArray[Any], near: tuple[slice, slice, slice], factors: list[int]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Means of blocks of `factors` voxels, and the index of the first block's middle.

    Slab by slab, so that no copy of the part is made at full size.
    """
    part = voxels[near]
    start = np.array([one.start for one in near], np.float64)
    if factors == [1, 1, 1]:
        return part, start
    whole = [max(1, count // n) for count, n in zip(part.shape, factors, strict=True)]
    used = [min(n, count) for count, n in zip(part.shape, factors, strict=True)]
    kind = np.int16 if voxels.dtype == np.int16 else np.float32
    made = np.empty(whole, kind)
    for number in range(whole[0]):
        slab = part[number * used[0] : (number + 1) * used[0]]
        slab = slab[:, : whole[1] * used[1], : whole[2] * used[2]].astype(np.float32)
        mean = slab.reshape(used[0], whole[1], used[1], whole[2], used[2]).mean((0, 2, 4))
        made[number] = np.rint(mean) if kind == np.int16 else mean
    middle = (np.array(factors) - 1) / 2
    return made, start + middle
