# ruff: noqa: PLR2004 - shares of what is varied, each used once
"""Branching trees that fill a lung: arteries, veins, bronchi.

The ends are spread over the lung; each branch serves the ends on its side of a plane and
is as thick as the number of ends asks for (Murray's law), so it tapers and forks as real
vessels do.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from simulator.ct.shapes import Point, Tube

Points = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class Habit:
    """How a tree grows."""

    tip: float  #: radius of the thinnest branch, mm
    power: float  #: of Murray's law: 3 for flow at the least cost
    reach: float  #: share of the way to the middle of what a branch serves
    bend: float  #: how far branches sway, share of their length


def grow(root: Point, ends: Points, habit: Habit, rng: np.random.Generator) -> list[Tube]:
    """The branches of a tree from `root` to the `ends` (n, 3), thick ones first."""
    tubes: list[Tube] = []
    waiting = [(np.array(root, np.float64), ends, _radius(habit, len(ends)))]
    while waiting:
        start, served, before = waiting.pop(0)
        radius = _radius(habit, len(served))
        if len(served) == 1:
            tubes += _sway(start, served[0], (radius, 0.6 * radius), habit, rng)
            continue
        middle = served.mean(0)
        end = start + (middle - start) * habit.reach * rng.uniform(0.75, 1.2)
        tubes += _sway(start, end, (min(before, 1.25 * radius), radius), habit, rng)
        waiting += [(end, part, radius) for part in _split(served - end, served, rng)]
    return tubes


def _radius(habit: Habit, ends: int) -> float:
    return float(habit.tip * ends ** (1 / habit.power))


def _split(seen: Points, served: Points, rng: np.random.Generator) -> tuple[Points, Points]:
    """Two parts, about across their longest extent, seldom equal."""
    spread = seen - seen.mean(0)
    _, axes = np.linalg.eigh(spread.T @ spread)
    along = spread @ (axes[:, 2] + 0.25 * rng.standard_normal(3))
    share = float(rng.uniform(0.25, 0.75)) if len(served) > 3 else 0.5
    cut = int(np.clip(round(share * len(served)), 1, len(served) - 1))
    order = np.argsort(along)
    return served[order[:cut]], served[order[cut:]]


def _sway(
    start: Points, end: Points, radii: tuple[float, float], habit: Habit, rng: np.random.Generator
) -> list[Tube]:
    """One branch as two tubes with a bend between them."""
    length = float(np.linalg.norm(end - start))
    middle = (start + end) / 2 + habit.bend * length * rng.standard_normal(3)
    first, last = radii
    half = (first + last) / 2
    return [_tube(start, middle, first, half), _tube(middle, end, half, last)]


def _tube(start: Points, end: Points, first: float, last: float) -> Tube:
    a, b = start.tolist(), end.tolist()
    return Tube((a[0], a[1], a[2]), (b[0], b[1], b[2]), first, last)
