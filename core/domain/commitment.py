"""Storage commitment of one object at one destination (PS3.4 J): the word that it is kept.

    "" -> WANTED <-> ASKED -> COMMITTED, REFUSED, UNANSWERED or UNSUPPORTED
             ^         |
             +- LACKED <

An archive that lacks an object is sent it once more (LACKED), then asked again. What an
archive refuses, does not answer or does not offer ends there: kept, listed, and can be
restarted (-> WANTED). An answer that comes after we gave up still counts.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.domain.errors import IllegalTransitionError


class CommitmentState(enum.StrEnum):
    """What is known of one object at one destination."""

    NONE = ""  #: the destination is not asked
    WANTED = "wanted"  #: to be asked for
    ASKED = "asked"  #: a request is out
    LACKED = "lacked"  #: the destination says that it lacks the object: to be sent once more
    COMMITTED = "committed"  #: the destination keeps it
    REFUSED = "refused"  #: the destination will not keep it
    UNANSWERED = "unanswered"  #: no answer to the last request
    UNSUPPORTED = "unsupported"  #: the destination does not offer storage commitment


class CommitmentEvent(enum.StrEnum):
    """What happens to it."""

    WANT = "want"
    ASK = "ask"
    COMMIT = "commit"
    LACK = "lack"
    REFUSE = "refuse"
    POSTPONE = "postpone"
    RESEND = "resend"
    GIVE_UP = "give-up"
    DECLINE = "decline"
    RESTART = "restart"
    FORGET = "forget"


_S, _E = CommitmentState, CommitmentEvent
TRANSITIONS: Final[Mapping[tuple[CommitmentState, CommitmentEvent], CommitmentState]] = (
    MappingProxyType(
        {
            (_S.NONE, _E.WANT): _S.WANTED,
            (_S.WANTED, _E.ASK): _S.ASKED,
            (_S.WANTED, _E.POSTPONE): _S.WANTED,
            (_S.WANTED, _E.GIVE_UP): _S.UNANSWERED,
            (_S.WANTED, _E.DECLINE): _S.UNSUPPORTED,
            (_S.WANTED, _E.FORGET): _S.NONE,
            (_S.ASKED, _E.COMMIT): _S.COMMITTED,
            (_S.ASKED, _E.LACK): _S.LACKED,
            (_S.ASKED, _E.REFUSE): _S.REFUSED,
            (_S.ASKED, _E.POSTPONE): _S.WANTED,
            (_S.ASKED, _E.GIVE_UP): _S.UNANSWERED,
            (_S.ASKED, _E.DECLINE): _S.UNSUPPORTED,
            (_S.ASKED, _E.FORGET): _S.NONE,
            (_S.LACKED, _E.RESEND): _S.WANTED,
            (_S.LACKED, _E.POSTPONE): _S.LACKED,
            (_S.LACKED, _E.REFUSE): _S.REFUSED,
            (_S.LACKED, _E.FORGET): _S.NONE,
            (_S.UNANSWERED, _E.COMMIT): _S.COMMITTED,
            (_S.UNANSWERED, _E.LACK): _S.LACKED,
            (_S.UNANSWERED, _E.REFUSE): _S.REFUSED,
            (_S.UNANSWERED, _E.RESTART): _S.WANTED,
            (_S.REFUSED, _E.RESTART): _S.WANTED,
            (_S.UNSUPPORTED, _E.RESTART): _S.WANTED,
        }
    )
)
#: Time moves these on; `at` says when.
OPEN: Final = frozenset({_S.WANTED, _S.ASKED, _S.LACKED})
#: An operator is told of these, and can restart them.
BROKEN: Final = frozenset({_S.REFUSED, _S.UNANSWERED, _S.UNSUPPORTED})

#: Requests without an answer before it ends: with an hour's patience, two and a half days.
MOST_ASKS: Final = 6
NO_SUCH_INSTANCE: Final = 0x0112
#: Failure Reason (0008,1197), PS3.3 C.14.1.1.
REASONS: Final = MappingProxyType(
    {
        0x0110: "processing failure",
        NO_SUCH_INSTANCE: "no such object instance",
        0x0119: "class / instance conflict",
        0x0122: "referenced SOP class not supported",
        0x0131: "duplicate transaction UID",
        0x0213: "resource limitation",
    }
)
#: The same question may be answered otherwise later.
_PASSING: Final = frozenset({0x0110, 0x0131, 0x0213})


def told(reason: int) -> str:
    """A failure reason as number and words."""
    return f"0x{reason:04X} {REASONS.get(reason, 'a reason that the standard does not name')}"


def after(state: CommitmentState, event: CommitmentEvent) -> CommitmentState:
    """The state that `event` leads to; `IllegalTransitionError` where it leads nowhere."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        message = f"a commitment that is {state or 'not asked for'} cannot {event}"
        raise IllegalTransitionError(message) from None


def before(event: CommitmentEvent) -> tuple[CommitmentState, ...]:
    """The states in which `event` is allowed: the condition of a compare-and-set."""
    return tuple(state for state, known in TRANSITIONS if known is event)


@dataclasses.dataclass(frozen=True, slots=True)
class Commitment:
    """One object that a destination has acknowledged, and whether it will keep it."""

    id: int  #: of the delivery
    job_id: str
    destination: str
    kind: str
    sop_class_uid: str
    sop_uid: str
    path: str
    sha256: str
    state: CommitmentState
    asks: int = 0  #: requests in a row that led nowhere, the one that is out included
    resent: bool = False  #: the object was sent once more
    at: dt.datetime | None = None  #: open: when it is looked at again; ended: since when
    transaction_uid: str = ""  #: of the latest request
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What an N-EVENT-REPORT says (PS3.4 table J.3-2)."""

    transaction_uid: str
    committed: frozenset[tuple[str, str]]  #: (SOP class UID, SOP instance UID)
    refused: Mapping[str, int]  #: SOP instance UID to failure reason


def patience(asks: int, wait: dt.timedelta) -> dt.timedelta:
    """How long the `asks`-th request in a row may stay without an answer: twice the last time."""
    doublings = min(max(asks, 1), MOST_ASKS) - 1
    return wait * (1 << doublings)


def _moved(
    one: Commitment, event: CommitmentEvent, at: dt.datetime, error: str = "", **more: object
) -> Commitment:
    values = {"state": after(one.state, event), "at": at, "error": error, **more}
    return dataclasses.replace(one, **values)  # type: ignore[arg-type] # fields of its own


def asked(
    one: Commitment, transaction_uid: str, now: dt.datetime, wait: dt.timedelta
) -> Commitment:
    """A request for it goes out under `transaction_uid`; `wait` is for the first answer."""
    asks = one.asks + 1
    again = now + patience(asks, wait)
    return _moved(one, _E.ASK, again, asks=asks, transaction_uid=transaction_uid)


def overdue(one: Commitment, now: dt.datetime) -> Commitment:
    """No answer came in time: to be asked again, or the end."""
    if one.asks >= MOST_ASKS:
        return _moved(one, _E.GIVE_UP, now, f"no answer to {one.asks} requests")
    return _moved(one, _E.POSTPONE, now, "no answer in time")


def unasked(one: Commitment, error: str, now: dt.datetime, wait: dt.timedelta) -> Commitment:
    """The request did not reach the destination, or was turned away with a status."""
    asks = one.asks + (one.state is _S.WANTED)
    if asks >= MOST_ASKS:
        return _moved(one, _E.GIVE_UP, now, error, asks=asks)
    return _moved(one, _E.POSTPONE, now + patience(asks, wait), error, asks=asks)


def declined(one: Commitment, error: str, now: dt.datetime) -> Commitment:
    """The destination does not offer storage commitment: nobody asks again by himself."""
    return _moved(one, _E.DECLINE, now, error)


def answered(one: Commitment, report: Report, now: dt.datetime, wait: dt.timedelta) -> Commitment:
    """What a report of its transaction makes of it; itself where the report changes nothing.

    Doubt counts against commitment: what is in both lists is refused, and what is committed
    under another SOP class is not. What is in neither list goes on waiting, what has its
    answer keeps it.
    """
    if one.state not in before(_E.COMMIT) or one.transaction_uid != report.transaction_uid:
        return one
    reason = report.refused.get(one.sop_uid)
    if reason is not None:
        return _refused(one, reason, now, wait)
    if (one.sop_class_uid, one.sop_uid) in report.committed:
        return _moved(one, _E.COMMIT, now)
    return one


def _refused(one: Commitment, reason: int, now: dt.datetime, wait: dt.timedelta) -> Commitment:
    error = told(reason)
    if reason == NO_SUCH_INSTANCE and not one.resent:
        return _moved(one, _E.LACK, now, error, asks=0)
    if reason in _PASSING and one.asks < MOST_ASKS and one.state is _S.ASKED:
        return _moved(one, _E.POSTPONE, now + patience(one.asks, wait), error)
    return _moved(one, _E.REFUSE, now, error)


def held(one: Commitment, now: dt.datetime, lease: dt.timedelta) -> Commitment:
    """A router sends the object once more, and keeps the others off it for so long."""
    return _moved(one, _E.POSTPONE, now + lease, one.error)


def replaced(one: Commitment, now: dt.datetime) -> Commitment:
    """What the destination lacks is a newer result's place by now: nobody asks for it any more."""
    return _moved(one, _E.FORGET, now)


def resent(one: Commitment, now: dt.datetime) -> Commitment:
    """The destination has acknowledged the object once more: ask again."""
    return _moved(one, _E.RESEND, now, one.error, asks=0, resent=True)


def not_resent(
    one: Commitment, error: str, now: dt.datetime, wait: dt.timedelta, *, recoverable: bool
) -> Commitment:
    """The object could not be sent once more: later, or never."""
    asks, error = one.asks + 1, f"{error} (lacked: {told(NO_SUCH_INSTANCE)})"
    if not recoverable or asks >= MOST_ASKS:
        return _moved(one, _E.REFUSE, now, error, asks=asks)
    return _moved(one, _E.POSTPONE, now + patience(asks, wait), error, asks=asks)
