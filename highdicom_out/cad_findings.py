"""TID 4003 Individual Impression/Recommendation: one for each lesion.

Breast composition (TID 4007) is left to the sentences. By PS3.3 A.35.5 a CODE has its
answer as a property, and DCMTK refuses a document where it contains it; PixelMed asks for
just that, having the template from the dose report, which has it in a container.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence

from highdicom.sr import ContentItem, RelationshipTypeValues
from pydicom import Dataset
from pydicom.sr.codedict import codes

from core.domain.codes import PERCENT, Code
from core.domain.finding import Finding, Measurement
from highdicom_out import cad_codes as named
from highdicom_out import cad_items, concepts, findings, headers, items, provenance
from highdicom_out.cad_library import Library
from highdicom_out.encoding import Encoding

#: Measurements of TID 1400 and TID 1401, by the group of their names, and their units.
_MEASURES = (("CID7470", {"mm", "cm", "um"}), ("CID7471", {"mm2", "cm2", "um2"}))


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """What the findings are written from."""

    encoding: Encoding
    library: Library

    def finding(self, number: int) -> Finding:
        """The finding of that place in the result."""
        return self.encoding.result.findings[number]


def impressions(encoding: Encoding, library: Library) -> list[Dataset]:
    """TID 4001 row 3: lesions, the most probable first."""
    page = Page(encoding, library)
    return [_lesion(page, numbers) for numbers in lesions(page)]


def is_lesion(finding: Finding) -> bool:
    """Whether the template has a code for it: masses, calcifications, distortions."""
    return finding.answer is None and (finding.code.value, finding.code.scheme) in named.LESIONS


def is_composition(finding: Finding) -> bool:
    """Whether it answers how dense the breasts are."""
    asked = {named.COMPOSITION.value, named.DENSITY.value}
    return finding.answer is not None and finding.code.value in asked


def lesions(page: Page) -> list[list[int]]:
    """Places of the findings that can be shown, those with one tracking UID and code together."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(page.encoding.result.findings):
        if is_lesion(one) and _is_here(page, one):
            _, uid = page.encoding.tracking(number)
            found.setdefault((uid, _codes(one)[1].value), []).append(number)
    return sorted(found.values(), key=lambda own: -max(page.finding(n).probability for n in own))


def _is_here(page: Page, finding: Finding) -> bool:
    """Whether its region lies on a mammogram of the library."""
    known = headers.by_uid(page.library.sources)
    drawn = findings.outline(finding.region, page.encoding)
    return finding.region is not None and finding.region.sop_uid in known and drawn != ()


def _codes(finding: Finding) -> tuple[Code, Code]:
    return named.LESIONS[finding.code.value, finding.code.scheme]


def _intent(own: Sequence[Finding]) -> Code:
    """Rendering Intent: a mark at or above the threshold; what is below is not to be marked."""
    return named.REQUIRED if any(one.present for one in own) else named.NOT_PRESENTED


def _impression(intent: Code, child: Dataset) -> Dataset:
    """TID 4003 rows 1, 2 and 4 or 5."""
    shown = items.code(named.RENDERING_INTENT, intent, items.CONCEPT_MOD)
    return cad_items.container(named.IMPRESSION, [shown, child], items.INFERRED_FROM)


def _lesion(page: Page, numbers: Sequence[int]) -> Dataset:
    """A lesion that several places show is a composite feature of them; else a finding alone."""
    intent = _intent([page.finding(number) for number in numbers])
    if len(numbers) == 1:
        return _impression(intent, _single(page, numbers[0], items.CONTAINS))
    return _impression(intent, _composite(page, numbers))


def _composite(page: Page, numbers: Sequence[int]) -> Dataset:
    """TID 4004 Composite Feature with TID 4005: the same lesion in two views."""
    own = [page.finding(number) for number in numbers]
    told, first = page.encoding.result.provenance, own[0]
    several = len({one.region.sop_uid for one in own if one.region}) > 1
    scope = named.ON_SEVERAL if several else named.ON_ONE_IMAGE
    strongest = max(one.probability for one in own)
    children = [
        items.code(named.RENDERING_INTENT, _intent(own), items.CONCEPT_MOD),  # TID 4004 row 2
        *_tracking(page, numbers[0]),  # row 3: TID 4108
        items.code(named.COMPOSITE_TYPE, named.RELATED_SPATIALLY, items.PROPERTIES),  # TID 4005
        items.code(named.SCOPE_OF_FEATURE, scope, items.PROPERTIES),
        *cad_items.algorithm(told, findings.own_parameters(first, page.encoding)),
        *_certainty(named.CERTAINTY_OF_FEATURE, strongest),
        *(_single(page, number, items.INFERRED_FROM) for number in numbers),  # TID 4004 row 6
        *provenance.observer(told),  # row 7: TID 4022
    ]
    return cad_items.under(items.code(named.COMPOSITE_FEATURE, _codes(first)[1]), children)


def _single(page: Page, number: int, relation: RelationshipTypeValues) -> Dataset:
    """TID 4006 Single Image Finding."""
    finding, told = page.finding(number), page.encoding.result.provenance
    observed = provenance.observer(told) if relation is items.CONTAINS else []
    children = [
        items.code(named.RENDERING_INTENT, _intent([finding]), items.CONCEPT_MOD),  # row 2
        *_tracking(page, number),  # row 4: TID 4108
        *cad_items.algorithm(told, findings.own_parameters(finding, page.encoding)),  # row 5
        *_certainty(named.CERTAINTY_OF_FINDING, finding.probability),  # row 6
        *_geometry(page, finding),  # row 8: TID 4021
        *_measured(page, finding),  # rows 12 to 14: TID 4009, 4010, 4011
        *observed,  # row 26: TID 4022; below a composite feature, that one's
    ]
    return cad_items.under(
        items.code(named.SINGLE_IMAGE_FINDING, _codes(finding)[0], relation), children
    )


def _tracking(page: Page, number: int) -> list[Dataset]:
    """TID 4108 Tracking Identifier."""
    identifier, uid = page.encoding.tracking(number)
    return [
        items.text(concepts.TRACKING_ID, identifier, items.OBS_CONTEXT),
        items.uidref(concepts.TRACKING_UID, uid, items.OBS_CONTEXT),
    ]


def _certainty(name: Code, probability: float) -> list[Dataset]:
    """A probability in per cent; what is none is not said."""
    if not math.isfinite(probability) or not 0 <= probability <= 1:
        return []
    return [items.num(name, round(probability * 100, 4), PERCENT, items.PROPERTIES)]


def _geometry(page: Page, finding: Finding) -> list[Dataset]:
    """TID 4021: the centre, and the outline, each selected from the image by reference."""
    region, points = finding.region, findings.outline(finding.region, page.encoding)
    assert region is not None
    columns, rows = zip(*points, strict=True)
    middle = (min(columns) + max(columns)) / 2, (min(rows) + max(rows)) / 2
    source = page.encoding.sources[region.sop_uid]
    frame = region.frame if headers.is_multi_frame(source) else 0
    place = page.library.place(region.sop_uid, frame)
    return [
        cad_items.under(item, [cad_items.reference(place, items.SELECTED_FROM)])
        for item in (
            cad_items.point(concepts.CENTER, middle, items.PROPERTIES),  # rows 1 and 2
            cad_items.polyline(named.OUTLINE, points, items.PROPERTIES),  # rows 3 and 4
        )
    ]


def _measured(page: Page, finding: Finding) -> Iterator[Dataset]:
    """TID 1400 Linear and TID 1401 Area Measurements, where the template has a place for them."""
    if _codes(finding)[0].value not in named.MEASURED:
        return
    told = findings.measured(finding, page.encoding)
    for group, units in _MEASURES:
        known = {one.value for one in getattr(codes, group).concepts.values()}
        for one in told:
            if one.concept.value in known and one.unit.value in units:
                yield _number(one)


def _number(one: Measurement) -> ContentItem:
    return items.num(one.concept, one.value, one.unit, items.PROPERTIES)
