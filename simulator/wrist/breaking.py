"""A fracture as made: what was changed, and where its ends are."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.wrist.person import Person
from simulator.wrist.pieces import Piece
from simulator.wrist.solids import Cut, Floats, Motion, Point, View


@dataclasses.dataclass(frozen=True, slots=True)
class Blow:
    """What breaks a bone of `who`. Subtlety runs from 0 (nobody misses it) to 1 (many do)."""

    who: Person
    subtlety: float
    rng: np.random.Generator

    @property
    def force(self) -> float:
        """The opposite of the subtlety."""
        return 1 - self.subtlety

    @property
    def size(self) -> float:
        """Of the bones: 1 is an average adult's."""
        return self.who.size


@dataclasses.dataclass(slots=True)
class Broken:
    """A fracture as made: on `piece`, between s = `low` and `high`, at one cut or none."""

    site: str
    kind: str
    subtlety: float
    piece: Piece
    intact: list[Piece]  #: what the changed pieces were before
    changed: list[Piece]
    cut: Cut | None
    low: float
    high: float
    motion: Motion | None = None

    def outline(self, view: View) -> NDArray[np.float64]:
        """(n, 2) across and up of the fracture's ends on the bone's edges, as the view shows."""
        points = [self._line(side, view) for side in (self.low, self.high)]
        moved = [points[1]] if self.motion is None else [self.motion.forth(points[1], view)]
        whole = np.concatenate([points[0], *moved])
        return self.piece.motion.forth(whole, view) if self.piece.motion else whole

    def _line(self, s: float, view: View) -> NDArray[np.float64]:
        if self.cut is None:
            left, right = self.piece.half(s, view)
            u, places = np.array([left, right]), np.array([s, s])
        else:
            left, right = self.piece.half(self.cut.at, view)
            u = np.linspace(max(left, self.cut.reach[0]), min(right, self.cut.reach[1]), 7)
            places = np.concatenate([self.cut.level(u, n) for n in (-1, 0, 1)]) + s
            u = np.tile(u, 3)
            top = getattr(self.piece, "top", None)
            keep = places < (top.level(u, view) if top else math.inf)
            if keep.any():
                u, places = u[keep], places[keep]
        return self.piece.placed(places, u + self.piece.middle(float(places.mean()), view), view)


def done(
    site: str, kind: str, blow: Blow, bone: Piece, cut: Cut, *, rest: Sequence[Piece] = ()
) -> Broken:
    """Put the cut into the bone, and move with it what hangs on the far fragment."""
    before = [copied(bone)]
    bone.cuts.append(cut)
    if cut.motion is not None:
        for piece in rest:
            piece.motion = cut.motion
    return Broken(site, kind, blow.subtlety, bone, before, [bone], cut, -cut.gap / 2, cut.gap / 2,
                  cut.motion)  # fmt: skip


def rough(rng: np.random.Generator, spread: float) -> Floats:
    """A jagged line: mm by steps of half a mm, periodic."""
    fine = ndimage.gaussian_filter1d(rng.normal(size=600), 1.2, mode="wrap")
    broad = ndimage.gaussian_filter1d(rng.normal(size=600), 6.0, mode="wrap")
    line = 0.6 * fine / fine.std() + broad / broad.std()
    return np.asarray(spread * line, np.float32)


def place(piece: Piece, s: float) -> Point:
    """The point of the limb on a bone's axis at `s`."""
    x, y, z = (o + s * a for o, a in zip(piece.origin, piece.axis, strict=True))
    return float(x), float(y), float(z)


def copied(piece: Piece) -> Piece:
    """The bone as it is now: later cuts and motions do not change the copy."""
    return dataclasses.replace(piece, cuts=list(piece.cuts))


def named(pieces: list[Piece], name: str) -> Piece:
    """The piece of that name."""
    return next(piece for piece in pieces if piece.name == name)
