"""An alarm as a case: opened by the platform, settled by a named person with a verdict."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any


class CaseKind(enum.StrEnum):
    """What raised it."""

    DRIFT = "drift"  #: a control chart
    ERRORS = "errors"  #: the Bernoulli CUSUM on errors against reports and audits
    SILENT = "silent"  #: nothing arrives, or nothing is read, where it used to
    DATA = "data"  #: aggregates that are missing or cannot be read
    VERIFICATION = "verification"  #: new equipment, software or version: verify again
    REFERENCE = "reference"  #: a reference may be learned, or learned anew


class Verdict(enum.StrEnum):
    """What it was."""

    EXPLAINED = "explained"  #: an explained change of the input
    POPULATION = "population"
    SOFTWARE = "software"
    DATA_FAULT = "data_fault"
    PERFORMANCE = "performance"
    FALSE_ALARM = "false_alarm"
    VERIFIED = "verified"  #: of a verification or a reference: done, and well


class Consequence(enum.StrEnum):
    """What it means for the algorithm at that site."""

    CONTINUE = "continue"
    SUPERVISE = "supervise"
    SUSPEND = "suspend"
    RESUME = "resume"  #: live again


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One alarm from its opening to its verdict. `evidence` holds numbers, never a patient."""

    id: str
    kind: CaseKind
    site: str
    algorithm: str
    version: str
    subject: str  #: the signal and chart, the equipment's key, the version: what it is about
    opened_at: dt.datetime
    last_at: dt.datetime  #: when it was last seen to hold
    day: dt.date
    evidence: Mapping[str, Any]
    quiet_at: dt.datetime | None = None  #: since when it does not hold any more
    settled_at: dt.datetime | None = None
    by: str = ""
    verdict: Verdict | None = None
    consequence: Consequence | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody has settled it."""
        return self.settled_at is None
