# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""A chest as thicknesses along the beam, drawn at random and computed from formulas.

The patient's frame: x in cm to the patient's left (right in the image), y in cm to the
feet, 0,0 in the middle of the chest. Arrays are (rows, columns) float32.
"""

import dataclasses
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
SIDES: Final = (-1, 1)  #: the patient's right, the patient's left
LUNG_DENSITY: Final = 0.24  #: of healthy lung relative to tissue
TABLE: Final = (48, 160)  #: random tables of vessels: steps of distance, of angle


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Who is imaged and how, in words and in cm."""

    age: int
    sex: Literal["F", "M"]
    view: Literal["PA", "AP"]
    size: float  #: 1 is an average person
    depth: float  #: of the body, front to back
    breath: float  #: 0 shallow to 1 deep
    turn: float  #: rotation in the image plane, radians
    shift: tuple[float, float]  #: of the patient on the detector
    heart_share: float  #: cardiothoracic ratio as the image shows it
    enlarged: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """Where each pixel is in the patient's frame."""

    x: Floats
    y: Floats
    spacing_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.x.shape[0], self.x.shape[1]


@dataclasses.dataclass(slots=True)
class Lung:
    """One lung field. `inside` is what the image shows as lung, above the diaphragm."""

    side: int
    inside: NDArray[np.bool_]
    wall: Floats  #: cm to the chest wall at the side and above
    dome: Floats  #: cm above the diaphragm, negative below
    apex: float  #: y of its top
    base: float  #: y of the top of the diaphragm


@dataclasses.dataclass(slots=True)
class Body:
    """The layers of one chest; findings and devices change them before the exposure."""

    grid: Grid
    outer: Floats  #: the whole body
    air: Floats  #: lung, whatever fills it
    density: Floats  #: of the lung, relative to tissue
    bone: Floats
    metal: Floats
    heart: NDArray[np.bool_]
    lungs: tuple[Lung, Lung]  #: right, left

    @property
    def tissue(self) -> Floats:
        """Tissue along the beam: the body without what the lung lacks."""
        return np.maximum(self.outer - self.air * (1 - self.density), 0)


def person(rng: np.random.Generator, *, enlarged: bool, subtlety: float) -> Person:
    """Draw an adult. An enlarged heart takes from 0.53 of the chest's width."""
    sex: Literal["F", "M"] = "F" if rng.random() < 0.5 else "M"
    share = 0.68 - 0.14 * subtlety if enlarged else rng.uniform(0.36, 0.485)
    return Person(
        age=int(np.clip(rng.normal(60, 19), 18, 95)),
        sex=sex,
        view="PA" if rng.random() < 0.7 else "AP",
        size=float(rng.normal(1.22 if sex == "M" else 1.13, 0.06)),
        depth=float(np.clip(rng.normal(22, 2.6), 16, 32)),
        breath=float(rng.uniform(0, 1)),
        turn=float(rng.normal(0, 0.035)),
        shift=(float(rng.normal(0, 0.9)), float(rng.normal(0, 1.2))),
        heart_share=float(share),
        enlarged=enlarged,
    )


def grid(who: Person, rows: int, columns: int, spacing_mm: float) -> Grid:
    """Pixel centres, turned, shifted and scaled into the frame of an average patient."""
    cm = spacing_mm / 10
    across = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None] * cm - who.shift[0]
    down = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None] * cm - who.shift[1]
    cos, sin = np.cos(who.turn) / who.size, np.sin(who.turn) / who.size
    x, y = cos * across + sin * down, cos * down - sin * across
    return Grid(x.astype(np.float32), y.astype(np.float32), spacing_mm)


def body(who: Person, where: Grid, rng: np.random.Generator) -> Body:
    """Every layer of the healthy chest (with the heart that `who` has)."""
    x, y = where.x, where.y
    half = rng.uniform(12.4, 13.8)  # of the chest's inner width
    outer = _outline(x, y, who, half)
    lungs, air = zip(*(_lung(where, who, half, side, rng) for side in SIDES), strict=True)
    fields = np.asarray(air[0] + air[1])
    heart = _heart(x, y, who, half, rng)
    fields = np.maximum(fields - 1.4 * heart, 0.16 * fields)
    fields = np.maximum(fields - _mediastinum(x, y, who, rng), 0)
    density = LUNG_DENSITY * rng.uniform(0.85, 1.2) * (1 + _vessels(where, rng))
    outer = outer - _other_air(x, y, rng) + (_breasts(x, y, rng) if who.sex == "F" else 0)
    outer = outer * (1 + 0.03 * _texture(where, rng, 3.5)) + 0.35 * _texture(where, rng, 0.35)
    bone = _spine(x, y, rng) + _ribs(x, y, half, rng) + _shoulders(x, y, rng)
    mineral = rng.uniform(0.8, 1.15) * (1.0 if who.age < 60 else 0.85)
    return Body(
        where,
        np.asarray(np.maximum(outer, 0), np.float32),
        np.asarray(fields, np.float32),
        np.asarray(np.clip(density, 0.05, 1), np.float32),
        np.asarray(bone * mineral, np.float32),
        np.zeros(where.shape, np.float32),
        heart > 0.3,
        (lungs[0], lungs[1]),
    )


def round_root(distance: NDArray[Any], reach: float) -> Floats:
    """0 at 0, 1 from `reach` on, as a quarter of a circle: a round body's thickness."""
    share = np.clip(1 - distance / reach, 0, 1)
    return np.asarray(np.sqrt(1 - share * share), np.float32)


def capsule(where: Grid, start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """The distance in cm of every pixel from the line between two points (x, y)."""
    along = np.subtract(end, start)
    length2 = float(along @ along) or 1e-6
    dx, dy = where.x - start[0], where.y - start[1]
    share = np.clip((dx * along[0] + dy * along[1]) / length2, 0, 1)
    return np.asarray(np.hypot(dx - share * along[0], dy - share * along[1]), np.float32)


def _outline(x: Floats, y: Floats, who: Person, half: float) -> Floats:
    """The body from neck to belly: an ellipse in each cross-section."""
    shoulder = 1 / (1 + np.exp(-(y + 14.5 - 0.12 * np.abs(x)) / 1.0))
    width = 6.0 + (half + 2.2 + (who.depth - 20) * 0.25 - 6.0) * shoulder
    arms = np.where(y < -3, 9.0 * np.clip((-3 - y) / 6, 0, 1) * shoulder, 0)
    share = np.clip(1 - (x / (width + arms)) ** 2, 0, 1)
    depth = who.depth * (0.62 + 0.38 * np.clip((y + 18) / 14, 0, 1))
    return np.asarray(depth * share**0.4, np.float32)


def _lung(
    where: Grid, who: Person, half: float, side: int, rng: np.random.Generator
) -> tuple[Lung, Floats]:
    """A superellipse above the diaphragm, and its thickness."""
    x, y = side * where.x, where.y
    apex = -12.5 + rng.normal(0, 0.5)
    base = 6.0 + 3.5 * who.breath + (1.1 if side > 0 else 0.0) + rng.normal(0, 0.5)
    middle, inner = 4.4, rng.uniform(1.2, 1.9)
    up = np.clip((base - 3 - y) / (base - 3 - apex), 0, None)
    across = (x - middle) / np.where(x > middle, half - middle, middle - inner)
    lateral = np.clip(across, 0, None)
    level = (np.abs(across) ** 2.4 + up**2.6) ** 0.4
    wall = (1 - (lateral**2.4 + up**2.6) ** 0.4) * (half - middle)
    height = rng.uniform(2.6, 4.2)
    dome = base + height * ((x - middle) / (half - middle)) ** 2 - y
    dome = np.where(x < middle, base + 0.4 * height * ((middle - x) / middle) ** 2 - y, dome)
    above = round_root(dome, 1.6) + 0.14 * np.clip(1 + dome / 4, 0, 1) * (dome < 0)
    thick = 0.68 * who.depth * round_root(1 - level, 0.55) * above
    inside = (level < 1) & (dome > 0)
    lung = Lung(side, inside, wall.astype(np.float32), dome.astype(np.float32), apex, base)
    return lung, np.asarray(thick * (level < 1), np.float32)


def _heart(x: Floats, y: Floats, who: Person, half: float, rng: np.random.Generator) -> Floats:
    """An ellipsoid that leans to the left: its width is `heart_share` of the chest's."""
    width = who.heart_share * half  # half of the heart's width
    height = (5.2 + 0.25 * width) * rng.uniform(0.93, 1.07)
    tilt = rng.uniform(0.25, 0.55)
    cx, cy = width * rng.uniform(0.28, 0.42), 4.2 + 2.6 * who.breath + rng.normal(0, 0.3)
    reach = np.sqrt((width**2 - (height * np.sin(tilt)) ** 2).clip(4.0)) / np.cos(tilt)
    u = ((x - cx) * np.cos(tilt) + (y - cy) * np.sin(tilt)) / reach
    v = ((y - cy) * np.cos(tilt) - (x - cx) * np.sin(tilt)) / height
    depth = rng.uniform(8, 10)
    return np.asarray(depth * np.sqrt(np.clip(1 - u * u - v * v, 0, None)), np.float32)


def _mediastinum(x: Floats, y: Floats, who: Person, rng: np.random.Generator) -> Floats:
    """Great vessels, aortic arch, hila: tissue in the place of lung."""
    width = rng.uniform(2.0, 3.0) + (0.4 if who.view == "AP" else 0)
    column = 11 * round_root(width + 0.02 * y * y * (y < 0) * 0.3 - np.abs(x), 2.2)
    knob = rng.uniform(1.1, 1.9)
    arch = np.hypot(x - rng.uniform(1.9, 2.5), y + rng.uniform(4.6, 6.0))
    total = column + 6 * round_root(knob - arch, knob)
    for side in SIDES:
        far = np.hypot((x - side * 3.6) / 1.3, (y + 0.6 + 0.5 * side) / 2.1)
        total += rng.uniform(1.2, 2.6) * np.exp(-far * far)
    return np.asarray(total, np.float32)


def _vessels(where: Grid, rng: np.random.Generator) -> Floats:
    """Branches that leave the hila and thin out, and a fine texture; about 0 on average."""
    found = np.zeros(where.shape, np.float32)
    for side in SIDES:
        dx, dy = side * where.x - 3.0, where.y + 0.5
        distance, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
        drawn = rng.normal(size=TABLE)
        table = ndimage.gaussian_filter(drawn, (2.0, 0.7), mode=("nearest", "wrap"))
        table = np.clip(table / table.std() - 0.7, 0, None).astype(np.float32)
        places = (
            np.clip(np.log1p(distance) * 16, 0, TABLE[0] - 1),
            (angle / (2 * np.pi) + 0.5) * TABLE[1] % TABLE[1],
        )
        lines = ndimage.map_coordinates(table, places, order=1, mode="grid-wrap")
        found += np.where(side * where.x > 0, lines * np.exp(-distance / 6.5), 0)
    return np.asarray(0.55 * found + 0.08 * _texture(where, rng, 0.45), np.float32)


def _texture(where: Grid, rng: np.random.Generator, scale_cm: float) -> Floats:
    """Smooth noise of unit variance with details of about `scale_cm`, fixed in the patient."""
    count = int(np.clip(60 / scale_cm, 8, 140))
    table = rng.normal(size=(count, count)).astype(np.float32)
    places = [(axis + 30) / 60 * count for axis in (where.y, where.x)]
    return np.asarray(ndimage.map_coordinates(table, places, order=1, mode="grid-wrap") * 1.4)


def _spine(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Vertebrae and discs in a column, slightly curved."""
    bend = rng.normal(0, 0.004)
    off = np.abs(x - bend * (y + 8) ** 2 * 0.3)
    column = 1.5 * round_root(rng.uniform(1.4, 1.8) - off, 1.2)
    rhythm = np.sin((y + rng.uniform(0, 2)) * 2 * np.pi / rng.uniform(2.1, 2.6))
    return np.asarray(column * (0.85 + 0.2 * np.clip(2 * rhythm, -1, 1)), np.float32)


def _ribs(x: Floats, y: Floats, half: float, rng: np.random.Generator) -> Floats:
    """Posterior ribs that fall to the side, fainter anterior ones that fall to the middle."""
    total = np.zeros_like(x)
    space, phase = rng.uniform(2.1, 2.6), rng.uniform(0, 1)
    broad = rng.uniform(0.21, 0.29)
    for side in SIDES:
        u = np.clip(side * x / (half + 0.5), 0, 1.02)
        cage = (u < 1.02) & (side * x > 1.0) & (y > -13.5) & (y < 12)
        edge = 1 + 1.2 * np.clip(u - 0.75, 0, None) / 0.25
        back = (y + 2.2 * np.sin(u * 2.4) - (3.2 + 0.16 * y) * u**2.2) / space + phase
        front = (y - 4.5 + 8.0 * u - 1.5 * u * u) / (space * 1.15) + phase * 1.7
        total += cage * 0.62 * edge * _band(back, broad)
        total += cage * (u > 0.22) * (y > -8) * 0.3 * edge * _band(front, broad * 1.15)
    return total


def _band(place: Floats, half: float) -> Floats:
    """Bands around whole numbers, denser at their rims as bone is."""
    off = np.abs(place - np.round(place)) / half
    return np.asarray((off < 1) * (0.7 + 0.5 * off**4), np.float32)


def _shoulders(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Clavicles and shoulder blades."""
    where = Grid(x, y, 1.0)
    total = np.zeros_like(x)
    for side in SIDES:
        rise = rng.uniform(-0.5, 2.0)
        inner, bend = (side * 1.6, -10.6), (side * 8.0, -11.4 - rise)
        end = (side * 15.5, -11.6 - rise - rng.uniform(0, 1.6))
        far = np.minimum(capsule(where, inner, bend), capsule(where, bend, end))
        total += 1.0 * round_root(0.65 - far, 0.4)
        out = rng.uniform(11.5, 15.5)
        blade = capsule(where, (side * (out + 1.5), -10.5), (side * out, -1.5))
        total += rng.uniform(0.3, 0.7) * round_root(1.8 - blade, 0.5)
        total += 2.0 * round_root(2.6 - np.hypot(x - side * 18.2, y + 12.5), 1.2)
    return total


def _other_air(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """The windpipe and, under the left diaphragm, the stomach's bubble."""
    trachea = 1.7 * round_root(0.85 - np.abs(x - rng.normal(0, 0.25)), 0.85) * (y < -4.5)
    far = np.hypot((x - rng.uniform(4.5, 7)) / rng.uniform(1.2, 2.6), (y - rng.uniform(12.5, 14)))
    return np.asarray(trachea + rng.uniform(0, 6) * round_root(1 - far, 0.8), np.float32)


def _breasts(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Soft shadows with a sharper lower edge."""
    total = np.zeros_like(x)
    thick, low, reach = rng.uniform(0.5, 4.5), rng.uniform(3.0, 7.5), rng.uniform(5.0, 7.0)
    for side in SIDES:
        far = np.hypot(x - side * rng.uniform(7.0, 8.5), (y - low) * np.where(y > low, 1.2, 0.8))
        total += thick * np.clip(1 - far / reach, 0, 1) ** 0.6
    return total
