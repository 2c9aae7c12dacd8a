"""Where the lungs and pleural fluid are: from the network on 3 mm to masks of the slices."""

import dataclasses
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core import mask
from models.ct_thorax.window import AIR, scaled
from models.grid import Grid, carry, sample
from models.volume import Network, Volume
from models.windows import windows

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SPACING: Final = 3.0  #: mm between the points that the network reads
STRIDE: Final = 16  #: its sides are multiples of this
LONGEST: Final = 96  #: points along z that are read at once: 0.7 GB in the network
RIM: Final = 16  #: points at the joints that are thrown away
LEFT, RIGHT, FLUID = 1, 2, 3  #: the network's classes
SMALL: Final = 0.05  #: share of the largest part of a lung that another part needs
REACH: Final = 3.0  #: points from a lung that still belong to its side
CLOSED: Final = 5.5  #: points: dents of the lung's wall narrower than twice this are filled
SLAB: Final = 8  #: slices whose masks are made at once; a multiple of 8 packs into whole bytes
#: A voxel is lung above this share: less where it holds air, more where it holds none.
EVEN, LEAN, MIDDLE_HU, WIDTH_HU = 0.5, 0.3, -420.0, 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class Lungs:
    """On `grid`: the share of `lung` (left and right together) and of `fluid`; `hull` is the lung
    with what its wall closes round, such as a large nodule at the pleura; `side` where a
    point belongs, LEFT, RIGHT or 0. Volumes in mL are as the network sees them.
    """

    grid: Grid
    lung: Floats
    hull: Floats
    fluid: Floats
    side: NDArray[np.uint8]

    @property
    def millilitres(self) -> tuple[float, float]:
        """Of the left and the right lung."""
        cell = self.grid.spacing**3 / 1000
        left, right = (float(self.lung[self.side == one].sum()) * cell for one in (LEFT, RIGHT))
        return left, right


@dataclasses.dataclass(frozen=True, slots=True)
class Packed:
    """The mask of one lung as `core.mask.pack` packs it, and its volume."""

    bits: bytes
    millilitres: float


def find(volume: Volume, network: Network) -> Lungs:
    """Run the network over the whole volume; parts far smaller than a lung are dropped."""
    grid = Grid.covering(volume, SPACING)
    shares = _shares(volume, grid, network)
    side = np.zeros(grid.shape, np.uint8)
    lung = shares[LEFT] + shares[RIGHT]
    named = np.where(shares[LEFT] > shares[RIGHT], LEFT, RIGHT).astype(np.uint8)
    for one in (LEFT, RIGHT):
        side[_large((lung > EVEN) & (named == one))] = one
    near = _near(lung, side > 0)
    return Lungs(grid, near, np.maximum(near, _hull(side)), shares[FLUID], _spread(side))


def _shares(volume: Volume, grid: Grid, network: Network) -> Floats:
    """(4, z, y, x): the network's classes on the grid, read in slabs along z."""
    padded = [-(-count // STRIDE) * STRIDE for count in grid.shape[1:]]
    depth = min(LONGEST, -(-grid.shape[0] // STRIDE) * STRIDE + 2 * RIM)
    shares = np.zeros((4, *grid.shape), np.float32)
    size = (depth, padded[0], padded[1])
    for window in windows((grid.shape[0], padded[0], padded[1]), size, (RIM, 0, 0)):
        part = sample(volume, grid.part(window.start, window.size), AIR)
        found = network(scaled(part)[None, None])["share"][0]
        place, kept = window.place, window.kept
        shares[:, place[0]] = found[:, kept[0], : grid.shape[1], : grid.shape[2]]
    return shares


def _large(found: Mask) -> Mask:
    """Its parts that are not much smaller than the largest one."""
    labels, count = ndimage.label(found)
    if not count:
        return found
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= max(SMALL * sizes.max(), 30))[labels])


def _hull(side: NDArray[np.uint8]) -> Floats:
    """Each lung closed over `CLOSED` points, so that dents narrower than that belong to it."""
    closed = np.zeros(side.shape, np.bool_)
    for one in (LEFT, RIGHT):
        wide = int(CLOSED) + 1
        lung = np.pad(side == one, wide)
        if lung.any():
            grown = ndimage.distance_transform_edt(~lung) <= CLOSED
            inner = ndimage.distance_transform_edt(grown) > CLOSED
            closed |= inner[wide:-wide, wide:-wide, wide:-wide]
    return np.asarray(ndimage.gaussian_filter(closed.astype(np.float32), 0.5), np.float32)


def _near(lung: Floats, kept: Mask) -> Floats:
    """`lung` within two points of what is kept, 0 elsewhere."""
    return np.where(ndimage.binary_dilation(kept, iterations=2), lung, np.float32(0))


def _spread(side: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every point near a lung belongs to the nearer one."""
    if not side.any():
        return side
    distance, index = ndimage.distance_transform_edt(side == 0, return_indices=True)
    nearest = side[tuple(index)]
    return np.where(distance <= REACH, nearest, 0).astype(np.uint8)


def pack(volume: Volume, lungs: Lungs) -> dict[int, Packed]:
    """The masks of both lungs at the volume's own resolution, by side; slab by slab."""
    streams = {one: zlib.compressobj(mask.LEVEL) for one in (LEFT, RIGHT)}
    data: dict[int, list[bytes]] = {one: [] for one in streams}
    counts = dict.fromkeys(streams, 0)
    side = (lungs.side == RIGHT).astype(np.float32)
    for first in range(0, len(volume.voxels), SLAB):
        inside = fine(volume, lungs, first, min(first + SLAB, len(volume.voxels)))
        right = carry(side, lungs.grid, volume, first, first + len(inside)) > EVEN if (
            inside.any()
        ) else inside  # fmt: skip
        for one, part in ((LEFT, inside & ~right), (RIGHT, inside & right)):
            counts[one] += int(part.sum())
            data[one].append(streams[one].compress(np.packbits(part).tobytes()))
    cell = abs(float(np.linalg.det(volume.steps))) / 1000
    return {
        one: Packed(b"".join([*data[one], streams[one].flush()]), counts[one] * cell)
        for one in streams
    }


def fine(volume: Volume, lungs: Lungs, first: int, last: int) -> Mask:
    """Lung in slices `first`..`last` - 1 at their own resolution (slices, rows, columns).

    The network's share decides, and near its edge the voxel's own HU: air lies within.
    """
    found = np.zeros((last - first, *volume.voxels.shape[1:]), np.bool_)
    share = carry(lungs.lung, lungs.grid, volume, first, last)
    if not share.any():
        return found
    rows, columns = (np.flatnonzero(share.any(axes)) for axes in ((0, 2), (0, 1)))
    part = (slice(None), slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    hu = volume.voxels[first:last][part].astype(np.float32)
    shift = np.clip((hu - MIDDLE_HU) / WIDTH_HU, -1, 1) * LEAN
    found[part] = share[part] > EVEN + shift
    return found


def at(field: NDArray[Any], grid: Grid, point: NDArray[np.float64]) -> float:
    """The value of `field` at the grid's point nearest to LPS `point` (3,); 0 outside."""
    index = np.rint(grid.to_index(point[None])[0]).astype(int)
    if (index < 0).any() or (index >= grid.shape).any():
        return 0.0
    return float(field[tuple(index)])
