"""The trunk: skin, fat, muscle, the room within the ribs, and the table below.

Signed distances on a coarse grid, in mm, negative inside.
"""

import dataclasses

import numpy as np

from simulator.ct.grid import Floats, Grid, smooth_noise
from simulator.ct.patient import Patient
from simulator.ct.shapes import Tube, blend, ellipsoid, tube

WALL = 13.0  #: from the pleura to the outside of ribs and intercostal muscles, mm


@dataclasses.dataclass(frozen=True, slots=True)
class Trunk:
    """Distances to the inside of the ribs, the ribs' outside, the muscles' outside, the skin."""

    cavity: Floats
    wall: Floats
    muscle: Floats
    skin: Floats


def trunk(patient: Patient, grid: Grid, rng: np.random.Generator) -> Trunk:
    """All four, each with the one before it inside."""
    x, y, z = grid.axes()
    theta = np.asarray(np.arctan2(y, x), np.float32)
    radius = np.sqrt(x**2 + y**2)
    inner = patient.reach(theta, z)
    cavity = np.asarray((radius - inner) * np.float32(0.95), np.float32)
    wall = cavity - WALL
    muscle = wall - _muscle(patient, theta, z)
    shoulder = _shoulders(patient, grid, 0.0)
    muscle = blend([muscle, shoulder], 8.0)
    skin = muscle - _fat(patient, theta, z) - 1.5 * smooth_noise(rng, grid, 60.0)
    return Trunk(cavity, wall, muscle, np.asarray(np.minimum(skin, muscle - 3), np.float32))


def _bump(theta: Floats, centre: float, width: float) -> Floats:
    """1 at angle `centre`, falling over `width` radians."""
    gap = np.angle(np.exp(1j * (theta - centre))).astype(np.float32)
    return np.asarray(np.exp(-((gap / width) ** 2)), np.float32)


def _muscle(patient: Patient, theta: Floats, z: Floats) -> Floats:
    """Thickness outside the ribs: chest, broad back, the long back muscles, belly."""
    high = 1 / (1 + np.exp(-(z - 0.45 * patient.height) / 18))
    pectoral = sum(_bump(theta, a, 0.5) for a in (-0.9, -2.24)) * 14 * high
    broad = sum(_bump(theta, a, 0.38) for a in (0.45, 2.69)) * (6 + 18 * high)
    long = sum(_bump(theta, a, 0.3) for a in (1.15, 1.99)) * 15
    middle = _bump(theta, np.pi / 2, 0.1) * 12
    return np.asarray(3 + patient.muscle * (pectoral + broad + long) + middle, np.float32)


def _fat(patient: Patient, theta: Floats, z: Floats) -> Floats:
    """Thickness below the skin, the breasts with it."""
    belly = 1 + 0.6 * np.clip(-z / 100, 0, 1)
    around = 1 + 0.35 * _bump(theta, -np.pi / 2, 0.8) - 0.25 * _bump(theta, np.pi / 2, 0.5)
    level = np.exp(-(((z - 0.28 * patient.height) / 48) ** 2))
    breasts = sum(_bump(theta, a, 0.42) for a in (-0.72, -2.42)) * patient.breast * level
    return np.asarray(patient.fat * belly * around + breasts, np.float32)


def _shoulders(patient: Patient, grid: Grid, more: float) -> Floats:
    """The flesh of both shoulders."""
    axes, top = grid.axes(), patient.height
    reach = patient.width + 32
    sides = []
    for side in (-1, 1):
        one = Tube(
            (side * 0.55 * reach, 18, top + 12), (side * reach, 8, top + 25), 40 + more, 44 + more
        )
        sides.append(tube(axes, one))
    neck = ellipsoid(axes, (0, 10, top + 60), (62, 58, 80))
    return blend([*sides, neck], 10.0)


def table(patient: Patient, skin: Floats, rough: Grid, grid: Grid) -> Floats:
    """Distance (1, y, x) on `grid` to the shell of a curved table top that bears the patient.

    `skin`: distance to the skin on the grid `rough`.
    """
    x, y, _ = grid.axes()
    body = np.flatnonzero((skin < 0).any(axis=(0, 2)))
    last = int(body[-1]) if len(body) else 0
    lowest = rough.low[1] + rough.spacing * last
    radius = 480.0 + 40 * (patient.age % 3)
    depth = np.sqrt(x**2 + (y - (lowest + 2 - radius + 6)) ** 2) - radius
    shell = np.abs(depth - 12) - 1.6
    return np.asarray(np.maximum(shell, np.abs(x) - 215), np.float32)
