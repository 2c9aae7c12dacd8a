# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Soft tissue and casts, as thicknesses in mm along the beam."""

import math
from typing import Final

import numpy as np
from scipy import ndimage
from scipy.interpolate import PchipInterpolator

from simulator.wrist.averages import METACARPALS, PHALANGES
from simulator.wrist.person import Person
from simulator.wrist.placing import Limb
from simulator.wrist.solids import Floats, Motion, Point
from simulator.wrist.things import ellipse, rod, scaled

#: y, half width in x and z, offset in x and z of forearm, wrist and palm.
OUTLINE: Final = (
    (-280, 44, 40, -8, 0), (-180, 40, 36, -8, 0), (-110, 36, 31, -9, -1), (-60, 32, 26, -10, -1),
    (-25, 30, 22.5, -10, -2), (0, 30, 20.5, -8, -2), (18, 34, 19.5, -5, -3),
    (40, 41, 18, -5, -3), (62, 44, 16, -6, -2), (82, 43, 14, -7, -1), (96, 40, 8, -8, 0),
)  # fmt: skip
FAT: Final = 0.86  #: attenuation of the layer under the skin relative to muscle
PLASTER: Final = (0.6, 0.13)  #: a cast's mm of tissue and of compact bone, for each mm
FIBRE: Final = (0.35, 0.02)


def tissue(
    who: Person,
    limb: Limb,
    rng: np.random.Generator,
    *,
    motion: Motion | None = None,
    swelling: tuple[float, float] = (0.0, 0.0),
) -> Floats:
    """Mm of tissue at each pixel. `swelling` is (y, mm) where the limb is thicker."""
    across, up, view = limb.across, limb.up, limb.view
    if motion is not None:
        share = np.clip((up - motion.centre[1]) / (26 * who.size) + 0.5, 0, 1).astype(np.float32)
        across, up = motion.back(across, up, view, share)
    y, table = _table(who, swelling)
    row = np.clip((up - y[0]) / 0.5, 0, len(table) - 1).astype(np.intp)
    a, b, x, z = table.T
    layer = (2.2 + 3.0 * rng.random()) * who.size * who.soft
    total = np.zeros_like(across)
    for depth, share in ((0.0, FAT), (layer, 1 - FAT)):
        wide = np.hypot((a - depth) * math.cos(view.angle), (b - depth) * math.sin(view.angle))
        chord = 2 * (a - depth) * (b - depth) / wide
        off = view.across(x, z)
        total += share * chord[row] * ellipse((across - off[row]) / wide[row])
    total *= np.clip((y[-1] - up) / 3 + 0.5, 0, 1)
    for base, head, radius in _fingers():
        part = rod(Limb(across, up, view), scaled(base, who), scaled(head, who),
                   radius * who.size * who.soft**0.5)  # fmt: skip
        total = np.maximum(total, part)
    broad, fine = _clouds(across, up, 9.0, rng), _clouds(across, up, 1.6, rng)
    return np.asarray(total * (1 + 0.02 * broad) + 0.25 * fine * (total > 2), np.float32)


def cast(who: Person, limb: Limb, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mm of tissue and of bone that a cast about forearm and palm is equivalent to."""
    across, up, view = limb.across, limb.up, limb.view
    y, table = _table(who, (0.0, 0.0))
    row = np.clip((up - y[0]) / 0.5, 0, len(table) - 1).astype(np.intp)
    a, b, x, z = table.T
    gap, thick = rng.uniform(1.5, 5), rng.uniform(2.5, 6)
    off = view.across(x, z)[row]
    shells = []
    for out in (gap, gap + thick):
        wide = np.hypot((a + out) * math.cos(view.angle), (b + out) * math.sin(view.angle))
        chord = 2 * (a + out) * (b + out) / wide
        shells.append(chord[row] * ellipse((across - off) / wide[row]))
    ends = rng.uniform(-260, -150) * who.size, rng.uniform(35, 72) * who.size
    there = np.clip((up - ends[0]) / 2 + 0.5, 0, 1) * np.clip((ends[1] - up) / 2 + 0.5, 0, 1)
    if rng.random() < 0.35:  # a splint covers one side
        there = there * np.clip((across - off) / 4 * (1 if rng.random() < 0.5 else -1) + 1, 0.1, 1)
    folds = 1 + 0.13 * _clouds(across, up * 0.6, 3.0, rng) + 0.08 * _clouds(across, up, 1.0, rng)
    wall = (shells[1] - shells[0]) * there * np.maximum(folds, 0.3)
    soft, hard = PLASTER if rng.random() < 0.6 else FIBRE
    return np.asarray(soft * wall, np.float32), np.asarray(hard * wall, np.float32)


def _table(who: Person, swelling: tuple[float, float]) -> tuple[Floats, Floats]:
    rows = np.array(OUTLINE, np.float64) * who.size
    rows[:, 1:3] *= who.soft
    y = np.arange(rows[0, 0], rows[-1, 0], 0.5)
    table = PchipInterpolator(rows[:, 0], rows[:, 1:])(y)
    at, more = swelling
    table[:, :2] += (more * np.exp(-(((y - at) / (28 * who.size)) ** 2)))[:, None]
    return y.astype(np.float32), table.astype(np.float32)


def _fingers() -> list[tuple[Point, Point, float]]:
    parts: list[tuple[Point, Point, float]] = [((22, 12, -8), (47, 58, -20), 15.0)]
    for number, base, head, _, _ in METACARPALS[1:]:
        del number
        parts.append(((base[0], base[1] + 30, base[2]), head, 11.5))
    for _, base, head, _ in PHALANGES:
        tip = tuple(h + 0.9 * (h - b) for b, h in zip(base, head, strict=True))
        parts.append((base, (tip[0], tip[1], tip[2]), 9.6))
    return parts


def _clouds(across: Floats, up: Floats, grain: float, rng: np.random.Generator) -> Floats:
    """Smooth noise of unit spread with details of `grain` mm."""
    table = ndimage.gaussian_filter(rng.normal(size=(96, 96)).astype(np.float32), 1.0, mode="wrap")
    table /= table.std()
    places = (up / grain + 48, across / grain + 48)
    return np.asarray(ndimage.map_coordinates(table, places, order=1, mode="grid-wrap"), np.float32)
