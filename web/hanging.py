"""How a study of few images is hung: all of them side by side, as on a light box.

Mammography hangs the right breast on the left of the screen and back to back, a row for
each projection. Other radiographs hang in the order of their numbers. Slices do not hang.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from web.images import Image, text

MOST: Final = 8
SLICED: Final = frozenset({"CT", "MR", "PT", "NM", "US"})
VIEWS: Final = ("CC", "MLO")  #: the rows of a mammography study; further projections follow
#: Where columns must increase towards (PS3.3 C.7.6.1.1.1), so that the chest wall is inside.
_INWARD: Final = {"R": "P", "L": "A"}
_TURNED: Final = {"A": "P", "P": "A"}


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """A place on the light box; without an image it says which one is missing."""

    image: Image | None
    title: str
    side: str = ""  #: L or R where the image stands at the middle line


def hang(images: Sequence[Image]) -> list[list[Panel]]:
    """Rows of panels; none where the images are to be browsed one at a time."""
    few = 1 < len(images) <= MOST and all(one.frames == 1 for one in images)
    if not few or any(one.instance.modality in SLICED for one in images):
        return []
    if all(one.instance.modality == "MG" and one.side for one in images):
        return _back_to_back(images)
    panels = [Panel(one, one.label) for one in images]
    width = 2 if len(panels) in {2, 4} else 3
    return [panels[n : n + width] for n in range(0, len(panels), width)]


def letters(rows: Sequence[Sequence[Panel]], alone: int) -> int:
    """How many letters an image is high: the smaller it hangs, the larger is its writing.

    `alone` is the number for an image that has the screen to itself.
    """
    share = {0: 1.0, 1: 0.85}.get(len(rows), 0.56)
    return round(alone * share)


def _back_to_back(images: Sequence[Image]) -> list[list[Panel]]:
    """Right and left of each projection; a projection of one side alone shows the gap."""
    views = [one.view for one in images]
    order = [*VIEWS, *sorted(set(views) - set(VIEWS))]
    rows = []
    for view in (one for one in order if one in views or one in VIEWS):
        right, left = (
            [one for one in images if (one.side, one.view) == (side, view)] for side in "RL"
        )
        rows += [
            [_panel("R", view, right, place), _panel("L", view, left, place)]
            for place in range(max(len(right), len(left), 1))
        ]
    return rows


def _panel(side: str, view: str, found: Sequence[Image], place: int) -> Panel:
    image = found[place] if place < len(found) else None
    return Panel(image and _inward(image, side), f"{side} {view}".strip(), side)


def _inward(image: Image, side: str) -> Image:
    """The image with its chest wall towards the middle, turned round where it lies otherwise."""
    towards = text(image.instance.attributes, "PatientOrientation")[:1]
    return dataclasses.replace(image, flip=_TURNED.get(towards) == _INWARD[side])
