"""Segmentation objects: the parts of the body that an algorithm marked (PS3.3 A.51).

One object per source series, with all segments of that series, on the grid of its
slices: same Frame of Reference, same rows and columns, a frame only where there is
something to see. Orientation and gantry tilt are those of the slices' own headers.
Binary, or a label map where the profile asks for it and `labelmap` finds it possible.

highdicom drafts the object once; frames and references are written as bytes, since
highdicom takes 2.4 s for two segments of 400 slices, and pydicom alone 0.3 s.
"""

import copy
import functools
from collections.abc import Iterator, Sequence

import numpy as np
from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID, CTImageStorage, SegmentationStorage

from core import mask
from core.domain.finding import Segment
from highdicom_out import frames, headers, labelmap, mint, provenance, segment_items, wording
from highdicom_out.concepts import ARTIFICIAL_INTELLIGENCE, coded
from highdicom_out.encoding import Encoding, Place, blank, stamp
from highdicom_out.frames import Frame
from highdicom_out.stack import Stack, decimals

KIND = "seg"
LABEL = "VARDE_AI"
BINARY, LABELMAP = SegmentationTypeValues.BINARY, SegmentationTypeValues.LABELMAP
LABEL_MAP_STORAGE = UID("1.2.840.10008.5.1.4.1.1.66.7")  # of 2024: pydicom has no name for it
CLASSES = {BINARY: SegmentationStorage, LABELMAP: LABEL_MAP_STORAGE}


def segmentations(encoding: Encoding) -> list[Dataset]:
    """An object for each series that has segments and says where its slices are."""
    filled = [one for one in encoding.stacks.values() if _mine(encoding, one)]
    return [_segmentation(encoding, one, number) for number, one in enumerate(filled, start=1)]


def unplaced(encoding: Encoding) -> bool:
    """Whether a segment is in no object, because its slices do not say where they are."""
    return any(reference(one, encoding) is None for one in encoding.result.segments)


def reference(segment: Segment, encoding: Encoding) -> tuple[Dataset, int] | None:
    """The object that a segment is in, as a header to refer to, and the segment's number."""
    for series, one in encoding.stacks.items():
        if segment in (mine := _mine(encoding, one)):
            made = Dataset()
            made.SOPClassUID, made.Modality = CLASSES[_form(encoding, mine)], "SEG"
            made.StudyInstanceUID = encoding.header.StudyInstanceUID
            made.SeriesInstanceUID = encoding.series_uid(KIND)
            made.SOPInstanceUID = encoding.sop_uid(KIND, series)
            return made, mine.index(segment) + 1
    return None


def _mine(encoding: Encoding, one: Stack) -> list[Segment]:
    """The segments of a stack: those whose slices it has, in its size."""
    size = int(one.leader.Rows), int(one.leader.Columns)
    return [
        segment
        for segment in encoding.result.segments
        if segment.shape[1:] == size and any(uid in one.sources for uid in segment.sop_uids)
    ]


def _form(encoding: Encoding, segments: Sequence[Segment]) -> SegmentationTypeValues:
    """A label map where the destination wants one and these segments can be told apart in it."""
    wanted = encoding.profile.segmentation == "labelmap"
    return LABELMAP if wanted and labelmap.possible(tuple(segments)) else BINARY


def _segmentation(encoding: Encoding, one: Stack, instance: int) -> Dataset:
    segments = _mine(encoding, one)
    form = _form(encoding, segments)
    made = copy.deepcopy(_draft(form))
    about = headers.text(one.leader, "SeriesInstanceUID")
    stamp(made, encoding, Place(KIND, instance, about))
    made.DeviceSerialNumber = provenance.device_uid(encoding.result.provenance)
    made.ContentDescription = made.SeriesDescription
    described: list[Dataset] = [segment_items.background(encoding)] if form is LABELMAP else []
    for number, segment in enumerate(segments, start=1):
        described.append(segment_items.described(segment, number, encoding))
    made.SegmentSequence = described
    _place(made, one)
    _dimensions(made)
    _fill(made, one, segments, form)
    return made


@functools.cache
def _draft(form: SegmentationTypeValues) -> Dataset:
    """A segmentation of nobody's slice; every object is a copy of it with its own frames."""
    image = blank()
    image.SOPClassUID, image.Modality = CTImageStorage, "CT"
    image.Rows = image.Columns = 8
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = "2.25.0", ""
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    image.PixelSpacing, image.SliceThickness, image.SamplesPerPixel = [1, 1], 1, 1
    lung = coded(ARTIFICIAL_INTELLIGENCE)
    described = SegmentDescription(
        1, "draft", lung, lung, "AUTOMATIC", segment_items.algorithm("draft", "")
    )
    made = Segmentation(
        source_images=[image],
        pixel_array=np.ones((1, 8, 8), np.uint8),
        segmentation_type=form,
        segment_descriptions=[described],
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
    for gone in ("SourceImageSequence", "PixelData", "DimensionOrganizationType"):
        made.pop(gone, None)
    if form is LABELMAP:  # highdicom leaves it to pydicom to find out which VR it has
        made.add_new("PixelPaddingValue", "US", 0)
    return made


def _place(made: Dataset, one: Stack) -> None:
    """Frame of Reference, size and what all frames share (PS3.3 C.7.6.16)."""
    source = one.leader
    made.FrameOfReferenceUID = headers.text(source, "FrameOfReferenceUID")
    made.PositionReferenceIndicator = wording.long_string(
        headers.text(source, "PositionReferenceIndicator")
    )
    made.Rows, made.Columns = int(source.Rows), int(source.Columns)
    lossy = headers.text(source, "LossyImageCompression") == "01"
    made.LossyImageCompression = "01" if lossy else "00"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if lossy and source.get(keyword):
            headers.put(made, keyword, source.get(keyword))
    if part := headers.normal(source, "BodyPartExamined"):
        made.BodyPartExamined = part
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.SliceThickness = decimals([one.thickness])[0]
    if one.distance:
        measures.SpacingBetweenSlices = decimals([one.distance])[0]
    measures.PixelSpacing = decimals(one.spacing)
    orientation.ImageOrientationPatient = decimals(one.orientation)
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    made.SharedFunctionalGroupsSequence = [shared]


def _dimensions(made: Dataset) -> None:
    """The dimensions' UID (PS3.3 C.7.6.17) is derived, as all are."""
    uid = mint.uid("dimensions", made.SOPInstanceUID)
    made.DimensionOrganizationSequence[0].DimensionOrganizationUID = uid
    for item in made.DimensionIndexSequence:
        item.DimensionOrganizationUID = uid


def _fill(
    made: Dataset, one: Stack, segments: Sequence[Segment], form: SegmentationTypeValues
) -> None:
    """Frames, references and pixel data; the number of frames is that of filled slices."""
    order = {uid: n for n, uid in enumerate(one.sources)}
    rank = (np.argsort(np.argsort(one.heights)) + 1).tolist()
    marked = [
        (uid, [(number, plane)])
        for number, segment in enumerate(segments, start=1)
        for uid, plane in _filled(segment, order)
    ]
    if form is LABELMAP:
        marked = sorted(labelmap.by_slice(marked), key=lambda found: rank[order[found[0]]])
    if not marked:  # a segment without a voxel still needs a frame: PS3.3 C.8.20.2
        size = (int(made.Rows) * int(made.Columns) + mask.BITS - 1) // mask.BITS
        marked = [(next(iter(order)), [(1, np.zeros(size, np.uint8))])]
    listed = [
        Frame(one.sources[uid], rank[order[uid]], one.places[order[uid]], marks)
        for uid, marks in marked
    ]
    made.NumberOfFrames = len(listed)
    frames.put(made, listed, list(one.sources.values()), labels=form is LABELMAP)


def _filled(segment: Segment, order: dict[str, int]) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The slices of a segment that hold a voxel, as packed bits, with their UIDs."""
    for uid, plane in labelmap.filled(segment):
        if uid in order:
            yield uid, plane
