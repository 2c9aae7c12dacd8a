# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""What else may be in the chest: fluid in the pleura, ground glass, scars and plaques."""

import dataclasses

import numpy as np

from simulator.ct.grid import Floats, smooth_noise
from simulator.ct.paint import fill, paint_ellipsoid
from simulator.ct.shapes import around, ellipsoid
from simulator.ct.thorax import Thorax


@dataclasses.dataclass(frozen=True, slots=True)
class Effusion:
    """Free fluid in one pleural room."""

    side: str  #: left or right
    volume_ml: float


@dataclasses.dataclass(frozen=True, slots=True)
class GroundGlass:
    """A hazy patch: LPS of its middle, and its mean diameter, mm."""

    centre: tuple[float, float, float]
    diameter_mm: float


def effuse(
    thorax: Thorax, side: int, millilitres: float, rng: np.random.Generator
) -> tuple[Effusion | None, Floats]:
    """Fluid that has sunk to the back of the lung on `side` (1 left, -1 right), lying supine.

    Returns the truth and the share of each voxel that is fluid; the lung's room shrinks
    to what is left of it, the lung next to the fluid has lost some of its air.
    """
    grid = thorax.grid
    room = thorax.left if side > 0 else thorax.right
    _, y, z = grid.axes()
    lean = float(rng.uniform(0.15, 0.4))
    cling = float(rng.uniform(2, 9)) * np.exp(-np.clip(thorax.depth, 0, 60) / 7)
    height = np.asarray(y - lean * (z + 40) + cling + 2 * smooth_noise(rng, grid, 40.0), np.float32)
    level = _level(height, room, millilitres * 1000 / grid.spacing**3)
    if level is None:
        return None, np.zeros_like(room)
    above = np.asarray((height - level) * np.float32(0.9), np.float32)
    fluid = np.clip(0.5 + above / grid.spacing, 0, 1) * room
    squeezed = np.exp(-np.clip(-above, 0, 60) / float(rng.uniform(2, 6))) * (room - fluid)
    thorax.hu += squeezed * np.float32(rng.uniform(150, 700)) * (thorax.hu < -300)
    fill(thorax.hu, fluid, float(rng.uniform(-2, 24)))
    room -= fluid
    np.minimum(thorax.depth, np.where(fluid > 0, -above, 99), out=thorax.depth)
    found = float(fluid.sum()) * grid.spacing**3 / 1000
    return Effusion("left" if side > 0 else "right", found), fluid


def _level(height: Floats, room: Floats, voxels: float) -> float | None:
    """The level above which lie so many voxels of the room; None where it is too small."""
    chosen = np.flatnonzero(room.ravel() > 0.5)
    if len(chosen) < 1.6 * voxels or voxels < 1:
        return None
    values = height.ravel()[chosen]
    rank = int(len(values) - voxels)
    return float(np.partition(values, rank)[rank])


def haze(thorax: Thorax, rng: np.random.Generator) -> GroundGlass | None:
    """A patch of ground glass with soft, uneven edges."""
    inside = np.flatnonzero(thorax.depth.ravel()[::9] > 12) * 9
    if not len(inside):
        return None
    index = np.array([np.unravel_index(int(rng.choice(inside)), thorax.grid.shape)])
    centre = thorax.grid.point(index)[0]
    radii = rng.uniform(10, 32, 3)
    slices, part = around(thorax.grid, centre - 1.5 * radii.max(), centre + 1.5 * radii.max())
    x, y, z = centre.tolist()
    far = ellipsoid(part.axes(), (x, y, z), (radii[0], radii[1], radii[2]))
    soft = 1 / (1 + np.exp(np.clip(far + 5 * smooth_noise(rng, part, 9.0), -40, 40) / 3))
    room = thorax.left[slices] + thorax.right[slices]
    view = thorax.hu[slices]
    view += soft * room * np.float32(rng.uniform(120, 330)) * (view < -400)
    return GroundGlass((x, y, z), float(2 * radii.mean()))


def blemish(thorax: Thorax, rng: np.random.Generator) -> None:
    """Scars and bands, thickened pleura: what looks like a nodule in one slice and is none."""
    for _ in range(int(rng.poisson(2.0 + 0.03 * max(0, thorax.patient.age - 50)))):
        near = (thorax.depth.ravel()[::9] > -0.5) & (thorax.depth.ravel()[::9] < 12)
        chosen = np.flatnonzero(near) * 9
        if not len(chosen):
            return
        index = np.array([np.unravel_index(int(rng.choice(chosen)), thorax.grid.shape)])
        x, y, z = thorax.grid.point(index)[0].tolist()
        long, thin = float(rng.uniform(7, 20)), float(rng.uniform(0.6, 1.5))
        radii = (long, float(rng.uniform(4, 12)), thin) if rng.random() < 0.5 else (
            thin, long, float(rng.uniform(4, 14))
        )  # fmt: skip
        _band(thorax, (x, y, z), radii, float(rng.uniform(-450, 30)), float(rng.uniform(-1.2, 1.2)))


def _band(
    thorax: Thorax,
    centre: tuple[float, float, float],
    radii: tuple[float, float, float],
    value: float,
    turn: float,
) -> None:
    reach = np.array([max(radii) + 3] * 3)
    slices, _ = around(thorax.grid, np.array(centre) - reach, np.array(centre) + reach)
    kept = thorax.hu[slices].copy()
    paint_ellipsoid(thorax.hu, thorax.grid, centre, radii, value, turn=turn)
    room = thorax.left[slices] + thorax.right[slices]
    view = thorax.hu[slices]
    view[...] = kept + np.maximum(view - kept, 0) * room
