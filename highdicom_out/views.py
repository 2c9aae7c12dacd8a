"""Which images, and which frames of them, have a capture, and what is drawn on each."""

import dataclasses
from collections.abc import Iterator

from pydicom import Dataset

from core.domain.finding import Region
from highdicom_out import display, drawing, findings, headers, viewing
from highdicom_out.drawing import Outline
from highdicom_out.encoding import Encoding

MOST = 30  #: captures of images in one result; a reader goes through no more
_STRETCH = 10  #: an aspect ratio beyond this is a mistake of the header
_SQUARE = 0.005  #: relative difference of two spacings that nobody sees


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class View:
    """One frame (from 1) of one image, and the numbers of the findings on it."""

    source: Dataset
    frame: int
    numbers: tuple[int, ...]  #: of `result.findings`, the most probable first


def views(encoding: Encoding) -> tuple[list[View], int]:
    """The views that are captured, in the order of reading, and how many more there are.

    Beyond `MOST` those with the most probable findings are kept.
    """
    if encoding.result.outcome not in viewing.EVALUATED:
        return [], 0
    found = [one for source in findings.viewed(encoding) for one in _of(encoding, source)]
    ranked = sorted(range(len(found)), key=lambda n: -_best(encoding, found[n]))
    kept = [found[n] for n in sorted(ranked[:MOST])]
    return kept, sum(1 for n in ranked[MOST:] if found[n].numbers)


def untold(encoding: Encoding, told: list[View]) -> bool:
    """Whether a finding or an answer is on none of the views."""
    numbers = {number for one in told for number in one.numbers}
    seen = {str(one.source.SOPInstanceUID) for one in told}
    return any(
        (one.present and n not in numbers) or (one.answer and one.sop_uid not in seen)
        for n, one in enumerate(encoding.result.findings)
    )


def outlines(encoding: Encoding, view: View) -> dict[int, Outline]:
    """The polylines of a view by the number of their finding; beside each stands its place."""
    kinds, found = viewing.kinds(encoding), dict[int, Outline]()
    for number in view.numbers:
        finding = encoding.result.findings[number]
        if points := findings.outline(finding.region, encoding):
            colour = kinds[finding.code].colour
            found[number] = Outline(points, colour, str(len(found) + 1))
    return found


def draw(
    encoding: Encoding,
    view: View,
    above: list[drawing.Line],
    below: list[drawing.Line],
    *,
    largest: int = drawing.LARGEST,
) -> drawing.Drawn | None:
    """The view with its outlines between two bands; None where its pixels cannot be had."""
    uid = str(view.source.SOPInstanceUID)
    pixels = encoding.pictures(uid, view.frame) if encoding.pictures else None
    if pixels is None or pixels.shape[:2] != (int(view.source.Rows), int(view.source.Columns)):
        return None
    lines = list(outlines(encoding, view).values())
    return drawing.image(pixels, aspect(view.source), lines, above, below, largest=largest)


def share(source: Dataset) -> float:
    """How much of its size an image keeps: 1 where every pixel of it is there."""
    columns, rows = int(source.Columns), int(source.Rows)
    across, down = drawing.fitted(columns, rows, aspect(source), drawing.LARGEST)
    return min(across / columns, down / rows)


def aspect(source: Dataset) -> float:
    """The height of a pixel in widths: by its spacing, else by Pixel Aspect Ratio, else 1."""
    pair = headers.spacing(source) or _detector(source) or display.aspect(source)
    ratio = pair[0] / pair[1]
    wrong = not 1 / _STRETCH <= ratio <= _STRETCH
    return 1.0 if wrong or abs(ratio - 1) < _SQUARE else ratio


def _detector(source: Dataset) -> tuple[float, float] | None:
    """Imager Pixel Spacing: no measure of the patient, but of a pixel's shape."""
    found = headers.numbers(source, "ImagerPixelSpacing")
    pair = 2
    return (found[0], found[1]) if len(found) == pair and min(found) > 0 else None


def _of(encoding: Encoding, source: Dataset) -> Iterator[View]:
    """The views of one image: of a multi-frame the frames with a region, else one frame."""
    frames: dict[int, list[int]] = {}
    for number in viewing.here(encoding, source):
        region = encoding.result.findings[number].region
        frames.setdefault(_frame(region, encoding, source), []).append(number)
    for frame in sorted(frames) or [representative(source)]:
        yield View(source, frame, tuple(frames.get(frame, ())))


def _frame(region: Region | None, encoding: Encoding, source: Dataset) -> int:
    drawn = region is not None and findings.outline(region, encoding)
    return region.frame if region and drawn else representative(source)


def representative(source: Dataset) -> int:
    """Representative Frame Number (PS3.3 C.7.6.6), else the middle frame: the one that is read."""
    frames = headers.frames(source)
    named = headers.numbers(source, "RepresentativeFrameNumber")
    if named and 1 <= named[0] <= frames:
        return int(named[0])
    return (frames + 1) // 2


def _best(encoding: Encoding, view: View) -> float:
    return max((encoding.result.findings[n].probability for n in view.numbers), default=-1.0)
