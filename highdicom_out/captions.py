"""What a capture says in words, around an image or alone on a card.

Nothing of the patient: what is burnt into pixels stays when a header is corrected or
de-identified.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pydicom import Dataset

from core.domain.finding import Finding, Outcome
from highdicom_out import findings, headers, viewing, views, wording
from highdicom_out.drawing import AMBER, GREY, Line, Outline
from highdicom_out.encoding import Encoding
from highdicom_out.views import View

SHOWN = 30  #: findings that are listed beside one image
_SMALL = 0.85

#: English and Norwegian; see `wording.SENTENCES`.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "band": ("AI, not verified", "KI – ikke verifisert"),
        "series": ("series {number}", "serie {number}"),
        "image": ("image {number}", "bilde {number}"),
        "frame": ("frame {number}", "ramme {number}"),
        "smaller": ("made smaller, {share} of its size", "forminsket til {share}"),
        "no_picture": (
            "The pixels of this image could not be shown here.",
            "Bildepunktene i dette bildet kunne ikke vises her.",
        ),
        "more_findings": (
            "and {count} more findings, see the report",
            "og {count} funn til, se rapporten",
        ),
        "more_images": (
            "{count} more images have AI findings: see the report.",
            "{count} bilder til har KI-funn: se rapporten.",
        ),
        "no_image": (
            "This is a message, not an image of the patient.",
            "Dette er en melding, ikke et bilde av pasienten.",
        ),
    }
)


def say(key: str, language: str, **facts: object) -> str:
    """A sentence of `SENTENCES`; anything but `nb` is English."""
    return SENTENCES[key][language == "nb"].format_map(facts)


def heading(encoding: Encoding) -> list[Line]:
    """The band above: that it is AI and not verified; whose; and what for."""
    made, language = encoding.result.provenance, encoding.language
    lines = [
        Line(say("band", language), AMBER, 1.7, bold=True),
        Line(f"{wording.clean(made.name) or made.algorithm} {wording.clean(made.version)}".strip()),
        Line(wording.clean(made.use(language)), GREY, _SMALL),
    ]
    return [line for line in lines if line.words]


def told(encoding: Encoding, view: View, *, remarked: bool = True) -> list[Line]:
    """What was found on one image: a line a finding, in its colour; or that nothing was.

    Then the answers about it and, where `remarked`, the remarks on the whole result.
    """
    language, result = encoding.language, encoding.result
    drawn = views.outlines(encoding, view)
    lines = [_told(encoding, number, drawn.get(number)) for number in view.numbers[:SHOWN]]
    if (more := len(view.numbers) - SHOWN) > 0:
        lines.append(Line(say("more_findings", language, count=more)))
    if not view.numbers:
        none = result.outcome is Outcome.NOTHING_FOUND
        words = encoding.say("no_findings_shown" if none else "none_on_image")
        lines.append(Line(words, bold=True))
    uid = str(view.source.SOPInstanceUID)
    answers = (one for one in result.findings if one.answer and one.sop_uid == uid)
    lines += [Line(finding_words(encoding, one)) for one in answers]
    return lines + [Line(one) for one in remarks(encoding) if remarked]


def _told(encoding: Encoding, number: int, drawn: Outline | None) -> Line:
    """One finding, in the colour of its outline and with the number beside that."""
    finding = encoding.result.findings[number]
    words = finding_words(encoding, finding)
    colour = viewing.kinds(encoding)[finding.code].colour
    return Line(f"{drawn.number}  {words}" if drawn else words, colour, bold=True)


def remarks(encoding: Encoding) -> list[str]:
    """What must be known beside the findings, in sentences."""
    result = encoding.result
    said = [wording.remark(one, encoding.language) for one in result.remarks]
    if encoding.predecessors:
        said.append(encoding.say("replaces"))
    if any(findings.without_spacing(one, encoding) for one in result.findings):
        said.append(encoding.say("no_spacing"))
    return said


def finding_words(encoding: Encoding, finding: Finding) -> str:
    """`Nodulus 87 %, 8,2 mm (lunge, høyre)`."""
    language = encoding.language
    words = wording.label(finding, language, findings.measured(finding, encoding))
    where = [one.text(language).lower() for one in (finding.site, finding.laterality) if one]
    return f"{words} ({', '.join(where)})" if where else words


def which(encoding: Encoding, view: View, share: float = 1.0) -> Line:
    """Which image it is, in the numbers that a PACS shows; its UID where there are none.

    `share` of its size is what it is shown in.
    """
    language = encoding.language
    said = [named(view.source, language)]
    if headers.is_multi_frame(view.source):
        said.append(say("frame", language, number=view.frame))
    if share < 1:
        said.append(say("smaller", language, share=wording.percent(share, language)))
    return Line(", ".join(said), GREY, _SMALL)


def named(source: Dataset, language: str) -> str:
    """`Serie 4, bilde 57`; the SOP Instance UID where the image has no number."""
    words = ", ".join(_numbers(source, language)) or str(source.SOPInstanceUID)
    return words[:1].upper() + words[1:]


def _numbers(source: Dataset, language: str) -> Iterator[str]:
    for key, keyword in (("series", "SeriesNumber"), ("image", "InstanceNumber")):
        if number := headers.text(source, keyword):
            yield say(key, language, number=number)


def unseen(encoding: Encoding, view: View) -> list[Line]:
    """The card in place of an image whose pixels could not be had."""
    return [
        *heading(encoding),
        Line(""),
        which(encoding, view),
        Line(say("no_picture", encoding.language)),
        Line(""),
        *told(encoding, view),
    ]


def message(encoding: Encoding) -> list[Line]:
    """The card of a whole result: its outcome in words."""
    language = encoding.language
    return [
        *heading(encoding),
        Line(""),
        Line(wording.clean(wording.summary(encoding.result, language)), size=1.3, bold=True),
        Line(""),
        *map(Line, remarks(encoding)),
        Line(wording.made_by(encoding.result, language), GREY, _SMALL),
        Line(say("no_image", language), GREY, _SMALL),
    ]


def more_images(encoding: Encoding, count: int) -> Line:
    """On the last capture, where there is not one for every image with a finding."""
    return Line(say("more_images", encoding.language, count=count), AMBER, bold=True)
