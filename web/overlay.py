"""Where findings are drawn: outlines in the image's own pixels, labels that do not collide."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final

from core.domain.finding import Finding, Region
from web.answers import Answer
from web.images import Image
from web.words import Words

TONES: Final = 4  #: as many colours and dash patterns as the style sheet has
LETTER: Final = 0.56  #: mean width of a letter over its height
LINE: Final = 1.5  #: distance of two labels over the height of a letter

Box = tuple[float, float, float, float]  #: left, top, right, bottom


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """One region with its number and label.

    `points` are in pixels; `x`, `y` (the left end of the label's middle line) and `size` (the
    height of a letter) are in widths of a pixel, which differ where pixels are not square.
    """

    number: int
    tone: int
    image: int
    frame: int
    points: str
    label: str
    ratio: float
    x: float
    y: float
    size: float


def marks(
    answers: Iterable[Answer], images: Sequence[Image], words: Words
) -> dict[tuple[str, int], Mark]:
    """The marks by (job id, place among the job's present findings), numbered from 1."""
    by_uid = {image.instance.sop_uid: image for image in images}
    drawn: dict[tuple[str, int], Mark] = {}
    taken: dict[tuple[int, int], list[Box]] = {}
    for answer in answers:
        for place, finding in enumerate(answer.present):
            region = finding.region
            image = by_uid.get(region.sop_uid) if region else None
            if region and image:
                boxes = taken.setdefault((image.number, region.frame), [])
                mark = _mark(len(drawn) + 1, finding, region, image, words=words, taken=boxes)
                drawn[answer.job.id, place] = mark
    return drawn


def _mark(
    number: int, finding: Finding, region: Region, image: Image, *, words: Words, taken: list[Box]
) -> Mark:
    """One mark; its label's box is added to `taken`."""
    label = f"{finding.code.text(words.language)} {words.percent(finding.probability)}"
    size = max(image.columns, image.height) / 48
    x, y = _free(region, image, (len(label) + 4) * LETTER * size, size, taken)
    points = " ".join(f"{column:g},{row:g}" for column, row in region.points)
    tone = (number - 1) % TONES + 1
    return Mark(
        number, tone, image.number, region.frame, points, label, image.ratio, x, y, size
    )  # fmt: skip


def _free(
    region: Region, image: Image, width: float, size: float, taken: list[Box]
) -> tuple[float, float]:
    """Above the region, else below, else lower and lower until no other label is in the way."""
    left, top, _, bottom = region.box
    step = LINE * size
    x = min(max(left, size), max(image.columns - width, size))
    above, below = top * image.ratio - step, bottom * image.ratio + step
    lower = (above + step * count for count in range(1, 40))
    tried = [y for y in (above, below, *lower) if step < y < image.height - step] or [step]
    y = next((y for y in tried if _is_free(_box(x, y, width, step), taken)), tried[0])
    taken.append(_box(x, y, width, step))
    return x, y


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x, y - height / 2, x + width, y + height / 2


def _is_free(box: Box, taken: list[Box]) -> bool:
    """Whether no other label lies in `box`; touching is allowed."""
    left, top, right, bottom = box
    return all(
        right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
        for other in taken
    )
