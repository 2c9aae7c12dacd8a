"""Content items (PS3.3 C.17.3): thin constructors over highdicom's value types.

Each takes a concept of ours first and keeps to the relationships that TID 1500
uses; `under` hangs children on an item and returns it.
"""

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    ImageContentItem,
    NumContentItem,
    RelationshipTypeValues,
    Scoord3DContentItem,
    ScoordContentItem,
    TextContentItem,
    UIDRefContentItem,
)
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import SegmentationStorage

from core.domain.codes import Code
from highdicom_out import explicit
from highdicom_out.concepts import coded
from highdicom_out.wording import clean

_NAME: Final = 0x0040A043  # Concept Name Code Sequence
_VALUE: Final = 0x0040A168  # Concept Code Sequence
_CHILDREN: Final = 0x0040A730  # Content Sequence
CONTAINS = RelationshipTypeValues.CONTAINS
CONCEPT_MOD = RelationshipTypeValues.HAS_CONCEPT_MOD
OBS_CONTEXT = RelationshipTypeValues.HAS_OBS_CONTEXT
ACQ_CONTEXT = RelationshipTypeValues.HAS_ACQ_CONTEXT
PROPERTIES = RelationshipTypeValues.HAS_PROPERTIES
INFERRED_FROM = RelationshipTypeValues.INFERRED_FROM
SELECTED_FROM = RelationshipTypeValues.SELECTED_FROM


def container(name: Code, children: Sequence[Dataset], template: str | None = None) -> ContentItem:
    """A CONTAINER that its parent CONTAINS."""
    item = ContainerContentItem(coded(name), template_id=template, relationship_type=CONTAINS)
    return under(_written(item, name), children)


def code(name: Code, value: Code, relation: RelationshipTypeValues = CONTAINS) -> ContentItem:
    """A CODE."""
    return _written(CodeContentItem(coded(name), coded(value), relation), name, value)


def text(name: Code, value: str, relation: RelationshipTypeValues = CONTAINS) -> ContentItem:
    """A TEXT; control characters are dropped."""
    return _written(TextContentItem(coded(name), clean(value), relation), name)


def uidref(name: Code, value: str, relation: RelationshipTypeValues) -> ContentItem:
    """A UIDREF."""
    return _written(UIDRefContentItem(coded(name), value, relation), name)


def num(
    name: Code, value: float, unit: Code, relation: RelationshipTypeValues = CONTAINS
) -> ContentItem:
    """A NUM: decimal string of at most 16 characters, and the exact double beside it."""
    item = NumContentItem(coded(name), float(value), coded(unit), relationship_type=relation)
    return _written(item, name)


def image(
    name: Code, source: Dataset, relation: RelationshipTypeValues, frame: int | None = None
) -> ContentItem:
    """An IMAGE reference to `source`; `frame` (from 1) for multi-frame images only."""
    item = ImageContentItem(
        coded(name),
        source.SOPClassUID,
        source.SOPInstanceUID,
        referenced_frame_numbers=frame,
        relationship_type=relation,
    )
    return _written(item, name)


def polyline(name: Code, points: Sequence[tuple[float, float]]) -> ContentItem:
    """A SCOORD of type POLYLINE; `points` are (column, row) in pixels, 0,0 the outer corner.

    Encoded as 32-bit floats (FL), PS3.3 C.18.6.
    """
    return ScoordContentItem(
        coded(name), "POLYLINE", np.asarray(points, np.float32), relationship_type=CONTAINS
    )


def point(
    name: Code,
    place: tuple[float, float, float],
    frame_of_reference: str,
    relation: RelationshipTypeValues = CONTAINS,
) -> ContentItem:
    """A SCOORD3D of type POINT; `place` is LPS in mm, PS3.3 C.18.9."""
    return Scoord3DContentItem(
        coded(name),
        "POINT",
        np.asarray([place], np.float64),
        frame_of_reference,
        relationship_type=relation,
    )


def segment(name: Code, made: Dataset, number: int) -> ContentItem:
    """An IMAGE reference to segment `number` of the segmentation `made`, inferred from.

    Of a label map the number is left out: PS3.3 10.3 has it for the two segmentations that
    were there before, and dciodvfy holds it against any other class.
    """
    numbered = made.SOPClassUID == SegmentationStorage
    return ImageContentItem(
        coded(name),
        made.SOPClassUID,
        made.SOPInstanceUID,
        referenced_segment_numbers=number if numbered else None,
        relationship_type=INFERRED_FROM,
    )


def _written(item: ContentItem, name: Code, value: Code | None = None) -> ContentItem:
    """`item` with its codes as bytes: they are more than half of a report's elements."""
    item[_NAME] = explicit.raw(_NAME, _code(name))
    if value is not None:
        item[_VALUE] = explicit.raw(_VALUE, _code(value))
    explicit.as_written(item)
    return item


@functools.lru_cache(maxsize=1024)
def _code(code: Code) -> bytes:
    """The item of a code sequence (PS3.3 8.8)."""
    return explicit.items(coded(code))


def under(item: ContentItem, children: Sequence[Dataset]) -> ContentItem:
    """`item` with `children` below it; without any, Content Sequence stays absent (1C)."""
    if children:
        item[_CHILDREN] = DataElement(_CHILDREN, "SQ", Items(children))
    return item
