"""Grayscale Softcopy Presentation States: what a radiologist sees over the image.

One state per grayscale image that was read (PS3.3 A.33.1), of a volume per slice with a
region, or four hundred states would say nothing: the outline of each finding
that is there with its name and probability, in a layer and a colour of its own; what is
there without a region, or that nothing is; and in a last layer who says so.

Colour images have no state: Color Softcopy Presentation States are for a site that
asks for them.
"""

import copy
import dataclasses
import functools
import itertools
import re
from collections.abc import Iterator

import numpy as np
from highdicom.color import CIELabColor
from highdicom.pr import (
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from core.domain.codes import Code
from core.domain.finding import Finding, Outcome
from core.domain.profile import PALETTES
from highdicom_out import display, findings, headers, wording
from highdicom_out.encoding import Encoding, Place, blank, stamp
from highdicom_out.labels import Box, Page

KIND = "gsps"
LABEL = "VARDE_AI"
VIEWED = frozenset({Outcome.FINDINGS, Outcome.NOTHING_FOUND})

GREY = CIELabColor.from_rgb(200, 200, 200)


@dataclasses.dataclass
class Sheet:
    """One image being annotated."""

    encoding: Encoding
    source: Dataset
    page: Page
    layers: dict[str, GraphicLayer] = dataclasses.field(default_factory=dict)
    annotations: list[Dataset] = dataclasses.field(default_factory=list)

    def layer(self, name: str, order: int, words: str, colour: CIELabColor) -> GraphicLayer:
        """The layer of that name, made where it is not there yet."""
        made = GraphicLayer(name, order, wording.long_string(words) or None, colour)
        return self.layers.setdefault(name, made)


def states(encoding: Encoding) -> list[Dataset]:
    """The states of all viewed images; none where nothing was evaluated."""
    if encoding.result.outcome not in VIEWED:
        return []
    shown = filter(display.is_grayscale, findings.viewed(encoding))
    return [_state(encoding, source, n) for n, source in enumerate(shown, start=1)]


def _state(encoding: Encoding, source: Dataset, number: int) -> Dataset:
    made = copy.deepcopy(_draft())
    stamp(made, encoding, Place(KIND, number, str(source.SOPInstanceUID)))
    sheet = _annotate(encoding, source)
    made.ContentDescription = made.SeriesDescription
    made.GraphicLayerSequence = Items(sheet.layers.values())
    made.GraphicAnnotationSequence = Items(sheet.annotations)
    _refer(made, source)
    _body_part(made, source)
    display.show(made, source)
    return made


@functools.cache
def _draft() -> GrayscaleSoftcopyPresentationState:
    """A state of nobody's image without annotations; every state is a copy of it."""
    image = blank()
    image.Rows = image.Columns = image.SamplesPerPixel = 1
    return GrayscaleSoftcopyPresentationState(
        referenced_images=[image],
        series_instance_uid=image.SeriesInstanceUID,
        series_number=1,
        sop_instance_uid=image.SOPInstanceUID,
        instance_number=1,
        manufacturer="",
        manufacturer_model_name="",
        software_versions="",
        device_serial_number=None,  # type: ignore[arg-type]  # its docstring allows it
        content_label=LABEL,
    )


def _refer(made: Dataset, source: Dataset) -> None:
    """Presentation State Relationship (PS3.3 C.11.11): the one image."""
    item = Dataset()
    item.SeriesInstanceUID = source.SeriesInstanceUID
    item.ReferencedImageSequence = [display.reference(source)]
    made.ReferencedSeriesSequence = [item]


def _body_part(made: Dataset, source: Dataset) -> None:
    """Body part and Laterality (2C of General Series): empty where the image does not say."""
    if part := headers.normal(source, "BodyPartExamined"):
        made.BodyPartExamined = part
    side = headers.text(source, "Laterality") or headers.text(source, "ImageLaterality")
    if side in {"L", "R"}:
        made.Laterality = side
    elif not part:
        made.Laterality = ""


def _annotate(encoding: Encoding, source: Dataset) -> Sheet:
    """Everything that is drawn on one image."""
    sheet = Sheet(encoding, source, Page(int(source.Columns), int(source.Rows)))
    here = [n for n, one in enumerate(encoding.result.findings) if _is_here(one, sheet)]
    here.sort(key=lambda n: -encoding.result.findings[n].probability)
    for number in here:
        if points := findings.outline(encoding.result.findings[number].region, encoding):
            sheet.page.avoid(_box(points))
    for number in here:
        _draw(sheet, number)
    _notice(sheet, any_here=bool(here))
    return sheet


def _is_here(finding: Finding, sheet: Sheet) -> bool:
    """Whether a present finding belongs on this image."""
    drawn = finding.region if findings.outline(finding.region, sheet.encoding) else None
    seen_on = drawn.sop_uid if drawn else finding.sop_uid
    return finding.present and seen_on == str(sheet.source.SOPInstanceUID)


def _draw(sheet: Sheet, number: int) -> None:
    """One finding: its outline and label near it, or its label alone at the top."""
    finding, language = sheet.encoding.result.findings[number], sheet.encoding.language
    order, name, colour = _kinds(sheet.encoding)[finding.code]
    layer = sheet.layer(name, order, finding.code.text(language), colour)
    words = wording.label(finding, language, findings.measured(finding, sheet.encoding))
    points = findings.outline(finding.region, sheet.encoding)
    if finding.region is None or not points:
        _write(sheet, layer, [(words, sheet.page.at_top(f"KI: {words}"))])
        return
    box = sheet.page.beside(_box(points), words)
    identifier, uid = sheet.encoding.tracking(number)
    outline = GraphicObject(
        "POLYLINE",
        np.asarray(points, np.float32),
        "PIXEL",
        tracking_id=identifier,
        tracking_uid=uid,
    )
    _write(sheet, layer, [(words, box)], [outline], finding.region.frame)


def _box(points: tuple[tuple[float, float], ...]) -> Box:
    columns, rows = zip(*points, strict=True)
    return min(columns), min(rows), max(columns), max(rows)


def _notice(sheet: Sheet, *, any_here: bool) -> None:
    """That nothing was found, where so; who says it, unverified; and what it is for."""
    encoding = sheet.encoding
    none = encoding.result.outcome is Outcome.NOTHING_FOUND
    lines: list[tuple[str, Box]] = []
    if not any_here:
        words = encoding.say("no_findings_shown" if none else "none_on_image")
        lines.append((words, sheet.page.at_top(words)))
    who = wording.description(encoding.result, encoding.language)
    below = (wording.short_text(encoding.result.provenance.use(encoding.language)), who)
    lines += [(words, sheet.page.at_bottom(words)) for words in below if words]
    order = len(_kinds(encoding)) + 1
    _write(sheet, sheet.layer(LABEL, order, who, GREY), lines)


def _write(
    sheet: Sheet,
    layer: GraphicLayer,
    lines: list[tuple[str, Box]],
    graphics: list[GraphicObject] | None = None,
    frame: int | None = None,
) -> None:
    """Add an annotation (PS3.3 C.10.5) to the sheet; `frame` narrows it in a multi-frame."""
    made = Dataset()
    made.GraphicLayer = layer.GraphicLayer
    frames = [frame] if frame and headers.is_multi_frame(sheet.source) else []
    made.ReferencedImageSequence = [display.reference(sheet.source, frames)]
    made.TextObjectSequence = [
        TextObject(wording.short_text(words), "PIXEL", box, text_justification="LEFT")
        for words, box in lines
    ]
    if graphics:
        made.GraphicObjectSequence = graphics
    sheet.annotations.append(made)


def _kinds(encoding: Encoding) -> dict[Code, tuple[int, str, CIELabColor]]:
    """Order, layer name and colour of each kind of finding, as the algorithm lists them."""
    codes = dict.fromkeys(finding.code for finding in encoding.result.findings)
    names, colours = _names(codes), _colours(encoding.profile.palette)
    return {
        code: (order, name, colours[(order - 1) % len(colours)])
        for order, (code, name) in enumerate(zip(codes, names, strict=True), start=1)
    }


@functools.cache
def _colours(palette: str) -> tuple[CIELabColor, ...]:
    written = (bytes.fromhex(one.removeprefix("#")) for one in PALETTES[palette])
    return tuple(CIELabColor.from_rgb(*rgb) for rgb in written)


def _names(codes: dict[Code, None]) -> Iterator[str]:
    """Graphic Layer names (CS, at most 16): the English meaning, numbered where two collide."""
    used = {LABEL}
    for code in codes:
        word = re.sub(r"[^A-Z0-9]+", "_", code.meaning.upper()).strip("_0123456789")[:16]
        word = word.strip("_") or "FINDING"
        tries = itertools.chain([word], (f"{word[:13]}_{n}" for n in itertools.count(2)))
        name = next(one for one in tries if one not in used)
        used.add(name)
        yield name
