"""Objects read with pydicom alone, as statements to compare with those of the result.

Nothing here is read by the code that wrote the objects, and tags are looked for by the codes
of the standard, not by the names that the encoder gives them.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core import mask
from core.domain.codes import Code
from core.domain.finding import Finding, Measurement, Outcome, Result, Segment

Points = tuple[tuple[float, float], ...]
Coded = tuple[str, str]

GROUP, EVALUATIONS = ("125007", "DCM"), ("C0034375", "UMLS")
PRESENT, ABSENT = ("121053", "DCM"), ("121054", "DCM")
PROBABILITY, FINDING, SITE = ("122157", "DCM"), ("121071", "DCM"), ("363698007", "SCT")
SIDE, PARAMETERS = ("272741003", "SCT"), ("111002", "DCM")
TRACKING, TRACKING_UID = ("112039", "DCM"), ("112040", "DCM")
STATUS, FOUND, REASON, REMARK = (
    ("111064", "DCM"),
    ("111017", "DCM"),
    ("reason", "99VARDE"),
    ("remark", "99VARDE"),
)
REFERENCED_SEGMENT = ("121191", "DCM")


@dataclasses.dataclass(frozen=True)
class Said:
    """A finding in a report; numbers are compared by `same`."""

    code: Coded
    answer: Coded
    probability: float  #: per cent
    threshold: str
    site: Coded | None
    side: Coded | None
    seen_on: tuple[str, int]  #: SOP Instance UID, and the frame or 0
    outline: Points  #: as 32-bit floats
    centre: tuple[float, ...]
    measured: tuple[tuple[Coded, float, Coded], ...]
    tracking: str


def same(one: Said, other: Said) -> bool:
    """Equal, the outline to the last bit, the centre to 0.1 mm, numbers to six digits.

    A tracking UID that the result does not name is minted: any will do for `other`'s ''.
    """
    numbers = ("probability", "centre", "measured", *(() if other.tracking else ("tracking",)))
    rest = [f.name for f in dataclasses.fields(Said) if f.name not in numbers]
    quantities = [(name, unit) for name, _, unit in one.measured]
    return (
        all(getattr(one, name) == getattr(other, name) for name in rest)
        and math.isclose(one.probability, other.probability, abs_tol=1e-3)
        and len(one.centre) == len(other.centre)
        and all(abs(a - b) <= 0.1 for a, b in zip(one.centre, other.centre, strict=True))
        and quantities == [(name, unit) for name, _, unit in other.measured]
        and all(
            math.isclose(a[1], b[1], rel_tol=1e-6)
            for a, b in zip(one.measured, other.measured, strict=True)
        )
    )


def expected(result: Result, sources: Sequence[Dataset]) -> tuple[list[Said], list[Said]]:
    """What a report must say: of findings with a place, the most probable first; of the others."""
    by_uid = {str(one.SOPInstanceUID): one for one in sources}
    drawn = [one for one in result.present if one.region]
    rest = [one for one in result.findings if not (one.present and one.region)]
    evaluated = result.outcome in {Outcome.FINDINGS, Outcome.NOTHING_FOUND}
    return (
        [_expected(one, by_uid, drawn=True) for one in drawn],
        [_expected(one, by_uid, drawn=False) for one in rest if evaluated],
    )


def _expected(one: Finding, by_uid: Mapping[str, Dataset], *, drawn: bool) -> Said:
    region = one.region if drawn else None
    source = by_uid[region.sop_uid if region else one.sop_uid]
    frame = region.frame if region and source.get("NumberOfFrames") else 0
    placed = one.position if source.get("FrameOfReferenceUID") else None
    return Said(
        _pair(one.code),
        _pair(one.answer) if one.answer else PRESENT if one.present else ABSENT,
        one.probability * 100,
        f"threshold={one.threshold:g}",
        _pair(one.site) if one.site else None,
        _pair(one.laterality) if one.laterality else None,
        (str(source.SOPInstanceUID), frame),
        single(region.points) if region else (),
        tuple(placed or ()),
        tuple(_quantity(m) for m in one.measurements if _bears(source, m)),
        one.tracking_uid if drawn else "",
    )


def _bears(source: Dataset, measured: Measurement) -> bool:
    """Millimetres need a pixel spacing in the patient; scores and counts do not."""
    return "PixelSpacing" in source or not measured.unit.value.startswith(("mm", "cm", "mL", "ml"))


def _quantity(one: Measurement) -> tuple[Coded, float, Coded]:
    return _pair(one.concept), one.value, _pair(one.unit)


def _pair(code: Code) -> Coded:
    return code.value, code.scheme


def single(points: Sequence[Sequence[float]] | NDArray[np.float64]) -> Points:
    """Points as DICOM has them: 32-bit floats."""
    return tuple((float(x), float(y)) for x, y in np.asarray(points, np.float32).tolist())


def children(item: Dataset, name: Coded | None = None) -> list[Dataset]:
    """Content items below `item`, of that name."""
    found = item.get("ContentSequence") or []
    return [one for one in found if name is None or named(one) == name]


def named(item: Dataset) -> Coded | None:
    """The code of a content item's name."""
    names = item.get("ConceptNameCodeSequence")
    return coded(names[0]) if names else None


def coded(item: Dataset) -> Coded:
    """An item of a code sequence."""
    value = item.get("CodeValue") or item.get("LongCodeValue")
    return str(value), str(item.CodingSchemeDesignator)


def value(item: Dataset) -> Coded:
    """The value of a CODE."""
    return coded(item.ConceptCodeSequence[0])


def below(item: Dataset) -> Iterator[Dataset]:
    """All content items below `item`, in order."""
    for one in children(item):
        yield one
        yield from below(one)


def groups(report: Dataset) -> list[Said]:
    """The measurement groups of a report."""
    return [_group(one) for one in below(report) if named(one) == GROUP]


def _group(item: Dataset) -> Said:
    (what,) = children(item, FINDING)
    (outline,) = (one for one in children(item) if one.get("ValueType") == "SCOORD")
    assert outline.GraphicType == "POLYLINE"
    (image,) = (one for one in children(outline) if one.get("ValueType") == "IMAGE")
    answers = children(item, value(what))
    (uid,) = children(item, TRACKING_UID)
    return _said(
        item,
        code=value(what),
        answer=value(answers[0]) if answers else PRESENT,
        holder=what,
        seen_on=_reference(image),
        outline=single(np.reshape(outline.GraphicData, (-1, 2))),
        tracking=str(uid.UID),
    )


def answers(report: Dataset, asked: Sequence[Coded]) -> list[Said]:
    """The answers among the qualitative evaluations, to questions of these codes."""
    (container,) = (one for one in children(report) if named(one) == EVALUATIONS)
    return [_answer(one) for one in children(container) if named(one) in asked]


def _answer(item: Dataset) -> Said:
    images = [one for one in children(item) if one.get("ValueType") == "IMAGE"]
    return _said(
        item,
        code=named(item) or ("", ""),
        answer=value(item),
        holder=item,
        seen_on=_reference(images[0]),
        outline=(),
        tracking="",
    )


def _said(
    item: Dataset,
    *,
    code: Coded,
    answer: Coded,
    holder: Dataset,
    seen_on: tuple[str, int],
    outline: Points,
    tracking: str,
) -> Said:
    sites = children(item, SITE)
    sides = children(sites[0] if sites else holder, SIDE)
    points = [one for one in children(item) if one.get("ValueType") == "SCOORD3D"]
    numbers = [one for one in children(item) if one.get("ValueType") == "NUM"]
    (sure,) = (one for one in numbers if named(one) == PROBABILITY)
    texts = [str(one.TextValue) for one in children(item, PARAMETERS)]
    (threshold,) = (one for one in texts if one.startswith("threshold="))
    return Said(
        code, answer, _number(sure)[0], threshold,
        value(sites[0]) if sites else None, value(sides[0]) if sides else None,
        seen_on, outline,
        tuple(map(float, points[0].GraphicData)) if points else (),
        tuple(
            (named(one) or ("", ""), *_number(one)) for one in numbers if named(one) != PROBABILITY
        ),
        tracking,
    )  # fmt: skip


def _number(item: Dataset) -> tuple[float, Coded]:
    (measured,) = item.MeasuredValueSequence
    return float(measured.NumericValue), coded(measured.MeasurementUnitsCodeSequence[0])


def _reference(item: Dataset) -> tuple[str, int]:
    (one,) = item.ReferencedSOPSequence
    return str(one.ReferencedSOPInstanceUID), int(one.get("ReferencedFrameNumber") or 0)


def segments(report: Dataset) -> list[tuple[str, str, int]]:
    """(segmentation, tracking UID, number or 0) of the segments that a report refers to."""
    found = []
    for item in below(report):
        for image in children(item, REFERENCED_SEGMENT):
            (one,) = image.ReferencedSOPSequence
            (uid,) = children(item, TRACKING_UID)
            number = int(one.get("ReferencedSegmentNumber") or 0)
            found.append((str(one.ReferencedSOPInstanceUID), str(uid.UID), number))
    return found


def outlines(state: Dataset) -> list[tuple[str, int, str, Points]]:
    """(image, frame or 0, tracking UID, points) of what a presentation state draws."""
    found = []
    for annotation in state.GraphicAnnotationSequence:
        (image,) = annotation.ReferencedImageSequence
        for drawn in annotation.get("GraphicObjectSequence") or []:
            assert (drawn.GraphicType, drawn.GraphicAnnotationUnits) == ("POLYLINE", "PIXEL")
            points = single(np.reshape(drawn.GraphicData, (-1, drawn.GraphicDimensions)))
            assert len(points) == drawn.NumberOfGraphicPoints
            frame = int(image.get("ReferencedFrameNumber") or 0)
            found.append(
                (str(image.ReferencedSOPInstanceUID), frame, str(drawn.TrackingUID), points)
            )
    return found


@dataclasses.dataclass(frozen=True)
class Marked:
    """A segmentation: the voxels of each segment by source, and where its frames are."""

    voxels: dict[int, dict[str, NDArray[np.bool_]]]
    places: dict[str, tuple[float, ...]]  #: Image Position (Patient) by source
    orientation: tuple[float, ...]
    spacing: tuple[float, float]

    def centre(self, number: int) -> NDArray[np.float64]:
        """The centre of a segment in the patient, LPS in mm, by the object's own geometry."""
        row, column = np.reshape(self.orientation, (2, 3))
        down, right = self.spacing
        total, count = np.zeros(3), 0
        for uid, plane in self.voxels[number].items():
            rows, columns = np.nonzero(plane)
            total += len(rows) * np.array(self.places[uid])
            total += rows.sum() * down * column + columns.sum() * right * row
            count += len(rows)
        return np.asarray(total / count)


def marked(made: Dataset) -> Marked:
    """A binary segmentation or a label map, frame by frame."""
    size = int(made.Rows), int(made.Columns)
    frames, count = int(made.NumberOfFrames), size[0] * size[1]
    binary = made.SegmentationType == "BINARY"
    raw = np.frombuffer(made.PixelData, np.uint8)
    bits = np.unpackbits(raw, bitorder="little") if binary else raw
    planes = bits[: frames * count].reshape(frames, *size)
    voxels: dict[int, dict[str, NDArray[np.bool_]]] = {}
    places = {}
    for group, plane in zip(made.PerFrameFunctionalGroupsSequence, planes, strict=True):
        uid = str(group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)
        position = group.PlanePositionSequence[0].ImagePositionPatient
        places[uid] = tuple(float(one) for one in position)
        if binary:
            number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            voxels.setdefault(number, {})[uid] = plane.astype(np.bool_)
        else:
            for number in (int(one) for one in np.unique(plane) if one):
                voxels.setdefault(number, {})[uid] = plane == number
    (shared,) = made.SharedFunctionalGroupsSequence
    orientation = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    return Marked(
        voxels,
        places,
        tuple(float(one) for one in orientation),
        (float(spacing[0]), float(spacing[1])),
    )


def voxels_of(segment: Segment) -> dict[str, NDArray[np.bool_]]:
    """The slices of a segment that hold a voxel, by SOP Instance UID."""
    planes = mask.unpack(segment.bits, segment.shape)
    return {uid: plane for uid, plane in zip(segment.sop_uids, planes, strict=True) if plane.any()}
