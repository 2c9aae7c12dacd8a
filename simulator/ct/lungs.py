"""The two lungs, their fissures, their tissue, and fluid behind them."""

import dataclasses

import numpy as np

from simulator.ct.grid import Floats, Grid, smooth_noise
from simulator.ct.patient import Patient
from simulator.ct.shapes import meet


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """One lung: 1 is the left one, -1 the right."""

    side: int
    dome: float  #: z of its diaphragm's top
    centre: tuple[float, float]  #: x, y of that top
    steep: float  #: exponent of the dome
    apex: tuple[float, float, float]


def sides(patient: Patient, rng: np.random.Generator) -> tuple[Side, Side]:
    """Right and left."""

    def one(side: int, dome: float) -> Side:
        x = side * patient.width * float(rng.uniform(0.46, 0.54))
        centre = x, float(rng.uniform(-0.25, 0.0)) * patient.front
        apex = side * float(rng.uniform(42, 50)), 22.0, patient.height + float(rng.normal(0, 5))
        return Side(side, dome, centre, float(rng.uniform(2.6, 4.2)), apex)

    return one(-1, 0.0), one(1, patient.left_dome)


def dome(patient: Patient, side: Side, grid: Grid) -> Floats:
    """Height z of the diaphragm at each (1, y, x), lower towards the wall and lowest behind."""
    x, y, _ = grid.axes()
    a = np.where(side.side * (x - side.centre[0]) > 0, 0.52, 0.62) * patient.width
    behind = y > side.centre[1]
    b = np.where(behind, patient.back + 0.15 * patient.front, 0.8 * patient.front)
    r = np.sqrt(((x - side.centre[0]) / a) ** 2 + ((y - side.centre[1]) / b) ** 2)
    angle = np.clip((y - side.centre[1]) / b, -1, 1)
    depth = patient.recess * (0.62 + 0.38 * angle)
    return np.asarray(side.dome - depth * np.minimum(r, 1.15) ** side.steep, np.float32)


def lung(patient: Patient, side: Side, cavity: Floats, middle: Floats, grid: Grid) -> Floats:
    """Signed distance to the pleural room of one side."""
    x, y, z = grid.axes()
    low = dome(patient, side, grid)
    rise = np.gradient(low[0], grid.spacing)
    slope = np.sqrt(1 + np.minimum(rise[0] ** 2 + rise[1] ** 2, 9.0))
    below = (low - z) / slope[None]
    away = (x - side.apex[0]) ** 2 / 46**2 + (y - side.apex[1]) ** 2 / 60**2
    cap = (z - side.apex[2] + 30 * away) * 0.8
    return np.asarray(meet(cavity, -middle, below, np.asarray(cap), -side.side * x), np.float32)


def fissures(patient: Patient, side: Side, grid: Grid, rng: np.random.Generator) -> list[Floats]:
    """Distances to the oblique fissure, and on the right the horizontal one as well."""
    x, y, z = grid.axes()
    top = patient.carina + float(rng.uniform(5, 25))
    slant = float(rng.uniform(0.95, 1.35))
    bend = 6 * smooth_noise(rng, grid, 70.0)
    lie = (z - top) + slant * (patient.back * 0.55 - y)
    oblique = lie / np.sqrt(1 + slant**2) + 0.1 * side.side * x + bend
    if side.side > 0:
        return [np.asarray(oblique, np.float32)]
    level = patient.carina - float(rng.uniform(28, 45))
    minor = (z - level) + 0.12 * (y + 20) + 6 * smooth_noise(rng, grid, 70.0)
    minor = np.where(oblique < 0, np.abs(minor) + 3, minor)
    return [np.asarray(oblique, np.float32), np.asarray(minor, np.float32)]


def tissue(patient: Patient, grid: Grid, rng: np.random.Generator) -> Floats:
    """HU of lung tissue without vessels: gravity, patches, emphysema."""
    _, y, z = grid.axes()
    inflation = float(rng.normal(-872, 22))
    field = inflation + 0.33 * y + 0.02 * z + 12 * smooth_noise(rng, grid, 45.0)
    field = field + 9 * smooth_noise(rng, grid, 12.0)
    holes = np.clip(smooth_noise(rng, grid, 20.0) - 0.6, 0, 1) * 160 * patient.emphysema
    stripe = np.clip((y - 0.72 * patient.back) / 25, 0, 1) * float(rng.choice([0, 0, 60, 120]))
    return np.asarray(np.clip(field - holes + stripe, -985, -500), np.float32)
