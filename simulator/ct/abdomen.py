"""What lies below the diaphragm: liver, spleen, stomach, kidneys, bowel with gas."""

import numpy as np

from simulator.ct.grid import Floats, Grid, smooth_noise
from simulator.ct.lungs import Side, dome
from simulator.ct.paint import fill, paint_ellipsoid, share
from simulator.ct.patient import Patient
from simulator.ct.shapes import Point, ellipsoid, meet


def paint_abdomen(
    volume: Floats,
    grid: Grid,
    patient: Patient,
    *,
    lungs: tuple[Side, Side],
    cavity: Floats,
    rng: np.random.Generator,
) -> None:
    """Organs into the fat that fills the room within the wall below the domes."""
    bright = 0.35 * patient.contrast
    right, left = lungs
    for side in (right, left):
        paint_under(volume, grid, patient, side, cavity=cavity, value=35.0)
    w, back = patient.width, patient.back
    bowel(volume, grid, patient, cavity, rng)
    for sign, low in ((-1, -120), (1, -105)):
        centre = (sign * 0.5 * w, 0.52 * back, float(low) - 0.2 * patient.recess)
        paint_ellipsoid(volume, grid, centre, (27, 25, 52), 32 + 1.2 * bright)
        paint_ellipsoid(volume, grid, (centre[0] - sign * 8, *centre[1:]), (12, 10, 26), -60)
    spleen = (0.72 * w, 0.5 * back, patient.left_dome - 55)
    paint_ellipsoid(volume, grid, spleen, (24, 42, 48), 48 + bright, turn=0.5)
    _stomach(volume, grid, patient, rng)
    value = 56 + bright + float(rng.normal(0, 10))
    _liver(volume, grid, patient, right, cavity=cavity, value=value, rng=rng)


def paint_under(
    volume: Floats, grid: Grid, patient: Patient, side: Side, *, cavity: Floats, value: float
) -> None:
    """The muscle of one side of the diaphragm, 3 mm thick."""
    x, _, z = grid.axes()
    low = dome(patient, side, grid)
    near = np.maximum(np.abs(low - z + 1.5) * 0.6 - 1.2, -side.side * x + 0 * z)
    fill(volume, share(np.maximum(near, cavity), grid.spacing), value)


def _liver(
    volume: Floats,
    grid: Grid,
    patient: Patient,
    side: Side,
    *,
    cavity: Floats,
    value: float,
    rng: np.random.Generator,
) -> None:
    """It fills the right dome, tapers to the left and ends somewhere below."""
    x, y, z = grid.axes()
    low = dome(patient, side, grid)
    end = -float(rng.uniform(110, 170))
    edge = x - 10 - 0.35 * (z + 40) + 0.15 * y
    ends = (end - z) * 0.8 - 0.25 * (x + 60)
    behind = (y - 0.62 * patient.back - 0.12 * x) * 0.9
    body = meet((z - low + 3) * 0.7, cavity + 2, ends, edge * 0.8, behind)
    fill(volume, share(np.asarray(body, np.float32), grid.spacing), value)


def _stomach(volume: Floats, grid: Grid, patient: Patient, rng: np.random.Generator) -> None:
    centre: Point = (0.42 * patient.width, -5.0, patient.left_dome - 46)
    radii: Point = (42, 38, 40)
    gas = float(rng.uniform(-30, 22))
    paint_ellipsoid(volume, grid, centre, radii, 38)
    x, y, z = grid.axes()
    room = ellipsoid((x, y, z), centre, (38, 34, 36))
    paint_ellipsoid(volume, grid, centre, (38, 34, 36), 18)
    level = np.maximum(room, y - centre[1] - gas)
    fill(volume, share(np.asarray(level, np.float32), grid.spacing), -990)


def bowel(
    volume: Floats, grid: Grid, patient: Patient, cavity: Floats, rng: np.random.Generator
) -> None:
    """Loops: smooth blobs of wall, contents and gas, below the organs."""
    _, y, z = grid.axes()
    loops = smooth_noise(rng, grid, 16.0)
    deep = -0.9 * patient.recess - 10 + 0.25 * (y + 40)
    room = np.maximum(cavity + 12, z - deep)
    walls = share(np.asarray(np.maximum(room, (0.0 - loops) * 7), np.float32), grid.spacing)
    fill(volume, walls, 35)
    inner = np.asarray(np.maximum(room, (0.75 - loops) * 7), np.float32)
    fill(volume, share(inner, grid.spacing), float(rng.choice([20.0, 60.0, 180.0])))
    gas = np.asarray(np.maximum(room + 8, (1.45 - loops + 0.02 * (y + 20)) * 7), np.float32)
    fill(volume, share(gas, grid.spacing), -980)
