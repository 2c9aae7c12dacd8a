"""The PDF summary: a result on A4 pages, for a reader who has no viewer for anything else.

The patient is not named on the pages. Who the patient is stands in the DICOM header, which
an archive corrects when patients are merged or renamed; what is printed on a page would go
on saying the old name.

The same arguments give the same bytes: the document's dates are those of the encoding, and
ReportLab derives the rest from the content.
"""

import datetime as dt
import io
import math
from collections.abc import Iterator, Sequence
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Spacer, Table

from core.domain.finding import Finding, Measurement
from highdicom_out import captions, findings, headers, page, provenance, typeface, views, wording
from highdicom_out.encoding import MOST, Encoding
from highdicom_out.summary_words import words

PICTURES: Final = 6  #: images on the pages; the captures show all
_FOOT: Final = 110  #: letters at the bottom of a page
_SAID: Final = 10  #: lines below an image; the tables have all
_THUMBNAIL: Final = 480  #: pixels of an image's longer side


def pages(encoding: Encoding) -> bytes:
    """The whole document."""
    regular, _ = typeface.registered()
    buffer, language = io.BytesIO(), encoding.language
    made = encoding.result.provenance
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=page.MARGIN,
        rightMargin=page.MARGIN,
        topMargin=page.MARGIN,
        bottomMargin=page.MARGIN + 4 * mm,
        title=typeface.legible(title(encoding)),
        author=typeface.legible(wording.clean(made.name) or made.algorithm),
        subject=words("unverified", language),
        creator=f"Varde {wording.clean(made.platform_version)}".strip(),
        lang="nb-NO" if language == "nb" else "en",
        initialFontName=regular,
        invariant=1,
    )

    def foot(canvas: Canvas, _: SimpleDocTemplate) -> None:
        _foot(canvas, encoding)

    document.build(list(_story(encoding)), onFirstPage=foot, onLaterPages=foot)
    return buffer.getvalue()


def title(encoding: Encoding) -> str:
    """What the document is called."""
    made = encoding.result.provenance
    name = wording.clean(made.name) or made.algorithm
    return words("title", encoding.language, name=name, version=wording.clean(made.version)).strip()


def _foot(canvas: Canvas, encoding: Encoding) -> None:
    """On each page, which may come to lie alone: what it is and that nobody verified it."""
    language = encoding.language
    at = _local(encoding.at, encoding).strftime("D:%Y%m%d%H%M%S%z")
    canvas.setDateFormatter(lambda *_: f"{at[:-2]}'{at[-2:]}'")
    canvas.setFont(typeface.REGULAR, 7.5)
    canvas.setFillColor(page.INK)
    said = f"{title(encoding)} – {words('unverified', language)}"
    canvas.drawString(page.MARGIN, 10 * mm, _cut(typeface.legible(said)))
    number = words("page", language, number=canvas.getPageNumber())
    canvas.drawRightString(A4[0] - page.MARGIN, 10 * mm, number)


def _cut(text: str) -> str:
    """As much of a foot as leaves room for the number of the page."""
    return text if len(text) <= _FOOT else f"{text[:_FOOT]}…"


def _story(encoding: Encoding) -> Iterator[Flowable]:
    language, result = encoding.language, encoding.result
    yield page.paragraph(title(encoding), size=17, bold=True)
    yield Spacer(1, 3 * mm)
    yield Table(
        [[page.paragraph(words("unverified", language), size=15, bold=True)]],
        colWidths=[page.TEXT],
        hAlign="LEFT",
        style=[
            *page.CELLS,
            ("BACKGROUND", (0, 0), (-1, -1), page.PALE),
            ("BOX", (0, 0), (-1, -1), 1, page.INK),
        ],
    )
    yield Spacer(1, 3 * mm)
    yield page.paragraph(wording.summary(result, language), size=11.5, bold=True)
    yield page.paragraph(words("patient", language), size=8)
    yield from _findings(encoding)
    yield from _listed("segments", _segments(encoding), language)
    yield from _listed("remarks", captions.remarks(encoding), language)
    yield from _listed("use", [result.provenance.use(language)], language)
    yield from _pictures(encoding)
    yield _heading("made_with", language)
    yield page.pairs(_made_with(encoding))
    yield from _inputs(encoding)


def _findings(encoding: Encoding) -> Iterator[Flowable]:
    """What is there, what was asked, and what is not there, the most probable first."""
    result, language = encoding.result, encoding.language
    answers = [one for one in result.findings if one.answer]
    absent = [one for one in result.findings if not one.present and not one.answer]
    absent.sort(key=lambda one: -one.probability)
    columns = ["probability", "threshold", "where", "measured", "on_image"]
    widths = [0.23, 0.16, 0.1, 0.16, 0.19, 0.16]
    for heading, chosen, first in (
        ("findings", result.present, "finding"),
        ("answers", answers, "answer"),
        ("absent", absent, "label"),
    ):
        if chosen:
            yield _heading(heading, language)
            top = [words(one, language) for one in (first, *columns)]
            yield page.table(top, [list(_row(encoding, one)) for one in chosen], widths)


def _row(encoding: Encoding, finding: Finding) -> Iterator[str]:
    language = encoding.language
    name = finding.code.text(language)
    yield f"{name}: {finding.answer.text(language)}" if finding.answer else name
    yield wording.percent(finding.probability, language)
    yield "–" if finding.answer else wording.percent(finding.threshold, language)
    yield ", ".join(one.text(language) for one in (finding.site, finding.laterality) if one)
    yield "; ".join(_measured(one, language) for one in findings.measured(finding, encoding))
    source = encoding.sources.get(finding.region.sop_uid if finding.region else finding.sop_uid)
    yield captions.named(source, language) if source is not None else ""


def _measured(one: Measurement, language: str) -> str:
    return f"{one.concept.text(language)} {wording.quantity(one, language)}"


def _segments(encoding: Encoding) -> list[str]:
    """Each segment with its measurements."""
    language = encoding.language
    return [
        ": ".join(
            part
            for part in (
                wording.segment(one, language),
                "; ".join(
                    _measured(each, language)
                    for each in one.measurements
                    if math.isfinite(each.value)
                ),
            )
            if part
        )
        for one in encoding.result.segments
    ]


def _pictures(encoding: Encoding) -> Iterator[Flowable]:
    """The images with findings first, small, two beside each other, with what is on them."""
    shown, more = views.views(encoding)
    shown.sort(key=lambda one: not one.numbers)
    cells: list[list[Flowable]] = []
    for view in shown[:PICTURES]:
        drawn = views.draw(encoding, view, [], [], largest=_THUMBNAIL)
        if drawn is None:
            continue
        said = [captions.which(encoding, view), *captions.told(encoding, view, remarked=False)]
        told = [page.paragraph(one.words, size=8) for one in said[:_SAID]]
        cells.append([page.picture(drawn.shown), *told])
    if not cells:
        return
    rows = [cells[n : n + 2] for n in range(0, len(cells), 2)]
    if len(rows[-1]) == 1:
        rows[-1].append([])
    style = [*page.CELLS, ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    first, *rest = [
        Table([row], colWidths=[page.TEXT / 2] * 2, hAlign="LEFT", style=style) for row in rows
    ]
    yield KeepTogether([_heading("pictures", encoding.language), first])
    yield from rest
    if left := more + sum(1 for view in shown[PICTURES:] if view.numbers):
        yield page.paragraph(
            words("more_pictures", encoding.language, count=left), size=9, bold=True
        )


def _made_with(encoding: Encoding) -> list[tuple[str, str]]:
    """Provenance, a label and a value each; what is not known is left out."""
    made, language = encoding.result.provenance, encoding.language
    known = {
        "algorithm": f"{made.name} ({made.algorithm})",
        "manufacturer": made.manufacturer,
        "version": made.version,
        "weights": made.weights_sha256,
        "device": provenance.device_uid(made),
        "parameters": ", ".join(f"{name}={value}" for name, value in made.parameters.items()),
        "platform": f"Varde {made.platform_version}" if made.platform_version else "",
        "worker": made.worker,
        "provider": made.provider,
        "started": _time(made.started_at, encoding),
        "finished": _time(made.finished_at, encoding),
        "written": _time(encoding.at, encoding),
        "job": encoding.result.job_id,
    }
    return [(words(key, language), value) for key, value in known.items() if value]


def _time(at: dt.datetime, encoding: Encoding) -> str:
    return _local(at, encoding).strftime("%Y-%m-%d %H:%M:%S %z")


def _local(at: dt.datetime, encoding: Encoding) -> dt.datetime:
    """On the clock of the images, or of the encoding where they do not say."""
    return at.astimezone(headers.offset(encoding.leader) or encoding.at.tzinfo)


def _inputs(encoding: Encoding) -> Iterator[Flowable]:
    """How many images were read, and which: of a volume its series alone."""
    language, read = encoding.language, encoding.result.read
    series: dict[str, list[str]] = {}
    for uid in read:
        source = encoding.sources.get(uid)
        of = headers.text(source, "SeriesInstanceUID") if source is not None else ""
        series.setdefault(of, []).append(uid)
    lines = [f"{words('study', language)} {encoding.header.StudyInstanceUID}"]
    for of, uids in series.items():
        lines += [words("series", language, uid=of, count=len(uids))] if of else []
        lines += uids if len(uids) <= MOST else []
    key = {0: "read_none", 1: "read_one"}.get(len(read), "read")
    yield _heading("inputs", language)
    yield page.paragraph(words(key, language, count=len(read)), size=9, bold=True)
    for line in lines:
        yield page.paragraph(line, size=8)


def _listed(key: str, lines: Sequence[str], language: str) -> Iterator[Flowable]:
    """A heading and a paragraph a line; nothing where there are no lines."""
    if any(lines):
        yield _heading(key, language)
        for line in lines:
            yield page.paragraph(line, size=9)


def _heading(key: str, language: str) -> Flowable:
    return page.paragraph(words(key, language), size=11, bold=True, before=10)
