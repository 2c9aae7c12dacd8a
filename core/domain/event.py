"""What happened at a site and may explain why a stream looks otherwise."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any, Final


class EventKind(enum.StrEnum):
    """What it was."""

    SCANNER = "scanner"  #: equipment that the site has not sent from before
    SOFTWARE = "software"  #: another software version on equipment that is known
    VERSION = "version"  #: another version of the algorithm
    REFERENCE = "reference"  #: a reference was learned
    ACTIVATION = "activation"  #: what the algorithm may do was changed
    PLANNED = "planned"  #: a change that somebody told in advance


#: Those after which the algorithm is verified again at the site.
VERIFIED_AFTER: Final = frozenset({EventKind.SCANNER, EventKind.SOFTWARE, EventKind.VERSION})


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """One of them. `subject` is the equipment's key, the version, …; `told` what a reader sees."""

    at: dt.datetime
    day: dt.date
    site: str
    algorithm: str  #: empty: all at the site
    kind: EventKind
    subject: str
    told: Mapping[str, Any] = dataclasses.field(default_factory=dict)
