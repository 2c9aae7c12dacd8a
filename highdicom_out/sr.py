"""Comprehensive 3D SR of one result: TID 1500 Measurement Report (PS3.16, PS3.3 A.35.13).

    Imaging Measurement Report
    +- language, device observer, procedure reported
    +- Image Library                 the images, for viewers that start there
    +- Imaging Measurements          algorithm; one TID 1410 group per located finding
    +- Qualitative Evaluations       status, outcome, reason, an answer per other label,
                                     segments, remarks, and sentences for a reader

highdicom refuses a report without a measurement group, and a TID 1501 group beside
TID 1410 fails in PixelMed and blanks OHIF: so Imaging Measurements may be empty, and
what has no region is answered under Qualitative Evaluations. The document itself is
highdicom's, made once; the tree is put into a copy of it.
"""

import functools
from itertools import groupby

from highdicom.sr import (
    Comprehensive3DSR,
    ContainerContentItem,
)
from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import Comprehensive3DSRStorage

from highdicom_out import (
    concepts,
    evidence,
    findings,
    headers,
    items,
    predecessors,
    provenance,
    seg,
    segment_items,
    viewing,
    wording,
)
from highdicom_out.encoding import Encoding, Place, blank, copied, stamp

KIND = "sr"


def report(encoding: Encoding) -> Dataset:
    """The SR document: complete for what it says, preliminary and unverified always."""
    made = copied(_draft())
    about = encoding.header.StudyInstanceUID
    stamp(made, encoding, Place(KIND, encoding.run, about))
    predecessors.put(made, encoding, KIND)
    _refer(made, encoding)
    made.ContentSequence = Items(_tree(encoding))
    if _own_codes(encoding):
        made.CodingSchemeIdentificationSequence = [_scheme()]
    return made


def _own_codes(encoding: Encoding) -> bool:
    """Whether the report has a code of our private scheme."""
    result = encoding.result
    codes = [
        code
        for one in result.findings
        for code in (one.code, one.answer, *(measured.concept for measured in one.measurements))
    ]
    private = any(code and code.scheme == concepts.SCHEME for code in codes)
    return private or bool(result.reason or result.remarks)


@functools.cache
def _draft() -> Comprehensive3DSR:
    """An empty document of nobody; every report is a copy of it."""
    root = ContainerContentItem(concepts.coded(concepts.REPORT), template_id="1500")
    root.ContentSequence = Items()
    return Comprehensive3DSR(
        evidence=[blank()],
        content=root,
        series_instance_uid=blank().SeriesInstanceUID,
        series_number=1,
        sop_instance_uid=blank().SOPInstanceUID,
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )


def _scheme() -> Dataset:
    """Whose codes the reasons are (PS3.3 C.12.1.1.6)."""
    item = Dataset()
    item.CodingSchemeDesignator = concepts.SCHEME
    item.CodingSchemeName = "Varde reasons"
    item.CodingSchemeResponsibleOrganization = "The Varde project"
    return item


def _refer(made: Dataset, encoding: Encoding) -> None:
    """Evidence (PS3.3 C.17.2): every source, read or not, and the segmentations referred to."""
    segmentations = {str(one.SOPInstanceUID): one for one, _ in _shown_in(encoding).values()}
    sources = [*encoding.sources.values(), *segmentations.values()]
    made.pop("CurrentRequestedProcedureEvidenceSequence", None)
    evidence.put(made, sources, encoding.header.StudyInstanceUID)


def _shown_in(encoding: Encoding) -> dict[int, tuple[Dataset, int]]:
    """By place among the segments: the segmentation made beside this report, and its number."""
    if seg.KIND not in encoding.kinds:
        return {}
    marked = enumerate(encoding.result.segments)
    found = ((n, seg.reference(one, encoding)) for n, one in marked)
    return {n: one for n, one in found if one}


def reference(encoding: Encoding) -> Dataset:
    """The report of an encoding as a header to refer to."""
    made = Dataset()
    made.SOPClassUID, made.Modality = Comprehensive3DSRStorage, "SR"
    made.StudyInstanceUID = encoding.header.StudyInstanceUID
    made.SeriesInstanceUID = encoding.series_uid(KIND)
    made.SOPInstanceUID = encoding.sop_uid(KIND, made.StudyInstanceUID)
    return made


def _tree(encoding: Encoding) -> list[Dataset]:
    """The children of the root, in the order of TID 1500."""
    return [
        *_context(encoding),
        *_library(encoding),
        items.container(concepts.IMAGING_MEASUREMENTS, _measurements(encoding)),
        items.container(concepts.QUALITATIVE_EVALUATIONS, _evaluations(encoding)),
    ]


def _context(encoding: Encoding) -> list[Dataset]:
    """TID 1204 language, TID 1001 observation context and Procedure reported."""
    language = concepts.LANGUAGE.get(encoding.language, concepts.LANGUAGE["en"])
    computed = headers.text(encoding.leader, "Modality") == "CT"
    procedure = concepts.COMPUTED_TOMOGRAPHY if computed else concepts.IMAGING_PROCEDURE
    return [
        items.code(concepts.LANGUAGE_OF_CONTENT, language, items.CONCEPT_MOD),
        *provenance.observer(encoding.result.provenance),
        items.code(concepts.PROCEDURE_REPORTED, procedure, items.CONCEPT_MOD),
    ]


def _library(encoding: Encoding) -> list[Dataset]:
    """TID 1600 Image Library, one group per modality; absent where there is no image."""
    ordered = sorted(_shown(encoding), key=_modality)
    groups = [
        items.container(concepts.IMAGE_LIBRARY_GROUP, _library_group(modality, list(images)))
        for modality, images in groupby(ordered, key=_modality)
    ]
    return [items.container(concepts.IMAGE_LIBRARY, groups)] if groups else []


def _library_group(modality: str, images: list[Dataset]) -> list[Dataset]:
    known = concepts.modalities().get(modality)
    acquired = [items.code(concepts.MODALITY, known, items.ACQ_CONTEXT)] if known else []
    return [*acquired, *(items.image(concepts.SOURCE, one, items.CONTAINS) for one in images)]


def _shown(encoding: Encoding) -> list[Dataset]:
    """The images of the library: those looked at one by one, and the first of other series.

    A volume's other slices are evidence, and nothing more is to be said of each of them.
    """
    viewed = findings.viewed(encoding)
    known = {headers.text(one, "SeriesInstanceUID") for one in viewed}
    firsts: dict[str, Dataset] = {}
    for source in encoding.images or filter(headers.is_image, encoding.sources.values()):
        firsts.setdefault(headers.text(source, "SeriesInstanceUID"), source)
    return [*viewed, *(one for uid, one in firsts.items() if uid not in known)]


def _modality(source: Dataset) -> str:
    return headers.text(source, "Modality")


def _measurements(encoding: Encoding) -> list[Dataset]:
    """TID 4019, then the TID 1410 groups, the most probable finding first.

    Segments have no TID 1411 group beside them: PixelMed takes it for a TID 1410 one and
    reports a region as missing, twice. They are among the qualitative evaluations.
    """
    made = encoding.result.provenance
    found = encoding.result.findings
    numbered = [n for n, one in enumerate(found) if findings.located(one, encoding)]
    numbered.sort(key=lambda n: -found[n].probability)
    return [
        *provenance.algorithm(made, provenance.parameters(made)),
        *(findings.group(found[n], n, encoding) for n in numbered),
    ]


def _evaluations(encoding: Encoding) -> list[Dataset]:
    """Status, outcome and reason as codes, the answers, and the sentences."""
    rest = [one for one in encoding.result.findings if not findings.located(one, encoding)]
    return [
        *_outcome(encoding),
        *(findings.answer(one, encoding) for one in rest if _asked(encoding)),
        *_segments(encoding),
        *_remarks(encoding),
        *_sentences(encoding),
    ]


def _asked(encoding: Encoding) -> bool:
    """Whether the labels were looked for: if not, none of them is present or absent."""
    return encoding.result.outcome in viewing.EVALUATED


def _outcome(encoding: Encoding) -> list[Dataset]:
    """Whether the algorithm ran (CID 6042); what it found (CID 6047), or why it did not run."""
    result = encoding.result
    coded = [items.code(concepts.STATUS, concepts.STATUSES[result.outcome])]
    if found := concepts.FOUNDS.get(result.outcome):
        coded.append(items.code(concepts.FOUND, found))
    elif result.reason:
        coded.append(items.code(concepts.REASON, concepts.reason(result.reason.code)))
    return list(coded)


def _segments(encoding: Encoding) -> list[Dataset]:
    shown = _shown_in(encoding)
    marked = enumerate(encoding.result.segments)
    return [segment_items.marked(one, shown.get(n), encoding) for n, one in marked]


def _remarks(encoding: Encoding) -> list[Dataset]:
    """What a reader must know beside the findings, coded; the sentences stand below."""
    remarks = encoding.result.remarks
    return [items.code(concepts.REMARK, concepts.reason(one.code)) for one in remarks]


def _sentences(encoding: Encoding) -> list[Dataset]:
    """What a reader reads: the outcome, who says it, what it is for, what is left out."""
    result, language = encoding.result, encoding.language
    comments = [wording.remark(one, language) for one in result.remarks]
    comments += [wording.made_by(result, language), result.provenance.use(language)]
    if encoding.predecessors:
        comments.append(encoding.say("replaces"))
    if any(findings.without_spacing(one, encoding) for one in result.findings):
        comments.append(encoding.say("no_spacing"))
    if seg.KIND in encoding.kinds and seg.unplaced(encoding):
        comments.append(encoding.say("no_place"))
    return [
        items.text(concepts.SUMMARY, wording.summary(result, language)),
        *(items.text(concepts.COMMENT, one) for one in comments if wording.clean(one)),
    ]
