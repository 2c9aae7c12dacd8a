"""Coded concepts of Mammography CAD SR (PS3.16 TID 4000 to 4022), and which findings it has."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.domain.codes import Code
from core.domain.finding import Outcome

REPORT: Final = Code("111036", "DCM", "Mammography CAD Report")
IMPRESSION: Final = Code("111034", "DCM", "Individual Impression/Recommendation")
IMPRESSION_DESCRIPTION: Final = Code("111033", "DCM", "Impression Description")
COMPOSITE_FEATURE: Final = Code("111015", "DCM", "Composite Feature")
COMPOSITE_TYPE: Final = Code("111016", "DCM", "Composite Type")
SCOPE_OF_FEATURE: Final = Code("111057", "DCM", "Scope of Feature")
SINGLE_IMAGE_FINDING: Final = Code("111059", "DCM", "Single Image Finding")
OUTLINE: Final = Code("111041", "DCM", "Outline")
CERTAINTY_OF_FINDING: Final = Code("111012", "DCM", "Certainty of Finding")
CERTAINTY_OF_FEATURE: Final = Code("111011", "DCM", "Certainty of Feature")
ALGORITHM_NAME: Final = Code("111001", "DCM", "Algorithm Name")
ALGORITHM_VERSION: Final = Code("111003", "DCM", "Algorithm Version")

#: CID 6034: whether a workstation marks it. None is optional: no operating points are told.
RENDERING_INTENT: Final = Code("111056", "DCM", "Rendering Intent")
REQUIRED: Final = Code(
    "111150", "DCM", "Presentation Required: Rendering device is expected to present"
)
NOT_PRESENTED: Final = Code(
    "111152", "DCM", "Not for Presentation: Rendering device expected not to present"
)

#: CID 6035 and CID 6036.
RELATED_SPATIALLY: Final = Code("111154", "DCM", "Target content items are related spatially")
ON_ONE_IMAGE: Final = Code("111157", "DCM", "Feature detected on only one of the images")
ON_SEVERAL: Final = Code("111158", "DCM", "Feature detected on multiple images")

DETECTIONS: Final = Code("111064", "DCM", "Summary of Detections")
ANALYSES: Final = Code("111065", "DCM", "Summary of Analyses")
DETECTION: Final = Code("111022", "DCM", "Detection Performed")
ANALYSIS: Final = Code("111004", "DCM", "Analysis Performed")
SUCCEEDED: Final = Code("111222", "DCM", "Succeeded")
FAILED: Final = Code("111224", "DCM", "Failed")
NOT_ATTEMPTED: Final = Code("111225", "DCM", "Not Attempted")
SUCCESSFUL_DETECTIONS: Final = Code("111063", "DCM", "Successful Detections")
FAILED_DETECTIONS: Final = Code("111025", "DCM", "Failed Detections")
SUCCESSFUL_ANALYSES: Final = Code("111062", "DCM", "Successful Analyses")
COLLOCATION: Final = Code("133884007", "SCT", "Spatial collocation analysis")
COMPOSITION_ANALYSIS: Final = Code("133890006", "SCT", "Breast composition analysis")

#: CID 6047; where nothing ran, the status of the detections tells failed from not attempted.
PROCESSING: Mapping[Outcome, Code] = MappingProxyType(
    {
        Outcome.FINDINGS: Code("111242", "DCM", "All algorithms succeeded; with findings"),
        Outcome.NOTHING_FOUND: Code("111241", "DCM", "All algorithms succeeded; without findings"),
        Outcome.NOT_EVALUATED: Code("111245", "DCM", "No algorithms succeeded; without findings"),
        Outcome.FAILED: Code("111245", "DCM", "No algorithms succeeded; without findings"),
    }
)

MASS: Final = Code("129788004", "SCT", "Mammographic breast mass")
DENSITY: Final = Code("129793001", "SCT", "Mammography breast density")
CLUSTER: Final = Code("129769006", "SCT", "Calcification Cluster")
CALCIFICATION: Final = Code("129770007", "SCT", "Individual Calcification")
DISTORTION: Final = Code("129792006", "SCT", "Architectural distortion of breast")
COMPOSITION: Final = Code("129715009", "SCT", "Breast composition")
#: What a failed run looked for where it does not say so: of CID 6014 what names no kind of lesion.
ANY_REGION: Final = Code("111099", "DCM", "Selected region")

#: A lesion by the value of its code: on one image (CID 6014), and as a composite (CID 6016).
#: One view shows no mass but a density; a mass is what several views show (CID 6016).
LESIONS: Mapping[tuple[str, str], tuple[Code, Code]] = MappingProxyType(
    {
        ("129788004", "SCT"): (DENSITY, MASS),
        ("129793001", "SCT"): (DENSITY, MASS),
        ("4147007", "SCT"): (DENSITY, MASS),
        ("129769006", "SCT"): (CLUSTER, CLUSTER),
        ("129770007", "SCT"): (CALCIFICATION, CALCIFICATION),
        ("129792006", "SCT"): (DISTORTION, DISTORTION),
    }
)
#: Single image findings that may have measurements (TID 4006 rows 12 to 14).
MEASURED: Final = frozenset({CLUSTER.value, CALCIFICATION.value, DENSITY.value})

#: TID 4020: names of what an image of the library is.
IMAGE_LATERALITY: Final = Code("111027", "DCM", "Image Laterality")
IMAGE_VIEW: Final = Code("111031", "DCM", "Image View")
VIEW_MODIFIER: Final = Code("111032", "DCM", "Image View Modifier")
ROW_ORIENTATION: Final = Code("111044", "DCM", "Patient Orientation Row")
COLUMN_ORIENTATION: Final = Code("111043", "DCM", "Patient Orientation Column")
STUDY_DATE: Final = Code("111060", "DCM", "Study Date")
STUDY_TIME: Final = Code("111061", "DCM", "Study Time")
CONTENT_DATE: Final = Code("111018", "DCM", "Content Date")
CONTENT_TIME: Final = Code("111019", "DCM", "Content Time")
HORIZONTAL_SPACING: Final = Code("111026", "DCM", "Horizontal Pixel Spacing")
VERTICAL_SPACING: Final = Code("111066", "DCM", "Vertical Pixel Spacing")
PRIMARY_ANGLE: Final = Code("112011", "DCM", "Positioner Primary Angle")
MICROMETRE: Final = Code("um", "UCUM", "micrometer")
DEGREE: Final = Code("deg", "UCUM", "degree")
#: CID 6022.
BREASTS: Mapping[str, Code] = MappingProxyType(
    {
        "L": Code("80248007", "SCT", "Left breast"),
        "R": Code("73056007", "SCT", "Right breast"),
        "B": Code("63762007", "SCT", "Both breasts"),
    }
)
#: CID 4014 by View Position (0018,5101), for images without a view code.
POSITIONS: Mapping[str, str] = MappingProxyType(
    {
        "CC": "399162004",
        "MLO": "399368009",
        "ML": "399260004",
        "LM": "399352003",
        "LMO": "399099002",
        "FB": "399196006",
        "SIO": "399188001",
        "ISO": "441555000",
        "XCCL": "399192008",
        "XCCM": "399101009",
    }
)
