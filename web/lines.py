"""What is said of a finding beside its name: where, how large, and in which image."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Final

from core.domain.finding import Finding, Segment
from web.answers import Answer
from web.images import Image, text
from web.overlay import Mark
from web.words import Words

#: UCUM units that need a trustworthy pixel spacing.
_LENGTH: Final = re.compile(r"[cmdu]?m[23]?|[cmdu]?[lL]", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A row of the table of findings."""

    finding: Finding
    mark: Mark | None
    where: str
    sizes: tuple[str, ...]
    other_view: bool  #: whether an earlier row is the same lesion in another view


def present(
    answer: Answer, marks: Mapping[tuple[str, int], Mark], images: Sequence[Image], words: Words
) -> list[Line]:
    """The findings that are there, in their order; one lesion's views follow each other."""
    found = []
    seen: set[str] = set()
    by_uid = {one.instance.sop_uid: one for one in images}
    for place, finding in enumerate(answer.present):
        again = bool(finding.tracking_uid) and finding.tracking_uid in seen
        seen.add(finding.tracking_uid)
        mark = marks.get((answer.job.id, place))
        image = by_uid.get(finding.region.sop_uid if finding.region else finding.sop_uid)
        told = _where(finding, image if len(images) > 1 else None, words, marked=mark is not None)
        found.append(Line(finding, mark, told, _sizes(finding, image, words), again))
    first = {line.finding.tracking_uid: n for n, line in reversed(list(enumerate(found)))}
    order = sorted(
        range(len(found)), key=lambda n: (first[found[n].finding.tracking_uid], n)
        if found[n].finding.tracking_uid else (n, n)
    )  # fmt: skip
    return [found[n] for n in order]


def absent(answer: Answer, words: Words) -> list[Line]:
    """What was looked for and not found."""
    return [
        Line(one, None, _where(one, None, words, marked=True), (), other_view=False)
        for one in answer.absent
    ]


def assessments(answer: Answer, words: Words) -> list[tuple[str, str, str]]:
    """(question, answer, how sure) of what present and absent do not answer."""
    return [
        (one.code.text(words.language), ", ".join(_values(one, words)), _sure(one, words))
        for one in answer.assessments
    ]


def _values(one: Finding, words: Words) -> list[str]:
    """The coded answer, and numbers: with their own names where these differ from the question."""
    said = [one.answer.text(words.language)] if one.answer else []
    for each in one.measurements:
        name = "" if each.concept == one.code else f"{each.concept.text(words.language)}: "
        said.append(name + words.quantity(each))
    return said


def _sure(one: Finding, words: Words) -> str:
    """How probable the answer is; of a score, against which threshold."""
    probability = words.percent(one.probability)
    if one.answer:
        return words.text("answer.probability", value=probability)
    threshold = words.percent(one.threshold)
    return words.text("answer.measure", probability=probability, threshold=threshold)


def segments(answer: Answer, words: Words) -> list[tuple[str, str]]:
    """(name, measurements) of every segment."""
    return [
        (_name(one, words), ", ".join(_measured(one, words)))
        for one in (answer.result.segments if answer.result else ())
    ]


def _name(segment: Segment, words: Words) -> str:
    side = [segment.laterality.text(words.language).lower()] if segment.laterality else []
    return ", ".join([segment.code.text(words.language), *side])


def _measured(one: Finding | Segment, words: Words) -> list[str]:
    return [f"{m.concept.text(words.language)} {words.quantity(m)}" for m in one.measurements]


def _where(finding: Finding, image: Image | None, words: Words, *, marked: bool) -> str:
    """`lunge, høyre · snitt 89`: site and side, slice or view, and whether it is not drawn."""
    codes = [one for one in (finding.site, finding.laterality) if one]
    parts = [", ".join(one.text(words.language) for one in codes).lower()]
    if image and finding.present:
        view = " ".join(word for word in (image.side, image.view) if word)
        parts.append(words.text("answer.slice", number=image.slice) if image.slice else view)
    if finding.present and not marked:
        parts.append(words.text("answer.no_region"))
    return " · ".join(part for part in parts if part)


def _sizes(finding: Finding, image: Image | None, words: Words) -> tuple[str, ...]:
    """The measurements; lengths only where the image says how large its pixels are in the patient.

    Imager Pixel Spacing does not: it holds at the detector (PS3.3 10.7.1.3).
    """
    if image is None or text(image.instance.attributes, "PixelSpacing"):
        return tuple(_measured(finding, words))
    kept = tuple(one for one in finding.measurements if not _LENGTH.fullmatch(one.unit.value))
    told = _measured(dataclasses.replace(finding, measurements=kept), words)
    left_out = [words.text("answer.no_spacing")] if len(kept) < len(finding.measurements) else []
    return (*told, *left_out)
