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
from simulator.anatomy_chest import Body, Lung, capsule, round_root

Mask = NDArray[np.bool_]

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


SEEN_CM: Final = 6.0  #: lung along the beam where a nodule or a consolidation can be seen


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One finding as the image shows it."""

    name: str
    side: str  #: "R", "L", or "" where it has none
    subtlety: float
    mask: Mask


def pneumothorax(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Air between the chest wall and the lung, widest at the top; a thin pleural line."""
    widest = 0.9 + 4.2 * (1 - subtlety) ** 1.5
    height = np.clip((lung.base - body.grid.y) / (lung.base - lung.apex), 0, 1)
    gap = widest * (rng.uniform(0.05, 0.5) + height) / 1.4
    free = lung.inside & (lung.wall < gap) & (lung.wall < widest)
    line = np.clip(1 - np.abs(lung.wall - gap) / 0.12, 0, 1) * lung.inside
    collapsed = lung.inside & ~free
    body.density[collapsed] *= 1.05 + 0.5 * (1 - subtlety) ** 2
    body.density[free] *= 0.06
    body.outer += rng.uniform(0.35, 0.7) * line.astype(np.float32)
    return np.asarray(free, np.bool_)


def pleural_effusion(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Fluid that fills the angle from below, higher at the side than in the middle."""
    x = lung.side * body.grid.x
    depth = 1.6 + 8.0 * (1 - subtlety) ** 1.6
    lowest = lung.base + 3.2
    rise = rng.uniform(1.5, 3.5) * (np.clip(x, 0, 14) / 12) ** 3
    under = body.grid.y - (lowest + 1.2 - depth - rise + rng.uniform(0, 0.8))
    fluid = np.clip(under / rng.uniform(0.5, 1.6), 0, 1) * (x > 1.5)
    fluid *= np.clip(0.55 + 0.45 * np.clip(under / 3, 0, 1), 0, 1)
    body.density += (1 - body.density) * fluid.astype(np.float32)
    return np.asarray((fluid > 0.3) & lung.inside, np.bool_)


def consolidation(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """Patches of dense lung with soft edges, mottled."""
    centre = _place(body, lung, rng, 1.5)
    reach = rng.uniform(1.6, 4.2) * (1.1 - 0.35 * subtlety)
    cloud = np.zeros(body.grid.shape, np.float32)
    for _ in range(int(rng.integers(3, 7))):
        row, column = centre + rng.normal(0, 0.45 * reach, 2) * 10 / body.grid.spacing_mm
        dx, dy = _from(body, row, column)
        size = reach * rng.uniform(0.45, 0.9)
        cloud = np.maximum(cloud, np.exp(-((dx / size) ** 2) - (dy / (size * 0.85)) ** 2))
    mottle = rng.normal(size=(24, 24))
    u = np.clip((body.grid.x + 18) / 36 * 23, 0, 23), np.clip((body.grid.y + 18) / 36 * 23, 0, 23)
    pattern = ndimage.map_coordinates(mottle, u, order=1)
    cloud = np.clip(cloud * (1 + 0.25 * pattern), 0, 1)
    strength = 0.3 + 0.55 * (1 - subtlety)
    body.density += (1 - body.density) * (strength * cloud).astype(np.float32)
    return np.asarray((cloud > 0.4) & lung.inside, np.bool_)


def nodule(body: Body, lung: Lung, subtlety: float, rng: np.random.Generator) -> Mask:
    """One or a few round bodies of tissue."""
    found = np.zeros(body.grid.shape, np.bool_)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3, 6]))):
        radius = (0.65 + 1.6 * (1 - subtlety) ** 1.6) * rng.uniform(0.9, 1.2)
        radius *= 1.7 if subtlety < 0.3 and rng.random() < 0.4 else 1.0  # a mass
        dx, dy = _from(body, *_place(body, lung, rng, radius))
        flat, turn = rng.uniform(0.85, 1.15), rng.uniform(0, np.pi)
        a, b = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        far = np.hypot(a * flat, b / flat)
        thick = 2 * radius * np.sqrt(np.clip(1 - (far / radius) ** 2, 0, None))
        room = np.maximum(body.air, 0.1)
        share = np.clip(thick / room, 0, 1) * rng.uniform(0.9, 1.1)
        body.density += (1 - body.density) * np.clip(share, 0, 1).astype(np.float32)
        found |= far < radius
    return np.asarray(found, np.bool_)


#: What changes a lung; cardiomegaly is part of the person instead.
CHANGES: Final[Mapping[str, Callable[[Body, Lung, float, np.random.Generator], Mask]]] = (
    MappingProxyType(
        {
            "consolidation": consolidation,
            "nodule": nodule,
            "pleural_effusion": pleural_effusion,
            "pneumothorax": pneumothorax,
        }
    )
)


def devices(body: Body, rng: np.random.Generator) -> tuple[str, ...]:
    """Things that are no finding: a pacemaker, electrodes. Their names."""
    found = []
    if rng.random() < 0.08:
        found.append("pacemaker")
        x, y = rng.uniform(7.5, 10), rng.uniform(-8.5, -6)
        box = np.maximum(np.abs(body.grid.x - x) / 2.2, np.abs(body.grid.y - y) / 1.8)
        lead = np.minimum(
            capsule(body.grid, (x, y), (1.5, -7.0)), capsule(body.grid, (1.5, -7.0), (2.5, 6.5))
        )
        body.metal += (0.35 * round_root(1 - box, 0.2) + 0.12 * (lead < 0.1)).astype(np.float32)
    if rng.random() < 0.15:
        found.append("electrodes")
        for side in (-1, 1, 1):
            x, y = side * rng.uniform(5, 11), rng.uniform(-9, 9)
            far = np.hypot(body.grid.x - x, body.grid.y - y)
            wire = capsule(body.grid, (x, y), (x + rng.normal(0, 4), -22))
            body.metal += (0.1 * (far < 0.5) + 0.05 * (wire < 0.08)).astype(np.float32)
    return tuple(found)


def _place(
    body: Body, lung: Lung, rng: np.random.Generator, margin_cm: float
) -> NDArray[np.float64]:
    """A (row, column) in the lung, some way from its walls where there is room."""
    free = lung.inside & (lung.wall > margin_cm) & (lung.dome > margin_cm) & (body.air > SEEN_CM)
    places = np.argwhere(free if free.any() else lung.inside)
    # by share, so that another pixel size gives the same place
    chosen = places[min(int(rng.random() * len(places)), len(places) - 1)]
    return np.asarray(chosen, np.float64)


def _from(body: Body, row: float, column: float) -> tuple[NDArray[np.float32], ...]:
    """Centimetres right of and below a pixel, (1, columns) and (rows, 1)."""
    cm = np.float32(body.grid.spacing_mm / 10)
    rows, columns = body.grid.shape
    down = (np.arange(rows, dtype=np.float32)[:, None] - np.float32(row)) * cm
    return (np.arange(columns, dtype=np.float32)[None] - np.float32(column)) * cm, down
