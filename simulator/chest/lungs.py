"""Two lungs above a diaphragm: half a superellipsoid each, cut from below by a dome."""

import dataclasses
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.chest.person import Floats, Grid, Person
from simulator.chest.tubes import Points

Numbers = NDArray[Any]

ROUND: Final = 2.4  #: exponent of the superellipsoid


@dataclasses.dataclass(frozen=True, slots=True)
class LungShape:
    """One lung in the patient's frame, in cm."""

    side: int  #: -1 right, 1 left
    apex: float
    base: float  #: y of the top of the diaphragm
    middle: float  #: |x| of the lung's axis
    inner: float  #: |x| of its inner side
    half: float  #: |x| of its outer side
    depth: float  #: half of its depth
    top: tuple[float, float]  #: |x| and z where the diaphragm is highest
    fall: tuple[float, float, float]  #: how far it falls to the outside, the inside, front and back

    def up(self, y: Numbers) -> Numbers:
        """0 where the lung is widest and below, 1 at its apex."""
        return np.asarray(np.clip((self.base - 3 - y) / (self.base - 3 - self.apex), 0, None))

    def outer(self, y: Numbers) -> Numbers:
        """|x| of the lung's outer side at the height `y`."""
        share = np.clip(1 - self.up(y) ** ROUND, 0, None) ** (1 / ROUND)
        return np.asarray(self.middle + (self.half - self.middle) * share)

    def level(self, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
        """Below 1 inside of the superellipsoid; `x` counts to the outside."""
        out = x - self.middle
        across = out / np.where(out > 0, self.half - self.middle, self.middle - self.inner)
        return np.asarray(
            np.abs(across) ** ROUND + self.up(y) ** ROUND + np.abs(z / self.depth) ** ROUND
        )

    def diaphragm(self, x: Numbers, z: Numbers) -> Numbers:
        """The diaphragm's y."""
        out = x - self.top[0]
        reach = np.where(out > 0, self.half - self.top[0], self.top[0])
        fall = np.where(out > 0, self.fall[0], self.fall[1])
        back = (z - self.top[1]) / self.depth
        return np.asarray(self.base + fall * (out / reach) ** 2 + self.fall[2] * back**2)

    def holds(self, points: Points, margin: float = 0.0) -> NDArray[np.bool_]:
        """Which points (n, 3) are in the lung, some cm from its walls and the diaphragm."""
        x, y, z = self.side * points[:, 0], points[:, 1], points[:, 2]
        room = 1 - margin / 5
        return np.asarray(
            (self.level(x, y, z) < room**ROUND) & (y < self.diaphragm(x, z) - margin), np.bool_
        )


@dataclasses.dataclass(slots=True)
class Lung:
    """One lung on one image; findings change `density`.

    `inside` is where the image shows it above the top of the diaphragm; `air` the cm of
    lung along the beam, `density` its share of tissue.
    """

    shape: LungShape
    inside: NDArray[np.bool_]
    wall: Floats  #: cm to the outer wall (on a lateral image: to the front or the back) and above
    dome: Floats  #: cm above the diaphragm's contour, negative below
    air: Floats
    density: Floats

    @property
    def side(self) -> int:
        """-1 right, 1 left."""
        return self.shape.side


def shape(who: Person, side: int, rng: np.random.Generator) -> LungShape:
    """A lung of `who`. The right diaphragm is the higher one."""
    base = 5.4 + 3.6 * who.breath + (0.9 if side > 0 else 0.0) + rng.normal(0, 0.5)
    return LungShape(
        side, -12.4 + rng.normal(0, 0.5), float(base), 4.6 + rng.normal(0, 0.15),
        float(rng.uniform(0.9, 1.6)), who.half, who.depth,
        (float(rng.uniform(4.8, 6.4)), float(rng.uniform(0.5, 2.5))),
        (float(rng.uniform(2.4, 4.6)), float(rng.uniform(0.6, 2.2)), float(rng.uniform(1.2, 2.6))),
    )  # fmt: skip


def lung(form: LungShape, grid: Grid) -> Lung:
    """The lung as the image shows it, filled with healthy air later on."""
    if grid.lateral:
        return _lateral(form, grid)
    x, y = form.side * grid.across, grid.y
    level = form.level(x, y, np.zeros(1, np.float32))
    reach = form.depth * np.clip(1 - level, 0, None) ** (1 / ROUND)  # of the lung, z to both sides
    contour = form.diaphragm(x, np.full(1, form.top[1], np.float32))
    below = np.sqrt(np.clip(y - contour, 0, None) / form.fall[2]) * form.depth
    front = np.clip(reach - np.maximum(form.top[1] + below, -reach), 0, None)
    back = np.clip(np.minimum(form.top[1] - below, reach) + reach, 0, None)
    air = np.where(y < contour, 2 * reach, front + back) * (level < 1)
    out = np.clip((x - form.middle) / (form.half - form.middle), 0, None)
    wall = (1 - (out**ROUND + form.up(y) ** ROUND) ** (1 / ROUND)) * (form.half - form.middle)
    return _lung(form, level, wall, contour - y, air)


def _lateral(form: LungShape, grid: Grid) -> Lung:
    z, y = grid.across, grid.y
    level = form.level(np.full(1, form.middle, np.float32), y, z)
    share = np.clip(1 - level, 0, None) ** (1 / ROUND)
    outside = form.middle + (form.half - form.middle) * share
    inside = form.middle - (form.middle - form.inner) * share
    contour = form.diaphragm(np.full(1, form.top[0], np.float32), z)
    under = np.clip(y - contour, 0, None)
    right = form.top[0] + np.sqrt(under / form.fall[0]) * (form.half - form.top[0])
    left = form.top[0] - np.sqrt(under / form.fall[1]) * form.top[0]
    beyond = np.clip(outside - np.maximum(right, inside), 0, None)
    within = np.clip(np.minimum(left, outside) - inside, 0, None)
    air = np.where(y < contour, outside - inside, beyond + within) * (level < 1)
    wall = (1 - level.clip(0) ** (1 / ROUND)) * form.depth
    return _lung(form, level, wall, contour - y, air)


def _lung(form: LungShape, level: Numbers, wall: Numbers, dome: Numbers, air: Numbers) -> Lung:
    return Lung(
        form,
        np.asarray((level < 1) & (dome > 0), np.bool_),
        np.asarray(wall, np.float32),
        np.asarray(dome, np.float32),
        np.asarray(air, np.float32),
        np.ones_like(air, np.float32),
    )
