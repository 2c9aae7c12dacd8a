"""One simulated study as the network saw it, beside its truth: for settling and measuring."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from models.mammography.detect import Seen, Spot, iou
from models.mammography.pairs import Lesion

Box = tuple[float, float, float, float]

NAMES: Final = ("mass", "calcifications")  #: columns of the network's scores
LEAST: Final = 0.2  #: intersection over union from which a box is a hit


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A lesion that is there; `boxes` by view position, in pixels of the image."""

    id: str
    label: int
    side: str
    shape: str
    subtlety: float
    boxes: Mapping[str, Box]


@dataclasses.dataclass(frozen=True, slots=True)
class Observation:
    """A study. `images` is how many views it has; `density` an index of a to d."""

    seed: int
    age: int
    density: int
    scanner: str
    lesions: tuple[Known, ...]
    seen: tuple[Seen, ...]
    images: int = 4

    @property
    def normal(self) -> bool:
        """Without any lesion."""
        return not self.lesions


def hit(seen: Seen, spot: Spot, lesions: Sequence[Known]) -> str:
    """The id of the lesion that a detection hits, or nothing.

    A hit has the lesion's label, and its middle in the lesion's box or an intersection over
    union of `LEAST`.
    """
    for one in lesions:
        box = one.boxes.get(seen.view.position)
        if box is None or one.side != seen.view.laterality or one.label != spot.label:
            continue
        column, row = (spot.box[0] + spot.box[2]) / 2, (spot.box[1] + spot.box[3]) / 2
        middle = box[0] <= column <= box[2] and box[1] <= row <= box[3]
        if middle or iou(np.array(spot.box), np.array([box]))[0] >= LEAST:
            return one.id
    return ""


def hits(found: Lesion, lesions: Sequence[Known]) -> tuple[str, ...]:
    """What each of the views of a found lesion hits."""
    return tuple(hit(seen, spot, lesions) for seen, spot in found.places)
