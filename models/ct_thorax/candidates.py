"""Where nodules may be: peaks of the network's heat map over the lungs."""

import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.ct_thorax.lungs import Lungs
from models.ct_thorax.window import AIR, scaled
from models.grid import Grid, Triple, sample
from models.volume import Network, Volume
from models.windows import Window, windows

Floats = NDArray[np.float32]

SPACING: Final = 1.25  #: mm between the points that the network reads
SIDE: Final = 96  #: points along each side of a window
MARGIN: Final = 12  #: of them on every side that are thrown away
FAINT: Final = 0.05  #: heat of a peak that is worth a look
LUNG: Final = 0.3  #: least share of lung somewhere near a peak
MANY: Final = 40  #: candidates that are kept


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """`centre` LPS, mm; `diameter` mm and `probability` as the network says."""

    centre: NDArray[np.float64]
    diameter: float
    probability: float


def find(volume: Volume, lungs: Lungs, network: Network) -> list[Candidate]:
    """The candidates within the lungs, the most probable first."""
    grid, near = _grid(lungs)
    found: list[Candidate] = []
    for window in windows(grid.shape, (SIDE,) * 3, (MARGIN,) * 3):
        if _meets(near, lungs.grid, grid, window):
            part = grid.part(window.start, window.size)
            image = scaled(sample(volume, part, AIR))
            outputs = network(image[None, None])
            found += _peaks(outputs["heat"][0, 0], outputs["diameter"][0, 0], part, window.kept)
    inside = [one for one in found if _value(near, lungs.grid, one.centre)]
    return _apart(inside)[:MANY]


def _grid(lungs: Lungs) -> tuple[Grid, NDArray[np.bool_]]:
    """A grid over the box around the lungs, and where on the lungs' own grid they are near."""
    near = lungs.hull > LUNG
    index = np.argwhere(near)
    if not len(index):
        return Grid(lungs.grid.low, (1, 1, 1), SPACING), near
    low, high = lungs.grid.to_patient(np.array([index.min(0), index.max(0)]))
    z, y, x = (int(n) for n in np.ceil((high - low)[::-1] / SPACING) + 1)
    return Grid((float(low[0]), float(low[1]), float(low[2])), (z, y, x), SPACING), near


def _meets(near: NDArray[np.bool_], rough: Grid, grid: Grid, window: Window) -> bool:
    """Whether the core of a window holds any lung."""
    corners = rough.to_index(grid.to_patient(np.array([window.low, window.high])))
    low = np.maximum(np.floor(corners[0]).astype(int), 0)
    high = np.ceil(corners[1]).astype(int) + 1
    return bool(near[low[0] : high[0], low[1] : high[1], low[2] : high[2]].any())


def _peaks(
    heat: Floats, diameter: Floats, part: Grid, kept: tuple[slice, slice, slice]
) -> Iterator[Candidate]:
    """Local maxima of the heat map in the core of a window; a cell holds two points a side."""
    top = (heat == ndimage.maximum_filter(heat, 3)) & (heat > FAINT)
    for index in np.argwhere(top):
        cell = _middle(heat, (int(index[0]), int(index[1]), int(index[2])))
        point = 2 * cell + 0.5
        if all(one.start <= p < one.stop for one, p in zip(kept, point, strict=True)):
            place = tuple(index)
            centre = part.to_patient(point[None])[0]
            yield Candidate(centre, float(diameter[place]), float(heat[place]))


def _middle(heat: Floats, index: Triple) -> NDArray[np.float64]:
    """The heat's centre of mass in the cells around a peak."""
    low = [max(0, n - 1) for n in index]
    block = heat[low[0] : index[0] + 2, low[1] : index[1] + 2, low[2] : index[2] + 2]
    return np.array(ndimage.center_of_mass(block.astype(np.float64))) + low


def _value(field: NDArray[np.bool_], grid: Grid, point: NDArray[np.float64]) -> bool:
    index = np.rint(grid.to_index(point[None])[0]).astype(int)
    inside = bool((index >= 0).all() and (index < grid.shape).all())
    return inside and bool(field[tuple(index)])


def _apart(found: list[Candidate]) -> list[Candidate]:
    """Of candidates within each other's reach the most probable one."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda one: -one.probability):
        if all(
            np.linalg.norm(one.centre - other.centre)
            > max(4.0, 0.5 * other.diameter, 0.5 * one.diameter)
            for other in kept
        ):
            kept.append(one)
    return kept
