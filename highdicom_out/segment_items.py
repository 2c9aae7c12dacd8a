"""A segment in words and codes: as the segmentation describes it, and as the report names it."""

import copy
import math

from highdicom.color import CIELabColor
from highdicom.content import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
from highdicom.sr import ContentItem
from pydicom import Dataset

from core.domain.codes import Code
from core.domain.finding import Segment
from highdicom_out import concepts, items, mint, wording
from highdicom_out.concepts import ARTIFICIAL_INTELLIGENCE, coded
from highdicom_out.encoding import Encoding

#: Colours to begin with (PS3.3 C.8.20.2), quiet ones: a segment is a ground, not a finding.
COLOURS = tuple(
    CIELabColor.from_rgb(*rgb)
    for rgb in ((0, 114, 178), (0, 158, 115), (204, 121, 167), (230, 159, 0))
)

#: What a label map says of its value 0 (PS3.3 C.8.20.2): voxels of no segment.
BACKGROUND = Code("125040", "DCM", "Background", "Bakgrunn")


def background(encoding: Encoding) -> Dataset:
    """Segment Description of number 0, which the Segment Description of highdicom refuses."""
    told, made = encoding.result.provenance, Dataset()
    made.SegmentNumber = 0
    made.SegmentLabel = BACKGROUND.text(encoding.language)
    made.SegmentedPropertyCategoryCodeSequence = [coded(BACKGROUND)]
    made.SegmentedPropertyTypeCodeSequence = [coded(BACKGROUND)]
    made.SegmentAlgorithmType = SegmentAlgorithmTypeValues.AUTOMATIC.value
    made.SegmentAlgorithmName = wording.long_string(told.name) or told.algorithm
    return made


def described(segment: Segment, number: int, encoding: Encoding) -> SegmentDescription:
    """Segment Description (PS3.3 C.8.20.4): what it is and who marked it; codes in English."""
    told = encoding.result.provenance
    made = SegmentDescription(
        segment_number=number,
        segment_label=wording.long_string(wording.segment(segment, encoding.language)),
        segmented_property_category=coded(segment.category),
        segmented_property_type=coded(segment.code),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm(
            wording.long_string(told.name) or told.algorithm, wording.long_string(told.version)
        ),
        tracking_id=wording.long_string(f"{segment.code.meaning} segment {number}"),
        tracking_uid=tracking(segment, number, encoding),
        display_color=COLOURS[(number - 1) % len(COLOURS)],
    )
    if segment.laterality:
        (kind,) = made.SegmentedPropertyTypeCodeSequence
        kind = copy.deepcopy(kind)
        kind.SegmentedPropertyTypeModifierCodeSequence = [coded(segment.laterality)]
        made.SegmentedPropertyTypeCodeSequence = [kind]
    return made


def tracking(segment: Segment, number: int, encoding: Encoding) -> str:
    """Tracking UID of segment `number` of its object, the same in every object."""
    return mint.uid(
        "segment", encoding.result.job_id, number, segment.code.value, *segment.sop_uids[:1]
    )


def algorithm(name: str, version: str) -> AlgorithmIdentificationSequence:
    """Segmentation Algorithm Identification Sequence (PS3.3 10.16), one item."""
    return AlgorithmIdentificationSequence(
        name=name, version=version or "?", family=coded(ARTIFICIAL_INTELLIGENCE)
    )


def marked(segment: Segment, made: tuple[Dataset, int] | None, encoding: Encoding) -> ContentItem:
    """A segment: its category as a question, what it is as the answer, and its measurements.

    `made` is the segmentation that shows it, where there is one, and its number there: the
    segment is found there by its tracking UID.
    """
    uid = tracking(segment, made[1], encoding) if made else ""
    side = [segment.laterality] if segment.laterality else []
    children = [
        *(items.code(concepts.LATERALITY, one, items.CONCEPT_MOD) for one in side),
        *(
            items.num(one.concept, one.value, one.unit, items.PROPERTIES)
            for one in segment.measurements
            if math.isfinite(one.value)
        ),
        *([items.uidref(concepts.TRACKING_UID, uid, items.PROPERTIES)] if made else []),
        *([items.segment(concepts.REFERENCED_SEGMENT, *made)] if made else []),
    ]
    return items.under(items.code(segment.category, segment.code), children)
