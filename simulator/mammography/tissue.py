# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""What the beam goes through in one view: thicknesses of fat, gland, skin and muscle.

Maps are (rows, columns) float32 on a grid of equal steps over the view's window; thicknesses
are in cm along the beam.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.mammography import texture
from simulator.mammography.breast import Woman
from simulator.mammography.outline import Outline

Floats = NDArray[np.float32]

WAVES_MM: Final = (12.0, 15.0, 19.0)  #: of the fat lobules
#: Ligaments and ducts: width in mm, how common, thickness in cm.
CORDS: Final = ((0.35, 2.2, 0.75), (0.7, 1.6, 0.75), (1.4, 0.45, 0.5))


@dataclasses.dataclass(slots=True)
class Tissue:
    """`height`: of everything; `gland` and `muscle` of it; the rest is fat. `skin` besides."""

    step_mm: float
    height: Floats
    gland: Floats
    skin: Floats
    muscle: Floats
    distance: Floats  #: from the skin, mm, positive inside
    dense: Floats  #: 0..1, where the gland is
    vessels: NDArray[np.float64]  #: their middle lines, (vessels, points, 2), in mm


def tissue(seen: Outline, body: Woman, step_mm: float, rng: np.random.Generator) -> Tissue:
    """The breast of one view without lesions."""
    shape = round(seen.rows / step_mm), round(seen.columns / step_mm)
    distance = _finer(seen.distance, shape)
    height = _height(distance, seen.thickness)
    thin = rng.uniform(1.4, 2.6)
    skin = height - _height(distance - thin, seen.thickness - 2 * thin)
    down = ((np.arange(shape[0]) + 0.5) * step_mm)[:, None]
    across = ((np.arange(shape[1]) + 0.5) * step_mm)[None]
    muscle = _muscle(seen, down, across, step_mm, rng)
    level = _where(seen, distance, (down, across), rng) - 1.2 * np.minimum(muscle, 1)
    dense, gland = _gland(
        seen, body.dense, step_mm, Layer(distance, height, level.astype(np.float32)), rng
    )
    vessels = _vessels(seen, rng)
    gland += _cords(seen, shape, step_mm, rng) * np.clip(distance / 3, 0, 1)
    points = vessels.reshape(-1, 2)
    faint = np.full(len(points), 0.4 * rng.uniform(0.05, 0.14))
    gland += texture.strokes(shape, step_mm, points, faint, 2.0)
    muscle = np.minimum(muscle, height)
    gland = np.clip(gland * (1 - 0.6 * muscle / np.maximum(height, 0.1)), 0, height - muscle)
    return Tissue(step_mm, height, gland, skin, muscle, distance, dense, vessels)


def _finer(field: Floats, shape: tuple[int, int]) -> Floats:
    """A field of `GRID_MM` on the grid of `shape`, linear in between."""
    scale = [small / large for small, large in zip(field.shape, shape, strict=True)]
    rows, columns = (
        np.clip((np.arange(size) + 0.5) * factor - 0.5, 0, limit - 1)
        for size, factor, limit in zip(shape, scale, field.shape, strict=True)
    )
    return _along(_along(field, rows, 0), columns, 1)


def _along(field: Floats, places: NDArray[np.float64], axis: int) -> Floats:
    low = np.minimum(places.astype(int), field.shape[axis] - 2)
    part = (places - low).astype(np.float32)
    part = part[:, None] if axis == 0 else part
    return np.asarray(field.take(low, axis) * (1 - part) + field.take(low + 1, axis) * part)


def _height(distance: Floats, thickness: float) -> Floats:
    """Compressed flat, and round at the rim: half an ellipse `thickness` mm high; in cm."""
    inward = np.clip(distance / (0.5 * thickness), 0, 1)
    return np.asarray(0.1 * thickness * np.sqrt(1 - (1 - inward) ** 2), np.float32)


def _muscle(
    seen: Outline, down: Floats, across: Floats, step_mm: float, rng: np.random.Generator
) -> Floats:
    """The pectoral muscle, cm: a wedge of the oblique view, at times a strip of the other."""
    shape = down.shape[0], across.shape[1]
    if seen.muscle is None:
        if rng.random() < 0.7:
            return np.zeros(shape, np.float32)
        middle, wide = rng.uniform(0.3, 0.7) * seen.rows, rng.uniform(0.15, 0.35) * seen.rows
        edge = rng.uniform(2, 9) * np.clip(1 - ((down - middle) / wide) ** 2, 0, 1)
    else:
        top, low, bulge = seen.muscle
        share = np.clip(down / low, 0, 1.2)
        edge = top * (1 - share + bulge * np.sin(np.pi * np.clip(share, 0, 1)))
    soft = rng.uniform(3, 9)
    ramp = np.clip((edge - across) / soft, 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    streak = texture.band(shape, step_mm, 4.0, rng, angle=0.35, stretch=3.0)[0]
    body = 0.1 * seen.thickness * rng.uniform(0.2, 0.38)
    rise = 1 + 0.25 * np.clip((edge - across) / 40, 0, 1)
    return np.asarray(ramp * rise * body * (1 + 0.04 * streak), np.float32)


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """What the gland lies in: distance from the skin (mm), height (cm), and where it may be."""

    distance: Floats
    height: Floats
    level: Floats


def _gland(
    seen: Outline, share: float, step_mm: float, layer: Layer, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Where the gland is (0..1), and its thickness in cm: 1/f^3 clouds, fat lobules, a web."""
    distance, height = layer.distance, layer.height
    shape = distance.shape
    cloud, fine = texture.power_law(shape, step_mm, 3.0, rng)
    wide, narrow = texture.band(shape, step_mm, WAVES_MM[int(rng.integers(3))], rng)
    first, second = _strands(seen, shape, step_mm, rng)
    level = cloud + 0.55 * wide + 0.07 * first + layer.level
    inside = (distance > 0)[::4, ::4]
    edge = np.quantile(level[::4, ::4][inside], 1 - share)
    dense = 1 / (1 + np.exp(-np.clip((level - edge) / rng.uniform(0.5, 0.9), -30, 30)))
    packed = rng.uniform(0.12, 0.25) * dense * (1 + 0.18 * fine + 0.1 * narrow)
    loose = np.clip(0.10 + 0.034 * fine + 0.008 * first, 0, 1)
    web = np.exp(-((wide / 0.11) ** 2)) * np.clip(0.5 + 0.6 * narrow, 0, 1.5)
    for field, other in ((first, second), (second, first)):
        web += np.exp(-((field / 0.18) ** 2)) * np.clip(0.3 + 0.6 * np.roll(other, 40), 0, 1.2)
    strong = rng.uniform(0.03, 0.09) * (0.7 + 0.8 * dense)
    gland = height * (packed + loose) + strong * web * np.sqrt(np.maximum(height, 0))
    return dense.astype(np.float32), gland.astype(np.float32)


def _strands(
    seen: Outline, shape: tuple[int, int], step_mm: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Two fields of long waves that cross at a small angle, as strands of tissue do."""
    tilt = 0.0 if seen.position == "CC" else 0.35
    wave = WAVES_MM[int(rng.integers(3))] / 2.6
    first = texture.band(
        shape, step_mm, wave, rng, angle=tilt + 0.15 * int(rng.integers(1, 5)), stretch=2.2
    )[0]
    second = texture.band(
        shape, step_mm, 0.8 * wave, rng, angle=tilt - 0.15 * int(rng.integers(1, 5)), stretch=2.2
    )[0]
    return first, second


def _where(
    seen: Outline, distance: Floats, place: tuple[Floats, Floats], rng: np.random.Generator
) -> Floats:
    """More gland behind the nipple, little under the skin and before the muscle."""
    down, across = place
    row, column = seen.nipple
    middle = row - rng.uniform(0, 0.16) * seen.rows, column * rng.uniform(0.5, 0.72)
    reach = column * rng.uniform(0.5, 0.75)
    far = ((down - middle[0]) / (1.15 * reach)) ** 2 + ((across - middle[1]) / reach) ** 2
    rim = 2.2 * np.clip(1 - distance / rng.uniform(7, 14), 0, 1)
    return np.asarray(-rng.uniform(0.7, 1.3) * np.minimum(far, 4) - rim, np.float32)


def _cords(
    seen: Outline, shape: tuple[int, int], step_mm: float, rng: np.random.Generator
) -> Floats:
    """Cooper's ligaments and ducts, cm: curved lines, most of them towards the nipple."""
    total = np.zeros(shape, np.float32)
    many = rng.uniform(0.5, 1.5) * seen.rows * seen.nipple[1] / 100
    for width, share, strength in CORDS:
        lines, weights = _cord(seen, int(rng.poisson(many * share)), rng)
        total += strength * texture.strokes(shape, step_mm, lines, weights, width)
    return total


def _cord(
    seen: Outline, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The points of `count` lines, and their weights."""
    start = rng.uniform(0, 1, (count, 2)) * (seen.rows, seen.nipple[1])
    towards = np.arctan2(seen.nipple[0] - start[:, 0], 1.25 * seen.nipple[1] - start[:, 1])
    angle = towards + rng.normal(0, 0.45, count)
    length = rng.uniform(10, 36, count) * (1 + 1.2 * (rng.random(count) < 0.25))
    end = start + length[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    points, each = texture.curves(start, end, rng.normal(0, 0.07, count), rng)
    strength = np.exp(rng.normal(-0.7, 0.75, count)) * each
    fade = np.sin(np.pi * np.linspace(0.06, 0.94, points.shape[1]))
    return points.reshape(-1, 2), (strength[:, None] * fade).ravel()


def _vessels(seen: Outline, rng: np.random.Generator) -> NDArray[np.float64]:
    """Middle lines of a few long vessels: (vessels, points, 2)."""
    count = int(rng.integers(1, 5))
    start = rng.uniform(0.05, (0.9, 0.5), (count, 2)) * (seen.rows, seen.nipple[1])
    angle, length = rng.normal(0, 0.8, count), rng.uniform(30, 80, count)
    end = start + length[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return texture.curves(start, end, rng.normal(0, 0.2, count), rng)[0]
