# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""One person's own numbers about the averages."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from simulator.wrist.averages import Knots
from simulator.wrist.person import Person
from simulator.wrist.pieces import STEP_MM
from simulator.wrist.solids import Floats, Point, Texture


class Own:
    """A person's own numbers about the averages."""

    def __init__(self, who: Person, rng: np.random.Generator, grain: Texture) -> None:
        self.who, self.rng, self.grain = who, rng, grain
        self.slender = float(rng.normal(1.0, 0.05))
        self.cortical = float(np.clip(who.mineral, 0.5, 1.1)) ** 0.8
        self.coarse = float(rng.uniform(0.14, 0.32)) * (1.25 if who.mineral < 0.75 else 1.0)
        young = float(np.clip((who.maturity - 4) / 12, 0, 1))
        #: children's joints lie further apart: cartilage
        self.open = 1 + 0.05 * (1 - young)

    def table(self, knots: Knots, start: float, scale: float, wide: float) -> Floats:
        """The knots as a table from `start` on, lengths times `scale`, widths times `wide`."""
        rows = np.array(knots, np.float64)
        s = (rows[:, 0] - start) * scale
        smooth = PchipInterpolator(s, rows[:, 1:])(np.arange(0, s[-1], STEP_MM))
        smooth[:, :2] *= wide * self.slender
        smooth[:, 2:4] *= scale
        smooth[:, 4] *= wide * self.cortical
        smooth[:, 4] = np.maximum(smooth[:, 4], 0.35)
        smooth[:, 5] *= self.who.mineral
        return np.asarray(smooth, np.float32)

    def near(self, place: Point, sigma: float = 0.5) -> Point:
        """A place in this person."""
        x, y, z = (np.array(place) + self.rng.normal(0, sigma, 3)) * self.who.size
        return float(x), float(y), float(z)

    def ossified(self, appears: float, full: float) -> float:
        """0 before the nucleus appears, 1 when the bone is grown."""
        share = (self.who.maturity - appears) / (full - appears)
        return float(np.clip(share, 0, 1) ** 0.6)

    def physis(self) -> float:
        """The thickness of an open growth plate in mm; 0 where it is closed."""
        years = self.who.maturity
        if years >= 17:
            return 0.0
        return float(np.interp(years, (2, 6, 11, 15, 17), (2.6, 2.1, 1.6, 1.1, 0.3)))


def dense(table: Floats, s: float, spread: float, amount: float) -> None:
    """A line of denser bone across a shaft, where growth once stopped."""
    rows = np.arange(len(table)) * STEP_MM
    table[:, 5] += amount * np.exp(-(((rows - s) / spread) ** 2)).astype(np.float32)


def unit(vector: Sequence[float]) -> Point:
    """The direction of `vector`, of length 1."""
    length = math.sqrt(sum(part * part for part in vector))
    x, y, z = (float(part) / length for part in vector)
    return x, y, z


def point(vector: NDArray[np.float64]) -> Point:
    """An array of three as a point."""
    x, y, z = (float(part) for part in vector)
    return x, y, z
