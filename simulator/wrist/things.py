# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Rods of tissue or metal, implants, and the marker of the side, in mm along the beam."""

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.wrist.averages import PHALANGES
from simulator.wrist.person import Person
from simulator.wrist.placing import Limb, Placing
from simulator.wrist.solids import Floats, Point

Stroke = tuple[float, float, float, float]
Rod = tuple[Point, Point, float]
#: The strokes of a letter two units high: from x, y to x, y, right and down.
LETTERS: Final = MappingProxyType[str, tuple[Stroke, ...]](
    {
        "L": ((-0.4, -0.8, -0.4, 0.8), (-0.4, 0.8, 0.5, 0.8)),
        "R": (
            (-0.4, -0.8, -0.4, 0.8),
            (-0.4, -0.8, 0.35, -0.8),
            (0.35, -0.8, 0.35, -0.05),
            (-0.4, -0.05, 0.35, -0.05),
            (-0.05, -0.05, 0.5, 0.8),
        ),
    }
)


def rod(limb: Limb, start: Point, end: Point, radius: float) -> Floats:
    """Mm along the beam in a round rod with round ends."""
    across, up, view = limb.across, limb.up, limb.view
    a0, a1 = view.across(start[0], start[2]), view.across(end[0], end[2])
    da, dy = a1 - a0, end[1] - start[1]
    length = max(math.hypot(da, dy), 1e-3)
    deep = view.along(end[0] - start[0], end[2] - start[2])
    steep = min(math.hypot(deep, length) / length, (length + 2 * radius) / (2 * radius))
    share = np.clip(((across - a0) * da + (up - start[1]) * dy) / length**2, 0, 1)
    far = np.hypot(across - a0 - share * da, up - start[1] - share * dy)
    reach = radius + 0.3 * view.pixel
    return np.asarray(2 * radius * steep * ellipse(far / reach), np.float32)


def implants(who: Person, limb: Limb, rng: np.random.Generator) -> Floats:
    """Mm of metal: a volar plate with screws, wires, or a ring on a finger."""
    kind, size = rng.random(), who.size
    total = np.zeros_like(limb.across)
    rods: list[Rod] = []
    if kind < 0.4:
        rods = _plate(size, rng)
    elif kind < 0.7:
        rods = _wires(size, rng)
    else:
        number, base, head, _ = PHALANGES[int(rng.integers(1, 5))]
        del number
        at = [b + 0.35 * (h - b) for b, h in zip(base, head, strict=True)]
        left, right = (at[0] - 9, at[1] + 1, at[2]), (at[0] + 9, at[1] - 1, at[2])
        rods = [(scaled(left, who), scaled(right, who), rng.uniform(0.8, 1.8))]
    for start, end, radius in rods:
        total = np.maximum(total, rod(limb, start, end, radius))
    return total


def marker(place: Placing, side: str, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mm of tissue (a plastic tag) and of metal (a letter L or R) beside the limb."""
    right, down = place.in_field()
    half_x, half_y = place.field
    size = float(rng.uniform(5, 9))
    edge = -1 if rng.random() < 0.5 else 1
    x = edge * (half_x - size * rng.uniform(0.9, 1.7))
    y = float(rng.uniform(-0.8, 0.8)) * half_y
    turn = float(rng.normal(0, 0.12)) + (math.pi if rng.random() < 0.08 else 0.0)
    a = (right - x) * math.cos(turn) + (down - y) * math.sin(turn)
    b = (down - y) * math.cos(turn) - (right - x) * math.sin(turn)
    if rng.random() < 0.12:
        a = -a
    letter = np.zeros((place.rows, place.columns), np.float32)
    for stroke in LETTERS[side]:
        far = _segment(a / size, b / size, stroke)
        letter = np.maximum(letter, np.clip((0.14 - far) * size / place.spacing + 0.5, 0, 1))
    tag = np.maximum(np.abs(a) / (1.25 * size), np.abs(b) / (1.6 * size)) < 1
    plastic = tag.astype(np.float32) * float(rng.uniform(0, 3.5))
    return plastic, letter * np.float32(2.0)


def scaled(point: Sequence[float], who: Person) -> Point:
    """An average adult's point in this person."""
    return point[0] * who.size, point[1] * who.size, point[2] * who.size


def ellipse(share: Floats) -> Floats:
    """1 in the middle, 0 at the edge: the chord of a round."""
    return np.asarray(np.sqrt(np.clip(1 - share * share, 0, None)), np.float32)


def _plate(size: float, rng: np.random.Generator) -> list[Rod]:
    low, z = -rng.uniform(45, 70) * size, -9.0 * size
    rods: list[Rod] = []
    for x in (-3.0, 0.0, 3.0):
        rods.append(((x, low, z + 2 * size), (x, -14 * size, z), 1.5))
        rods.append(((x, -14 * size, z), (3.2 * x, -6 * size, z - 1), 1.4))
    rods.append(((-10 * size, -6 * size, z - 1), (10 * size, -5 * size, z - 1), 1.8))
    for number in range(3):
        y = low + (4 + 11 * number) * size
        rods.append(((0.0, y, z), (0.0, y, z + 14 * size), 1.3))
    for x in (-8, -3, 2, 7):
        tip = (x * size + rng.normal(0, 1), -3 * size, z + 18 * size)
        rods.append(((x * size, -6 * size, z), tip, 1.0))
    return rods


def _wires(size: float, rng: np.random.Generator) -> list[Rod]:
    rods: list[Rod] = []
    for side in (1, -1)[: int(rng.integers(1, 3))]:
        start = (side * 14 * size, rng.uniform(4, 14) * size, rng.normal(0, 3))
        end = (-side * 8 * size, -rng.uniform(35, 60) * size, rng.normal(0, 3))
        rods.append((start, end, rng.uniform(0.6, 0.9)))
    return rods


def _segment(a: NDArray[Any], b: NDArray[Any], stroke: Stroke) -> Floats:
    x0, y0, x1, y1 = stroke
    dx, dy = x1 - x0, y1 - y0
    share = np.clip(((a - x0) * dx + (b - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.asarray(np.hypot(a - x0 - share * dx, b - y0 - share * dy), np.float32)
