# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""What lies between the lungs: heart, great vessels, windpipe, gullet, fat; and the spine."""

import dataclasses
from collections.abc import Callable

import numpy as np

from simulator.ct.grid import Floats, Grid
from simulator.ct.patient import Patient
from simulator.ct.shapes import Point, Tube, blend, ellipsoid, tube

Jitter = Callable[[float], float]


@dataclasses.dataclass(frozen=True, slots=True)
class Chamber:
    """A part of the heart: an ellipsoid turned about z."""

    centre: Point
    radii: Point
    turn: float
    blood: bool  #: blood rather than muscle


@dataclasses.dataclass(frozen=True, slots=True)
class Core:
    """Named parts; tubes from large to small."""

    heart: tuple[Chamber, ...]
    aorta: tuple[Tube, ...]
    veins: tuple[Tube, ...]
    pulmonary: tuple[Tube, ...]
    airway: tuple[Tube, ...]
    gullet: tuple[Tube, ...]
    nodes: tuple[Chamber, ...]
    spine: tuple[Tube, ...]
    hila: tuple[Point, Point]  #: right and left

    @property
    def solid(self) -> tuple[Tube, ...]:
        """Every tube that pushes the lungs aside."""
        return (*self.aorta, *self.veins, *self.pulmonary, *self.airway, *self.gullet)


def draw(patient: Patient, rng: np.random.Generator) -> Core:
    """The core of one patient."""
    scale = patient.width / 120
    up, near = patient.carina, patient.back / 98

    def jitter(amount: float) -> float:
        return float(rng.normal(0, amount))

    calibre = scale * (1 + 0.004 * (patient.age - 50)) * float(rng.uniform(0.9, 1.1))
    hila = (
        (-34 * scale + jitter(2), 8 * near + jitter(2), up - 22 + jitter(3)),
        (35 * scale + jitter(2), 12 * near + jitter(2), up - 16 + jitter(3)),
    )
    aorta = _aorta(patient, calibre, near, jitter)
    return Core(
        heart=_heart(patient, scale, jitter),
        aorta=aorta,
        veins=_veins(patient, scale, up),
        pulmonary=_pulmonary(scale, near, up, hila),
        airway=_airway(patient, near, up, hila),
        gullet=(Tube((6, 33 * near, patient.height + 60), (10, 40 * near, -120), 7, 8),),
        nodes=tuple(
            Chamber((jitter(14), jitter(10) + 4, up + jitter(25)), _small(rng), 0.0, blood=False)
            for _ in range(int(rng.integers(0, 6)))
        ),
        spine=_spine(patient),
        hila=hila,
    )


def _small(rng: np.random.Generator) -> Point:
    a, b, c = rng.uniform(2.5, 6, 3)
    return float(a), float(b), float(c)


def _heart(patient: Patient, scale: float, jitter: Jitter) -> tuple[Chamber, ...]:
    base = min(patient.left_dome + 30 * scale, patient.carina - 62 * scale)
    x, y = 20 * scale + jitter(4), -18 * patient.front / 80 + jitter(3)
    k = scale * (1.0 + jitter(0.06))
    return (
        Chamber((x, y, base), (58 * k, 44 * k, 42 * k), -0.45, blood=False),
        Chamber((x - 22 * k, y + 8, base + 18), (40 * k, 38 * k, 38 * k), 0.0, blood=False),
        Chamber((x + 20 * k, y + 4, base - 2), (28 * k, 19 * k, 24 * k), -0.5, blood=True),
        Chamber((x - 6 * k, y - 18, base - 2), (36 * k, 17 * k, 26 * k), -0.4, blood=True),
        Chamber((x - 46 * k, y + 4, base + 8), (20 * k, 25 * k, 27 * k), 0.0, blood=True),
        Chamber((x - 16 * k, y + 30, base + 20), (32 * k, 15 * k, 20 * k), 0.1, blood=True),
    )  # fmt: skip


def _aorta(patient: Patient, calibre: float, near: float, jitter: Jitter) -> tuple[Tube, ...]:
    up, front = patient.carina, patient.front / 80
    r = 14.5 * calibre
    path = [
        (-2.0, -16 * front, up - 58),
        (-14 + jitter(2), -26 * front, up - 10),
        (-8 + jitter(2), -18 * front, up + 16),
        (8 + jitter(1), 2.0, up + 26 + jitter(2)),
        (20 + jitter(2), 24 * near, up + 20),
        (25 + jitter(2), 42 * near, up),
        (22 + jitter(2), 50 * near, up - 60),
        (12 + jitter(2), 52 * near, -60),
        (4.0, 50 * near, -200),
    ]
    radii = [r, r, 0.95 * r, 0.9 * r, 0.85 * r, 0.82 * r, 0.78 * r, 0.72 * r, 0.65 * r]
    main = _chain(path, radii)
    top = patient.height + 60
    branches = (
        Tube((-4, -8, up + 28), (-28, -2, top), 6.5, 5),
        Tube((8, 0, up + 32), (24, 4, top), 4, 4),
        Tube((15, 10, up + 32), (34, 14, top), 5, 4.5),
    )
    return (*main, *branches)


def _chain(path: list[Point], radii: list[float]) -> tuple[Tube, ...]:
    return tuple(
        Tube(a, b, r, s) for a, b, r, s in zip(path, path[1:], radii, radii[1:], strict=False)
    )


def _veins(patient: Patient, scale: float, up: float) -> tuple[Tube, ...]:
    top = patient.height + 60
    return (
        Tube((-26 * scale, -16, up - 50), (-24 * scale, -18, up + 28), 9.5, 8.5),
        Tube((-24 * scale, -18, up + 28), (-34, -8, top), 8, 7),
        Tube((-22 * scale, -20, up + 30), (34, -14, top - 40), 7, 6),
        Tube((-24 * scale, 4, patient.left_dome + 20), (-22 * scale, 14, -140), 12, 12),
    )


def _pulmonary(scale: float, near: float, up: float, hila: tuple[Point, Point]) -> tuple[Tube, ...]:
    right, left = hila
    fork = (12 * scale, -14.0, up - 16)
    return (
        Tube((14 * scale, -34, up - 52), fork, 14 * scale, 13 * scale),
        Tube(fork, (-14 * scale, 2 * near, up - 22), 11 * scale, 10 * scale),
        Tube((-14 * scale, 2 * near, up - 22), right, 9.5 * scale, 7.5 * scale),
        Tube(fork, left, 11 * scale, 8 * scale),
        Tube((-20 * scale, 14, up - 45), (right[0] - 6, right[1] + 6, right[2] - 24), 9, 6),
        Tube((22 * scale, 16, up - 45), (left[0] + 6, left[1] + 6, left[2] - 24), 9, 6),
        Tube(right, (right[0] - 8, right[1] + 12, right[2] - 34), 8 * scale, 5.5 * scale),
        Tube(left, (left[0] + 8, left[1] + 14, left[2] - 34), 8 * scale, 5.5 * scale),
    )


def _airway(
    patient: Patient, near: float, up: float, hila: tuple[Point, Point]
) -> tuple[Tube, ...]:
    """The lumen: windpipe, main and first bronchi."""
    wide = 8.8 if patient.sex == "M" else 7.4
    right, left = hila
    fork = (0.0, 10 * near, up)
    enter_right = (right[0] + 4, right[1] + 10, right[2] - 2)
    enter_left = (left[0] - 4, left[1] + 8, left[2] - 12)
    return (
        Tube((0, -6, patient.height + 60), fork, wide, wide),
        Tube(fork, enter_right, wide * 0.8, wide * 0.62),
        Tube(fork, enter_left, wide * 0.72, wide * 0.6),
        Tube(enter_right, (right[0] - 6, right[1] + 14, right[2] - 32), wide * 0.6, 4.2),
        Tube(enter_right, (right[0] - 12, right[1] + 2, right[2] + 14), wide * 0.5, 3.2),
        Tube(enter_left, (left[0] + 8, left[1] + 15, left[2] - 36), wide * 0.55, 4.0),
        Tube(enter_left, (left[0] + 12, left[1] + 0, left[2] + 12), wide * 0.5, 3.2),
    )


def _spine(patient: Patient) -> tuple[Tube, ...]:
    """The line of the vertebral bodies, from above to below."""
    k = patient.back / 98
    path: list[Point] = [
        (0, 48 * k, patient.height + 70),
        (0, 60 * k, patient.height),
        (0, 74 * k, patient.height * 0.5),
        (0, 72 * k, 0),
        (0, 58 * k, -120),
        (0, 52 * k, -260),
    ]
    wide = 15.5 * (0.92 if patient.sex == "F" else 1.05)
    return _chain(path, [0.8 * wide, 0.85 * wide, wide, 1.1 * wide, 1.25 * wide, 1.3 * wide])


def envelope(core: Core, patient: Patient, grid: Grid, rng: np.random.Generator) -> Floats:
    """Distance to all that the lungs leave free: organs in their fat, sheets before and behind."""
    axes = grid.axes()
    fat = float(rng.uniform(2.0, 5.0)) + 0.08 * patient.fat
    parts = [tube(axes, one) - fat for one in core.solid if one.first > 4]
    parts += [ellipsoid(axes, c.centre, c.radii, c.turn) - fat for c in core.heart[:2]]
    spine = [tube(axes, one) - float(rng.uniform(3, 6)) for one in core.spine]
    ribs = [
        tube(axes, Tube(_beside(one.start, side), _beside(one.end, side), 8, 8))
        for one in core.spine
        for side in (-1, 1)
    ]
    x, y, z = axes
    lean = 6 * np.sin((z - patient.carina) / 60)
    middle = float(rng.uniform(2.5, 6.5)) - 2.0 * np.exp(-(((z - patient.carina - 5) / 30) ** 2))
    sheet = np.abs(x - lean) - middle - 5 * np.clip((y - 0) / 40, 0, 1)
    return blend([*parts, *spine, *ribs, sheet], 3.5)


def _beside(point: Point, side: int) -> Point:
    """The joint of rib and vertebra."""
    return point[0] + side * 20, point[1] + 20, point[2]
