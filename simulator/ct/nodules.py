# ruff: noqa: PLR2004 - shares of what is varied, each used once
"""Nodules: their shape, what they are made of, their truth, and their place in a thorax.

The truth is worked out on a lattice much finer than any voxel, from the shape itself.
"""

import dataclasses
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.ct.grid import Floats, Grid
from simulator.ct.paint import balls, beads, share
from simulator.ct.shapes import Tube, around
from simulator.ct.thorax import Thorax

Kind = Literal["solid", "part-solid"]
Place = Literal["parenchymal", "juxtapleural", "perifissural"]
Margin = Literal["smooth", "lobulated", "spiculated"]

SMALLEST, LARGEST = 3.0, 30.0  #: diameter, mm
LATTICE: Final = 44  #: points along each side of the lattice for the truth


@dataclasses.dataclass(frozen=True, slots=True)
class Nodule:
    """One nodule before it is put somewhere. `radius` in mm, `radii` shares of it along x, y, z."""

    kind: Kind
    margin: Margin
    radius: float
    radii: NDArray[np.float64]
    turn: NDArray[np.float64]  #: (3, 3) rotation
    lobes: NDArray[np.float64]  #: (n, 3) unit directions
    heights: NDArray[np.float64]  #: (n,) share of the radius
    spikes: NDArray[np.float64]  #: (n, 3), each as long as it reaches from the middle, mm
    value: float  #: HU of the solid part
    haze: float  #: HU of the part-solid one's surroundings
    core: float  #: radius of its solid part, share
    calcium: float  #: HU added in the middle
    soft: float  #: over how many mm its border fades


@dataclasses.dataclass(frozen=True, slots=True)
class Lesion:
    """The truth of a nodule in its place: LPS centre of mass, mm; axes in the axial slice
    where it is largest, mm; volume, mm³. `subtlety` is 0 for obvious and 1 for hardly visible.
    """

    kind: Kind
    place: Place
    margin: Margin
    calcified: bool
    centre: tuple[float, float, float]
    long_mm: float
    short_mm: float
    volume_mm3: float
    subtlety: float


def draw(rng: np.random.Generator, diameter: float, *, contrast: float = 0.0) -> Nodule:
    """A nodule of about `diameter` mm; the truth comes from `truth`."""
    kind: Kind = "part-solid" if diameter > 6 and rng.random() < 0.17 else "solid"
    margin: Margin = str(rng.choice(["smooth", "lobulated", "spiculated"], p=[0.36, 0.32, 0.32]))  # type: ignore[assignment]
    count = {"smooth": 3, "lobulated": 9, "spiculated": 9}[margin]
    lobes = rng.standard_normal((count, 3))
    lobes /= np.linalg.norm(lobes, axis=1, keepdims=True)
    heights = (
        rng.uniform(-0.06, 0.08, count) if margin == "smooth" else rng.uniform(-0.2, 0.4, count)
    )
    spikes = np.zeros((0, 3))
    if margin == "spiculated":
        spikes = rng.standard_normal((int(rng.integers(8, 20)), 3))
        spikes /= np.linalg.norm(spikes, axis=1, keepdims=True)
        spikes = spikes * diameter / 2 * rng.uniform(1.3, 2.1, (len(spikes), 1))
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return Nodule(
        kind, margin, diameter / 2, np.exp(rng.normal(0, 0.15, 3)), turn, lobes, heights, spikes,
        value=float(rng.normal(25, 25)) + contrast * float(rng.uniform(0, 0.35)),
        haze=float(rng.uniform(180, 420)), core=float(rng.uniform(0.3, 0.65)),
        calcium=float(rng.choice([0.0, rng.uniform(150, 700)], p=[0.88, 0.12])),
        soft=float(rng.choice([0.0, rng.uniform(0.3, 2.0)])),
    )  # fmt: skip


def distance(nodule: Nodule, offsets: Floats, size: float = 1.0) -> Floats:
    """About mm to the surface, negative inside, at `offsets` (..., 3; x, y, z) from the middle."""
    turned = np.asarray(offsets @ nodule.turn / nodule.radii, np.float32)
    length = np.sqrt((turned**2).sum(-1))
    way = turned / np.maximum(length, 1e-6)[..., None]
    bump = np.ones(length.shape, np.float32)
    for lobe, height in zip(nodule.lobes, nodule.heights, strict=True):
        near = np.exp(6 * (way @ lobe.astype(np.float32) - 1))
        bump += np.asarray(np.float32(height) * near, np.float32)
    return np.asarray(length - np.float32(size * nodule.radius) * bump, np.float32)


def insert(
    hu: Floats, grid: Grid, room: Floats, nodule: Nodule, centre: tuple[float, float, float]
) -> None:
    """Put `nodule` at `centre` (LPS) into `hu`, where the share `room` of a voxel is lung."""
    middle = np.array(centre)
    reach = 2.2 * nodule.radius + 2 * grid.spacing
    slices, part = around(grid, middle - reach, middle + reach)
    if 0 in part.shape:
        return
    offsets = _offsets(part, middle)
    inside = share(distance(nodule, offsets), grid.spacing + nodule.soft) * room[slices]
    view = hu[slices]
    if nodule.kind == "part-solid":
        np.maximum(view, view + inside * nodule.haze * (view < -300), out=view)
        inside = share(distance(nodule, offsets, nodule.core), grid.spacing) * room[slices]
    view += inside * (nodule.value - view)
    if len(nodule.spikes):
        _spikes(view, part, room[slices], nodule, middle)
    if nodule.calcium:
        view += share(distance(nodule, offsets, 0.55), grid.spacing) * nodule.calcium


def _spikes(
    view: Floats, part: Grid, room: Floats, nodule: Nodule, middle: NDArray[np.float64]
) -> None:
    tubes = []
    for way in nodule.spikes:
        a, b = (middle + 0.7 * way / 1.4).tolist(), (middle + way).tolist()
        tubes.append(Tube((a[0], a[1], a[2]), (b[0], b[1], b[2]), 0.9, 0.3))
    cover = balls(part, *beads(tubes, 0.5 * part.spacing)) * room
    view += cover * (np.maximum(view, nodule.value - 60) - view)


def _offsets(part: Grid, middle: NDArray[np.float64]) -> Floats:
    x, y, z = part.axes()
    steps = np.broadcast_arrays(x - middle[0], y - middle[1], z - middle[2])
    return np.asarray(np.stack(steps, -1), np.float32)


def truth(
    thorax: Thorax, nodule: Nodule, centre: tuple[float, float, float], place: Place
) -> Lesion | None:
    """What is true of `nodule` there: only what lies within the lung. None if nothing does."""
    reach = 1.45 * nodule.radius
    steps = np.linspace(-reach, reach, LATTICE, dtype=np.float32)
    z, y, x = np.meshgrid(steps, steps, steps, indexing="ij")
    offsets = np.stack([x, y, z], -1)
    inside = distance(nodule, offsets) < 0
    inside &= _depth(thorax, offsets.reshape(-1, 3) + np.array(centre)).reshape(inside.shape) > 0
    if inside.sum() < 30:
        return None
    cell = float(steps[1] - steps[0])
    middle = offsets[inside].mean(0) + np.array(centre)
    areas = inside.sum((1, 2))
    long, short = axes(inside[int(np.argmax(areas))], cell)
    volume = float(inside.sum()) * cell**3
    return Lesion(
        nodule.kind, place, nodule.margin, nodule.calcium > 0,
        (float(middle[0]), float(middle[1]), float(middle[2])), long, short, volume,
        _subtlety(nodule, long),
    )  # fmt: skip


def _subtlety(nodule: Nodule, long: float) -> float:
    faint = 0.35 if nodule.kind == "part-solid" else 0.0
    return float(np.clip(1 - np.log(long / SMALLEST) / np.log(6) + faint, 0, 1))


def _depth(thorax: Thorax, points: NDArray[np.floating]) -> Floats:
    """How many mm to the pleura at `points` (n, 3; LPS), linear between the voxels."""
    index = thorax.grid.index(points)
    below = np.clip(np.floor(index).astype(int), 0, np.array(thorax.grid.shape) - 2)
    rest = np.clip(index - below, 0, 1)
    total = np.zeros(len(points), np.float64)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, rest, 1 - rest), axis=1)
        place = below + corner
        total += weight * thorax.depth[place[:, 0], place[:, 1], place[:, 2]]
    return np.asarray(total, np.float32)


def axes(section: NDArray[np.bool_], cell: float) -> tuple[float, float]:
    """Long axis of a section (largest distance of two points in it) and the extent across it, mm.

    `section` is (rows, columns) of square cells of `cell` mm; a cell counts to its border.
    """
    points = np.argwhere(section) * cell
    angles = np.linspace(0, np.pi, 90, endpoint=False)
    ways = np.stack([np.sin(angles), np.cos(angles)])
    seen = points @ ways
    extents = seen.max(0) - seen.min(0) + cell
    best = int(np.argmax(extents))
    return float(extents[best]), float(extents[(best + 45) % 90])


def place(
    thorax: Thorax, nodule: Nodule, rng: np.random.Generator
) -> tuple[tuple[float, float, float], Place] | None:
    """Somewhere for it: within the lung, at its wall or at a fissure; None where it has no room."""
    kind: Place = str(
        rng.choice(["parenchymal", "juxtapleural", "perifissural"], p=[0.6, 0.28, 0.12])
    )  # type: ignore[assignment]
    r = nodule.radius
    step = 5
    depth, gap = thorax.depth.ravel()[::step], thorax.fissure.ravel()[::step]
    if kind == "juxtapleural":
        good = (depth > 0.15 * r) & (depth < 0.85 * r)
    elif kind == "perifissural":
        good = (gap < 0.6 * r) & (depth > r + 2)
    else:
        good = (depth > r + 2.5) & (gap > 0.8 * r)
    chosen = np.flatnonzero(good)
    if not len(chosen):
        return None
    index = np.unravel_index(int(rng.choice(chosen)) * step, thorax.grid.shape)
    x, y, z = thorax.grid.point(np.array([index]))[0].tolist()
    return (x, y, z), kind
