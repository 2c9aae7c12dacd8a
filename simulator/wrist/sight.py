"""What one image shows of a fracture: its box, and how clearly it is to be seen."""

import dataclasses
from typing import Final

import numpy as np
from scipy import ndimage

from simulator.wrist import exposure
from simulator.wrist.breaking import Broken
from simulator.wrist.exposure import Thickness
from simulator.wrist.person import Person
from simulator.wrist.placing import Limb, Placing
from simulator.wrist.solids import Floats
from simulator.wrist.truth import TrueFinding

#: A fracture is to be seen where, at 512 rows, so many pixels change by so many nepers (as
#: much as the grain of bone does), less where other bones lie over it: they hide it.
SEEN_AT: Final = 0.30
SEEN_PIXELS: Final = 14
SEEN_ROWS: Final = 512
COVERED: Final = 0.35  #: of its box by metal hides it
INSIDE: Final = 0.6  #: of its box must lie in the collimator's field
MARGIN_MM: Final = 2.5  #: of a box about the fracture's ends, in an adult

Window = tuple[slice, slice]


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """One image before the exposure. Arrays are (rows, columns), mm along the beam."""

    who: Person
    place: Placing
    limb: Limb
    bone: Floats  #: all of it
    metal: Floats
    kvp: float

    def told(self, one: Broken) -> TrueFinding | None:
        """The fracture with its box and contrast, 0 where little of it lies in the field.

        None where all of it lies outside the image.
        """
        points = self.place.pixels(one.outline(self.place.view))
        margin = MARGIN_MM * self.who.size / self.place.spacing
        low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
        frame = np.array([self.place.columns, self.place.rows])
        inner_low, inner_high = np.clip(low, 0, frame), np.clip(high, 0, frame)
        if (inner_high - inner_low).min() < 1:
            return None
        left, top = np.floor(inner_low).astype(int)
        right, bottom = np.ceil(inner_high).astype(int)
        window = slice(top, bottom), slice(left, right)
        contrast = 0.0
        whole = np.prod(inner_high - inner_low) >= INSIDE * np.prod(high - low)
        if whole and self._exposed(window):
            contrast = self._contrast(one, window) * self._alone(one, window)
        box = (*inner_low.round(1).tolist(), *inner_high.round(1).tolist())
        return TrueFinding(
            one.site, one.kind, one.piece.name, round(one.subtlety, 3), box, round(contrast, 3)
        )

    def _exposed(self, window: Window) -> bool:
        """Whether the beam reaches the window, and no metal covers it."""
        beam = self.place.beam(0.5, 0)[window] > exposure.SHUTTER
        return bool(beam.mean() >= INSIDE and (self.metal[window] > 0).mean() <= COVERED)

    def _alone(self, one: Broken, window: Window) -> float:
        """The share of the bone along the beam that is the broken bone's own, where it is."""
        limb, bone = self.limb.part(window), self.bone[window]
        own = np.zeros_like(bone)
        for piece in one.changed:
            own += piece.thickness(limb.across, limb.up, limb.view)
        there = own > 0.3 * float(own.max(initial=0.0))
        return float((own[there] / np.maximum(bone[there], 1e-3)).mean()) if there.any() else 0.0

    def _contrast(self, one: Broken, window: Window) -> float:
        """The change of the signal in nepers that so many pixels exceed, as 512 rows show it."""
        limb = self.limb.part(window)
        change = np.zeros_like(limb.across)
        for sign, pieces in ((1, one.changed), (-1, one.intact)):
            for piece in pieces:
                change += sign * piece.thickness(limb.across, limb.up, limb.view)
        nothing = np.zeros_like(change)
        nepers = exposure.line_integral(Thickness(nothing, change, nothing), self.kvp)
        scale = self.place.rows / SEEN_ROWS
        blurred = np.abs(ndimage.gaussian_filter(nepers, 0.6 * scale)).ravel()
        wanted = max(1, int(SEEN_PIXELS * scale**2))
        if blurred.size <= wanted:
            return 0.0
        return float(np.partition(blurred, -wanted)[-wanted])
