# ruff: noqa: PLR2004 - shares of what is varied, each used once
"""Cases at the resolution at which networks read: whole chests at 3 mm, crops at 1.25 mm.

Volumes are uint8, `(HU + 1024) / 6`, without noise and slices: training adds those.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.ct import elsewhere, findings, nodules, thorax
from simulator.ct.grid import Floats, Grid
from simulator.ct.nodules import LARGEST, Lesion
from simulator.ct.patient import draw
from simulator.ct.thorax import Thorax

STEP: Final = 6.0  #: HU of one grey level
CHEST_MM, CHEST_SHAPE = 3.0, (104, 88, 120)
CROP_MM, CROP = 1.25, 56
CROPS: Final = 18  #: of one thorax
EMPTY: Final = 6  #: of them without a nodule
BACKGROUND, LEFT, RIGHT, FLUID = 0, 1, 2, 3


def stored(hu: Floats) -> NDArray[np.uint8]:
    """HU as grey levels."""
    return np.asarray(np.clip((hu + 1024) / STEP + 0.5, 0, 255), np.uint8)


def chest(seed: int) -> Mapping[str, Any]:
    """`image` and `label` (z, y, x): BACKGROUND, LEFT, RIGHT, FLUID; one in eight is no chest."""
    rng = np.random.default_rng([seed, 50])
    if rng.random() < 0.125:
        kind = str(rng.choice(elsewhere.KINDS))
        hu = elsewhere.build(seed, kind, CHEST_SHAPE, CHEST_MM)
        return {"image": stored(hu), "label": np.zeros(CHEST_SHAPE, np.uint8)}
    who = draw(seed)
    low, high = thorax.extent(who)
    middle = [(a + b) / 2 + rng.normal(0, 14) for a, b in zip(low, high, strict=True)]
    if rng.random() < 0.3:  # only the upper or the lower part
        middle[2] += float(rng.uniform(-120, 120))
    corner = [c - n * CHEST_MM / 2 for c, n in zip(middle, CHEST_SHAPE[::-1], strict=True)]
    grid = Grid((corner[0], corner[1], corner[2]), CHEST_SHAPE, CHEST_MM)
    body = thorax.build(seed, CHEST_MM, grid=grid)
    fluid = _ill(body, rng)
    for _ in range(int(rng.poisson(0.8))):
        _nodule(body, rng)
    label = np.zeros(CHEST_SHAPE, np.uint8)
    for share, name in ((body.left, LEFT), (body.right, RIGHT), (fluid, FLUID)):
        label[share > 0.5] = name
    return {"image": stored(_field_of_view(body.hu, grid, rng)), "label": label}


def _ill(body: Thorax, rng: np.random.Generator) -> Floats:
    """Fluid on either side, ground glass, scars; returns the fluid's share."""
    fluid = np.zeros(body.grid.shape, np.float32)
    for side in (-1, 1):
        if rng.random() < 0.3:
            _, more = findings.effuse(body, side, float(np.exp(rng.uniform(2.7, 7.2))), rng)
            fluid += more
    if rng.random() < 0.4:
        findings.haze(body, rng)
    findings.blemish(body, rng)
    return fluid


def _nodule(body: Thorax, rng: np.random.Generator) -> None:
    size = float(np.exp(rng.uniform(np.log(4), np.log(1.4 * LARGEST))))
    one = nodules.draw(rng, size, contrast=body.patient.contrast)
    found = nodules.place(body, one, rng)
    if found is not None:
        nodules.insert(body.hu, body.grid, body.left + body.right, one, found[0])


def _field_of_view(hu: Floats, grid: Grid, rng: np.random.Generator) -> Floats:
    """What lies outside a round reconstruction is padding, in half of the scans."""
    if rng.random() < 0.5:
        return hu
    x, y, _ = grid.axes()
    radius = rng.uniform(150, 215)
    far = (x - rng.normal(0, 12)) ** 2 + (y - rng.normal(0, 12)) ** 2 > radius**2
    return np.where(far, np.float32(-1024), hu)


def crops(seed: int) -> Mapping[str, Any]:
    """`image` (CROPS, z, y, x), `truth` (CROPS, 5): z, y, x of a nodule's middle in
    voxels of the crop, its long axis in mm and its mean diameter by volume; zeros for none.
    """
    rng = np.random.default_rng([seed, 51])
    body = thorax.build(seed, CROP_MM, lungs_only=True)
    _ill(body, rng)
    made = [_crop(body, rng, nodule=n >= EMPTY) for n in range(CROPS)]
    return {"image": np.stack([a for a, _ in made]), "truth": np.stack([b for _, b in made])}


def _crop(
    body: Thorax, rng: np.random.Generator, *, nodule: bool
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One crop and its truth; the thorax stays as it was."""
    for _ in range(4 if nodule else 0):
        one = nodules.draw(rng, _size(rng), contrast=body.patient.contrast)
        spot = nodules.place(body, one, rng)
        lesion = nodules.truth(body, one, *spot) if spot is not None else None
        if spot is not None and lesion is not None:
            centre = np.array(lesion.centre) + rng.uniform(-18, 18, 3)
            return _cut(body, centre, (one, spot[0], lesion))
    return _cut(body, _somewhere(body, rng), None)


def _size(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(3.0), np.log(LARGEST))))


def _somewhere(body: Thorax, rng: np.random.Generator) -> NDArray[np.float64]:
    """A point of a lung; half of them near vessels, where mistakes are made."""
    good = body.depth.ravel()[::7] > 0
    if rng.random() < 0.5:
        good &= body.vessels.ravel()[::7] > 0.9
    index = np.unravel_index(int(rng.choice(np.flatnonzero(good))) * 7, body.grid.shape)
    return np.asarray(body.grid.point(np.array([index]))[0])


def _cut(
    body: Thorax,
    centre: NDArray[np.float64],
    placed: tuple[nodules.Nodule, tuple[float, float, float], Lesion] | None,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    index = np.rint(body.grid.index(centre[None])[0]).astype(int) - CROP // 2
    index = np.clip(index, 0, np.array(body.grid.shape) - CROP)
    window = tuple(slice(int(n), int(n) + CROP) for n in index)
    view = body.hu[window[0], window[1], window[2]].copy()
    low = body.grid.point(index[None])[0]
    grid = Grid((float(low[0]), float(low[1]), float(low[2])), (CROP, CROP, CROP), CROP_MM)
    room = (body.left + body.right)[window[0], window[1], window[2]]
    truth = np.zeros(5, np.float32)
    if placed is not None:
        one, spot, lesion = placed
        nodules.insert(view, grid, room, one, spot)
        mean = (6 * lesion.volume_mm3 / np.pi) ** (1 / 3)
        truth[:] = (*grid.index(np.array([lesion.centre]))[0], lesion.long_mm, mean)
    return stored(view), truth
