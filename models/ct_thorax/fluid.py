"""Pleural fluid on either side: how probable, how much, where."""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.ct_thorax.lungs import LEFT, RIGHT, Lungs
from models.ct_thorax.measure import largest
from models.grid import carry
from models.outline import outline
from models.volume import Volume

Mask = NDArray[np.bool_]

CERTAIN: Final = 0.5  #: share of fluid in a point that counts
FEWEST: Final = 15  #: points (0.4 mL) that a part of it must have
JUDGED_ML: Final = 8.0  #: the probability is the mean share of this much, where it is highest
COARSE: Final = 4  #: pixels a cell of the outline


@dataclasses.dataclass(frozen=True, slots=True)
class Fluid:
    """On one `side` (LEFT, RIGHT). `slice` is where most of it is seen, `points` its outline."""

    side: int
    probability: float
    millilitres: float
    centre: NDArray[np.float64]
    slice: int
    points: NDArray[np.float64]


def find(volume: Volume, lungs: Lungs) -> list[Fluid]:
    """Left and right, each with its probability; without an outline where there is no fluid."""
    field = np.where(_pleural(lungs), lungs.fluid, np.float32(0))
    x = _sides(lungs)
    return [_one(volume, lungs, field * (x == side), side) for side in (LEFT, RIGHT)]


def _pleural(lungs: Lungs) -> Mask:
    """Parts of fluid, and the faint points next to them or near a lung."""
    labels, _ = ndimage.label(lungs.fluid > 0.1)  # noqa: PLR2004 - what is worth asking about
    beside = ndimage.binary_dilation(lungs.side > 0, iterations=2)
    good = np.unique(labels[beside])
    return np.isin(labels, good[good > 0])


def _sides(lungs: Lungs) -> NDArray[np.uint8]:
    """LEFT or RIGHT for every column of points: what is nearer along x."""
    x = np.arange(lungs.grid.shape[2], dtype=np.float64)
    weights = [(lungs.side == side).sum((0, 1)) for side in (LEFT, RIGHT)]
    means = [float((w * x).sum() / w.sum()) for w in weights if w.any()]
    middle = sum(means) / 2 if len(means) == len(weights) else (lungs.grid.shape[2] - 1) / 2
    return np.where(x > middle, LEFT, RIGHT).astype(np.uint8)


def _one(volume: Volume, lungs: Lungs, field: NDArray[np.float32], side: int) -> Fluid:
    cell = lungs.grid.spacing**3 / 1000
    judged = max(1, round(JUDGED_ML / cell))
    top = np.partition(field.ravel(), -judged)[-judged:]
    labels, _ = ndimage.label(field > CERTAIN)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    sure = (sizes >= FEWEST)[labels]
    share = np.where(ndimage.binary_dilation(sure), field, np.float32(0))
    millilitres = float(share.sum()) * cell
    where = np.argwhere(sure) if sure.any() else np.argwhere(field == field.max())[:1]
    centre = lungs.grid.to_patient(where.mean(0)[None])[0]
    number, points = _section(volume, lungs, share, centre)
    return Fluid(side, float(top.mean()), millilitres, centre, number, points)


def _section(
    volume: Volume, lungs: Lungs, share: NDArray[np.float32], centre: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """The slice through the middle of the fluid and its outline there, in pixels."""
    middle = float(volume.to_index(centre[None])[0, 0])
    number = volume.nearest(float(np.clip(middle, 0, len(volume.voxels) - 1)))
    section = carry(share, lungs.grid, volume, number, number + 1)[0][::COARSE, ::COARSE] > CERTAIN
    if not section.any():
        return number, np.zeros((0, 2))
    return number, outline(largest(section)) * COARSE
