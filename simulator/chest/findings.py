# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""What can be wrong in a simulated chest. Each change returns where it is to be seen.

Subtlety runs from 0 (nobody misses it) to 1 (many do). Masks are bool (rows, columns).
"""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.domain import codes
from core.domain.codes import Code
from simulator.chest.body import Body
from simulator.chest.lungs import Lung
from simulator.chest.tubes import Points

Mask = NDArray[np.bool_]
Change = Callable[[Body, Lung, float, np.random.Generator], Mask]

#: In the order of the model's labels.
FINDINGS: Final[Mapping[str, Code]] = MappingProxyType(
    {
        "pneumothorax": codes.PNEUMOTHORAX,
        "pleural_effusion": codes.PLEURAL_EFFUSION,
        "consolidation": codes.CONSOLIDATION,
        "nodule": codes.NODULE,
        "cardiomegaly": codes.CARDIOMEGALY,
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One finding as the image shows it."""

    name: str
    side: str  #: "R", "L", or "" where it has none
    subtlety: float
    mask: Mask


def pneumothorax(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Air between the chest wall and the lung, widest at the top; a thin pleural line."""
    widest = 1.0 + 4.2 * (1 - subtlety) ** 1.5
    height = np.clip((lung.shape.base - body.grid.y) / (lung.shape.base - lung.shape.apex), 0, 1)
    gap = widest * (rng.uniform(0.05, 0.5) + height) / 1.4
    free = lung.inside & (lung.wall < gap) & (lung.wall < widest)
    line = np.clip(1 - np.abs(lung.wall - gap) / 0.12, 0, 1) * lung.inside
    lung.density[lung.inside & ~free] *= 1.05 + 0.5 * (1 - subtlety) ** 2
    lung.density[free] *= 0.06
    body.outer += np.float32(rng.uniform(0.35, 0.7)) * line.astype(np.float32)
    return np.asarray(free & (lung.air > 0.5), np.bool_)


def pleural_effusion(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Fluid that fills the angle from below, higher at the walls than in the middle."""
    depth = 1.7 + 8.0 * (1 - subtlety) ** 1.6
    wall = np.abs(body.grid.across / lung.shape.depth) if body.grid.lateral else (
        np.clip(lung.side * body.grid.across, 0, 14) / 12
    )  # fmt: skip
    rise = rng.uniform(1.5, 3.5) * np.clip(wall, 0, 1.2) ** 3
    under = body.grid.y - (lung.shape.base + 4.4 - depth - rise + rng.uniform(0, 0.8))
    fluid = np.clip(under / rng.uniform(0.5, 1.6), 0, 1) * (lung.air > 0.05)
    fluid = fluid * (0.55 + 0.45 * np.clip(under / 3, 0, 1))
    lung.density += (1 - lung.density) * fluid.astype(np.float32)
    return np.asarray((fluid > 0.3) & lung.inside, np.bool_)


def consolidation(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Patches of dense lung with soft edges, mottled, air in their bronchi."""
    centre = place(lung, rng, 1.2)
    reach = rng.uniform(1.8, 4.4) * (1.1 - 0.35 * subtlety)
    cloud, deep = np.zeros(body.grid.shape, np.float32), 0.0
    for _ in range(int(rng.integers(4, 8))):
        at = centre + rng.normal(0, 0.45 * reach, 3)
        size = reach * rng.uniform(0.4, 0.9)
        dx, dy = body.grid.from_axis(at)
        cloud = np.maximum(cloud, np.exp(-((dx / size) ** 2) - (dy / (size * 0.85)) ** 2))
        deep = max(deep, 2.4 * size)
    mottle = rng.normal(size=(28, 28))
    places = [np.clip((axis + 18) / 36 * 27, 0, 27) for axis in (body.grid.y, body.grid.across)]
    pattern = ndimage.map_coordinates(mottle, places, order=1)
    cloud = np.clip(cloud * (1 + 0.3 * pattern), 0, 1)
    share = (0.4 + 0.55 * (1 - subtlety)) * np.clip(deep / np.maximum(lung.air, 1), 0, 1)
    lung.density += (1 - lung.density) * (share * cloud).astype(np.float32)
    return np.asarray((cloud > 0.4) & lung.inside & (lung.air > 1.5), np.bool_)


def nodule(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """A round body of tissue of 8 to 32 mm, or a mass of 30 to 60 mm; lobed, some calcified."""
    radius = (0.48 + 1.1 * (1 - subtlety) ** 1.3) * rng.uniform(0.92, 1.12)
    mass = subtlety < 0.35 and rng.random() < 0.6
    radius = rng.uniform(1.5, 3.0) if mass else radius
    centre = place(lung, rng, 0.5 * radius)
    part = _around(body, centre, 1.5 * radius)
    dx, dy = (axis[part] for axis in body.grid.from_axis(centre))
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.85, 1.15)
    a, b = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    angle = np.arctan2(b, a)
    edge = np.ones_like(angle)
    for lobes, most in ((2, 0.08), (3, 0.08), (5, 0.05), (11, 0.03)):
        edge += rng.uniform(0, most) * np.cos(lobes * angle + rng.uniform(0, 7))
    far = np.hypot(a * flat, b / flat) / (radius * edge)
    thick = 2 * radius * np.sqrt(np.clip(1 - far * far, 0, None)) * rng.uniform(0.9, 1.1)
    air = lung.air[part]
    thick = np.minimum(thick, air)
    filled = lung.density[part] + (1 - lung.density[part]) * thick / np.maximum(air, 0.1)
    lung.density[part] = np.clip(filled, 0, 1)
    calcium = rng.uniform(0.05, 0.25) if rng.random() < 0.15 else 0.0
    body.bone[part] += np.float32(calcium) * thick.astype(np.float32)
    mask = np.zeros(body.grid.shape, np.bool_)
    mask[part] = (far < 1) & (air > 0.3)
    return mask


def _around(body: Body, centre: Points, reach_cm: float) -> tuple[slice, slice]:
    """The part of the image within `reach_cm` of the ray through `centre`; at least a pixel."""
    column, row = body.grid.pixels(centre[None])[0]
    reach = reach_cm * 10 / body.grid.spacing_mm * body.who.size + 1
    first = [
        int(np.clip(at - reach, 0, size - 1))
        for at, size in zip((row, column), body.grid.shape, strict=True)
    ]
    last = [
        int(np.clip(at + reach + 1, start + 1, size))
        for at, start, size in zip((row, column), first, body.grid.shape, strict=True)
    ]
    return slice(first[0], last[0]), slice(first[1], last[1])


def place(lung: Lung, rng: np.random.Generator, margin_cm: float) -> Points:
    """A point (3,) in the lung, some way from its walls where there is room."""
    form = lung.shape
    low = np.array([min(form.side * form.inner, form.side * form.half), form.apex, -form.depth])
    high = np.array([max(form.side * form.inner, form.side * form.half), form.base + 2, form.depth])
    tried = rng.uniform(low, high, (256, 3))
    held = form.holds(tried, margin_cm)
    return np.asarray(tried[int(held.argmax())])


#: What changes a lung; cardiomegaly is part of the person instead.
CHANGES: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "consolidation": consolidation,
        "nodule": nodule,
        "pleural_effusion": pleural_effusion,
        "pneumothorax": pneumothorax,
    }
)
