"""Studies, series and instances as routing, assembly and the screens see them."""

import dataclasses
import datetime as dt
import enum
import re
from collections.abc import Mapping

from core.domain.errors import InvalidUidError
from core.domain.reason import Reason

UID_LENGTH = 64  # PS3.5 9.1
_UID = re.compile(r"[0-9]+(\.[0-9]+)+", re.ASCII)


def valid_uid(uid: str, what: str = "UID") -> str:
    """Return `uid` unchanged if it is digits and dots, at most 64 characters (PS3.5 9.1).

    Components with leading zeros are let through: scanners in use send them.
    Raises `InvalidUidError`, whose message shows at most 80 printable characters.
    """
    if len(uid) <= UID_LENGTH and _UID.fullmatch(uid):
        return uid
    shown = ascii(uid[:80])
    message = f"{what} is not a UID (digits and dots, at most {UID_LENGTH}): {shown}"
    raise InvalidUidError(message)


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """A hospital or imaging unit that sends studies; belongs to a trust, which has a region."""

    key: str
    name: str
    trust: str
    region: str


@dataclasses.dataclass(frozen=True, slots=True)
class Instance:
    """One SOP Instance, as its header was when it arrived.

    `attributes` are the header's values by DICOM keyword, strings or lists of strings,
    for routes; they name no person.
    """

    sop_uid: str
    sop_class_uid: str
    series_uid: str
    transfer_syntax_uid: str
    path: str  #: below the store's root
    size: int  #: bytes, file header included
    modality: str
    revision: int  #: the first revision that holds it
    attributes: Mapping[str, str | list[str]] = dataclasses.field(default_factory=dict)


class StudyState(enum.StrEnum):
    """Whether instances are still expected."""

    RECEIVING = "receiving"
    COMPLETE = "complete"


@dataclasses.dataclass(frozen=True, slots=True)
class Study:
    """A study at one site. Patient fields are for the reader's screen alone."""

    id: str
    site: str
    study_uid: str
    state: StudyState
    revision: int  #: the latest complete revision, 0 before the first
    first_at: dt.datetime
    last_at: dt.datetime
    instances: int
    modalities: tuple[str, ...]
    description: str = ""
    accession_number: str = ""
    patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """A route's outcome for one algorithm and one revision: the why, also the why-not."""

    algorithm: str
    version: str
    chosen: bool
    reason: Reason
    route: str = ""
