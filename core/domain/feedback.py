"""What people and reports say of an algorithm's findings."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping


class Role(enum.StrEnum):
    """Who says it; never a name."""

    RADIOLOGIST = "radiologist"
    RADIOGRAPHER = "radiographer"
    ORTHOPAEDIST = "orthopaedist"
    CLINICIAN = "clinician"  #: any other doctor who acts on the answer


class Word(enum.StrEnum):
    """The reader's word on a result or on one finding."""

    AGREE = "agree"
    DISAGREE = "disagree"
    CORRECT = "correct"  #: with what is there instead


class Truth(enum.StrEnum):
    """What a report, an audit or a correction says of one finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"  #: not mentioned, or not understood


class Source(enum.StrEnum):
    """Where a truth comes from."""

    REPORT = "report"
    AUDIT = "audit"
    FEEDBACK = "feedback"


@dataclasses.dataclass(frozen=True, slots=True)
class Feedback:
    """One word of one reader on one result.

    `finding` is the code value of the finding meant, empty for the whole result. `corrected`
    says of code values what is there instead, for `Word.CORRECT` alone.
    """

    job_id: str
    at: dt.datetime  #: UTC
    role: Role
    word: Word
    finding: str = ""
    corrected: Mapping[str, Truth] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """One finding of one result against a truth. `called`: the algorithm said that it is there.

    `label` is the finding's code value, or `any`. `groups` are the subgroups that the study
    belongs to: `sex:F`, `age:65-79`, `equipment:1f…`.
    """

    job_id: str
    label: str
    source: Source
    called: bool
    truth: Truth
    groups: tuple[str, ...] = ()

    @property
    def disagrees(self) -> bool:
        """Whether the two say the opposite of each other."""
        told = {Truth.PRESENT: True, Truth.ABSENT: False}.get(self.truth)
        return told is not None and told != self.called
