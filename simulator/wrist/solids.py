# ruff: noqa: ANN401 - formulas here take numbers and arrays alike
"""What bones are made of: views, motions, cuts, ends, grain.

The limb's frame: x to the thumb's side, y to the fingertips, z to the back of the hand,
in mm, 0,0,0 in the middle of the wrist joint. A view turns the limb about y: `across` is
what the image shows along its other axis. Arrays of pixels are float32 of one shape.
"""

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Point = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """How the limb is turned about its long axis: 0 PA, pi / 2 lateral; and the pixel, mm."""

    angle: float
    pixel: float

    def across(self, x: Any, z: Any) -> Any:
        """What the image shows of x and z."""
        return x * math.cos(self.angle) + z * math.sin(self.angle)

    def along(self, x: Any, z: Any) -> Any:
        """The part of x and z along the beam."""
        return z * math.cos(self.angle) - x * math.sin(self.angle)


@dataclasses.dataclass(frozen=True, slots=True)
class Motion:
    """A fragment's rigid displacement: about `centre` by two angles, and a `shift`.

    `tilt` is in the plane of the palm (radians, to the thumb's side), `bend` from palm to back.
    """

    centre: Point
    tilt: float
    bend: float
    shift: Point

    def turn(self, view: View) -> float:
        """The rotation that the image shows, radians."""
        return float(view.across(self.tilt, self.bend))

    def back(self, across: Any, up: Any, view: View, share: Any = 1.0) -> tuple[Any, Any]:
        """Where the matter that is now at a place was before."""
        c, y = view.across(self.centre[0], self.centre[2]), self.centre[1]
        dc, dy = view.across(self.shift[0], self.shift[2]), self.shift[1]
        angle = self.turn(view) * share
        cos, sin = np.cos(angle), np.sin(angle)
        a, b = across - c - dc * share, up - y - dy * share
        return a * cos - b * sin + c, a * sin + b * cos + y

    def forth(self, points: NDArray[np.float64], view: View) -> NDArray[np.float64]:
        """Where points (n, 2) of across and up come to lie."""
        c, y = view.across(self.centre[0], self.centre[2]), self.centre[1]
        dc, dy = view.across(self.shift[0], self.shift[2]), self.shift[1]
        cos, sin = math.cos(self.turn(view)), math.sin(self.turn(view))
        a, b = points[:, 0] - c, points[:, 1] - y
        return np.column_stack([a * cos + b * sin + c + dc, b * cos - a * sin + y + dy])


@dataclasses.dataclass(frozen=True, slots=True)
class Cut:
    """A surface through a bone, in the bone's own coordinates (s along it, u across it).

    The surface is at s = `at` + `slope` u + a rough line, shifted by `lean` mm towards one
    end on the near cortex and towards the other on the far one. Bone is missing for `gap`
    mm; what lies beyond moves by `motion`. Only u from `reach[0]` to `reach[1]` is cut.
    """

    at: float
    slope: float
    lean: float
    gap: float
    rough: Floats
    motion: Motion | None = None
    reach: tuple[float, float] = (-1e3, 1e3)

    def level(self, u: Any, layer: int) -> Any:
        """The s of the surface at u, on the layer -1, 0 or 1."""
        index = (u * 2 + 300 + 61 * layer).astype(np.intp) % len(self.rough)
        return self.at + self.slope * u + self.lean * layer + self.rough[index]


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """Where a shaft ends: s = `at` + `slope_x` x + `slope_z` z + `hollow` u²; its plate in mm.

    `wave` mm is how far a growth plate undulates, `depth` how much bone the plate adds.
    """

    at: float
    slope_x: float = 0.0
    slope_z: float = 0.0
    hollow: float = 0.0
    plate: float = 0.8
    depth: float = 0.35
    wave: float = 0.0
    phase: float = 0.0

    def level(self, u: Any, view: View) -> Any:
        """The s of the end at u, as the view shows it."""
        slope = view.across(self.slope_x, self.slope_z)
        waves = np.sin(u * 0.45 + self.phase) + 0.5 * np.sin(u * 1.1 + 2 * self.phase)
        return self.at + slope * u + self.hollow * u * u + self.wave * waves

    def smear(self, depth: Any, view: View) -> Any:
        """Mm over which the end is spread because it is seen obliquely."""
        return np.maximum(0.5 * abs(view.along(self.slope_x, self.slope_z)) * depth, view.pixel)


@dataclasses.dataclass(slots=True)
class Texture:
    """Random grain, periodic, of unit spread: `table` has one entry each `grain` mm."""

    table: Floats
    grain: float

    def at(self, s: Floats, u: Floats, *, stretch: float, offset: float) -> Floats:
        """The grain at s, u, drawn out along s by `stretch`."""
        places = ((s / (self.grain * stretch)) + offset * 17, u / self.grain + offset * 31)
        found = ndimage.map_coordinates(self.table, places, order=1, mode="grid-wrap")
        return np.asarray(found, np.float32)
