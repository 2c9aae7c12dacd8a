"""How the image itself is shown: a presentation state replaces all of it (PS3.3 A.33.1).

Whatever the image says of rescaling, windows and polarity is said again, or a viewer
that applies the state would show another picture than the one without it. Of several
windows or tables it is the first, which is the one that an image is opened with: a state is
one way to look at it, and DCMTK refuses a state that leaves a choice.
"""

from collections.abc import Sequence

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items

from highdicom_out import headers
from highdicom_out.wording import long_string

_FUNCTIONS = frozenset({"LINEAR", "LINEAR_EXACT", "SIGMOID"})
_GRAYSCALE = frozenset({"MONOCHROME1", "MONOCHROME2"})
_DESCRIPTOR = 3  #: LUT Descriptor: entries, first value mapped, bits


def is_grayscale(source: Dataset) -> bool:
    """Whether a Grayscale Softcopy Presentation State may be made for `source`."""
    photometric = headers.text(source, "PhotometricInterpretation")
    return photometric in _GRAYSCALE and source.get("SamplesPerPixel") in {None, "", 1}


def show(state: Dataset, source: Dataset) -> None:
    """Put displayed area, modality LUT, VOI LUT and polarity of `source` into `state`."""
    state.DisplayedAreaSelectionSequence = [_area(source)]
    inverse = headers.text(source, "PhotometricInterpretation") == "MONOCHROME1"
    state.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    for keyword, value in _rescale(source).items():
        headers.put(state, keyword, value)
    if windows := _windows(source):
        state.SoftcopyVOILUTSequence = windows


def _area(source: Dataset) -> Dataset:
    """Displayed Area (PS3.3 C.10.4): the whole image; first and last pixel, from 1, inclusive."""
    item = Dataset()
    item.DisplayedAreaTopLeftHandCorner = [1, 1]
    item.DisplayedAreaBottomRightHandCorner = [int(source.Columns), int(source.Rows)]
    item.PresentationSizeMode = "SCALE TO FIT"
    if spacing := headers.spacing(source):
        item.PresentationPixelSpacing = [f"{one:.12g}"[:16] for one in spacing]
    else:
        item.PresentationPixelAspectRatio = aspect(source)
    return item


def aspect(source: Dataset) -> list[int]:
    """Vertical and horizontal size of a pixel as integers; square where nothing is said."""
    ratio = headers.numbers(source, "PixelAspectRatio")
    pair = 2
    return [int(one) for one in ratio] if len(ratio) == pair and min(ratio) >= 1 else [1, 1]


def _rescale(source: Dataset) -> dict[str, object]:
    """Modality LUT (PS3.3 C.11.1) by keyword: a table, or slope and intercept, or nothing."""
    if tables := _tables(source, "ModalityLUTSequence"):
        return {"ModalityLUTSequence": tables}
    shared = headers.shared_group(source, "PixelValueTransformationSequence")
    for holder in (source, shared):
        slope = headers.numbers(holder, "RescaleSlope")
        intercept = headers.numbers(holder, "RescaleIntercept")
        if holder is not None and len(slope) == len(intercept) == 1 and slope[0] != 0:
            return {
                "RescaleIntercept": f"{intercept[0]:.10g}",
                "RescaleSlope": f"{slope[0]:.10g}",
                "RescaleType": headers.text(holder, "RescaleType") or "US",
            }
    return {}


def _windows(source: Dataset) -> list[Dataset]:
    """Softcopy VOI LUT Sequence (PS3.3 C.11.8): one item, or one per window of a multi-frame.

    A table goes before a window, as in `highdicom_out.shown`.
    """
    if tables := _tables(source, "VOILUTSequence"):
        looked_up = Dataset()
        looked_up.VOILUTSequence = tables[:1]
        return [looked_up]
    shared = headers.shared_group(source, "FrameVOILUTSequence")
    for holder in (source, shared):
        if holder is not None and (item := _window(holder)):
            return [item]
    return _frame_windows(source)


def _window(holder: Dataset) -> Dataset | None:
    """The first window of `holder`, None where it is missing or too narrow to show anything."""
    centers, widths = (
        headers.numbers(holder, "WindowCenter"),
        headers.numbers(holder, "WindowWidth"),
    )
    function = headers.text(holder, "VOILUTFunction")
    function = function if function in _FUNCTIONS else ""
    least = 1.0 if function in {"", "LINEAR"} else np.nextafter(0.0, 1.0)  # PS3.3 C.11.2.1.2
    if not centers or len(centers) != len(widths) or widths[0] < least:
        return None
    item = Dataset()
    item.WindowCenter = f"{centers[0]:.10g}"
    item.WindowWidth = f"{widths[0]:.10g}"
    if function:
        item.VOILUTFunction = function
    return item


def _frame_windows(source: Dataset) -> list[Dataset]:
    """Windows of the per-frame functional groups, each with the frames that it is for."""
    found: dict[str, tuple[Dataset, list[int]]] = {}
    groups = source.get("PerFrameFunctionalGroupsSequence") or []
    for number, group in enumerate(groups, start=1):
        holder = headers.first(group, "FrameVOILUTSequence")
        if holder is not None and (item := _window(holder)):
            found.setdefault(item.to_json(), (item, []))[1].append(number)
    for item, frames in found.values():
        if len(frames) < headers.frames(source):
            item.ReferencedImageSequence = [reference(source, frames)]
    return [item for item, _ in found.values()]


def reference(source: Dataset, frames: Sequence[int] = ()) -> Dataset:
    """An item of Referenced Image Sequence; `frames` from 1, all of them where none is named."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if frames:
        item.ReferencedFrameNumber = list(frames)
    return item


def _tables(source: Dataset, keyword: str) -> Items:
    """Copies of the readable lookup tables of a sequence (PS3.3 C.11.1.1, C.11.2.1.1)."""
    tables = (_table(item) for item in source.get(keyword) or [])
    return Items(table for table in tables if table is not None)


def _table(item: Dataset) -> Dataset | None:
    """A lookup table whose descriptor's VR needs no Pixel Representation to be told."""
    descriptor = headers.numbers(item, "LUTDescriptor")
    data = item.get("LUTData")
    if len(descriptor) != _DESCRIPTOR or data in {None, b""}:
        return None
    made = Dataset()
    vr = "SS" if descriptor[1] < 0 else "US"
    made.add(DataElement("LUTDescriptor", vr, [int(one) for one in descriptor]))
    words = data if isinstance(data, bytes) else np.asarray(data, "<u2").tobytes()
    made.add(DataElement("LUTData", "OW", words))
    for explained in ("ModalityLUTType", "LUTExplanation"):
        if words_of := long_string(headers.text(item, explained)):
            headers.put(made, explained, words_of)
    return made
