# ruff: noqa: PLR2004 - positioning is a matter of numbers, each used once
"""How limb, collimator and detector lie to one another in one image."""

import dataclasses
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.wrist.person import Person
from simulator.wrist.solids import Floats, View

ANGLES: Final = {"PA": 0.0, "LL": math.pi / 2, "OBL": math.pi / 4}
ASKEW: Final = 0.2  #: share of images whose collimator does not lie along the detector


@dataclasses.dataclass(frozen=True, slots=True)
class Limb:
    """Where every pixel centre is in the limb: across and up, mm, (rows, columns) each."""

    across: Floats
    up: Floats
    view: View

    def part(self, window: tuple[slice, slice]) -> "Limb":
        """The pixels of a window."""
        return Limb(self.across[window], self.up[window], self.view)


@dataclasses.dataclass(frozen=True, slots=True)
class Placing:
    """One image: the frame of pixels and where the limb is in it.

    `middle` is the limb's point (across, up), mm, in the middle of the frame; `turn` the
    limb's rotation in the plane, `field_turn` the collimator's; `mirror` -1 where across
    runs to the left. `field` are the collimator's half sizes, mm.
    """

    view: View
    rows: int
    columns: int
    spacing: float
    middle: tuple[float, float]
    turn: float
    mirror: int
    field: tuple[float, float]
    field_turn: float
    field_shift: tuple[float, float]

    def limb(self) -> Limb:
        """Across and up, mm, of every pixel centre."""
        right, down = self._millimetres()
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        across = self.mirror * (right * cos + down * sin) + self.middle[0]
        up = right * sin - down * cos + self.middle[1]
        return Limb(across.astype(np.float32), up.astype(np.float32), self.view)

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) column and row, 0,0 the outer corner, of limb points (across, up)."""
        a = (points[:, 0] - self.middle[0]) * self.mirror
        b = points[:, 1] - self.middle[1]
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        right, down = a * cos + b * sin, a * sin - b * cos
        return np.column_stack([
            right / self.spacing + self.columns / 2, down / self.spacing + self.rows / 2,
        ])  # fmt: skip

    def in_field(self) -> tuple[Floats, Floats]:
        """Each pixel's place in the collimator's own frame, mm right and down of its middle."""
        right, down = self._millimetres()
        right, down = right - self.field_shift[0], down - self.field_shift[1]
        cos, sin = math.cos(self.field_turn), math.sin(self.field_turn)
        return (
            (right * cos + down * sin).astype(np.float32),
            (down * cos - right * sin).astype(np.float32),
        )

    def beam(self, penumbra: float, leak: float) -> Floats:
        """The share of the beam that reaches each pixel: 1 in the field, less at its edge."""
        right, down = self.in_field()
        inside = np.minimum(self.field[0] - np.abs(right), self.field[1] - np.abs(down))
        share = 1 / (1 + np.exp(-np.clip(inside / penumbra, -12, 12)))
        return np.asarray(np.maximum(share, leak), np.float32)

    def _millimetres(self) -> tuple[Floats, Floats]:
        right = (np.arange(self.columns, dtype=np.float32) - (self.columns - 1) / 2) * self.spacing
        down = (np.arange(self.rows, dtype=np.float32) - (self.rows - 1) / 2) * self.spacing
        return right[None], down[:, None]


def placing(
    who: Person, name: str, size: int, rng: np.random.Generator, *, hand: bool = False
) -> Placing:
    """Draw how an image of `size` rows is taken; `hand` looks at the metacarpals."""
    angle = ANGLES[name] + float(rng.normal(0, 0.07 if name == "PA" else 0.10))
    low = 150 if hand else 112
    high = float(np.clip(who.size * rng.uniform(low, 225), 75, 260))
    lateral = name == "LL"
    need = who.size * ((58 if lateral else 74) + 0.13 * high / who.size)
    broad = float(np.clip(need * rng.uniform(1.0, 1.45), 0.42 * high, 0.98 * high))
    askew = rng.random() < ASKEW
    field_turn = float(rng.uniform(-0.8, 0.8)) if askew else float(rng.normal(0, 0.012))
    turn = field_turn + float(rng.normal(0, 0.09))
    half = broad / 2, high / 2
    cos, sin = abs(math.cos(field_turn)), abs(math.sin(field_turn))
    frame_rows, frame_columns = (
        2 * (half[1] * cos + half[0] * sin),
        2 * (half[0] * cos + half[1] * sin),
    )
    margin = float(rng.uniform(0.97, 1.0)) if rng.random() < 0.5 else float(rng.uniform(1.0, 1.12))
    shift = (0.0, 0.0) if askew else tuple(rng.normal(0, 0.012 * high, 2))
    spacing = frame_rows * margin / size
    columns = int(np.clip(round(frame_columns * margin / spacing), 0.45 * size, 1.15 * size))
    up = who.size * float(rng.normal(55, 10) if hand else rng.normal(4, 16)) + 0.02 * high
    across = who.size * (float(rng.normal(-5, 6)) if not lateral else float(rng.normal(-1, 4)))
    side = 1 if who.side == "L" else -1
    mirror = side if not lateral or rng.random() < 0.8 else -side
    return Placing(
        View(angle, spacing), size, columns, spacing, (across, up), turn, mirror, half,
        field_turn, (float(shift[0]), float(shift[1])),
    )  # fmt: skip
