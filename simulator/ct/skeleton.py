# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Bones as beads: balls along lines, for the shell and for the marrow within."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from simulator.ct.grid import Floats, Grid
from simulator.ct.mediastinum import Core
from simulator.ct.paint import balls, beads, fill, paint_tubes
from simulator.ct.patient import Patient
from simulator.ct.shapes import Tube

Points = NDArray[np.float64]
RIBS = 11


@dataclasses.dataclass(slots=True)
class Beads:
    """Balls of bone: centre (n, 3) and radius, mm, with the thickness of the shell."""

    points: list[Points] = dataclasses.field(default_factory=list)
    radii: list[Points] = dataclasses.field(default_factory=list)

    def add(self, points: Points, radii: float | NDArray[np.floating]) -> None:
        """More balls."""
        self.points.append(points)
        self.radii.append(np.broadcast_to(np.asarray(radii, np.float64), len(points)))

    def paint(self, volume: Floats, grid: Grid, shell: float, hard: float, soft: float) -> None:
        """First the shell of `hard` HU, then what it holds of `soft` HU."""
        if not self.points:
            return
        points, radii = np.concatenate(self.points), np.concatenate(self.radii)
        fill(volume, balls(grid, points, radii), hard)
        inner = radii > 1.6 * shell
        fill(volume, balls(grid, points[inner], radii[inner] - shell), soft)


def paint_bones(
    volume: Floats, grid: Grid, patient: Patient, core: Core, rng: np.random.Generator
) -> None:
    """Spine, ribs with their cartilage, breastbone, shoulder blades, collar bones, humeri."""
    density = 1 - 0.006 * (patient.age - 45) * (1.2 if patient.sex == "F" else 0.8)
    hard, soft = 420 * density + 330, 170 * density + 30
    step = 1.2 * grid.spacing
    cartilage, flat = Beads(), Beads()
    ribs = _ribs(patient, step, rng, cartilage)
    fill(volume, balls(grid, *_joined(cartilage)), 90 + 1.2 * patient.age)
    ribs.paint(volume, grid, 1.3, hard, soft)
    _spine(patient, core, step, flat, rng)
    _breastbone(patient, step, flat)
    flat.paint(volume, grid, 1.5, hard * 0.85, soft)
    _shoulder(patient, step, rng).paint(volume, grid, 1.2, hard, soft)
    _canal(volume, grid, core)


def _joined(beads: Beads) -> tuple[Points, Points]:
    return np.concatenate(beads.points), np.concatenate(beads.radii)


def _ribs(patient: Patient, step: float, rng: np.random.Generator, cartilage: Beads) -> Beads:
    """Each rib hugs the inside of the chest wall from the spine forward and down."""
    ribs, gap = Beads(), (patient.height + 0.75 * patient.recess) / (RIBS - 1.2)
    drop = float(rng.uniform(45, 75)) * patient.height / 160
    for number in range(RIBS):
        start = patient.height + 8 - gap * number
        end = min(1.0, 0.72 + 0.03 * number) if number < 7 else 1.0 - 0.09 * (number - 6)
        for side in (-1, 1):
            share = np.linspace(0, end, int(420 / step))
            back = np.pi / 2 - 0.12
            angle = back - share * (back + np.pi / 2 - 0.16)
            level = start - drop * (1 - np.cos(np.pi * np.minimum(share, 0.9))) / 2
            level = level + np.clip(share - 0.78, 0, 1) * 70 + 2 * np.sin(3 * share + number)
            theta = angle.astype(np.float32)
            radius = patient.reach(theta, level.astype(np.float32)) + 6.0
            points = np.stack([side * radius * np.cos(theta), radius * np.sin(theta), level], 1)
            bony = share < 0.74
            for lift, size in ((-3.0, 3.1), (0.0, 3.8), (3.0, 3.1)):
                ribs.add(points[bony] + (0, 0, lift), size)
                cartilage.add(points[~bony] + (0, 0, lift), size)
    return ribs


def _spine(
    patient: Patient, core: Core, step: float, bones: Beads, rng: np.random.Generator
) -> None:
    """Vertebrae with bodies, arches and processes; discs are left free."""
    gap = float(rng.uniform(21, 26)) * patient.height / 165
    points, radii = beads(core.spine, 0.5)
    order = np.argsort(-points[:, 2])
    points, radii = points[order], radii[order]
    tops = np.arange(points[0, 2], points[-1, 2] + gap, -gap)
    for top in tops:
        near = int(np.argmin(np.abs(points[:, 2] - top)))
        centre, wide = points[near], radii[near]
        _vertebra(bones, centre, float(wide), gap, step)


def _vertebra(bones: Beads, centre: Points, wide: float, gap: float, step: float) -> None:
    tall = 0.5 * (gap - 5) - 3
    angle = np.linspace(0, 2 * np.pi, max(12, int(2 * np.pi * wide / step)), endpoint=False)
    for level in np.arange(-tall, tall + 0.1, step):
        waist = 1 - 0.10 * np.cos(np.pi * level / (2 * tall + 1)) ** 2
        for part in (1.0, 0.8, 0.6, 0.4, 0.2):
            x, y = wide * part * waist * np.cos(angle), 0.8 * wide * part * waist * np.sin(angle)
            ring = np.stack([x * 0.9, y * 0.9, np.full_like(x, level)], 1) + centre
            bones.add(ring, 3.2)
    back = _beside(centre, 0, 0.8 * wide + 20, -6)
    bones.add(_line(back, _beside(back, 0, 22, -14), step), 2.8)
    for side in (-1, 1):
        root = _beside(centre, side * 12, 0.8 * wide + 6, 2)
        bones.add(_line(_beside(centre, side * 10, 0.6 * wide, 3), root, step), 4.0)
        bones.add(_line(root, back, step), 3.2)
        bones.add(_line(root, _beside(root, side * 20, 12, 2), step), 3.8)


def _beside(point: Points, left: float, back: float, up: float) -> Points:
    """The point so many mm away."""
    return np.asarray(point + np.array([left, back, up]))


def _line(start: Points, end: Points, step: float) -> Points:
    count = max(2, int(np.linalg.norm(end - start) / step) + 1)
    return np.asarray(start + np.linspace(0, 1, count)[:, None] * (end - start))


def _breastbone(patient: Patient, step: float, bones: Beads) -> None:
    level = np.arange(0.12 * patient.height, 0.86 * patient.height, step)
    front = np.full(len(level), -np.pi / 2, np.float32)
    depth = patient.reach(front, level.astype(np.float32)) + 5
    share = (level - level[0]) / np.ptp(level)
    wide = 9 + 10 * np.clip(share - 0.72, 0, 1) / 0.28
    for across in np.linspace(-1, 1, 9):
        bones.add(np.stack([across * wide, -depth + 1.5 * across**2, level], 1), 4.6)


def _shoulder(patient: Patient, step: float, rng: np.random.Generator) -> Beads:
    """Blades, collar bones and heads of the humeri; the arms lie up."""
    bones, top = Beads(), patient.height
    turn = float(rng.uniform(0.25, 0.65))
    for side in (-1, 1):
        u, v = np.meshgrid(np.linspace(0, 1, int(130 / step)), np.linspace(0, 1, int(95 / step)))
        inside = v < 0.25 + 0.75 * u
        u, v = u[inside], v[inside]
        theta = (np.pi / 2 - 0.42 - v * (0.55 + 0.3 * turn)).astype(np.float32)
        level = top + 10 - 135 * (1 - u) - 10 * v
        reach = patient.reach(theta, np.minimum(level, 0.75 * top).astype(np.float32))
        radius = reach + 22 + 5 * patient.muscle + 12 * v**2
        blade = np.stack([side * radius * np.cos(theta), radius * np.sin(theta), level], 1)
        bones.add(blade, 1.9 + 2.2 * (v > 0.93))
        far = patient.width + 30
        socket = np.array([side * 0.92 * far, 14.0, top + 16])
        bones.add(_ball(_beside(socket, side * 10, 0, 6), 15, step), 7.0)
        arm = _line(_beside(socket, side * 12, 0, 6), _beside(socket, side * 40, -14, 90), step)
        bones.add(arm, 11.0)
        neck = np.array([side * 22.0, -0.62 * patient.front, top - 18])
        bones.add(_line(neck, _beside(socket, side * 2, -16, 18), step), 5.0)
    return bones


def _ball(centre: Points, radius: float, step: float) -> Points:
    lattice = np.arange(-radius, radius + step, max(step, 2.0))
    x, y, z = np.meshgrid(lattice, lattice, lattice)
    inside = x**2 + y**2 + z**2 < radius**2
    return np.asarray(np.stack([x[inside], y[inside], z[inside]], 1) + centre)


def _canal(volume: Floats, grid: Grid, core: Core) -> None:
    """The spinal canal: fluid, fat and cord."""
    shifted = [
        Tube(_behind(one.start, one.first), _behind(one.end, one.last), 8.5, 8.5)
        for one in core.spine
    ]
    paint_tubes(volume, grid, shifted, 28.0)


def _behind(point: tuple[float, float, float], wide: float) -> tuple[float, float, float]:
    return point[0], point[1] + 0.8 * wide + 11, point[2]
