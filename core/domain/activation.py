"""What an algorithm may do at a site."""

import dataclasses
import datetime as dt
import enum


class Activation(enum.StrEnum):
    """Live unless somebody said otherwise."""

    SHADOW = "shadow"  #: runs and is watched; nothing leaves for a destination
    SUPERVISED = "supervised"  #: live, and more of its results are drawn for audit
    LIVE = "live"
    SUSPENDED = "suspended"  #: runs no more: what it is asked to read is "not evaluated", and why


@dataclasses.dataclass(frozen=True, slots=True)
class Activated:
    """A change of it: by whom, why, and for which case."""

    site: str
    algorithm: str
    state: Activation
    at: dt.datetime  #: UTC
    by: str
    reason: str
    case_id: str = ""
