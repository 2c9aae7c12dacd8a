"""Headers as they arrive, made fit for an object of ours.

A result belongs to the patient and the study of its sources, whose headers lack
attributes, break VRs and come in any character set. `header` is a normalised
copy: absent type 2 becomes empty, what cannot be read as a date becomes empty,
identifiers stay as they are even where they are too long, and all text is decoded
so that it can be written in UTF-8 (ISO_IR 192, PS3.3 C.12.1.1.2).
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from typing import Any

from pydicom import DataElement, Dataset, config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as Items

from highdicom_out.wording import clean, long_string

#: Patient (PS3.3 C.7.1.1) and General Study (C.7.2.1): always there, empty if need be.
TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
#: Identity that an archive matches on, and what tells that the patient is not named.
TYPE_3 = (
    "IssuerOfPatientID",
    "StudyDescription",
    "PatientAge",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
)
SEQUENCES = (
    "IssuerOfAccessionNumberSequence",
    "IssuerOfPatientIDQualifiersSequence",
    "DeidentificationMethodCodeSequence",
)

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(\.\d{1,6})?)?", re.ASCII)
_AGE = re.compile(r"\d{3}[DWMY]", re.ASCII)
_OFFSET = re.compile(r"[+-](\d{2})([0-5]\d)", re.ASCII)
_SEX = re.compile(r"[MFO]", re.ASCII)
_CODE_STRING = re.compile(r"[A-Z0-9 _]{1,16}", re.ASCII)


def header(source: Dataset) -> Dataset:
    """The patient's and the study's attributes of `source`, decoded, nothing missing."""
    made = Dataset()
    put(made, "SpecificCharacterSet", "ISO_IR 192")
    put(made, "StudyInstanceUID", text(source, "StudyInstanceUID"))
    for keyword in TYPE_2:
        put(made, keyword, normal(source, keyword))
    for keyword in TYPE_3:
        if value := normal(source, keyword):
            put(made, keyword, value)
    for keyword in SEQUENCES:
        if items := source.get(keyword):
            put(made, keyword, Items(plain(item) for item in items))
    return made


def put(dataset: Dataset, keyword: str, value: object) -> None:
    """Set an attribute without pydicom's opinion on its length: identity is kept as it is."""
    tag = tag_for_keyword(keyword)
    vr = dictionary_VR(keyword)
    dataset.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))  # type: ignore[arg-type]


def text(source: Dataset, keyword: str) -> str:
    """A value of `source` as decoded text; the first one where there are several, else ''."""
    value = source.get(keyword)
    if isinstance(value, MultiValue):
        value = value[0] if value else None
    return "" if value is None else clean(str(value))


def normal(source: Dataset, keyword: str) -> str:
    """A value of `source` that its VR allows, or ''; identifiers of any length stay."""
    value = text(source, keyword)
    match dictionary_VR(keyword):
        case "DA":
            return _date(value)
        case "TM":
            return _matching(_TIME, value.replace(":", ""))
        case "AS":
            return _matching(_AGE, value)
        case "CS":
            return _matching(_SEX if keyword == "PatientSex" else _CODE_STRING, value)
        case _:
            return long_string(value) if keyword == "StudyDescription" else value


def _matching(pattern: re.Pattern[str], value: str) -> str:
    return value if pattern.fullmatch(value) else ""


def _date(value: str) -> str:
    """A DA; `YYYY.MM.DD` of ACR-NEMA is read too. PS3.5 6.2."""
    digits = value.replace(".", "").replace("-", "")
    try:
        return dt.datetime.strptime(digits, "%Y%m%d").strftime("%Y%m%d").zfill(8)  # noqa: DTZ007
    except ValueError:
        return ""


def plain(item: Dataset) -> Dataset:
    """A copy of a sequence item, its text decoded, private attributes left behind."""
    made = Dataset()
    for element in item:
        if element.tag.is_private or not element.keyword:
            continue
        if element.VR == "SQ":
            put(made, element.keyword, Items(plain(below) for below in element.value))
        else:
            put(made, element.keyword, element.value)
    return made


def offset(source: Dataset) -> dt.timezone | None:
    """The source's Timezone Offset From UTC (PS3.3 C.12.1.1.8), which rules all its times."""
    found = _OFFSET.fullmatch(text(source, "TimezoneOffsetFromUTC"))
    if not found:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    sign = -1 if found[0].startswith("-") else 1
    return dt.timezone(sign * dt.timedelta(minutes=minutes)) if minutes < 24 * 60 else None


def is_image(source: Dataset) -> bool:
    """Whether `source` has pixel rows and columns: SRs and PDFs have none."""
    return bool(source.get("Rows")) and bool(source.get("Columns"))


def frames(source: Dataset) -> int:
    """Number of Frames (PS3.3 C.7.6.6), 1 where it is absent or unreadable."""
    try:
        return max(1, int(source.get("NumberOfFrames") or 1))
    except (TypeError, ValueError):
        return 1


def is_multi_frame(source: Dataset) -> bool:
    """Whether references into `source` name a frame: where it has several.

    Scanners write Number of Frames 1 into single-frame images, whose frames may not be named;
    and of the only frame there is nothing to choose (PS3.3 10.3).
    """
    return frames(source) > 1


def shared_group(source: Dataset, keyword: str) -> Dataset | None:
    """The one item of a shared functional group macro (PS3.3 C.7.6.16), if it is there."""
    return first(first(source, "SharedFunctionalGroupsSequence"), keyword)


def first(source: Dataset | None, keyword: str) -> Dataset | None:
    """The first item of a sequence, None where the sequence is absent or empty."""
    items = source.get(keyword) if source is not None else None
    return items[0] if items else None


def numbers(source: Dataset | None, keyword: str) -> tuple[float, ...]:
    """The finite numbers of an attribute, () where any of them is unreadable."""
    value = source.get(keyword) if source is not None else None
    many: Any = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    try:
        found = tuple(float(one) for one in many)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(one) for one in found) else ()


def spacing(source: Dataset) -> tuple[float, float] | None:
    """(row, column) Pixel Spacing in mm, None where there is none to trust.

    Absent, 0.000 and negative spacing are not trusted, and neither is Imager Pixel
    Spacing: it holds at the detector, not in the patient (PS3.3 10.7.1.3).
    """
    found = numbers(source, "PixelSpacing")
    found = found or numbers(shared_group(source, "PixelMeasuresSequence"), "PixelSpacing")
    pair = 2
    return (found[0], found[1]) if len(found) == pair and min(found) > 0 else None


def by_uid(sources: Sequence[Dataset]) -> dict[str, Dataset]:
    """`sources` by SOP Instance UID, in order; a duplicate counts once."""
    found: dict[str, Dataset] = {}
    for source in sources:
        found.setdefault(str(source.SOPInstanceUID), source)
    return found
