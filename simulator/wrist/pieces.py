# ruff: noqa: ANN401 - formulas here take numbers and arrays alike
"""Bones as solids whose thickness along the beam is known by formula: tubes and rounds.

Places are in the limb's frame (`simulator.wrist.solids`), arrays of pixels float32.
"""

import dataclasses
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.wrist.solids import Cut, End, Floats, Motion, Point, Texture, View

STEP_MM: Final = 0.25  #: of a shaft's tables
SQUARE: Final = 2.3  #: the exponent of cross-sections: 2 is an ellipse, more is squarer


@dataclasses.dataclass(slots=True)
class Layers:
    """mm of compact bone along the beam: near cortex, inside, far cortex; and where."""

    near: Floats
    inside: Floats
    far: Floats
    s: Floats
    u: Floats

    def total(self) -> Floats:
        """All three."""
        return self.near + self.inside + self.far


@dataclasses.dataclass(kw_only=True)
class Piece:
    """A bone, or a part of one that moves as a whole."""

    name: str
    origin: Point
    axis: Point
    texture: Texture
    coarse: float = 0.4  #: how strong the grain is
    offset: float = 0.0  #: of the grain
    stretch: float = 3.0
    cuts: list[Cut] = dataclasses.field(default_factory=list)
    motion: Motion | None = None

    def thickness(self, across: Floats, up: Floats, view: View) -> Floats:
        """Mm of compact bone along the beam at each pixel."""
        if self.motion:
            across, up = self.motion.back(across, up, view)
        if not self.cuts:
            return self.layers(across, up, view).total()
        return self._cut(across, up, view)

    def _cut(self, across: Floats, up: Floats, view: View) -> Floats:
        here = self.layers(across, up, view)
        moved = next((cut.motion for cut in self.cuts if cut.motion), None)
        there = here if moved is None else self.layers(*moved.back(across, up, view), view)
        total = np.zeros_like(here.near)
        for layer, side in ((-1, "near"), (0, "inside"), (1, "far")):
            below, above = getattr(here, side), getattr(there, side)
            for cut in self.cuts:
                if cut.motion is None:
                    missing = _missing(cut, here, layer, view.pixel)
                    below = below * (1 - missing)
                    above = above * (1 - _missing(cut, there, layer, view.pixel))
            for cut in self.cuts:
                if cut.motion is not None:
                    low = cut.level(here.u, layer) - cut.gap / 2 - here.s
                    high = there.s - cut.level(there.u, layer) - cut.gap / 2
                    below = below * _ramp(low, view.pixel)
                    above = above * _ramp(high, view.pixel)
            total += below + above if moved is not None else below
        return total

    def local(self, across: Any, up: Any, view: View) -> tuple[Any, Any]:
        """S along the bone and u across it, mm, of places in the image."""
        da, dy = view.across(self.axis[0], self.axis[2]), self.axis[1]
        length = max(math.hypot(da, dy), 0.35)
        a = across - view.across(self.origin[0], self.origin[2])
        y = up - self.origin[1]
        return (a * da + y * dy) / length**2, (a * dy - y * da) / length

    def placed(self, s: Any, u: Any, view: View) -> NDArray[np.float64]:
        """(n, 2) across and up of places s, u of the bone, before any motion."""
        da, dy = view.across(self.axis[0], self.axis[2]), self.axis[1]
        length = max(math.hypot(da, dy), 0.35)
        across = view.across(self.origin[0], self.origin[2]) + s * da + u * dy / length
        return np.column_stack([across, self.origin[1] + s * dy - u * da / length])

    def layers(self, across: Floats, up: Floats, view: View) -> Layers:
        """The uncut, unmoved bone."""
        raise NotImplementedError

    def corners(self, view: View) -> NDArray[np.float64]:
        """(n, 2) across and up: a polygon that holds the bone wherever its parts moved."""
        raise NotImplementedError

    def half(self, s: float, view: View) -> tuple[float, float]:
        """The u of the bone's two edges at s."""
        raise NotImplementedError

    def middle(self, s: float, view: View) -> float:  # noqa: ARG002 - a bone may be bowed
        """How far the bone's middle is from its axis at s."""
        return 0.0


@dataclasses.dataclass(kw_only=True)
class Shaft(Piece):
    """A tube: half widths, offsets, cortex and density by s, between two ends.

    `table` (n, 6): half width in x and z, offset in x and z, cortex, all mm, and the
    density of the inside relative to compact bone; one row each `STEP_MM`.
    """

    table: Floats
    top: End
    bottom: End | None = None

    def layers(self, across: Floats, up: Floats, view: View) -> Layers:
        """The uncut, unmoved bone."""
        s, u = self.local(across, up, view)
        columns = self._columns(view)
        row = np.clip(s / STEP_MM, 0, len(self.table) - 1).astype(np.intp)
        wide, deep, wide_in, deep_in, off, spongy = (column[row] for column in columns)
        centred = u - off
        outer = deep * _round(centred / wide)
        inner = deep_in * _round(centred / wide_in)
        inner = np.minimum(inner, outer)
        bone = _ramp(s, view.pixel)
        inside = inner * spongy
        inside = inside * (1 + self.coarse * self._grain(s, u))
        for end, sign in ((self.top, 1), (self.bottom, -1)):
            if end is None:
                continue
            gap = sign * (end.level(centred, view) - s)
            spread = end.smear(deep, view)
            bone = bone * _ramp(gap, spread)
            plate = np.clip(1 - np.abs(gap - end.plate / 2) / (end.plate / 2 + spread / 2), 0, 1)
            inside = inside + inner * end.depth * plate * end.plate / (end.plate + spread)
        shell = (outer - inner) / 2 * bone
        return Layers(shell, inside * bone, shell, s, centred)

    def corners(self, view: View) -> NDArray[np.float64]:
        """(n, 2) across and up: a polygon that holds the bone wherever its parts moved."""
        low = self.bottom.at - 8 if self.bottom else 0.0
        high = self.top.at + 14
        wide = float(self.table[:, :2].max()) + float(np.abs(self.table[:, 2:4]).max()) + 1
        points = self.placed(np.array([low, low, high, high]), np.array([-wide, wide] * 2), view)
        return _all_places(points, self, view)

    def half(self, s: float, view: View) -> tuple[float, float]:
        """The u of the bone's two edges at s, as measured from its own middle."""
        row = int(np.clip(s / STEP_MM, 0, len(self.table) - 1))
        wide = float(self._columns(view)[0][row])
        return -wide, wide

    def middle(self, s: float, view: View) -> float:
        """How far the bone's middle is from its axis at s."""
        return float(self._columns(view)[4][int(np.clip(s / STEP_MM, 0, len(self.table) - 1))])

    def _columns(self, view: View) -> tuple[Floats, ...]:
        a, b, x, z, cortex, spongy = self.table.T
        cos, sin = math.cos(view.angle), math.sin(view.angle)
        wide = np.hypot(a * cos, b * sin)
        small, thin = np.maximum(a - cortex, 0.2), np.maximum(b - cortex, 0.2)
        wide_in = np.hypot(small * cos, thin * sin)
        off = view.across(x, z)
        return wide, 2 * a * b / wide, wide_in, 2 * small * thin / wide_in, off, spongy

    def _grain(self, s: Floats, u: Floats) -> Floats:
        return self.texture.at(s, u, stretch=self.stretch, offset=self.offset)


@dataclasses.dataclass(kw_only=True)
class Blob(Piece):
    """A rounded bone about its middle: half lengths along s, u and the beam, mm."""

    long: float
    wide: tuple[float, float]  #: half widths where PA and where lateral show them
    cortex: float
    spongy: float
    shape: tuple[tuple[int, float, float], ...] = ()  #: order, share and phase of the outline
    squareness: float = SQUARE

    def layers(self, across: Floats, up: Floats, view: View) -> Layers:
        """The uncut, unmoved bone."""
        s, u = self.local(across, up, view)
        wide, deep = self._sizes(view)
        radius = self._radius(np.arctan2(u / wide, s / self.long))
        n = self.squareness
        far = (np.abs(s / self.long) ** n + np.abs(u / wide) ** n) ** (1 / n) / radius
        small = min(self.long, wide)
        outer = 2 * deep * _round(far)
        inner = 2 * max(deep - self.cortex, 0.2) * _round(far * small / (small - self.cortex))
        inner = np.minimum(inner, outer)
        inside = inner * self.spongy
        grain = self.texture.at(s, u, stretch=self.stretch, offset=self.offset)
        shell = (outer - inner) / 2
        return Layers(shell, inside * (1 + self.coarse * grain), shell, s, u)

    def corners(self, view: View) -> NDArray[np.float64]:
        """(n, 2) across and up: a polygon that holds the bone wherever its parts moved."""
        s, u = 1.35 * self.long, 1.35 * self._sizes(view)[0]
        points = self.placed(np.array([-s, -s, s, s]), np.array([-u, u, -u, u]), view)
        return _all_places(points, self, view)

    def half(self, s: float, view: View) -> tuple[float, float]:
        """The u of the bone's two edges at s."""
        wide = self._sizes(view)[0] * math.sqrt(max(0.05, 1 - (s / self.long) ** 2))
        return -wide, wide

    def _sizes(self, view: View) -> tuple[float, float]:
        flat, deep = self.wide
        cos, sin = math.cos(view.angle), math.sin(view.angle)
        wide = math.hypot(flat * cos, deep * sin)
        return wide, flat * deep / wide

    def _radius(self, angle: Floats) -> Floats:
        total = np.ones_like(angle)
        for order, share, phase in self.shape:
            total += share * np.cos(order * angle + phase)
        return total


def _all_places(points: NDArray[np.float64], piece: Piece, view: View) -> NDArray[np.float64]:
    """`points` of a piece, and where the motions of its parts and of itself bring them."""
    places = [points, *(cut.motion.forth(points, view) for cut in piece.cuts if cut.motion)]
    whole = np.concatenate(places)
    return piece.motion.forth(whole, view) if piece.motion else whole


def _round(share: Any) -> Any:
    """1 in the middle, 0 at the edge: the chord of a squarish round."""
    return np.clip(1 - np.abs(share) ** SQUARE, 0, None) ** (1 / SQUARE)


def _ramp(distance: Any, width: Any) -> Any:
    """0 outside, 1 inside, over `width` mm: a pixel covers part of an edge."""
    return np.clip(distance / width + 0.5, 0, 1)


def _missing(cut: Cut, where: Layers, layer: int, pixel: float) -> Floats:
    """The share of each pixel that the gap of an immobile cut takes."""
    away = np.abs(where.s - cut.level(where.u, layer))
    low, high = cut.reach
    ends = np.clip((where.u - low) / 1.5 + 0.5, 0, 1) * np.clip((high - where.u) / 1.5 + 0.5, 0, 1)
    share = np.clip((cut.gap / 2 - away) / pixel + 0.5, 0, min(1.0, cut.gap / pixel))
    return np.asarray(share * ends, np.float32)
