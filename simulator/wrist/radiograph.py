# ruff: noqa: PLR2004 - shares, each used once
"""Simulated radiographs of a wrist with known truth.

`make` is a pure function of its arguments: one seed gives one patient with one injury, in
every view and at every pixel size.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.wrist import anatomy, exposure, fractures, placing, soft, things
from simulator.wrist import person as persons
from simulator.wrist.breaking import Broken
from simulator.wrist.exposure import Thickness
from simulator.wrist.person import Person
from simulator.wrist.pieces import Piece
from simulator.wrist.placing import Limb, Placing
from simulator.wrist.scanners import SCANNERS
from simulator.wrist.sight import SEEN_AT, Sight
from simulator.wrist.solids import Floats
from simulator.wrist.truth import Truth

PREVALENCE: Final = 0.52  #: share of patients with a fracture
VIEWS: Final = ("PA", "LL", "OBL")
CAST: Final = 0.10
METAL: Final = 0.07
MARKED: Final = 0.8


@dataclasses.dataclass(frozen=True, slots=True)
class Radiograph:
    """`pixels` (rows, columns), 12 bits, larger is brighter; `bone` mm, before the exposure.

    `row_direction`: where columns increase towards, of a hand that hangs down with its palm
    to the front (first value of Patient Orientation, PS3.3 C.7.6.1.1.1).
    """

    pixels: NDArray[np.uint16]
    spacing_mm: float
    truth: Truth
    bone: Floats
    row_direction: str


def make(
    seed: int,
    *,
    scanner: str,
    view: str = "PA",
    size: int = 512,
    prevalence: float = PREVALENCE,
    subtler: float = 0.0,
) -> Radiograph:
    """The radiograph of `seed` in one of `VIEWS`; `size` is the number of rows.

    `prevalence` is the share of seeds with a fracture; `subtler` (0 to 1) leaves out
    the more obvious ones.
    """
    profile, turn = SCANNERS[scanner], VIEWS.index(view)
    who = persons.person(np.random.default_rng([seed, 0]))
    pieces = anatomy.skeleton(who, np.random.default_rng([seed, 1]))
    rng = np.random.default_rng([seed, 2])
    broken = fractures.fracture(who, pieces, rng, subtler) if rng.random() < prevalence else []
    hand = any(one.site == "metacarpal" for one in broken) or rng.random() < 0.12
    place = placing.placing(who, view, size, np.random.default_rng([seed, 3, turn]), hand=hand)
    limb = place.limb()
    bone = paint(pieces, place, limb)
    layers = _layers(who, place, limb, broken, seed=seed, turn=turn)
    beam = place.beam(float(rng.uniform(0.25, 0.9)), exposure.LEAK)
    through = Thickness(np.maximum(layers.tissue - 0.7 * bone, 0), bone + layers.bone, layers.metal)
    noise = np.random.default_rng([seed, 5, turn])
    dose = float(np.exp(noise.normal(0, 0.35)))
    signal = exposure.expose(through, beam, profile, place.spacing, noise, dose=dose)
    pixels = exposure.present(signal, beam, profile, place.spacing)
    sight = Sight(who, place, limb, bone, layers.metal, profile.kvp)
    told = [finding for finding in map(sight.told, broken) if finding]
    seen = [finding for finding in told if finding.contrast >= SEEN_AT]
    hidden = [finding for finding in told if finding.contrast < SEEN_AT]
    truth = Truth(
        who.age, who.sex, who.side, view, scanner, tuple(seen), layers.has_cast, layers.has_metal,
        tuple(hidden),
    )  # fmt: skip
    return Radiograph(pixels, place.spacing, truth, bone, _row_direction(who, place))


def paint(pieces: Iterable[Piece], place: Placing, limb: Limb) -> Floats:
    """Mm of compact bone along the beam at each pixel."""
    total = np.zeros((place.rows, place.columns), np.float32)
    for piece in pieces:
        corners = place.pixels(piece.corners(place.view))
        left, top = np.floor(corners.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
        rows = slice(max(top, 0), min(bottom, place.rows))
        columns = slice(max(left, 0), min(right, place.columns))
        if rows.start < rows.stop and columns.start < columns.stop:
            part = limb.part((rows, columns))
            total[rows, columns] += piece.thickness(part.across, part.up, limb.view)
    return total


def _row_direction(who: Person, place: Placing) -> str:
    thumb = "L" if (who.side == "L") == (place.mirror > 0) else "R"
    back = "P" if place.mirror > 0 else "A"
    if abs(math.cos(place.view.angle)) > 0.9:
        return thumb
    return back if abs(math.cos(place.view.angle)) < 0.4 else thumb + back


@dataclasses.dataclass(slots=True)
class _Layers:
    """What is not a bone, mm along the beam."""

    tissue: Floats
    bone: Floats
    metal: Floats
    has_cast: bool
    has_metal: bool


def _layers(
    who: Person, place: Placing, limb: Limb, broken: list[Broken], *, seed: int, turn: int
) -> _Layers:
    rng = np.random.default_rng([seed, 4])
    motion = next(
        (one.motion for one in broken if one.site == "distal_radius" and one.motion), None
    )
    swollen = rng.random() < (0.6 if broken else 0.15)
    swelling = (float(rng.normal(-10, 20)) * who.size, float(rng.uniform(0.5, 4)) if swollen else 0)
    clouds = np.random.default_rng([seed, 6])
    total = soft.tissue(who, limb, clouds, motion=motion, swelling=swelling)
    has_cast, has_metal = bool(rng.random() < CAST), bool(rng.random() < METAL)
    hard, metal = np.zeros_like(total), np.zeros_like(total)
    if has_cast:
        gypsum, hard = soft.cast(who, limb, np.random.default_rng([seed, 7]))
        total = total + gypsum
    if has_metal:
        metal = things.implants(who, limb, np.random.default_rng([seed, 8]))
    if rng.random() < MARKED:
        plastic, letter = things.marker(place, who.side, np.random.default_rng([seed, 9, turn]))
        total, metal = total + plastic, metal + letter
    return _Layers(total, hard, metal, has_cast, has_metal)
