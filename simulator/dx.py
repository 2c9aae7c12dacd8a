"""Simulated radiographs as DICOM: Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

The patient is invented from the seed; nothing in the data set tells the truth.
"""

import datetime as dt
import hashlib
import uuid
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
)

from simulator import chest
from simulator.chest import Radiograph, Truth
from simulator.scanners import SCANNERS, Scanner
from simulator.xray import LARGEST

__all__ = ["SCANNERS", "Truth", "instance", "study"]

FAMILY: Final = ("Bakke", "Dahl", "Eide", "Foss", "Haugen", "Lien", "Moen", "Nes", "Rud", "Vik")
GIVEN: Final = {
    "F": ("Anna", "Berit", "Eva", "Grete", "Ingrid", "Kari", "Liv", "Marit", "Ragnhild", "Siri"),
    "M": ("Arne", "Bjarne", "Einar", "Geir", "Ivar", "Jon", "Knut", "Lars", "Odd", "Tore"),
}
FIRST_DAY: Final = dt.datetime(2026, 1, 5, 7, 30, tzinfo=dt.UTC)


def study(
    seed: int, *, scanner: str | None = None, salt: str = "", size: int = 1024
) -> tuple[list[Dataset], Truth]:
    """One study of one frontal image with `size` rows, and what is in it.

    The seed decides the pixels and the patient; another `salt` gives other UIDs and
    another accession number. `scanner` is a name of `SCANNERS`, drawn where None.
    """
    names = tuple(SCANNERS)
    name = names[seed % len(names)] if scanner is None else scanner
    image = chest.make(seed, scanner=name, size=size)
    return [instance(image, SCANNERS[name], seed=seed, salt=salt)], image.truth


def instance(image: Radiograph, scanner: Scanner, *, seed: int, salt: str = "") -> Dataset:
    """The data set of `image`, with file meta information, ready to be sent or written."""
    dataset = Dataset()
    rng = np.random.default_rng([seed, 9])
    when = FIRST_DAY + dt.timedelta(days=seed % 300, seconds=int(rng.integers(9 * 3600)))
    token = f"{seed}\n{salt}"
    _patient(dataset, image.truth, when, rng)
    _study(dataset, when, token)
    _equipment(dataset, scanner)
    _acquisition(dataset, image, scanner, rng)
    _pixels(dataset, image, scanner)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    dataset.file_meta = meta
    return dataset


def _patient(dataset: Dataset, truth: Truth, when: dt.datetime, rng: np.random.Generator) -> None:
    """Patient and Patient Study (PS3.3 C.7.1.1, C.7.2.2)."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = f"{rng.choice(FAMILY)}^{rng.choice(GIVEN[truth.sex])}"
    born = when.date() - dt.timedelta(days=round(365.25 * (truth.age + 0.2 + 0.6 * rng.random())))
    dataset.PatientID = f"SIM{rng.integers(10**8):08}"
    dataset.PatientBirthDate = f"{born:%Y%m%d}"
    dataset.PatientSex = truth.sex
    dataset.PatientAge = f"{truth.age:03}Y"


def _study(dataset: Dataset, when: dt.datetime, token: str) -> None:
    """General Study and Series, SOP Common, and their times (PS3.3 C.7.2.1, C.7.3.1, C.12.1)."""
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.StudyInstanceUID = _uid("study", token)
    dataset.SeriesInstanceUID = _uid("series", token)
    dataset.SOPInstanceUID = _uid("instance", token)
    for level in ("Study", "Series", "Acquisition", "Content"):
        setattr(dataset, f"{level}Date", f"{when:%Y%m%d}")
        setattr(dataset, f"{level}Time", f"{when:%H%M%S}")
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.AccessionNumber = f"S{int(hashlib.sha256(token.encode()).hexdigest(), 16) % 10**12:012}"
    dataset.StudyID = "1"
    dataset.StudyDescription = "Thorax"
    dataset.ReferringPhysicianName = ""
    dataset.Modality = "DX"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = "Thorax"
    dataset.InstanceNumber = 1


def _equipment(dataset: Dataset, scanner: Scanner) -> None:
    """General Equipment (PS3.3 C.7.5.1)."""
    dataset.Manufacturer = scanner.manufacturer
    dataset.ManufacturerModelName = scanner.model
    dataset.SoftwareVersions = scanner.software
    dataset.DeviceSerialNumber = f"{uuid.uuid5(uuid.NAMESPACE_OID, scanner.model).int % 10**6:06}"
    dataset.StationName = scanner.model.upper().replace(" ", "_")[:16]
    dataset.InstitutionName = "Simulated site"


def _acquisition(
    dataset: Dataset, image: Radiograph, scanner: Scanner, rng: np.random.Generator
) -> None:
    """DX Anatomy Imaged, Positioning, Detector (PS3.3 C.8.11.2, C.8.11.5, C.8.11.4)."""
    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = Sequence([_code("816094009", "SCT", "Chest")])
    dataset.ImageLaterality = "U"
    dataset.ViewPosition = image.truth.view
    view = ("399348003", "SCT", "postero-anterior") if image.truth.view == "PA" else (
        "399067008", "SCT", "antero-posterior"
    )  # fmt: skip
    dataset.ViewCodeSequence = Sequence([_code(*view)])
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    dataset.PatientOrientation = ["L", "F"]
    dataset.KVP = f"{scanner.kvp:g}"
    dataset.Exposure = int(rng.integers(1, 6))
    dataset.DistanceSourceToDetector = "1800" if image.truth.view == "PA" else "1200"
    dataset.PositionerType = ""
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorDescription = scanner.model
    dataset.ImagerPixelSpacing = [f"{image.spacing_mm:.6f}"] * 2


def _pixels(dataset: Dataset, image: Radiograph, scanner: Scanner) -> None:
    """DX Image (PS3.3 C.8.11.3): both photometric interpretations show bone white."""
    inverse = scanner.photometric == "MONOCHROME1"
    stored = LARGEST - image.pixels if inverse else image.pixels
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = scanner.photometric
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if inverse else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    dataset.AcquisitionContextSequence = Sequence()
    dataset.PixelData = stored.astype("<u2").tobytes()


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _uid(kind: str, token: str) -> str:
    """A UID of PS3.5 B.2 that is the same for the same token."""
    digest = hashlib.sha256(f"varde simulator\n{kind}\n{token}".encode()).digest()[:16]
    return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"
