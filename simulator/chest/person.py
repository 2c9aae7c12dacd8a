# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Who is imaged, and where each pixel is in the patient.

The patient's frame is in cm, 0,0,0 in the middle of the chest: x to the patient's left,
y to the feet, z to the front.
"""

import dataclasses
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
View = Literal["PA", "AP", "LL"]
SIDES: Final = (-1, 1)  #: the patient's right, the patient's left


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Who is imaged and how, in words and in cm."""

    age: int
    sex: Literal["F", "M"]
    view: View
    size: float  #: 1 is an average person on the detector
    fat: float  #: of the chest wall
    depth: float  #: half of the chest's inner depth
    half: float  #: half of the chest's inner width
    breath: float  #: 0 shallow to 1 deep
    turn: float  #: rotation in the image plane, radians
    shift: tuple[float, float]  #: of the patient on the detector
    heart_share: float  #: cardiothoracic ratio as the image shows it
    enlarged: bool

    @property
    def bedside(self) -> bool:
        """Whether the patient lies in bed: more devices, shallower breath."""
        return self.view == "AP"


def person(rng: np.random.Generator, *, view: View | None, enlarged: float | None) -> Person:
    """Draw an adult. `enlarged`: the subtlety of a heart from 0.53 of the chest's width on."""
    sex: Literal["F", "M"] = "F" if rng.random() < 0.5 else "M"
    drawn: View = "PA" if rng.random() < 0.7 else "AP"
    share = rng.uniform(0.36, 0.485) if enlarged is None else 0.68 - 0.14 * enlarged
    view = view or drawn
    return Person(
        age=int(np.clip(rng.normal(60, 19), 18, 95)),
        sex=sex,
        view=view,
        size=float(rng.normal(1.28 if sex == "M" else 1.2, 0.07)),
        fat=float(np.clip(rng.gamma(3, 0.6), 0.3, 6)),
        depth=float(np.clip(rng.normal(8.6, 0.8), 6.8, 11)),
        half=float(rng.uniform(12.2, 13.8)),
        breath=float(rng.uniform(0, 0.6 if view == "AP" else 1)),
        turn=float(rng.normal(0, 0.04)),
        shift=(float(rng.normal(0, 0.9)), float(rng.normal(0, 1.4))),
        heart_share=float(share),
        enlarged=enlarged is not None,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Grid:
    """Where each pixel is in the patient's frame; `across` is x, on a lateral image z."""

    across: Floats
    y: Floats
    spacing_mm: float
    lateral: bool
    matrix: NDArray[np.float64]  #: (2, 3): from (across, y, 1) to (column, row) of pixel centres

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.y.shape[0], self.y.shape[1]

    def pixels(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(column, row) of points (n, 3) of the patient's frame."""
        across = points[:, 2 if self.lateral else 0]
        flat = np.stack([across, points[:, 1], np.ones(len(points))])
        return np.asarray((self.matrix @ flat).T)

    def from_axis(self, point: NDArray[Any]) -> tuple[Floats, Floats]:
        """Centimetres across and down from the ray through a point (3,)."""
        place = point[2] if self.lateral else point[0]
        return self.across - np.float32(place), self.y - np.float32(point[1])


def grid(who: Person, rows: int, columns: int, spacing_mm: float) -> Grid:
    """Pixel centres, turned, shifted and scaled into the frame of an average patient.

    On a left lateral image the patient looks to the left: z falls along the rows.
    """
    cm, lateral = spacing_mm / 10, who.view == "LL"
    flip = -1.0 if lateral else 1.0
    across = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None] * cm - who.shift[0]
    down = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None] * cm - who.shift[1]
    cos, sin = np.cos(who.turn) / who.size, np.sin(who.turn) / who.size
    forward = np.array([[flip * cos, flip * sin], [-sin, cos]])  # detector to patient
    back = np.linalg.inv(forward)
    middle = [(columns - 1) / 2 + who.shift[0] / cm, (rows - 1) / 2 + who.shift[1] / cm]
    matrix = np.column_stack([back / cm, middle])
    place, y = flip * (cos * across + sin * down), cos * down - sin * across
    return Grid(place.astype(np.float32), y.astype(np.float32), spacing_mm, lateral, matrix)
