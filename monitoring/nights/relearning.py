"""A new reference, because a named person says so and why."""

import datetime as dt
from typing import Final

from core.domain.errors import InvalidError, NotFoundError
from core.domain.watch import NATIONAL, TRUST, Stream
from core.sections import Watch
from core.store.database import Database
from core.store.watch import aggregates, references, scopes
from core.store.watch.references import KnownReference
from monitoring.nights import clock, learning
from monitoring.nights.learning import Period
from monitoring.nights.reading import Histories

LONGEST_NAME: Final = 80
LONGEST_REASON: Final = 500


def relearn(
    database: Database,
    stream: Stream,
    *,
    by: str,
    reason: str,
    first: dt.date | None,
    last: dt.date | None,
    watch: Watch,
    now: dt.datetime,
) -> KnownReference:
    """Learn a stream's next reference from `first` to `last`, both included; the old ones stay.

    Without `last` it is the last day that has ended, without `first` a full reference before
    it, or as much of one as there is. Raises `InvalidError` and `NotFoundError`.
    """
    who = _line("--by", by, LONGEST_NAME)
    why = _line("--reason", reason, LONGEST_REASON)
    with database.read() as connection:
        trust_of = scopes.trusts(connection)
        span = aggregates.span(connection, stream.algorithm)
        _known(stream, trust_of, aggregates.algorithms(connection))
        assert span is not None
        period = _period(span, first, last, watch, now)
        histories = Histories()
        histories.add(aggregates.between(connection, stream.algorithm, period.first, period.last))
    if first is None:
        period = _shortened(period, histories, stream, trust_of)
    with database.write() as connection:
        learning.learn(
            connection, histories, [stream], period,
            watch=watch, trust_of=trust_of, by=who, reason=why, now=now,
        )  # fmt: skip
        return references.of(connection, stream)[0]


def _period(
    span: tuple[dt.date, dt.date],
    first: dt.date | None,
    last: dt.date | None,
    watch: Watch,
    now: dt.datetime,
) -> Period:
    """The days that were asked for, or that are usual."""
    closed = clock.closed(now)
    end = last or min(closed, span[1])
    if end > closed:
        message = f"--to {end} has not ended: the last day that has is {closed}"
        raise InvalidError(message)
    period = Period(first, end) if first else Period.ending(end, watch.reference_days)
    if period.days < 1:
        message = f"--from {period.first} is after --to {period.last}"
        raise InvalidError(message)
    return period


def _shortened(
    period: Period, histories: Histories, stream: Stream, trust_of: dict[str, str]
) -> Period:
    """From the day on which the stream began, where that is later."""
    sites = learning.members(stream.site, histories.by_site, trust_of)
    begun = sorted(min(histories.by_site[site]) for site in sites if histories.by_site[site])
    least = 1 if sites == [stream.site] else learning.LEAST_SITES
    return (
        Period(max(period.first, begun[least - 1]), period.last) if begun[least - 1 :] else period
    )


def _known(stream: Stream, trust_of: dict[str, str], algorithms: list[str]) -> None:
    """Refuse a name that nobody has, with those that there are."""
    trusts = {TRUST + one for one in trust_of.values()}
    if stream.site not in {*trust_of, *trusts, NATIONAL}:
        there = ", ".join([*sorted(trust_of), *sorted(trusts), NATIONAL])
        message = f"no site or trust «{stream.site}». There are: {there}"
        raise NotFoundError(message)
    if stream.algorithm not in algorithms:
        there = ", ".join(algorithms) or "none yet"
        message = f"no day of an algorithm «{stream.algorithm}». There are days of: {there}"
        raise NotFoundError(message)


def _line(name: str, text: str, longest: int) -> str:
    """What a person typed, as one line that says something."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not clean or len(clean) > longest:
        message = f"{name}: between 1 and {longest} characters are needed"
        raise InvalidError(message)
    return clean
