"""What the watch notes of an image's header: how it was taken, by what, of whom roughly.

Every value is hostile until it is cleaned here. Nothing that tells who the patient is
leaves this file: sex and an age in years do, and of the equipment's serial number a keyed hash.
"""

import contextlib
import dataclasses
import datetime as dt
import warnings
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from pydicom import Dataset
from pydicom.multival import MultiValue

from core.domain.equipment import Equipment
from workers.serials import Serials

LONGEST: Final = 64  #: characters of a text that are kept
MISSING: Final = "–"  #: the category of a value that the header does not have
YEAR: Final = 365.25  #: days
#: Units of Age String (PS3.5 6.2) in a year.
UNITS: Final = MappingProxyType({"Y": 1.0, "M": 12.0, "W": YEAR / 7, "D": YEAR})

#: Acquisition numbers by what the watch calls them: keyword, and what a device can have meant.
#: kV, mAs, indices of IEC 62494-1, mGy, mm.
NUMBERS: Final[Mapping[str, tuple[str, float, float]]] = MappingProxyType({
    "kvp": ("KVP", 10.0, 300.0),
    "mas": ("Exposure", 0.0, 5000.0),
    "exposure_index": ("ExposureIndex", 0.0, 100_000.0),
    "deviation_index": ("DeviationIndex", -40.0, 40.0),
    "ctdi_vol": ("CTDIvol", 0.0, 500.0),
    "slice_thickness": ("SliceThickness", 0.01, 100.0),
})  # fmt: skip
OLDEST: Final = 130.0
CATEGORIES: Final[Mapping[str, str]] = MappingProxyType({
    "body_part": "BodyPartExamined",
    "view": "ViewPosition",
    "photometric": "PhotometricInterpretation",
    "kernel": "ConvolutionKernel",
})  # fmt: skip
SEXES: Final = ("F", "M", "O")


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """One image's: `numbers` and `categories` by their names in an aggregate."""

    modality: str
    equipment: Equipment
    sex: str  #: F, M, O, or empty
    numbers: Mapping[str, float]
    categories: Mapping[str, str]


def read(dataset: Dataset, serials: Serials) -> Header:
    """What `dataset` says; what makes no sense is left out. Never raises for what is in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of every odd value
        equipment = _equipment(dataset, serials)
        numbers = dict(_numbers(dataset))
        if (years := _age(dataset)) is not None:
            numbers["age_years"] = years
        sex = _text(dataset, "PatientSex").upper()
        categories = {
            name: _text(dataset, keyword).upper() or MISSING for name, keyword in CATEGORIES.items()
        }
        model = f"{equipment.manufacturer} {equipment.model}".strip()
        categories["manufacturer_model"] = clean(model) or MISSING
        categories["software"] = equipment.software or MISSING
        modality = _text(dataset, "Modality").upper()[:16]
    return Header(modality, equipment, sex if sex in SEXES else "", numbers, categories)


def clean(text: str) -> str:
    """Printable, single spaces, at most `LONGEST` characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * LONGEST])
    return " ".join(printable.split())[:LONGEST].strip()


def _equipment(dataset: Dataset, serials: Serials) -> Equipment:
    return Equipment(
        manufacturer=_text(dataset, "Manufacturer"),
        model=_text(dataset, "ManufacturerModelName"),
        software=_text(dataset, "SoftwareVersions"),
        serial=serials.hashed(_text(dataset, "DeviceSerialNumber")),
    )


def _numbers(dataset: Dataset) -> Iterator[tuple[str, float]]:
    for name, (keyword, low, high) in NUMBERS.items():
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            found = float(_value(dataset, keyword))  # type: ignore[arg-type]
            if low <= found <= high:  # neither holds of what is no number
                yield name, found


def _age(dataset: Dataset) -> float | None:
    """Years: from the dates of birth and study, else Patient's Age (0010,1010)."""
    born, taken = (_date(_text(dataset, one)) for one in ("PatientBirthDate", "StudyDate"))
    if born and taken and born <= taken:
        years = (taken - born).days / YEAR
    else:
        told = _text(dataset, "PatientAge").upper()
        if not (told[:3].isascii() and told[:3].isdigit() and told[3:] in UNITS):
            return None
        years = int(told[:3]) / UNITS[told[3:]]
    return years if years <= OLDEST else None


def _date(value: str) -> dt.date | None:
    with contextlib.suppress(ValueError):
        return dt.date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    return None


def _text(dataset: Dataset, keyword: str) -> str:
    """Its value, several joined by a space, as `clean` leaves it."""
    found = _value(dataset, keyword)
    several = found if isinstance(found, (MultiValue, list, tuple)) else [found]
    return clean(" ".join(str(one) for one in several if one is not None))


def _value(dataset: Dataset, keyword: str) -> object:
    """Whatever the library makes of it; None where it fails."""
    with contextlib.suppress(Exception):  # hostile bytes in a library's decoder
        return dataset.get(keyword)
    return None
