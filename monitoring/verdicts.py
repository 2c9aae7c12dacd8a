"""From a verdict to what the algorithm may do: what named persons say, and what comes of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from core.domain import casework
from core.domain.activation import Activated, Activation
from core.domain.case import Case, Consequence, Verdict
from core.domain.errors import InvalidError, NotFoundError
from core.domain.event import EventKind
from core.domain.watch import Stream
from core.store.watch import activations, cases, events, scopes

LONGEST_NAME: Final = 80
LONGEST_REASON: Final = 500
#: What a consequence makes of the algorithm at the site; to continue changes nothing.
STATES: Final[Mapping[Consequence, Activation]] = {
    Consequence.SUPERVISE: Activation.SUPERVISED,
    Consequence.SUSPEND: Activation.SUSPENDED,
    Consequence.RESUME: Activation.LIVE,
}


def settle(
    connection: sa.Connection,
    case_id: str,
    *,
    by: str,
    verdict: Verdict,
    consequence: Consequence,
    reason: str,
    now: dt.datetime,
) -> Case:
    """Write a named person's verdict, and let it take effect at the site in the same transaction.

    `InvalidError` without a name or a reason, or where the verdict is none of this kind of case;
    `NotFoundError`; `IllegalTransitionError` where it is settled already.
    """
    who = _line("name", by, LONGEST_NAME)
    why = _line("reason", reason, LONGEST_REASON)
    case = cases.get(connection, case_id)
    if verdict not in casework.VERDICTS[case.kind]:
        message = f"a case of kind {case.kind} cannot be settled as {verdict}"
        raise InvalidError(message)
    settled = cases.settle(
        connection, case_id, by=who, verdict=verdict, consequence=consequence, reason=why, now=now
    )
    if state := STATES.get(consequence):
        stream = Stream(case.site, case.algorithm)
        activate(connection, stream, state, by=who, reason=why, now=now, case_id=case.id)
    return settled


def activate(
    connection: sa.Connection,
    stream: Stream,
    state: Activation,
    *,
    by: str,
    reason: str,
    now: dt.datetime,
    case_id: str = "",
) -> list[str]:
    """Change what the algorithm may do at every site of the stream's scope; the changed ones.

    `InvalidError` without a name or a reason; `NotFoundError` for a site that is none.
    """
    who, why = _line("name", by, LONGEST_NAME), _line("reason", reason, LONGEST_REASON)
    day = scopes.day_of(now)
    return [
        site
        for site in sites_of(connection, stream.site)
        if activations.change(
            connection,
            Activated(site, stream.algorithm, state, now, who, why, case_id),
            day=day,
        )
    ]


def planned(
    connection: sa.Connection,
    *,
    site: str,
    algorithm: str,
    told: str,
    by: str,
    day: dt.date,
    now: dt.datetime,
) -> bool:
    """A change that somebody tells in advance: a mark on the charts of that day."""
    what = _line("change", told, LONGEST_REASON)
    return events.happened(
        connection,
        site=site,
        algorithm=algorithm,
        kind=EventKind.PLANNED,
        subject=f"{day.isoformat()}:{what[:60]}",
        told={"told": what, "by": _line("name", by, LONGEST_NAME)},
        at=now,
        day=day,
    )


def sites_of(connection: sa.Connection, scope: str) -> list[str]:
    """The sites that a scope is about: one, a trust's, or all; `NotFoundError` where none is."""
    found = scopes.members(connection, scope)
    if not found:
        known = ", ".join(scopes.sites(connection)) or "none"
        message = f"no site «{scope[:60]}»: there are {known}"
        raise NotFoundError(message)
    return found


def _line(name: str, text: str, longest: int) -> str:
    """What a person typed, as one clean line that is not empty."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not clean or len(clean) > longest:
        message = f"{name}: between 1 and {longest} characters are needed"
        raise InvalidError(message)
    return clean
