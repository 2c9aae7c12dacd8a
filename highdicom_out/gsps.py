"""Grayscale Softcopy Presentation States: what a radiologist sees over the image.

One state per grayscale image that was read (PS3.3 A.33.1), of a volume per slice with a
region, or four hundred states would say nothing: the outline of each finding
that is there with its name and probability, in a layer and a colour of its own; what is
there without a region, or that nothing is; and in a last layer who says so.

Colour images have no state: Color Softcopy Presentation States are for a site that
asks for them.
"""

import dataclasses
import functools

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

from core.domain.finding import Outcome
from highdicom_out import display, findings, headers, viewing, wording
from highdicom_out.encoding import Encoding, Place, blank, copied, stamp
from highdicom_out.labels import Box, Page

KIND = "gsps"
LABEL = viewing.OURS

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
    if encoding.result.outcome not in viewing.EVALUATED:
        return []
    shown = filter(display.is_grayscale, findings.viewed(encoding))
    return [_state(encoding, source, n) for n, source in enumerate(shown, start=1)]


def _state(encoding: Encoding, source: Dataset, number: int) -> Dataset:
    made = copied(_draft())
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
    """Body part and Laterality (2C of General Series): empty where a paired part's is not said."""
    if part := headers.normal(source, "BodyPartExamined"):
        made.BodyPartExamined = part
    if side := viewing.side(source):
        made.Laterality = side
    elif part not in viewing.UNPAIRED:
        made.Laterality = ""


def _annotate(encoding: Encoding, source: Dataset) -> Sheet:
    """Everything that is drawn on one image."""
    sheet = Sheet(encoding, source, Page(int(source.Columns), int(source.Rows)))
    here = viewing.here(encoding, source)
    for number in here:
        if points := findings.outline(encoding.result.findings[number].region, encoding):
            sheet.page.avoid(_box(points))
    for number in here:
        _draw(sheet, number)
    _notice(sheet, any_here=bool(here))
    return sheet


def _draw(sheet: Sheet, number: int) -> None:
    """One finding: its outline and label near it, or its label alone at the top."""
    finding, language = sheet.encoding.result.findings[number], sheet.encoding.language
    kind = viewing.kinds(sheet.encoding)[finding.code]
    layer = sheet.layer(kind.layer, kind.order, finding.code.text(language), _lab(kind.colour))
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
    order = len(viewing.kinds(encoding)) + 1
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


@functools.cache
def _lab(colour: viewing.Colour) -> CIELabColor:
    return CIELabColor.from_rgb(*colour)
