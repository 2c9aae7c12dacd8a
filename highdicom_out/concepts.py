"""Coded concepts of the objects' own structure (PS3.16), as highdicom takes them."""

import functools

from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes

from core.domain.codes import Code
from core.domain.finding import Outcome
from core.domain.reason import ReasonCode
from highdicom_out.wording import LONG_STRING, cut

#: Private coding scheme for what no public one names (PS3.3 C.12.1.2.3).
SCHEME = "99VARDE"

REPORT = Code("126000", "DCM", "Imaging Measurement Report")
LANGUAGE = {
    "nb": Code("nb", "RFC5646", "Bokmål, Norwegian"),
    "en": Code("en", "RFC5646", "English"),
}
LANGUAGE_OF_CONTENT = Code("121049", "DCM", "Language of Content Item and Descendants")
PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")
COMPUTED_TOMOGRAPHY = Code("25045-6", "LN", "CT unspecified body region")
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
IMAGE_LIBRARY = Code("111028", "DCM", "Image Library")
IMAGE_LIBRARY_GROUP = Code("126200", "DCM", "Image Library Group")
MODALITY = Code("121139", "DCM", "Modality")
SOURCE = Code("260753009", "SCT", "Source")

IMAGING_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
TRACKING_ID = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
FINDING = Code("121071", "DCM", "Finding")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
LATERALITY = Code("272741003", "SCT", "Laterality")
IMAGE_REGION = Code("111030", "DCM", "Image Region")
ORIGINAL_SOURCE = Code("111040", "DCM", "Original Source")
PROBABILITY = Code("122157", "DCM", "Probability")
PRESENT = Code("121053", "DCM", "Present")
ABSENT = Code("121054", "DCM", "Absent")
CENTER = Code("111010", "DCM", "Center")
REFERENCED_SEGMENT = Code("121191", "DCM", "Referenced Segment")
SUMMARY = Code("121111", "DCM", "Summary")
COMMENT = Code("121106", "DCM", "Comment")

ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
ACQUISITION_EQUIPMENT = Code("109101", "DCM", "Acquisition Equipment")

#: Whether the algorithm ran: Summary of Detections with a value of CID 6042.
STATUS = Code("111064", "DCM", "Summary of Detections")
STATUSES = {
    Outcome.FINDINGS: Code("111222", "DCM", "Succeeded"),
    Outcome.NOTHING_FOUND: Code("111222", "DCM", "Succeeded"),
    Outcome.NOT_EVALUATED: Code("111225", "DCM", "Not Attempted"),
    Outcome.FAILED: Code("111224", "DCM", "Failed"),
}
#: What it found (CID 6047), said only where it ran.
FOUND = Code("111017", "DCM", "CAD Processing and Findings Summary")
FOUNDS = {
    Outcome.FINDINGS: Code("111242", "DCM", "All algorithms succeeded; with findings"),
    Outcome.NOTHING_FOUND: Code("111241", "DCM", "All algorithms succeeded; without findings"),
}
REMARK = Code("remark", SCHEME, "Remark beside the findings")
REASON = Code("reason", SCHEME, "Reason why there is no evaluation")


def reason(code: ReasonCode) -> Code:
    """The coded reason of "not evaluated", "failed" and remarks, in the private scheme."""
    return Code(code.value, SCHEME, code.value.replace("-", " ").capitalize())


@functools.lru_cache(maxsize=1024)
def coded(code: Code) -> CodedConcept:
    """`code` as an item of a code sequence (PS3.3 8.8). Shared: never change it.

    A value of more than 16 characters goes into Long Code Value.
    """
    return CodedConcept(code.value, code.scheme, cut(code.meaning, LONG_STRING))


@functools.cache
def modalities() -> dict[str, Code]:
    """CID 29 acquisition modalities by the value of Modality (0008,0060)."""
    found = codes.CID29.concepts.values()
    return {c.value: Code(c.value, c.scheme_designator, c.meaning) for c in found}
