"""Mammography CAD SR of one result: TID 4000 (PS3.3 A.35.5, PS3.16), for workstations that ask.

    Mammography CAD Report
    +- language                               TID 1204
    +- Image Library                          TID 4020: the study's mammograms
    +- CAD Processing and Findings Summary    TID 4001
    |  +- Impression Description              the sentences for a reader
    |  +- Individual Impression/Recommendation, one a lesion (TID 4003)
    |     +- Composite Feature                a lesion that two views show (TID 4004)
    |        +- Single Image Finding          centre, outline, certainty (TID 4006)
    +- Summary of Detections, of Analyses     what ran on which image (TID 4015 to 4018)

The template is not extensible and its order counts: coded reasons, remarks, breast
composition and what has no region have no place of their own and are said in the
sentences; the report of TID 1500 has them coded. highdicom has no such document: the tree
is built of its content items and put into a copy of an empty one.
"""

import functools

from highdicom.sr import Comprehensive3DSR, ContainerContentItem
from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import MammographyCADSRStorage

from highdicom_out import cad_codes as named
from highdicom_out import (
    cad_findings,
    cad_items,
    cad_library,
    cad_runs,
    concepts,
    evidence,
    findings,
    items,
    predecessors,
    provenance,
    viewing,
    wording,
)
from highdicom_out.cad_library import Library
from highdicom_out.encoding import Encoding, Place, blank, copied, stamp

KIND = "cad"


def documents(encoding: Encoding) -> list[Dataset]:
    """One document where the result is of a mammography algorithm; else none."""
    return [_document(encoding)] if applies(encoding) else []


def applies(encoding: Encoding) -> bool:
    """Whether only mammograms were read, for lesions that the template has.

    A result that was not evaluated or failed may name neither: then it is enough that it is
    about mammograms, so that all three of nothing found, not evaluated and failed are told.
    """
    sources = encoding.sources.values()
    read = encoding.images or tuple(filter(cad_library.is_mammogram, sources))
    if not read or not all(map(cad_library.is_mammogram, read)):
        return False
    labels = encoding.result.findings
    if encoding.result.outcome in viewing.EVALUATED:
        return bool(encoding.images) and any(map(cad_findings.is_lesion, labels))
    return not labels or any(map(cad_findings.is_lesion, labels))


def _document(encoding: Encoding) -> Dataset:
    made = copied(_draft())
    library = cad_library.library(encoding)
    stamp(made, encoding, Place(KIND, encoding.run, encoding.header.StudyInstanceUID))
    predecessors.put(made, encoding, KIND)
    made.pop("CurrentRequestedProcedureEvidenceSequence", None)
    evidence.put(made, library.sources, encoding.header.StudyInstanceUID)
    made.ContentSequence = Items(_tree(encoding, library))
    return made


@functools.cache
def _draft() -> Dataset:
    """An empty document of nobody; every document is a copy of it."""
    root = ContainerContentItem(concepts.coded(named.REPORT), template_id="4000")
    root.ContentSequence = Items()
    made = Comprehensive3DSR(
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
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = MammographyCADSRStorage
    return made


def _tree(encoding: Encoding, library: Library) -> list[Dataset]:
    """TID 4000 rows 2 to 9. Image Library stands where `cad_library.ROOT` says."""
    language = concepts.LANGUAGE.get(encoding.language, concepts.LANGUAGE["en"])
    return [
        items.code(concepts.LANGUAGE_OF_CONTENT, language, items.CONCEPT_MOD),  # row 2
        cad_items.container(concepts.IMAGE_LIBRARY, cad_library.entries(library)),  # rows 3 and 4
        _summary(encoding, library),  # row 5
        cad_runs.detections(encoding, library),  # rows 6 and 7
        cad_runs.analyses(encoding, library),  # rows 8 and 9
    ]


def _summary(encoding: Encoding, library: Library) -> Dataset:
    """TID 4001: rows 1 and 2 always, row 3 where the algorithm ran."""
    told, evaluated = encoding.result.provenance, encoding.result.outcome in viewing.EVALUATED
    children = [
        items.text(named.IMPRESSION_DESCRIPTION, _sentences(encoding), items.PROPERTIES),
        *cad_items.algorithm(told, provenance.parameters(told)),  # TID 4002 row 11
        *(cad_findings.impressions(encoding, library) if evaluated else []),
    ]
    return cad_items.under(
        items.code(concepts.FOUND, named.PROCESSING[encoding.result.outcome]), children
    )


def _sentences(encoding: Encoding) -> str:
    """What a reader reads: the outcome, remarks, who says it, what it is for, what is left out."""
    result, language = encoding.result, encoding.language
    said = [wording.summary(result, language)]
    said += [wording.remark(one, language) for one in result.remarks]
    said += [wording.made_by(result, language), result.provenance.use(language)]
    if encoding.predecessors:
        said.append(encoding.say("replaces"))
    if any(findings.without_spacing(one, encoding) for one in result.findings):
        said.append(encoding.say("no_spacing"))
    return "\n".join(filter(None, map(wording.clean, said)))
