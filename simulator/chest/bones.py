# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Ribs, spine, clavicles, shoulder blades, breastbone: cm of bone along the beam."""

from typing import Final

import numpy as np

from simulator.chest.lungs import LungShape
from simulator.chest.person import SIDES, Floats, Grid, Person
from simulator.chest.shapes import capsule, round_root
from simulator.chest.tubes import Points, curve, even, thickness

RIBS: Final = 11
COMPACT: Final = 0.7  #: share of the compact bone that the inside of a rib lacks


def bones(
    who: Person, grid: Grid, forms: tuple[LungShape, LungShape], rng: np.random.Generator
) -> Floats:
    """All bones, as cm of compact bone."""
    shells = [
        (path, radius, sign)
        for path, outer, inner in [*_ribs(forms, rng), *_clavicles(who, rng), _breastbone(who, rng)]
        for radius, sign in ((outer, 1.0), (inner, -COMPACT))
    ]
    plus = thickness(grid, [one for one in shells if one[2] > 0])
    minus = thickness(grid, [(path, radius, -sign) for path, radius, sign in shells if sign < 0])
    total = 0.95 * (plus - minus) + _spine(who, grid, rng)
    if not grid.lateral:
        total = total + _shoulders(grid, rng)
    mineral = rng.uniform(0.8, 1.15) * (1.0 if who.age < 60 else 0.85)
    return np.asarray(np.maximum(total, 0) * mineral, np.float32)


def _ribs(
    forms: tuple[LungShape, LungShape], rng: np.random.Generator
) -> list[tuple[Points, float, float]]:
    """(path, outer and inner radius) of every rib, from the spine round to the front."""
    made = []
    space, first = rng.uniform(2.15, 2.6), rng.uniform(-13.6, -12.6)
    thick = round(rng.uniform(0.46, 0.62), 2)
    drop, wave = rng.uniform(0.85, 1.15), rng.uniform(0.2, 0.9)
    for form in forms:
        for number in range(RIBS):
            reach = 2.45 - (0.35 if number > 8 else 0) - (0.2 if number == 0 else 0)
            turn = np.linspace(0.16, reach + rng.normal(0, 0.05), 40)
            fall = drop * (2.6 + 0.75 * min(number, 7)) * (turn / np.pi) ** 1.55 * 1.6
            y = first + space * number + fall - wave * np.sin(np.clip(turn * 2, 0, np.pi))
            out = form.outer(y) + 0.35
            x = np.maximum(out * np.sin(turn) ** 0.8, 1.6 * (turn < 1))
            z = -(form.depth + 0.3) * np.cos(turn)
            shrink = np.clip(1 - form.up(y) ** 2.4, 0.25, 1) ** (1 / 2.4)
            path = even(np.stack([form.side * x, y, z * shrink], axis=1))
            made.append((path, thick, round(thick - 0.12, 2)))
    return made


def _clavicles(who: Person, rng: np.random.Generator) -> list[tuple[Points, float, float]]:
    made = []
    for side in SIDES:
        rise, high = rng.uniform(-0.6, 1.6), -10.4 + rng.normal(0, 0.5)
        path = curve([
            (side * 1.7, high, who.depth + 0.6), (side * 5.5, high - 0.6 - rise, who.depth + 0.6),
            (side * 10, high - 1.6 - rise, who.depth - 2), (side * 15.5, high - 1.4 - rise, 0.5),
        ])  # fmt: skip
        made.append((path, 0.62, 0.48))
    return made


def _breastbone(who: Person, rng: np.random.Generator) -> tuple[Points, float, float]:
    low = 5.5 + rng.normal(0, 0.6)
    path = curve([(0, -10, who.depth - 0.6), (0, -4, who.depth + 0.9), (0, low, who.depth + 0.8)])
    return path, 0.66, 0.56


def _spine(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """Vertebrae with end plates, pedicles and processes; bent a little to the side."""
    total = np.zeros(grid.shape, np.float32)
    bend, sway, phase = rng.normal(0, 0.006), rng.normal(0, 0.25), rng.uniform(0, 2.4)
    high, back = rng.uniform(2.25, 2.6), -who.depth + 1.0
    off = grid.across - (back - 0.018 * (grid.y - 1) ** 2 * 0.5 if grid.lateral else 0)
    if not grid.lateral:
        off = off - (bend * (grid.y + 4) ** 2 + sway * np.sin(grid.y / 9))
    wide = (1.45 if grid.lateral else 1.75) + 0.02 * (grid.y + 8)
    place = (grid.y + phase) / high
    near = np.abs(place - np.round(place)) * high  # cm from the middle of the vertebra
    body = round_root(wide - np.abs(off), 0.5) * round_root(0.43 * high - near, 0.25)
    rim = np.clip(1 - np.abs(near - 0.4 * high) / 0.14, 0, 1) * (np.abs(off) < wide)
    total += 0.85 * body + 0.28 * rim
    if grid.lateral:
        total += 0.35 * round_root(0.7 - np.abs(off + 3.2), 0.6)
        return total
    for side in SIDES:
        far = np.hypot((off - side * 1.15) / 0.42, (near - 0.1) / 0.55)
        total += 0.22 * np.exp(-((far - 0.85) ** 2) * 12)
        total += 0.25 * round_root(0.35 - np.hypot(off - side * 2.4, near * 1.4) + 0.4, 0.4)
    process = np.hypot(off / 0.35, (np.mod(place + 0.62, 1) - 0.5) * high / 0.6)
    return np.asarray(total + 0.3 * round_root(1 - process, 0.5), np.float32)


def _shoulders(grid: Grid, rng: np.random.Generator) -> Floats:
    """Shoulder blades and the heads of the upper arms."""
    total = np.zeros(grid.shape, np.float32)
    for side in SIDES:
        out, rise = rng.uniform(11.8, 16), rng.uniform(-1.5, 1.0)
        blade = capsule(grid, (side * (out + 1.8), -9.8 + rise), (side * out, -1.2 + rise))
        edge = np.clip(1 - np.abs(blade - 1.75) / 0.22, 0, 1)
        total += rng.uniform(0.15, 0.4) * round_root(1.9 - blade, 0.4) + 0.25 * edge
        spine = capsule(grid, (side * (out - 1.5), -8.6 + rise), (side * 16.8, -11.4 + rise))
        total += 0.4 * round_root(0.5 - spine, 0.4)
        head = np.hypot(grid.across - side * (18.3 + rise / 2), grid.y + 11.4 - rise)
        shaft = capsule(grid, (side * 19.3, -9.5), (side * 21, 4))
        total += 1.7 * round_root(2.5 - head, 1.2) + 0.9 * round_root(1.2 - shaft, 0.5)
    return total
