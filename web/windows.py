"""Windows for CT (centre and width in HU), by the key that chooses them."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from core.domain import codes
from web import segments
from web.answers import Answer
from web.images import Image


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """A window by its name in `texts`; `value` as a URL asks for it, "" for the image's own."""

    name: str
    value: str = ""


OWN: Final = Window("own")
LUNG: Final = Window("lung", "-600,1500")
CT: Final = (OWN, LUNG, Window("soft", "40,400"), Window("bone", "400,1800"))


def offered(images: Sequence[Image]) -> tuple[Window, ...]:
    """The windows to choose from: only CT has values that one window fits."""
    return CT if images and all(one.instance.modality == "CT" for one in images) else ()


def first(images: Sequence[Image], answers: Sequence[Answer]) -> Window:
    """The window to begin with: the lungs' where an answer is about them."""
    about = {one.code for one in segments.of(answers)}
    about |= {one.site for answer in answers for one in answer.present if one.site}
    return LUNG if offered(images) and codes.LUNG in about else OWN
