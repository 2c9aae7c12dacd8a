"""TID 4015 to TID 4018: what was looked for, on which images, and whether it worked.

An image that is in the library and in no list was not attempted.
"""

from collections.abc import Sequence

from pydicom import Dataset

from core.domain.codes import Code
from core.domain.finding import Outcome
from highdicom_out import cad_codes as named
from highdicom_out import cad_findings, cad_items, items
from highdicom_out.cad_library import Library, is_mammogram
from highdicom_out.encoding import Encoding


def detections(encoding: Encoding, library: Library) -> Dataset:
    """Summary of Detections (TID 4000 row 6) with TID 4015."""
    match encoding.result.outcome:
        case Outcome.NOT_EVALUATED:
            return items.code(named.DETECTIONS, named.NOT_ATTEMPTED)
        case Outcome.FAILED:
            status, group = named.FAILED, named.FAILED_DETECTIONS
        case _:
            status, group = named.SUCCEEDED, named.SUCCESSFUL_DETECTIONS
    lists = [_run(named.DETECTION, one, encoding, library) for one in sought(encoding)]
    return _summary(named.DETECTIONS, status, group, lists)


def analyses(encoding: Encoding, library: Library) -> Dataset:
    """Summary of Analyses (TID 4000 row 8) with TID 4016: of pairs of views, and of density."""
    done = _analysed(encoding, library)
    if not done:
        return items.code(named.ANALYSES, named.NOT_ATTEMPTED)
    lists = [_run(named.ANALYSIS, one, encoding, library) for one in done]
    return _summary(named.ANALYSES, named.SUCCEEDED, named.SUCCESSFUL_ANALYSES, lists)


def sought(encoding: Encoding) -> list[Code]:
    """Kinds of lesion (CID 6014) that the result has a label of; a failed run may name none."""
    labels = filter(cad_findings.is_lesion, encoding.result.findings)
    found = [named.LESIONS[one.code.value, one.code.scheme][0] for one in labels]
    return list(dict.fromkeys(found)) or [named.ANY_REGION]


def _analysed(encoding: Encoding, library: Library) -> list[Code]:
    """What a result shows to have been analysed, and nothing else."""
    if encoding.result.outcome not in {Outcome.FINDINGS, Outcome.NOTHING_FOUND}:
        return []
    lesions = cad_findings.lesions(cad_findings.Page(encoding, library))
    paired = any(len(numbers) > 1 for numbers in lesions)
    dense = any(map(cad_findings.is_composition, encoding.result.findings))
    return [
        *([named.COLLOCATION] if paired else []),
        *([named.COMPOSITION_ANALYSIS] if dense else []),
    ]


def _summary(name: Code, status: Code, group: Code, lists: Sequence[Dataset]) -> Dataset:
    listed = cad_items.container(group, lists, items.INFERRED_FROM)
    return cad_items.under(items.code(name, status), [listed])


def _run(name: Code, what: Code, encoding: Encoding, library: Library) -> Dataset:
    """TID 4017 or TID 4018: rows 1, 2 and, by reference into the library, 4."""
    told = encoding.result.provenance
    weights = [f"weights_sha256={told.weights_sha256}"] if told.weights_sha256 else []
    read = [one for one in encoding.images if is_mammogram(one)] or library.sources
    places = [library.place(str(one.SOPInstanceUID)) for one in read]
    return cad_items.under(
        items.code(name, what),
        [
            *cad_items.algorithm(told, weights),
            *(cad_items.reference(place, items.PROPERTIES) for place in places),
        ],
    )
