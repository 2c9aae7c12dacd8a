"""Content items that only Mammography CAD SR has: by reference, dates, places on an image."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from highdicom.sr import (
    ContentItem,
    DateContentItem,
    RelationshipTypeValues,
    ScoordContentItem,
    TimeContentItem,
)
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from core.domain.codes import Code
from core.domain.finding import Provenance
from highdicom_out import headers, items
from highdicom_out.cad_codes import ALGORITHM_NAME, ALGORITHM_VERSION
from highdicom_out.concepts import ALGORITHM_PARAMETERS, coded
from highdicom_out.wording import clean

Place = tuple[int, ...]  #: of an item in the tree: its number among its siblings, from the root


def under(item: Dataset, children: Sequence[Dataset]) -> Dataset:
    """`item` with `children` below it; highdicom takes no item by reference or without a name."""
    made = Dataset()
    made.update(item)
    if children:
        made.ContentSequence = Items(children)
    return made


def container(
    name: Code,
    children: Sequence[Dataset],
    relation: RelationshipTypeValues = items.CONTAINS,
) -> Dataset:
    """A CONTAINER."""
    made = under(items.container(name, []), children)
    made.RelationshipType = relation.value
    return made


def reference(place: Place, relation: RelationshipTypeValues) -> Dataset:
    """An item by reference (PS3.3 C.17.3.2.5)."""
    made = Dataset()
    made.RelationshipType = relation.value
    made.ReferencedContentItemIdentifier = list(place)
    return made


def image(source: Dataset, frame: int | None = None) -> Dataset:
    """An IMAGE without a concept name, which its parent contains (TID 4020 row 1)."""
    made = items.image(ALGORITHM_NAME, source, items.CONTAINS, frame)
    del made.ConceptNameCodeSequence
    return made


def point(name: Code, at: tuple[float, float], relation: RelationshipTypeValues) -> ContentItem:
    """A SCOORD of one point, (column, row) in pixels."""
    place = np.asarray([at], np.float32)
    return ScoordContentItem(coded(name), "POINT", place, relationship_type=relation)


def polyline(
    name: Code, points: Sequence[tuple[float, float]], relation: RelationshipTypeValues
) -> ContentItem:
    """A SCOORD of a closed line, (column, row) in pixels."""
    places = np.asarray(points, np.float32)
    return ScoordContentItem(coded(name), "POLYLINE", places, relationship_type=relation)


def date(name: Code, value: str) -> ContentItem:
    """A DATE of the acquisition context; `value` is a DA."""
    day = dt.datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    return DateContentItem(coded(name), day, items.ACQ_CONTEXT)


def time(name: Code, value: str) -> ContentItem:
    """A TIME of the acquisition context; `value` is a TM."""
    made = TimeContentItem(coded(name), dt.time(), items.ACQ_CONTEXT)
    headers.put(made, "Time", value)  # as it came: a TM may be cut off after any part
    return made


def algorithm(made: Provenance, parameters: Sequence[str]) -> list[Dataset]:
    """TID 4019 as properties of what it is put under: name, version, parameters."""
    said = [
        (ALGORITHM_NAME, clean(made.name) or made.algorithm),
        (ALGORITHM_VERSION, clean(made.version) or "?"),
        *((ALGORITHM_PARAMETERS, one) for one in parameters),
    ]
    return [items.text(name, value, items.PROPERTIES) for name, value in said]
