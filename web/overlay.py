"""Where findings are drawn: outlines in the image's own pixels, labels that do not collide."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from core.domain.finding import Finding, Region
from web.answers import Answer
from web.images import Image
from web.words import Words

TONES: Final = 4  #: as many colours and dash patterns as the style sheet has
LETTERS: Final = 48  #: letters that an image is high
LETTER: Final = 0.62  #: mean width of a letter over its height
NEAR: Final = 6  #: free places tried for one off all regions, before any free one is taken
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


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """What is on one frame already: labels, which never overlap, and regions, for which labels
    give way where they can.
    """

    taken: list[Box]
    regions: list[Box]


def marks(
    answers: Sequence[Answer], images: Sequence[Image], words: Words, *, letters: int = LETTERS
) -> dict[tuple[str, int], Mark]:
    """The marks by (job id, place among the job's present findings), numbered from 1.

    Findings with one tracking UID are one lesion in two views: they share a number.
    `letters` is how many an image is high.
    """
    by_uid = {image.instance.sop_uid: image for image in images}
    drawn: dict[tuple[str, int], Mark] = {}
    numbers: dict[str, int] = {}
    taken: dict[tuple[int, int], list[Box]] = {}
    regions: dict[tuple[int, int], list[Box]] = {}
    for region, image in _drawn(answers, by_uid):
        regions.setdefault((image.number, region.frame), []).append(_around(region, image.ratio))
    for answer in answers:
        for place, finding in enumerate(answer.present):
            for seen, image in _seen(finding, by_uid):
                key = image.number, seen.frame
                room = Room(taken.setdefault(key, []), regions[key])
                lesion = finding.tracking_uid or f"{answer.job.id} {place}"
                number = numbers.setdefault(lesion, len(numbers) + 1)
                size = max(image.columns, image.height) / letters
                drawn[answer.job.id, place] = _mark(
                    number, finding, seen, image, words=words, size=size, room=room
                )
    return drawn


def _seen(finding: Finding, by_uid: Mapping[str, Image]) -> Iterator[tuple[Region, Image]]:
    """The region of a finding as it is shown, with its image; nothing where it is on none."""
    region = finding.region
    image = by_uid.get(region.sop_uid) if region else None
    if region and image:
        yield _mirrored(region, image.columns) if image.flip else region, image


def _drawn(
    answers: Iterable[Answer], by_uid: Mapping[str, Image]
) -> Iterator[tuple[Region, Image]]:
    for answer in answers:
        for finding in answer.present:
            yield from _seen(finding, by_uid)


def _around(region: Region, ratio: float) -> Box:
    left, top, right, bottom = region.box
    return left, top * ratio, right, bottom * ratio


def _mirrored(region: Region, columns: int) -> Region:
    """The region on the image with left and right changed."""
    points = tuple((columns - column, row) for column, row in region.points)
    return dataclasses.replace(region, points=points)


def _mark(
    number: int,
    finding: Finding,
    region: Region,
    image: Image,
    *,
    words: Words,
    size: float,
    room: Room,
) -> Mark:
    """One mark; its label's box is taken from `room`."""
    label = f"{finding.code.text(words.language)} {words.percent(finding.probability)}"
    x, y = _free(region, image, (len(label) + 4) * LETTER * size, size, room)
    points = " ".join(f"{column:g},{row:g}" for column, row in region.points)
    tone = (number - 1) % TONES + 1
    return Mark(
        number, tone, image.number, region.frame, points, label, image.ratio, x, y, size
    )  # fmt: skip


def _free(
    region: Region, image: Image, width: float, size: float, room: Room
) -> tuple[float, float]:
    """Above the region, else below, else lower and lower until no other label is in the way.

    Near the region a place off all regions is preferred: what is outlined is looked at.
    """
    left, top, _, bottom = region.box
    step = LINE * size
    x = min(max(left, size), max(image.columns - width, size))
    above, below = top * image.ratio - step, bottom * image.ratio + step
    lower = (above + step * count for count in range(1, 40))
    tried = [y for y in (above, below, *lower) if step < y < image.height - step] or [step]
    free = [y for y in tried if _is_free(_box(x, y, width, step), room.taken)]
    clear = (y for y in free[:NEAR] if _is_free(_box(x, y, width, step), room.regions))
    y = next(clear, (free or tried)[0])
    room.taken.append(_box(x, y, width, step))
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
