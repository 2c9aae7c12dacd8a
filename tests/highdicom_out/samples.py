"""Results and source headers for the tests of `highdicom_out`, the nasty ones too."""

import dataclasses
import datetime as dt
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    EncapsulatedPDFStorage,
    EnhancedCTImageStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    UltrasoundImageStorage,
    XRayAngiographicImageStorage,
)

from core import mask
from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import (
    Finding,
    Measurement,
    Outcome,
    Provenance,
    Region,
    Result,
    Segment,
)
from core.domain.job import PLATFORM
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import EncodedObject

#: What the fixtures of this folder are.
Encode = Callable[..., tuple[EncodedObject, ...]]
Open = Callable[[EncodedObject], Dataset]
Judge = Callable[[EncodedObject], Dataset]
Report = Callable[..., Any]
States = Callable[..., list[Dataset]]

AT = dt.datetime(2026, 3, 1, 22, 30, 15, 123456, tzinfo=dt.UTC)
STUDY = "1.2.752.24.7.1"
INTENDED_USE = "Reference model trained on simulated images. Not for clinical use."
TRIANGLE = ((10.5, 20.25), (60.0, 20.25), (35.125, 70.0), (10.5, 20.25))
DIAMETER = Code("81827009", "SCT", "Diameter")
RATIO = Code("1", "UCUM", "no units")


def provenance(**changes: object) -> Provenance:
    facts: dict[str, object] = {
        "algorithm": "chest_xray",
        "name": "Varde chest X-ray",
        "version": "1.0.0",
        "weights_sha256": "ab" * 32,
        "device_uid": "2.25.424242",
        "intended_use": INTENDED_USE,
        "platform_version": "0.1.0",
        "provider": "CPUExecutionProvider",
        "worker": "worker-1",
        "started_at": AT,
        "finished_at": AT,
        "parameters": {"resize": "320x320"},
    }
    return Provenance(**{**facts, **changes})  # type: ignore[arg-type]


def finding(
    code: Code = codes.PNEUMOTHORAX, probability: float = 0.87, **changes: object
) -> Finding:
    facts: dict[str, object] = {"threshold": 0.42, "sop_uid": f"{STUDY}.1.1"}
    return Finding(code=code, probability=probability, **{**facts, **changes})  # type: ignore[arg-type]


def located(sop_uid: str = f"{STUDY}.1.1", frame: int = 1, **changes: object) -> Finding:
    facts: dict[str, object] = {
        "sop_uid": sop_uid,
        "site": codes.LUNG,
        "laterality": codes.RIGHT,
        "region": Region(sop_uid, TRIANGLE, frame),
    }
    return finding(**{**facts, **changes})  # type: ignore[arg-type]


def result(outcome: Outcome, *findings: Finding, read: tuple[str, ...] = ()) -> Result:
    reasons = {
        Outcome.NOT_EVALUATED: Reason(ReasonCode.NO_ALGORITHM, {"found": "CT, 133 bilder"}),
        Outcome.FAILED: Reason(ReasonCode.ERROR, {"detail": "tomt svar\\fra nettet\x07"}),
    }
    made = provenance()
    if outcome is Outcome.NOT_EVALUATED:
        made = provenance(
            algorithm=PLATFORM, name="Varde", weights_sha256="", provider="", parameters={}
        )
    return Result("job-1", outcome, made, findings, read, reasons.get(outcome))


def of(outcome: Outcome, *sources: Dataset) -> Result:
    """A result of that outcome about `sources`, with the labels that a chest model has."""
    read = tuple(str(source.SOPInstanceUID) for source in sources)
    first = read[0]
    absent = finding(codes.CARDIOMEGALY, 0.07, sop_uid=first)
    match outcome:
        case Outcome.FINDINGS:
            seen = (located(first), finding(codes.PLEURAL_EFFUSION, 0.64, sop_uid=first), absent)
            return result(outcome, *seen, read=read)
        case Outcome.NOTHING_FOUND:
            return result(outcome, finding(probability=0.1, sop_uid=first), absent, read=read)
        case Outcome.FAILED:
            return result(outcome, read=read)
        case _:
            return result(outcome)


def bare(
    sop_uid: str = f"{STUDY}.1.1", sop_class: str = ComputedRadiographyImageStorage
) -> Dataset:
    """The least that an image can come with: no patient, no study attributes, no spacing."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = sop_class, sop_uid
    made.StudyInstanceUID, made.SeriesInstanceUID = STUDY, sop_uid.rpartition(".")[0]
    made.Rows, made.Columns = 100, 120
    made.PhotometricInterpretation = "MONOCHROME2"
    return made


def radiograph(number: int = 1) -> Dataset:
    """A chest CR as it should be, with a Norwegian name."""
    made = bare(f"{STUDY}.1.{number}")
    made.SpecificCharacterSet = "ISO_IR 100"
    made.PatientName, made.PatientID = "Ødegård^Åse", "13116900216"
    made.PatientBirthDate, made.PatientSex, made.PatientAge = "19691113", "F", "056Y"
    made.StudyDate, made.StudyTime, made.StudyID = "20260301", "231500", "S1"
    made.AccessionNumber, made.StudyDescription = "NOR123", "RG Thorax, stående på føttene"
    made.ReferringPhysicianName = "Lege^Ær"
    made.Modality, made.BodyPartExamined, made.ViewPosition = "CR", "CHEST", "PA"
    made.SamplesPerPixel, made.PixelSpacing = 1, [0.15, 0.15]
    made.WindowCenter, made.WindowWidth = ["2048", "1000"], ["4096", "500"]
    made.WindowCenterWidthExplanation = ["NORMAL", "HARD"]
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.Manufacturer, made.ManufacturerModelName = "AGFA", "DX-D 100"
    return made


def japanese() -> Dataset:
    """A name in three writings, ISO 2022, read from a file as a router would read it."""
    made = bare()
    made.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    made.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    made.StudyDescription = "胸部撮影"
    made.StudyTime, made.PatientID = "120000.5", "東京1"
    return reread(made)


def norwegian() -> Dataset:
    """A Latin-1 header, read from a file."""
    return reread(radiograph())


def wordy() -> Dataset:
    """Every text at its limit or beyond it."""
    made = bare()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.StudyDescription = made.SeriesDescription = "Ærlig talt " * 5 + "123456789"
    made.PatientName = "Ø" * 32
    made.PatientID = "P" * 64
    made.AccessionNumber, made.StudyID = "A" * 16, "B" * 16
    made.Manufacturer = "M" * 64
    return made


def broken() -> Dataset:
    """Values that their VR does not allow, as scanners send them."""
    made = bare()
    with pydicom.config.disable_value_validation():
        made.PatientSex, made.PatientBirthDate, made.PatientAge = "X", "1950-02-31", "56"
        made.StudyDate, made.StudyTime = "2026.03.01", "12:30:00"
        made.WindowCenter, made.WindowWidth = "40", "0"
        made.RescaleSlope, made.RescaleIntercept = "0", "1"
        made.PixelSpacing = ["0.000", "0.000"]
        made.PixelAspectRatio = ["0", "0"]
        made.BodyPartExamined = "chest/thorax with a long name"
        made.Laterality = "U"
        made.TimezoneOffsetFromUTC = "CET"
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = ["Basic", "Clean"]
        made.PatientName = "Nobody"
    return made


def inverted() -> Dataset:
    """MONOCHROME1 with lookup tables rather than windows."""
    made = radiograph()
    del made.WindowCenter, made.WindowWidth, made.WindowCenterWidthExplanation
    del made.RescaleSlope, made.RescaleIntercept, made.RescaleType
    made.PhotometricInterpretation = "MONOCHROME1"
    made.VOILUTSequence = [_table(-2), _table(0)]
    made.ModalityLUTSequence = [_table(0)]
    made.ModalityLUTSequence[0].ModalityLUTType = "US"
    return made


def _table(first: int) -> Dataset:
    made = Dataset()
    made.add_new("LUTDescriptor", "SS" if first < 0 else "US", [4, first, 16])
    made.LUTExplanation = "NORMAL"
    made.add_new("LUTData", "OW", np.array([0, 9, 99, 65535], "<u2").tobytes())
    return made


def slice_of_ct(number: int = 1) -> Dataset:
    made = bare(f"{STUDY}.2.{number}", CTImageStorage)
    made.Modality, made.Rows, made.Columns = "CT", 512, 512
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "-1024", "1", "HU"
    made.WindowCenter, made.WindowWidth = "40", "400"
    return made


def volume(
    count: int = 12, *, turned: float = 0.0, tilt: float = 0.0, rows: int = 16, columns: int = 24
) -> list[Dataset]:
    """Slices that say where they are: turned in plane and a tilted gantry, in degrees."""
    turn, lean = np.radians(turned), np.radians(tilt)
    row = np.array([np.cos(turn), np.sin(turn), 0])
    column = np.array([-np.sin(turn) * np.cos(lean), np.cos(turn) * np.cos(lean), np.sin(lean)])
    made = []
    for number in range(1, count + 1):
        one = slice_of_ct(number)
        one.PatientName, one.PatientID, one.Rows, one.Columns = "Bø^Åge", "1", rows, columns
        one.FrameOfReferenceUID, one.PositionReferenceIndicator = f"{STUDY}.9", "SN"
        one.BodyPartExamined, one.SamplesPerPixel = "CHEST", 1
        one.ImageOrientationPatient = [f"{value:.9f}" for value in (*row, *column)]
        one.ImagePositionPatient = [-20.5, -31.25, -120 + 2.5 * number]
        one.PixelSpacing, one.SliceThickness = ["0.7", "0.8"], "3"
        made.append(one)
    return made


def segment(
    sources: Sequence[Dataset], voxels: NDArray[np.bool_], code: Code = codes.LUNG, **changes: Any
) -> Segment:
    """`voxels` on `sources`, one slice each."""
    uids = tuple(str(one.SOPInstanceUID) for one in sources)
    shape = (len(uids), *voxels.shape[1:])
    return Segment(STRUCTURE, code, uids, shape, mask.pack(voxels), **changes)


def read_as_volume(sources: Sequence[Dataset], *findings: Finding, **changes: Any) -> Result:
    """A result of a volume: findings where any is present."""
    outcome = Outcome.FINDINGS if any(one.present for one in findings) else Outcome.NOTHING_FOUND
    uids = tuple(str(one.SOPInstanceUID) for one in sources)
    made = provenance(algorithm="ct_thorax", name="Varde CT thorax")
    return dataclasses.replace(result(outcome, *findings, read=uids), provenance=made, **changes)


def nodule(source: Dataset, probability: float = 0.91, **changes: Any) -> Finding:
    """A nodule on a slice, with its centre, two axes and a volume."""
    facts: dict[str, Any] = {
        "code": codes.NODULE,
        "region": Region(
            str(source.SOPInstanceUID), ((4.0, 4.0), (9.0, 4.0), (9.0, 9.0), (4.0, 4.0))
        ),
        "position": (-15.25, -27.5, -95.0),
        "measurements": NODULE,
    }
    return located(str(source.SOPInstanceUID), **{**facts, "probability": probability, **changes})


def mammogram(number: int, side: str, view: str) -> Dataset:
    """A view of a mammography study, with the spacing of the detector only."""
    made = bare(f"{STUDY}.8.{number}", DigitalMammographyXRayImageStorageForPresentation)
    made.Modality, made.Rows, made.Columns = "MG", 260, 200
    made.ImageLaterality, made.ViewPosition, made.BodyPartExamined = side, view, "BREAST"
    made.ImagerPixelSpacing, made.SamplesPerPixel = [0.1, 0.1], 1
    return made


def enhanced() -> Dataset:
    """An enhanced multi-frame CT: spacing and windows in functional groups."""
    made = bare(f"{STUDY}.3.1", EnhancedCTImageStorage)
    made.Modality, made.NumberOfFrames, made.SamplesPerPixel = "CT", "3", 1
    shared, measures, rescale = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = ["0.7", "0.7"]
    rescale.RescaleIntercept, rescale.RescaleSlope, rescale.RescaleType = "-1024", "1", "HU"
    shared.PixelMeasuresSequence = [measures]
    shared.PixelValueTransformationSequence = [rescale]
    made.SharedFunctionalGroupsSequence = [shared]
    made.PerFrameFunctionalGroupsSequence = [_frame("40"), _frame("40"), _frame("600")]
    return made


def _frame(center: str) -> Dataset:
    made, window = Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth = center, "400"
    made.FrameVOILUTSequence = [window]
    return made


def angiogram() -> Dataset:
    """Multi-frame without functional groups."""
    made = bare(f"{STUDY}.4.1", XRayAngiographicImageStorage)
    made.Modality, made.NumberOfFrames = "XA", 12
    return made


def coloured() -> Dataset:
    made = bare(f"{STUDY}.5.1", UltrasoundImageStorage)
    made.Modality, made.SamplesPerPixel, made.PhotometricInterpretation = "US", 3, "RGB"
    return made


def private() -> Dataset:
    """An image of a SOP class that nobody knows."""
    return bare(f"{STUDY}.6.1", "1.3.12.2.1107.5.9.1")


def pdf() -> Dataset:
    made = bare(f"{STUDY}.7.1", EncapsulatedPDFStorage)
    del made.Rows, made.Columns, made.PhotometricInterpretation
    made.Modality = "DOC"
    return made


def document() -> Dataset:
    made = pdf()
    made.SOPClassUID, made.Modality = EnhancedSRStorage, "SR"
    return made


def reread(made: Dataset) -> Dataset:
    """`made`, written to a file and read again without its pixels."""
    buffer = io.BytesIO()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.save_as(buffer, enforce_file_format=True)
    return pydicom.dcmread(io.BytesIO(buffer.getvalue()), stop_before_pixels=True)


NASTY: dict[str, Callable[[], Dataset]] = {
    made.__name__: made
    for made in (
        radiograph,
        bare,
        japanese,
        norwegian,
        wordy,
        broken,
        inverted,
        slice_of_ct,
        enhanced,
        angiogram,
        coloured,
        private,
        pdf,
        document,
    )
}

STRUCTURE = Code("123037004", "SCT", "Anatomical Structure")
VOLUME = Code("118565006", "SCT", "Volume", "Volum")
NODULE = (
    Measurement(Code("103339001", "SCT", "Long axis", "Lang akse"), 8.25, codes.MILLIMETRE),
    Measurement(Code("103340004", "SCT", "Short axis", "Kort akse"), 6.5, codes.MILLIMETRE),
    Measurement(VOLUME, 181.5, Code("mm3", "UCUM", "cubic millimeter")),
)
DENSITY = Code("129793001", "SCT", "Breast density", "Brysttetthet")
SCATTERED = Code("111351", "DCM", "Scattered fibroglandular densities", "b, spredt kjertelvev")

MEASURED = (
    Measurement(DIAMETER, 12.5, codes.MILLIMETRE),
    Measurement(Code("118538004", "SCT", "Mass ratio"), 0.55, RATIO),
)
