"""What every simulated object's header has: an invented patient, a study, a series, a maker.

Nothing in it tells the truth about the pixels.
"""

import dataclasses
import datetime as dt
import hashlib
import uuid
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian

FAMILY: Final = ("Bakke", "Dahl", "Eide", "Foss", "Haugen", "Lien", "Moen", "Nes", "Rud", "Vik")
GIVEN: Final = {
    "F": ("Anna", "Berit", "Eva", "Grete", "Ingrid", "Kari", "Liv", "Marit", "Ragnhild", "Siri"),
    "M": ("Arne", "Bjarne", "Einar", "Geir", "Ivar", "Jon", "Knut", "Lars", "Odd", "Tore"),
}
FIRST_DAY: Final = dt.datetime(2026, 1, 5, 7, 30, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What decides a header: the seed its patient and time, the salt its UIDs besides."""

    seed: int
    salt: str
    age: int  #: years
    sex: str  #: F or M
    modality: str
    description: str

    def dataset(self, sop_class: str, *, series: int = 1, number: int = 1) -> Dataset:
        """A data set with file meta information, and patient, study, series and SOP Common.

        `number` is the instance's in series `series`; both from 1.
        """
        dataset = Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.SOPClassUID = sop_class
        dataset.SOPInstanceUID = self._uid("instance", series, number)
        rng = np.random.default_rng([self.seed, 9])
        when = FIRST_DAY + dt.timedelta(days=self.seed % 300, seconds=int(rng.integers(9 * 3600)))
        self._patient(dataset, when, rng)
        self._study(dataset, when)
        dataset.SeriesInstanceUID = self._uid("series", series)
        dataset.SeriesNumber, dataset.InstanceNumber = series, number
        dataset.SeriesDescription = self.description
        dataset.Modality = self.modality
        dataset.file_meta = _meta(dataset)
        return dataset

    def _patient(self, dataset: Dataset, when: dt.datetime, rng: np.random.Generator) -> None:
        """Patient and Patient Study (PS3.3 C.7.1.1, C.7.2.2)."""
        dataset.PatientName = f"{rng.choice(FAMILY)}^{rng.choice(GIVEN[self.sex])}"
        days = round(365.25 * (self.age + 0.2 + 0.6 * rng.random()))
        dataset.PatientID = f"SIM{rng.integers(10**8):08}"
        dataset.PatientBirthDate = f"{when.date() - dt.timedelta(days=days):%Y%m%d}"
        dataset.PatientSex = self.sex
        dataset.PatientAge = f"{self.age:03}Y"

    def _study(self, dataset: Dataset, when: dt.datetime) -> None:
        """General Study, and the times (PS3.3 C.7.2.1, C.7.3.1)."""
        dataset.StudyInstanceUID = self._uid("study")
        for level in ("Study", "Series", "Acquisition", "Content"):
            setattr(dataset, f"{level}Date", f"{when:%Y%m%d}")
            setattr(dataset, f"{level}Time", f"{when:%H%M%S}")
        dataset.TimezoneOffsetFromUTC = "+0000"
        digest = hashlib.sha256(f"{self.seed}\n{self.salt}".encode()).hexdigest()
        dataset.AccessionNumber = f"S{int(digest, 16) % 10**12:012}"
        dataset.StudyID = "1"
        dataset.StudyDescription = self.description
        dataset.ReferringPhysicianName = ""

    def _uid(self, kind: str, *numbers: int) -> str:
        """A UID of PS3.5 B.2 that is the same for the same seed, salt and numbers."""
        told = "\n".join(map(str, ("varde simulator", kind, self.seed, self.salt, *numbers)))
        digest = hashlib.sha256(f"{self.modality}\n{told}".encode()).digest()[:16]
        return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"


def equipment(dataset: Dataset, manufacturer: str, model: str, software: str) -> None:
    """General Equipment (PS3.3 C.7.5.1)."""
    dataset.Manufacturer = manufacturer
    dataset.ManufacturerModelName = model
    dataset.SoftwareVersions = software
    dataset.DeviceSerialNumber = f"{uuid.uuid5(uuid.NAMESPACE_OID, model).int % 10**6:06}"
    dataset.StationName = model.upper().replace(" ", "_")[:16]
    dataset.InstitutionName = "Simulated site"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return meta
