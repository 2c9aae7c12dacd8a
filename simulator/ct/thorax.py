# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""A whole thorax in Hounsfield units on a grid of points, before any scanner saw it."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from simulator.ct import abdomen, lungs, mediastinum, patient, skeleton, trees, trunk
from simulator.ct.grid import Floats, Grid, refine, smooth_noise
from simulator.ct.paint import balls, beads, fill, paint_ellipsoid, paint_tubes, share
from simulator.ct.patient import Patient
from simulator.ct.shapes import Tube

COARSE = 4.0  #: mm between the points on which the large shapes are worked out
AIR, FAT, MUSCLE, WATER, BLOOD = -1000.0, -98.0, 52.0, 8.0, 42.0


@dataclasses.dataclass(slots=True)
class Thorax:
    """`hu`, `right` and `left` (share of each voxel in that lung's room) on `grid`.

    `depth`: mm to the pleura within the lungs, positive inside. `fissure`: mm to the nearest one.
    """

    patient: Patient
    grid: Grid
    hu: Floats
    right: Floats
    left: Floats
    depth: Floats
    fissure: Floats
    vessels: Floats
    sides: tuple[lungs.Side, lungs.Side]


def extent(
    who: Patient, *, lungs_only: bool = False
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Low and high corners (x, y, z) of what a scan of the chest shows, mm."""
    low = -who.recess - (6 if lungs_only else 25)
    high = who.height + (8 if lungs_only else 35)
    if lungs_only:
        x, front, back = who.width + 14, who.front + 12, who.back + 14
    else:
        x, front, back = 205.0, who.front + 75, who.back + 90
    return (-x, -front, low), (x, back, high)


def build(
    seed: int, spacing: float, *, lungs_only: bool = False, grid: Grid | None = None
) -> Thorax:
    """The healthy thorax of `patient.draw(seed)`: no nodules, no fluid."""
    who = patient.draw(seed)
    rng = np.random.default_rng([seed, 41])
    grid = Grid.between(*extent(who, lungs_only=lungs_only), spacing) if grid is None else grid
    rough = grid.coarser(COARSE)
    core = mediastinum.draw(who, rng)
    body = trunk.trunk(who, rough, rng)
    middle = mediastinum.envelope(core, who, rough, rng)
    pair = lungs.sides(who, rng)
    wobble = 0.8 * smooth_noise(rng, rough, 24.0)
    rooms = [lungs.lung(who, side, body.cavity, middle, rough) + wobble for side in pair]
    right, left = (share(refine(room, rough, grid), spacing) for room in rooms)
    hu = _trunk(body, who, rough, grid)
    _abdomen(hu, who, pair, body.cavity, grids=(rough, grid), rng=rng)
    both = right + left
    fill(hu, both, refine(lungs.tissue(who, rough, rng), rough, grid))
    gap = _fissures(hu, (right, left), pair, who, grids=(rough, grid), rng=rng)
    depth = refine(-np.minimum(*rooms), rough, grid)
    vessels = _trees(hu, grid, (right, left), depth, core=core, who=who, rng=rng)
    hu += both * (14 * smooth_noise(rng, grid, 2.6))
    _organs(hu, grid, who, core, rng)
    skeleton.paint_bones(hu, grid, who, core, rng)
    return Thorax(who, grid, hu, right, left, depth, gap, vessels, pair)


def _trunk(body: trunk.Trunk, who: Patient, rough: Grid, grid: Grid) -> Floats:
    """Air, table, skin, fat, muscle, the wall of the chest, and fat within it."""
    hu = np.full(grid.shape, AIR, np.float32)
    fill(hu, share(trunk.table(who, body.skin, rough, grid), grid.spacing), 60.0)
    skin = refine(body.skin, rough, grid)
    fill(hu, share(skin, grid.spacing), 20.0)
    fill(hu, share(skin + 2, grid.spacing), FAT)
    for field, value in ((body.muscle, MUSCLE), (body.wall, 15.0), (body.wall + 6, 45.0)):
        fill(hu, share(refine(field, rough, grid), grid.spacing), value)
    fill(hu, share(refine(body.cavity - 1.0, rough, grid), grid.spacing), FAT)
    return hu


def _abdomen(
    hu: Floats,
    who: Patient,
    pair: tuple[lungs.Side, lungs.Side],
    cavity: Floats,
    *,
    grids: tuple[Grid, Grid],
    rng: np.random.Generator,
) -> None:
    """What lies below the domes, where the grid reaches so far down."""
    rough, grid = grids
    count = int(np.ceil((15 - grid.low[2]) / grid.spacing))
    if count < 2:  # the grid begins above the diaphragm
        return
    part = Grid(grid.low, (min(count, grid.shape[0]), *grid.shape[1:]), grid.spacing)
    near = refine(cavity, rough, part)
    abdomen.paint_abdomen(hu[:count], part, who, lungs=pair, cavity=near, rng=rng)


def _fissures(
    hu: Floats,
    rooms: tuple[Floats, Floats],
    pair: tuple[lungs.Side, lungs.Side],
    who: Patient,
    *,
    grids: tuple[Grid, Grid],
    rng: np.random.Generator,
) -> Floats:
    """Thin bright sheets; returns mm to the nearest one."""
    rough, grid = grids
    nearest = np.full(grid.shape, 99.0, np.float32)
    for side, room in zip(pair, rooms, strict=True):
        for field in lungs.fissures(who, side, rough, rng):
            gap = np.abs(refine(np.broadcast_to(field, rough.shape), rough, grid))
            near = np.flatnonzero((gap < 2.5) & (room > 0))
            sheet = np.exp(-((gap.ravel()[near] / 0.8) ** 2)) * room.ravel()[near]
            hu.reshape(-1)[near] += np.float32(rng.uniform(60, 200)) * sheet
            np.minimum(nearest, gap, out=nearest, where=room > 0)
    return nearest


def _trees(
    hu: Floats,
    grid: Grid,
    rooms: tuple[Floats, Floats],
    depth: Floats,
    *,
    core: mediastinum.Core,
    who: Patient,
    rng: np.random.Generator,
) -> Floats:
    """Arteries with their bronchi, and veins; returns how much of each voxel they cover."""
    litres = grid.spacing**3 / 1e6
    density = float(rng.uniform(800, 1700)) * (1 - 0.4 * who.emphysema)
    cover = np.zeros(grid.shape, np.float32)
    for room, root in zip(rooms, core.hila, strict=True):
        inside = np.flatnonzero(((room > 0.9) & (depth > 3)).ravel()[::7]) * 7
        count = max(20, int(density * 7 * len(inside) * litres))
        if len(inside) < 10 * count:
            continue
        habit = trees.Habit(
            float(rng.uniform(0.42, 0.6)), float(rng.uniform(2.75, 3.1)), 0.45, 0.05
        )
        arteries = trees.grow(root, _ends(inside, count, grid, rng), habit, rng)
        veins = trees.grow(
            (root[0], root[1], root[2] - 18), _ends(inside, int(0.8 * count), grid, rng), habit, rng
        )
        for tree in (arteries, veins):
            blood = BLOOD + who.contrast * float(rng.uniform(0.6, 1.05))
            drawn = balls(grid, *beads(tree, 0.5 * grid.spacing))
            fill(hu, drawn, blood)
            np.maximum(cover, drawn, out=cover)
        _bronchi(hu, grid, arteries, root, rng)
    return cover


def _ends(
    inside: NDArray[np.int64], count: int, grid: Grid, rng: np.random.Generator
) -> NDArray[np.float64]:
    chosen = rng.choice(inside, count, replace=False)
    index = np.stack(np.unravel_index(chosen, grid.shape), 1)
    return grid.point(index + rng.uniform(-0.5, 0.5, index.shape))


def _bronchi(
    hu: Floats,
    grid: Grid,
    arteries: list[Tube],
    root: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """A bronchus beside each larger artery."""
    way = np.array([0.35 * np.sign(root[0]), 0.6, 0.5]) + rng.normal(0, 0.2, 3)
    way /= np.linalg.norm(way)
    wall = float(rng.uniform(0.5, 1.1))
    large = [one for one in arteries if one.first > 1.7]
    points, radii = beads(large, 0.6 * grid.spacing)
    if not len(points):
        return
    radii = np.minimum(radii, 4.0) * 0.85
    points = points + way * (2.0 * radii + wall)[:, None]
    fill(hu, balls(grid, points, radii + wall), -20.0)
    fill(hu, balls(grid, points, radii), -970.0)


def _organs(
    hu: Floats, grid: Grid, who: Patient, core: mediastinum.Core, rng: np.random.Generator
) -> None:
    """Heart, vessels, gullet, lymph nodes, windpipe; plaques in old aortas."""
    first, second = (BLOOD + who.contrast * float(rng.uniform(0.5, 1.15)) for _ in range(2))
    paint_tubes(hu, grid, core.gullet, 35.0)
    for node in (*core.nodes,):
        paint_ellipsoid(hu, grid, node.centre, node.radii, 40 + 0.1 * who.contrast)
    paint_tubes(hu, grid, core.veins, first)
    for number, part in enumerate(core.heart):
        blood = second if number % 2 == 0 else first
        value = blood if part.blood else 55 + 0.2 * who.contrast
        paint_ellipsoid(hu, grid, part.centre, part.radii, value, turn=part.turn)
    paint_tubes(hu, grid, core.pulmonary, first)
    paint_tubes(
        hu,
        grid,
        [one._replace(first=one.first + 1.5, last=one.last + 1.5) for one in core.aorta],
        48.0,
    )
    paint_tubes(hu, grid, core.aorta, second)
    for _ in range(int(rng.poisson(max(0.0, (who.age - 52) / 5)))):
        one = core.aorta[int(rng.integers(len(core.aorta)))]
        around = one.start + one.first * _unit(rng)
        paint_ellipsoid(hu, grid, (around[0], around[1], around[2]), (2.5, 2.5, 4), 700)
    walls = [one._replace(first=one.first + 1.6, last=one.last + 1.5) for one in core.airway]
    paint_tubes(hu, grid, walls, 25.0)
    paint_tubes(hu, grid, core.airway, AIR)


def _unit(rng: np.random.Generator) -> NDArray[np.float64]:
    way = rng.standard_normal(3)
    return np.asarray(way / np.linalg.norm(way))
