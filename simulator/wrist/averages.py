"""The bones of an average adult: sizes, places, and when they ossify.

Millimetres in the limb's frame (`simulator.wrist.solids`).
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from simulator.wrist.solids import Point

PROXIMAL: Final = 260.0  #: mm of forearm below the wrist joint
Knots = Sequence[tuple[float, ...]]

#: s from the joint, half width x, z, offset x, z, cortex, density of the inside.
RADIUS: Final[Knots] = (
    (-260, 7.5, 7.0, -3.0, 0.0, 2.9, 0.06), (-120, 7.2, 6.4, 0.5, 1.0, 2.8, 0.05),
    (-70, 7.0, 6.3, 0.5, 0.5, 2.6, 0.07), (-48, 7.6, 6.8, 0.2, 0.2, 2.0, 0.12),
    (-32, 9.6, 8.0, 0.0, 0.0, 1.3, 0.20), (-20, 12.6, 9.2, 0.0, 0.0, 0.9, 0.26),
    (-10, 15.0, 10.2, 0.2, 0.0, 0.7, 0.29), (-2, 15.8, 10.4, 0.4, 0.0, 0.7, 0.30),
    (5, 13.5, 9.4, 2.6, 0.0, 0.7, 0.30), (12, 5.5, 5.5, 9.5, 0.0, 0.7, 0.28),
    (14, 2.5, 3.0, 11.0, 0.0, 0.7, 0.28),
)  # fmt: skip
ULNA: Final[Knots] = (
    (-260, 8.0, 8.0, 8.0, 0.0, 3.0, 0.06), (-120, 6.2, 6.4, 2.5, 0.0, 2.6, 0.05),
    (-60, 5.4, 5.6, 0.5, 0.0, 2.1, 0.07), (-30, 5.2, 5.2, 0.0, 0.0, 1.6, 0.14),
    (-16, 6.0, 5.8, 0.0, 0.0, 1.1, 0.22), (-7, 8.0, 7.4, 0.4, 0.0, 0.8, 0.28),
    (-1, 8.6, 7.8, 0.5, 0.0, 0.7, 0.29), (5, 7.0, 6.8, 0.5, 0.0, 0.7, 0.29),
)  # fmt: skip
METACARPAL: Final[Knots] = (
    (0.0, 1.45, 1.45, 0, 0, 0.14, 0.27), (0.10, 1.40, 1.40, 0, 0, 0.16, 0.25),
    (0.25, 1.02, 1.05, 0, 0, 0.34, 0.12), (0.50, 0.92, 0.98, 0, 0.3, 0.42, 0.06),
    (0.75, 1.05, 1.05, 0, 0, 0.30, 0.13), (0.90, 1.38, 1.32, 0, 0, 0.15, 0.24),
    (1.00, 1.30, 1.25, 0, 0, 0.14, 0.26), (1.1, 0.9, 0.9, 0, 0, 0.14, 0.26),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Carpal:
    """A small bone: middle, direction of its long axis, half sizes, and when it ossifies."""

    name: str
    middle: Point
    axis: Point
    half: tuple[float, float, float]  #: along, across, deep
    age: float  #: years at which its nucleus appears
    shape: tuple[tuple[int, float, float], ...] = ()


CARPALS: Final = (
    Carpal("capitate", (-4, 23, 0), (-0.08, 1, 0.05), (12.5, 7.8, 8.5), 0.3,
           ((2, 0.05, 0.0), (4, 0.05, 0.4))),
    Carpal("hamate", (-17, 24, -1), (0.1, 1, -0.1), (10.0, 8.0, 8.0), 0.4, ((3, 0.10, 0.3),)),
    Carpal("triquetrum", (-23, 12.5, 2), (-0.5, 0.85, 0.1), (8.0, 6.6, 7.0), 2.5, ((3, 0.07, 1),)),
    Carpal("lunate", (-7.5, 6.8, 0), (0.75, 0.1, 0.0), (8.8, 7.4, 8.4), 3.5,
           ((2, 0.04, 0.0), (3, 0.08, 1.6))),
    Carpal("scaphoid", (9.5, 9.5, -3), (0.66, 0.62, -0.42), (12.8, 6.4, 6.2), 5.2,
           ((2, 0.08, 0.0), (3, 0.05, 0.7))),
    Carpal("trapezium", (20.5, 22, -8), (0.5, 0.85, -0.1), (8.2, 7.2, 7.5), 5.4, ((4, 0.07, 0.6),)),
    Carpal("trapezoid", (10.0, 26.5, -1), (-0.2, 1, 0), (7.2, 6.2, 7.5), 5.6, ((4, 0.06, 0.2),)),
    Carpal("pisiform", (-22.5, 13.5, -12), (0.2, 1, 0), (6.2, 5.0, 5.0), 9.5),
)  # fmt: skip
#: Number, base, head, half width of the shaft, age of the epiphysis.
METACARPALS: Final[tuple[tuple[int, Point, Point, float, float], ...]] = (
    (1, (27, 28.5, -12), (50, 67, -22), 5.6, 2.5), (2, (11, 33.5, 1), (19, 100, -2), 4.5, 1.8),
    (3, (-4, 35, 3), (0, 99.5, 2), 4.6, 2.0), (4, (-15, 33.5, 2), (-17.5, 90.5, 1), 3.9, 2.3),
    (5, (-24, 31.5, 0), (-33.5, 83, -2), 4.1, 2.6),
)  # fmt: skip
PHALANGES: Final[tuple[tuple[int, Point, Point, float], ...]] = (
    (1, (52, 71, -23), (61, 101, -25), 4.9), (2, (20, 104, -3), (26, 143, -9), 4.4),
    (3, (0.5, 103.5, 1), (3, 147, -5), 4.5), (4, (-18.5, 94.5, 0), (-20, 134, -6), 4.2),
    (5, (-35.5, 87, -3), (-43, 119, -8), 3.8),
)  # fmt: skip
