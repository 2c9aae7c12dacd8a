"""The life of a job: one algorithm on one revision of one study.

    QUEUED -> RUNNING -> ENCODED -> DELIVERED
       ^         |          |  ^
       +-release-+          v  | retry
                       UNDELIVERABLE

FAILED, and DELIVERED with the outcome `failed`, can be run again (-> QUEUED). A job
that gave up still has a result (outcome `failed`) which is encoded and delivered.
FAILED is the state of a job for which not even that could be made.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from types import MappingProxyType

from core.domain.errors import IllegalTransitionError
from core.domain.finding import Outcome

#: The algorithm name under which Varde itself answers a study that no algorithm may read.
PLATFORM = "varde"


class State(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  #: waits for a worker
    RUNNING = "running"  #: a worker holds its lease
    ENCODED = "encoded"  #: the result's objects are on disk, delivery is under way
    DELIVERED = "delivered"  #: every destination has acknowledged every object
    UNDELIVERABLE = "undeliverable"  #: a destination gave its last no; kept, can be restarted
    FAILED = "failed"  #: no result could be made
    CANCELLED = "cancelled"  #: withdrawn by an operator


class Event(enum.StrEnum):
    """What happens to a job."""

    CLAIM = "claim"
    RELEASE = "release"
    ENCODE = "encode"
    DELIVER = "deliver"
    GIVE_UP = "give-up"
    RETRY = "retry"
    RERUN = "rerun"
    FAIL = "fail"
    CANCEL = "cancel"


class Priority(enum.IntEnum):
    """Queue priority; 0 is served first."""

    STAT = 0
    URGENT = 3
    ROUTINE = 6
    RESEARCH = 9


TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.QUEUED, Event.CLAIM): State.RUNNING,
        (State.QUEUED, Event.CANCEL): State.CANCELLED,
        (State.RUNNING, Event.RELEASE): State.QUEUED,
        (State.RUNNING, Event.ENCODE): State.ENCODED,
        (State.RUNNING, Event.FAIL): State.FAILED,
        (State.RUNNING, Event.CANCEL): State.CANCELLED,
        (State.ENCODED, Event.DELIVER): State.DELIVERED,
        (State.ENCODED, Event.GIVE_UP): State.UNDELIVERABLE,
        (State.UNDELIVERABLE, Event.RETRY): State.ENCODED,
        (State.FAILED, Event.RERUN): State.QUEUED,
        (State.DELIVERED, Event.RERUN): State.QUEUED,
    }
)

FINAL = frozenset({State.DELIVERED, State.UNDELIVERABLE, State.FAILED, State.CANCELLED})


def after(state: State, event: Event) -> State:
    """The state that `event` leads to; `IllegalTransitionError` where it leads nowhere."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        message = f"a job that is {state} cannot {event}"
        raise IllegalTransitionError(message) from None


def before(event: Event) -> tuple[State, ...]:
    """The states in which `event` is allowed: the condition of a compare-and-set."""
    return tuple(state for state, known in TRANSITIONS if known is event)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """A job as everybody but the store sees it."""

    id: str
    study_id: str
    study_uid: str
    site: str
    revision: int
    algorithm: str
    version: str
    queue: str
    priority: Priority
    state: State
    attempts: int
    run: int  #: 1, and one more for each time that an operator has it run again
    limit_s: float
    created_at: dt.datetime
    started_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    outcome: Outcome | None = None
    error: str = ""


class DeliveryState(enum.StrEnum):
    """Where one object stands with one destination."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One object on its way to one destination; the receipt is the peer's DIMSE status."""

    id: int
    job_id: str
    destination: str
    kind: str
    sop_class_uid: str
    sop_uid: str
    path: str
    sha256: str  #: of the file, as it was made
    state: DeliveryState
    attempts: int
    next_at: dt.datetime
    receipt: int | None = None
    delivered_at: dt.datetime | None = None
    error: str = ""
