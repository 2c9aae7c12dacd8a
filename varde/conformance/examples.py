"""Results and headers that the statement is observed on: of nobody, and as varied as they come.

A `Case` is built in several variants: in `SOURCE` every value of the headers is another
one, in `RESULT` everything that the algorithm says. What changes with a variant comes
from there.
"""

import copy
import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    SegmentationStorage,
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
from core.domain.profile import Kind
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encoding import Pictures, Predecessor

BASE, SOURCE, RESULT = "base", "source", "result"
AT: Final = dt.datetime(2026, 3, 1, 22, 30, 15, 250000, tzinfo=dt.UTC)
LATER: Final = dt.timedelta(days=1, hours=1, seconds=1)
SLICES = 12

MASS: Final = Code("129788004", "SCT", "Mammographic breast mass")
CLUSTER: Final = Code("129769006", "SCT", "Calcification Cluster")
BREAST: Final = Code("76752008", "SCT", "Breast")
COMPOSITION: Final = Code("129715009", "SCT", "Breast composition")
SCATTERED: Final = Code("129717001", "SCT", "Scattered fibroglandular densities")
STRUCTURE: Final = Code("123037004", "SCT", "Anatomical Structure")
LONG_AXIS: Final = Code("103339001", "SCT", "Long axis")
VOLUME: Final = Code("118565006", "SCT", "Volume")
MILLILITRE: Final = Code("ml", "UCUM", "milliliter")
#: Kinds of the objects that the volume's result takes the place of.
OLDER: Final = MappingProxyType({Kind.SR: Comprehensive3DSRStorage, Kind.SEG: SegmentationStorage})


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    """A result, the headers that it is about, its images, and what it takes the place of."""

    result: Result
    sources: tuple[Dataset, ...]
    pictures: Pictures
    predecessors: tuple[Predecessor, ...] = ()


Case = Callable[[str], Example]


def bare(example: Example) -> Example:
    """The same example, its headers without all that a header may lack."""
    sources = copy.deepcopy(example.sources)
    for source in sources:
        for keyword in MAY_LACK:
            source.pop(keyword, None)
    return dataclasses.replace(example, sources=sources)


def _root(variant: str) -> str:
    return "1.2.840.99999.2" if variant == SOURCE else "1.2.840.99999.1"


def _size(variant: str) -> tuple[int, int]:
    """Rows and columns."""
    return (112, 136) if variant == SOURCE else (96, 128)


def _image(variant: str, series: int, number: int, sop_class: str, modality: str) -> Dataset:
    """The least that an image comes with."""
    made, root = Dataset(), _root(variant)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, f"{root}.{series}.{number}"
    made.StudyInstanceUID, made.SeriesInstanceUID = root, f"{root}.{series}"
    made.Modality = modality
    made.Rows, made.Columns = _size(variant)
    made.SamplesPerPixel = 1
    other = variant == SOURCE
    made.PhotometricInterpretation = "MONOCHROME1" if other else "MONOCHROME2"
    return made


def _described(made: Dataset, variant: str) -> Dataset:
    """Patient, study and display, all of them other ones in `SOURCE`."""
    other = variant == SOURCE
    said = ("Nobody^B", "B2", "19510203", "F", "075Y") if other else (
        "Nobody^A", "A1", "19500102", "M", "076Y")  # fmt: skip
    for keyword, value in zip(
        ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge"), said,
        strict=True,
    ):  # fmt: skip
        setattr(made, keyword, value)
    mark = "2" if other else "1"
    made.StudyDate, made.StudyTime = f"2026020{mark}", f"10000{mark}"
    made.StudyID = made.AccessionNumber = made.IssuerOfPatientID = mark
    made.StudyDescription = made.ReferringPhysicianName = f"Study {mark}"
    made.Manufacturer = made.ManufacturerModelName = f"Maker {mark}"
    made.WindowCenter, made.WindowWidth = (60, 300) if other else (40, 400)
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = (
        f"-{mark}",
        mark,
        "US" if other else "HU",
    )
    made.BodyPartExamined = "HAND" if other else "WRIST"  # paired: with a side
    made.PatientOrientation = ["P", "F"] if other else ["L", "F"]
    made.Laterality = "R" if other else "L"
    made.TimezoneOffsetFromUTC = "+0200" if other else "+0100"
    made.PixelSpacing = [0.2, 0.2] if other else [0.15, 0.15]
    made.PatientIdentityRemoved = "NO" if other else "YES"
    made.DeidentificationMethod = f"Invented {mark}"
    if other:
        made.LossyImageCompression, made.LossyImageCompressionRatio = "01", "10"
        made.LossyImageCompressionMethod = "ISO_10918_1"
    return made


def _provenance(variant: str, algorithm: str) -> Provenance:
    mark = "2" if variant == RESULT else "1"
    return Provenance(
        algorithm=algorithm,
        name=f"Example {mark}",
        version=f"{mark}.0.0",
        weights_sha256=mark * 64,
        device_uid=f"2.25.{mark}",
        intended_use=f"Example {mark}",
        platform_version=f"0.{mark}.0",
        provider="CPUExecutionProvider",
        worker=f"worker-{mark}",
        started_at=AT,
        finished_at=AT,
        parameters={"step": mark},
        manufacturer=f"Provider {mark}",
    )


def _finding(variant: str, code: Code, image: Dataset, **more: Any) -> Finding:  # noqa: ANN401 - its fields
    other = variant == RESULT
    facts: dict[str, Any] = {"probability": 0.8 if other else 0.9, "threshold": 0.5}
    return Finding(code=code, sop_uid=str(image.SOPInstanceUID), **{**facts, **more})


def _region(variant: str, image: Dataset) -> Region:
    left = 30.0 if variant == RESULT else 20.0
    corners = ((left, 20.0), (left + 24, 20.0), (left + 24, 50.0), (left, 50.0), (left, 20.0))
    return Region(str(image.SOPInstanceUID), corners)


def _result(
    variant: str,
    algorithm: str,
    images: Sequence[Dataset],
    outcome: Outcome,
    **more: Any,  # noqa: ANN401 - fields of a result
) -> Result:
    read = tuple(str(one.SOPInstanceUID) for one in images)
    job = f"{algorithm} {2 if variant == RESULT else 1}"
    return Result(job, outcome, _provenance(variant, algorithm), read=read, **more)


def _grey(variant: str) -> Pictures:
    """Images as a reader sees them: a ramp."""
    rows, columns = _size(variant)
    ramp = np.tile(np.linspace(0, 255, columns).astype(np.uint8), (rows, 1))

    def shown(sop_uid: str, frame: int) -> NDArray[np.uint8] | None:
        return ramp if sop_uid and frame == 1 else None

    return shown


def radiograph(variant: str) -> Example:
    """A radiograph: a finding with a region, one without, one that is absent, a remark."""
    image = _described(_image(variant, 1, 1, ComputedRadiographyImageStorage, "CR"), variant)
    found = (
        _finding(
            variant, codes.PNEUMOTHORAX, image, site=codes.LUNG, laterality=codes.LEFT,
            region=_region(variant, image),
            measurements=(Measurement(LONG_AXIS, 12.5, codes.MILLIMETRE),),
        ),
        _finding(variant, codes.PLEURAL_EFFUSION, image, site=codes.PLEURA),
        _finding(variant, codes.CARDIOMEGALY, image, probability=0.1),
    )  # fmt: skip
    remark = Reason(ReasonCode.LEFT_OUT, {"what": "…"})
    result = _result(
        variant, "radiograph", [image], Outcome.FINDINGS, findings=found, remarks=(remark,)
    )
    return Example(result, (image,), _grey(variant))


def nothing(variant: str) -> Example:
    """A radiograph without findings."""
    image = _described(_image(variant, 1, 1, ComputedRadiographyImageStorage, "CR"), variant)
    absent = _finding(variant, codes.PNEUMOTHORAX, image, probability=0.1)
    result = _result(variant, "radiograph", [image], Outcome.NOTHING_FOUND, findings=(absent,))
    return Example(result, (image,), _grey(variant))


def unread(variant: str) -> Example:
    """A study that no algorithm reads."""
    image = _described(_image(variant, 1, 1, CTImageStorage, "CT"), variant)
    reason = Reason(ReasonCode.NO_ALGORITHM, {"found": "CT"})
    result = _result(variant, "platform", [], Outcome.NOT_EVALUATED, reason=reason)
    return Example(result, (image,), _grey(variant))


def failed(variant: str) -> Example:
    """A radiograph that the algorithm failed on."""
    image = _described(_image(variant, 1, 1, ComputedRadiographyImageStorage, "CR"), variant)
    reason = Reason(ReasonCode.ERROR, {"detail": "…"})
    result = _result(variant, "radiograph", [image], Outcome.FAILED, reason=reason)
    return Example(result, (image,), _grey(variant))


def _slices(variant: str) -> list[Dataset]:
    made = []
    other = variant == SOURCE
    for number in range(1, SLICES + 1):
        one = _described(_image(variant, 2, number, CTImageStorage, "CT"), variant)
        one.PhotometricInterpretation = "MONOCHROME2"
        one.BodyPartExamined = "THORAX" if other else "CHEST"
        del one.Laterality
        one.FrameOfReferenceUID = f"{_root(variant)}.9"
        one.PositionReferenceIndicator = "XY" if other else "SN"
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0] if not other else [0, 1, 0, -1, 0, 0]
        one.ImagePositionPatient = [-20, -30, 2.5 * number]
        one.SliceThickness = "3" if other else "2.5"
        made.append(one)
    return made


def volume(variant: str) -> Example:
    """A chest CT: a nodule with its centre, axis and volume, two segments, and an older result."""
    images = _slices(variant)
    other = variant == RESULT
    nodule = _finding(
        variant, codes.NODULE, images[4], site=codes.LUNG, laterality=codes.LEFT,
        region=_region(variant, images[4]), position=(-16.0 - other, -26.0, 12.5),
        measurements=(
            Measurement(LONG_AXIS, 8.25 + other, codes.MILLIMETRE),
            Measurement(VOLUME, 0.2 + other, MILLILITRE),
        ),
        tracking_id=f"Lesion {1 + other}", tracking_uid=f"2.25.1{int(other)}",
    )  # fmt: skip
    voxels = np.zeros((SLICES, *_size(variant)), np.bool_)
    voxels[2 : 8 + other, 10:40, 10:40] = True
    lungs = tuple(
        Segment(
            STRUCTURE, codes.LUNG, tuple(str(one.SOPInstanceUID) for one in images),
            voxels.shape, mask.pack(np.roll(voxels, shift, axis=2)), side,
            (Measurement(VOLUME, 2400.0 + other, MILLILITRE),),
        )
        for side, shift in ((codes.LEFT, 0), (codes.RIGHT, 50))
    )  # fmt: skip
    result = _result(
        variant, "volume", images, Outcome.FINDINGS, findings=(nodule,), segments=lungs
    )
    older = tuple(
        Predecessor(kind, sop_class, f"{_root(variant)}.7.{n}.1", f"{_root(variant)}.7.{n}")
        for n, (kind, sop_class) in enumerate(OLDER.items())
    )
    return Example(result, tuple(images), _grey(variant), older)


def mammography(variant: str) -> Example:
    """Four views of both breasts: a mass in two views of one, a cluster, density and a score."""
    views = []
    for number, (side, view) in enumerate((s, v) for s in "RL" for v in ("CC", "MLO")):
        sop_class = DigitalMammographyXRayImageStorageForPresentation
        one = _described(_image(variant, 3, number + 1, sop_class, "MG"), variant)
        one.ImageLaterality, one.ViewPosition, one.BodyPartExamined = side, view, "BREAST"
        del one.PixelSpacing, one.Laterality
        one.ImagerPixelSpacing = [0.1, 0.1]
        views.append(one)
    mass = [
        _finding(
            variant, MASS, one, site=BREAST, laterality=codes.RIGHT, region=_region(variant, one),
            tracking_id="Lesion 1", tracking_uid="2.25.20",
        )
        for one in views[:2]
    ]  # fmt: skip
    cluster = _finding(
        variant, CLUSTER, views[2], site=BREAST, laterality=codes.LEFT,
        region=_region(variant, views[2]),
    )  # fmt: skip
    density = _finding(variant, COMPOSITION, views[0], site=BREAST, answer=SCATTERED)
    result = _result(
        variant, "mammography", views, Outcome.FINDINGS, findings=(*mass, cluster, density)
    )
    return Example(result, tuple(views), _grey(variant))


#: What headers in use have been seen without.
MAY_LACK: Final = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "IssuerOfPatientID"),
    *("StudyDescription", "ReferringPhysicianName", "Manufacturer", "ManufacturerModelName"),
    *("WindowCenter", "WindowWidth", "RescaleIntercept", "RescaleSlope", "RescaleType"),
    *("BodyPartExamined", "PatientOrientation", "Laterality", "TimezoneOffsetFromUTC"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "PositionReferenceIndicator"),
)
CASES: Final = MappingProxyType(
    {case.__name__: case for case in (radiograph, nothing, unread, failed, volume, mammography)}
)
