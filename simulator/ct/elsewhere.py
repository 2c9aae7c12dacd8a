"""Volumes that hold no chest: heads, legs, bellies, phantoms. On any grid, in HU."""

import numpy as np

from simulator.ct import thorax
from simulator.ct.grid import Floats, Grid, smooth_noise
from simulator.ct.paint import fill, paint_ellipsoid, paint_tubes, share
from simulator.ct.patient import draw
from simulator.ct.shapes import Tube, ellipsoid

KINDS = ("head", "legs", "belly", "phantom")


def build(seed: int, kind: str, shape: tuple[int, int, int], spacing: float) -> Floats:
    """HU (z, y, x) of one of `KINDS`."""
    rng = np.random.default_rng([seed, 47])
    half = [(count - 1) * spacing / 2 for count in shape[::-1]]
    grid = Grid((-half[0], -half[1], -half[2]), shape, spacing)
    if kind == "belly":
        low = -draw(seed).recess - 2 * half[2] - float(rng.uniform(5, 60))
        return thorax.build(seed, spacing, grid=Grid((*grid.low[:2], low), shape, spacing)).hu
    hu = np.full(shape, -1000.0, np.float32)
    return {"head": _head, "legs": _legs, "phantom": _phantom}[kind](hu, grid, rng)


def _head(hu: Floats, grid: Grid, rng: np.random.Generator) -> Floats:
    """Skin, skull, brain with ventricles, and the air of nose, sinuses and mastoids."""
    size = rng.uniform(0.9, 1.1)
    centre = (0.0, 0.0, float(rng.uniform(-20, 40)))
    for grow, value in ((7, 30.0), (2, 950.0), (-4, 35.0)):
        radii = (72 * size + grow, 90 * size + grow, 82 * size + grow)
        paint_ellipsoid(hu, grid, centre, radii, value)
    paint_tubes(hu, grid, [Tube((0, 20, centre[2] - 60), (0, 30, -400), 55, 60)], 45.0)
    for side in (-1, 1):
        paint_ellipsoid(hu, grid, (side * 14, 0, centre[2] + 12), (7, 28, 12), 6.0)
        sinus = (side * 26.0, -62.0, centre[2] - 50)
        paint_ellipsoid(hu, grid, sinus, (15, 15, 18), float(rng.choice([-1000, 20])))
    paint_tubes(hu, grid, [Tube((0, -70, centre[2] - 50), (0, -20, centre[2] - 70), 9, 12)], -1000)
    paint_tubes(hu, grid, [Tube((0, -12, centre[2] - 70), (0, -5, -400), 9, 9)], -1000)
    return hu + 0 * smooth_noise(rng, grid, 20.0)


def _legs(hu: Floats, grid: Grid, rng: np.random.Generator) -> Floats:
    wide = float(rng.uniform(55, 85))
    for side in (-1, 1):
        a, b = (side * (wide + 12), 0.0, -600.0), (side * (wide + 12), 0.0, 600.0)
        for radius, value in ((wide, -95.0), (wide * 0.78, 55.0), (15.0, 1100.0), (8.0, -40.0)):
            paint_tubes(hu, grid, [Tube(a, b, radius, radius)], value)
    return hu


def _phantom(hu: Floats, grid: Grid, rng: np.random.Generator) -> Floats:
    """A cylinder of water, with or without rods of air, plastic and bone, open at the ends."""
    radius = float(rng.uniform(80, 160))
    whole = Tube((0, 0, -1000), (0, 0, 1000), radius, radius)
    paint_tubes(hu, grid, [whole], float(rng.choice([0, 120, -90])))
    for _ in range(int(rng.integers(0, 9))):
        angle, far = rng.uniform(0, 2 * np.pi), radius * rng.uniform(0, 0.75)
        x, y, r = far * np.cos(angle), far * np.sin(angle), float(rng.uniform(4, 28))
        value = float(rng.choice([-1000, -860, -100, 340, 900]))
        paint_tubes(hu, grid, [Tube((x, y, -1000), (x, y, 1000), r, r)], value)
    end = ellipsoid(grid.axes(), (0, 0, 0), (400, 400, float(rng.uniform(60, 300))))
    fill(hu, 1 - share(end, grid.spacing), -1000)
    return hu
