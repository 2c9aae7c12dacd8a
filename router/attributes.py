"""From raw header values to what rows keep: routing attributes, and the study's own fields."""

import datetime as dt
import struct
from collections.abc import Iterable, Mapping
from typing import Final

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

from core.domain.errors import SettingsError

#: What every site keeps of every instance. None of them names a person.
KEPT: Final = (
    "SOPClassUID", "Modality", "BodyPartExamined", "ViewPosition", "PatientSex", "Manufacturer",
    "ManufacturerModelName", "SoftwareVersions", "StationName", "InstitutionName", "ProtocolName",
    "SeriesDescription", "StudyDescription", "SeriesNumber", "InstanceNumber", "ImageType",
    "PresentationIntentType", "PatientOrientation", "Laterality", "ImageLaterality", "KVP",
    "SliceThickness", "ConvolutionKernel", "PixelSpacing", "ImagerPixelSpacing", "PatientAge",
    "Rows", "Columns", "NumberOfFrames", "BitsAllocated", "SamplesPerPixel",
    "PhotometricInterpretation", "BurnedInAnnotation",
)  # fmt: skip
#: Patient's and study's fields, by the column that keeps them.
STUDY: Final = {
    "description": "StudyDescription",
    "accession_number": "AccessionNumber",
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "patient_birth_date": "PatientBirthDate",
    "patient_sex": "PatientSex",
    "study_date": "StudyDate",
}
UIDS: Final = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
LONGEST: Final = 256  #: characters of one kept value
_BINARY: Final = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
_DAYS: Final = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


def tag_of(keyword: str) -> int:
    """The tag of a DICOM keyword; `SettingsError` for a word that is none."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        message = f"«{keyword}» is not a DICOM keyword (PS3.6)"
        raise SettingsError(message)
    return int(tag)


class Reader:
    """Decodes the wanted values; made once with the keywords that routes ask for."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        """`extra` are keywords beyond `KEPT`, from the routes of `site.toml`."""
        wanted = {*KEPT, *STUDY.values(), *UIDS, *(word for word in extra if word != "AgeYears")}
        self._tags = {keyword: tag_of(keyword) for keyword in wanted}
        self._vr = {keyword: dictionary_VR(tag) for keyword, tag in self._tags.items()}
        self._kept = tuple({*KEPT, *(word for word in extra if word != "AgeYears")})
        self._charset = tag_of("SpecificCharacterSet")
        self.wanted = frozenset({*self._tags.values(), self._charset})

    def read(
        self, values: Mapping[int, bytes], *, big: bool = False
    ) -> tuple[dict[str, str | list[str]], dict[str, str], dict[str, str]]:
        """(routing attributes, study fields, UIDs by keyword) of raw values."""
        encodings = _encodings(values.get(self._charset, b""))

        def text(keyword: str) -> str:
            raw = values.get(self._tags[keyword], b"")
            return _text(raw, self._vr[keyword], encodings, big=big)

        found: dict[str, str | list[str]] = {}
        for keyword in self._kept:
            if value := text(keyword):
                found[keyword] = value.split("\\") if "\\" in value else value
        study = {column: text(keyword) for column, keyword in STUDY.items()}
        if (age := _age(found, study)) is not None:
            found["AgeYears"] = f"{age:.2f}"
        return found, study, {keyword: text(keyword) for keyword in UIDS}


def _encodings(raw: bytes) -> list[str]:
    """Python encodings of Specific Character Set; an unknown one reads as Latin-1."""
    names = [name.strip() for name in raw.decode("ascii", "replace").rstrip("\0 ").split("\\")]
    try:
        return list(convert_encodings(names if any(names) else "ISO_IR 6"))
    except Exception:  # noqa: BLE001 - hostile bytes in a library's decoder
        return ["iso8859"]


def _text(raw: bytes, vr: str, encodings: list[str], *, big: bool) -> str:
    """One element's values as text, several joined by a backslash; never raises."""
    if not raw:
        return ""
    if vr in _BINARY:
        code = _BINARY[vr]
        count = len(raw) // struct.calcsize("<" + code)
        order = ">" if big else "<"
        numbers = struct.unpack_from(f"{order}{count}{code}", raw)
        return "\\".join(
            f"{number:g}" if isinstance(number, float) else str(number) for number in numbers
        )
    delimiters = PN_DELIMS if vr == "PN" else TEXT_VR_DELIMS
    try:
        decoded = decode_bytes(raw, encodings, delimiters)
    except Exception:  # noqa: BLE001 - hostile bytes in a library's decoder
        decoded = raw.decode("latin-1")
    parts = (part.strip("\0 ") for part in decoded[:LONGEST].split("\\"))
    return "\\".join("".join(c for c in part if c.isprintable()) for part in parts)


def _age(found: Mapping[str, str | list[str]], study: Mapping[str, str]) -> float | None:
    """Age in years: from birth date and study date, else from Patient's Age (0010,1010)."""
    born, taken = _date(study["patient_birth_date"]), _date(study["study_date"])
    if born and taken and taken >= born:
        return (taken - born).days / 365.25
    age = found.get("PatientAge", "")
    if isinstance(age, str) and len(age) == 4 and age[:3].isdigit() and age[3] in _DAYS:  # noqa: PLR2004 - VR AS
        return int(age[:3]) / _DAYS[age[3]]
    return None


def _date(value: str) -> dt.date | None:
    """A DA value, None where it is not one."""
    try:
        return dt.date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return None
