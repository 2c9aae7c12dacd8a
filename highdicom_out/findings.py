"""Findings as content items: TID 1410 for what has a region, a coded answer for the rest."""

import math
import re

from highdicom.sr import ContentItem, RelationshipTypeValues
from pydicom import Dataset

from core.domain.codes import PERCENT
from core.domain.finding import Finding, Measurement, Region
from highdicom_out import concepts, headers, items, provenance
from highdicom_out.encoding import Encoding

_LARGEST = 1e38  #: less than what a 32-bit float (FL) holds, and no number that is not finite
#: UCUM units that are lengths, areas and volumes: they need a trustworthy pixel spacing.
_LENGTH = re.compile(r"[cmdu]?m([23]|\^[23])?|[cmdu]?[lL]", re.ASCII)


def located(finding: Finding, encoding: Encoding) -> bool:
    """Whether the finding is there and its region can be drawn on one of the sources."""
    return finding.present and outline(finding.region, encoding) != ()


def outline(region: Region | None, encoding: Encoding) -> tuple[tuple[float, float], ...]:
    """The region's polyline: closed, and inside the image; () where it is on no known image.

    (column, row) in pixels as in `Region`. highdicom checks neither.
    """
    source = encoding.sources.get(region.sop_uid) if region else None
    if region is None or source is None or not headers.is_image(source):
        return ()
    if not 1 <= region.frame <= headers.frames(source):
        return ()
    columns, rows = float(source.Columns), float(source.Rows)
    points = tuple(
        (min(max(x, 0.0), columns), min(max(y, 0.0), rows))
        for x, y in region.points
        if math.isfinite(x) and math.isfinite(y)
    )
    closed = len(points) > 1 and points[0] == points[-1]
    return points if closed else (*points, *points[:1])


def viewed(encoding: Encoding) -> list[Dataset]:
    """The images read that are looked at one by one: of a volume the slices with a region."""
    drawn = {
        one.region.sop_uid
        for one in encoding.result.findings
        if one.region and located(one, encoding)
    }
    passed_by = encoding.slices - drawn
    return [one for one in encoding.images if str(one.SOPInstanceUID) not in passed_by]


def group(finding: Finding, number: int, encoding: Encoding) -> ContentItem:
    """TID 1410 Planar ROI Measurements and Qualitative Evaluations of one located finding."""
    identifier, uid = encoding.tracking(number)
    children = [
        items.text(concepts.TRACKING_ID, identifier, items.OBS_CONTEXT),
        items.uidref(concepts.TRACKING_UID, uid, items.OBS_CONTEXT),
        *provenance.algorithm(encoding.result.provenance, own_parameters(finding, encoding)),
        _what(finding),
        *_where(finding),
        _region(finding, encoding),
        *_center(finding, encoding, items.CONTAINS),
        *_how_sure(finding),
        *_how_much(finding, encoding),
        *([items.code(finding.code, finding.answer)] if finding.answer else []),
    ]
    return items.container(concepts.MEASUREMENT_GROUP, children, template="1410")


def answer(finding: Finding, encoding: Encoding) -> ContentItem:
    """The finding's own code as a question, and its answer, or else present or absent.

    Below it the probability, where it was sought and on which image; for findings
    of the whole image and for every label that is absent (TID 1500 row 13).
    """
    said = finding.answer or (concepts.PRESENT if finding.present else concepts.ABSENT)
    threshold = items.text(concepts.ALGORITHM_PARAMETERS, _threshold(finding), items.CONCEPT_MOD)
    children = [
        threshold,
        *_where(finding),
        *(_side(finding) if finding.site is None else []),
        *_how_sure(finding, items.PROPERTIES),
        *_how_much(finding, encoding, items.PROPERTIES),
        *_seen_on(finding, encoding),
        *_center(finding, encoding, items.INFERRED_FROM),
    ]
    return items.under(items.code(finding.code, said), children)


def own_parameters(finding: Finding, encoding: Encoding) -> tuple[str, ...]:
    """What identifies the algorithm's decision on this finding: weights and threshold."""
    weights = encoding.result.provenance.weights_sha256
    return (*((f"weights_sha256={weights}",) if weights else ()), _threshold(finding))


def without_spacing(finding: Finding, encoding: Encoding) -> bool:
    """Whether a measurement is left out because its image has no trustworthy pixel spacing."""
    return any(not _trusted(one, finding, encoding) for one in finding.measurements)


def _threshold(finding: Finding) -> str:
    return f"threshold={finding.threshold:g}"


def _what(finding: Finding) -> ContentItem:
    """The finding; a laterality without a site modifies the finding itself."""
    item = items.code(concepts.FINDING, finding.code)
    return items.under(item, _side(finding) if finding.site is None else [])


def _where(finding: Finding) -> list[Dataset]:
    """Finding Site (TID 1419 row 5) with its laterality."""
    if finding.site is None:
        return []
    site = items.code(concepts.FINDING_SITE, finding.site, items.CONCEPT_MOD)
    return [items.under(site, _side(finding))]


def _side(finding: Finding) -> list[Dataset]:
    if finding.laterality is None:
        return []
    return [items.code(concepts.LATERALITY, finding.laterality, items.CONCEPT_MOD)]


def _region(finding: Finding, encoding: Encoding) -> ContentItem:
    region = finding.region
    if region is None:
        message = "a finding without a region has no Image Region"
        raise ValueError(message)
    source = encoding.sources[region.sop_uid]
    frame = region.frame if headers.is_multi_frame(source) else None
    image = items.image(concepts.ORIGINAL_SOURCE, source, items.SELECTED_FROM, frame)
    return items.under(items.polyline(concepts.IMAGE_REGION, outline(region, encoding)), [image])


def _seen_on(finding: Finding, encoding: Encoding) -> list[Dataset]:
    """The image that the answer is inferred from."""
    source = encoding.sources.get(finding.sop_uid)
    if source is None or not headers.is_image(source):
        return []
    return [items.image(concepts.SOURCE, source, items.INFERRED_FROM)]


def _center(
    finding: Finding, encoding: Encoding, relation: RelationshipTypeValues
) -> list[Dataset]:
    """The finding's centre in the patient, where the image names its Frame of Reference."""
    source = encoding.sources.get(finding.region.sop_uid if finding.region else finding.sop_uid)
    frame = headers.text(source, "FrameOfReferenceUID") if source is not None else ""
    place = finding.position
    if place is None or not frame or not all(abs(one) < _LARGEST for one in place):
        return []
    return [items.point(concepts.CENTER, place, frame, relation)]


def _how_sure(finding: Finding, relation: RelationshipTypeValues = items.CONTAINS) -> list[Dataset]:
    """Probability in per cent; a number that is not finite is not a probability."""
    if not math.isfinite(finding.probability):
        return []
    value = round(finding.probability * 100, 4)
    return [items.num(concepts.PROBABILITY, value, PERCENT, relation)]


def _how_much(
    finding: Finding,
    encoding: Encoding,
    relation: RelationshipTypeValues = items.CONTAINS,
) -> list[Dataset]:
    """The finding's measurements (TID 300)."""
    return [
        items.num(one.concept, one.value, one.unit, relation) for one in measured(finding, encoding)
    ]


def measured(finding: Finding, encoding: Encoding) -> list[Measurement]:
    """The finding's measurements without lengths that no pixel spacing bears."""
    return [
        one
        for one in finding.measurements
        if math.isfinite(one.value) and _trusted(one, finding, encoding)
    ]


def _trusted(one: Measurement, finding: Finding, encoding: Encoding) -> bool:
    if one.unit.scheme != "UCUM" or not _LENGTH.fullmatch(one.unit.value):
        return True
    source = encoding.sources.get(finding.region.sop_uid if finding.region else finding.sop_uid)
    return source is not None and headers.spacing(source) is not None
