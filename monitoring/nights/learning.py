"""References: the first is learned by itself, every later one by a named person with a reason."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import sqlalchemy as sa

from core.domain.errors import InvalidError, NotFoundError
from core.domain.event import EventKind
from core.domain.watch import NATIONAL, TRUST, Stream
from core.sections import Watch
from core.store.watch import events, references
from monitoring.drift import engine
from monitoring.drift.engine import Reference
from monitoring.nights import clock
from monitoring.nights.reading import Histories

BY: Final = "varde"  #: who learns a first reference
FIRST: Final = "first reference"
ENOUGH: Final = 0.5  #: share of a period's days that must have studies: a clinic has weekends
LEAST_SITES: Final = 2  #: of a scope that pools them


@dataclasses.dataclass(frozen=True, slots=True)
class Period:
    """What a reference is learned from: all days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @classmethod
    def ending(cls, last: dt.date, days: int) -> "Period":
        """So many days up to `last`."""
        return cls(last - (days - 1) * clock.ONE_DAY, last)


def scopes(sites: Iterable[str], trust_of: Mapping[str, str]) -> list[str]:
    """Every scope that these sites make: themselves, trusts with several, and the country."""
    known = sorted(sites)
    trusts = [trust_of[site] for site in known if site in trust_of]
    pooled = sorted({TRUST + one for one in trusts if trusts.count(one) >= LEAST_SITES})
    return [*known, *pooled, *([NATIONAL] if len(known) >= LEAST_SITES else [])]


def members(scope: str, sites: Iterable[str], trust_of: Mapping[str, str]) -> list[str]:
    """The sites that a scope is made of."""
    if scope == NATIONAL:
        return sorted(sites)
    if scope.startswith(TRUST):
        return sorted(one for one in sites if TRUST + trust_of.get(one, "") == scope)
    return [one for one in sites if one == scope]


def covers(days: AbstractSet[dt.date], period: Period) -> bool:
    """Whether a site with rows on these days has enough of them in a period, from its begin on."""
    inside = sum(period.first <= day <= period.last for day in days)
    return inside >= ENOUGH * period.days and min(days) <= period.first


def covered(scope: str, period: Period, histories: Histories, trust_of: Mapping[str, str]) -> bool:
    """Whether a scope may learn from a period; a pooled one needs several sites that could."""
    sites = members(scope, histories.by_site, trust_of)
    enough = [site for site in sites if covers(histories.by_site[site].keys(), period)]
    return len(enough) >= (1 if sites == [scope] else LEAST_SITES)


def learn(
    connection: sa.Connection,
    histories: Histories,
    streams: Sequence[Stream],
    period: Period,
    *,
    watch: Watch,
    trust_of: Mapping[str, str],
    by: str,
    reason: str,
    now: dt.datetime,
) -> dict[str, tuple[int, Reference]]:
    """Learn references of streams of one algorithm; returns each with its number, by scope.

    They are written, with the event of each. Raises `InvalidError` where the period has too
    few days with studies, `NotFoundError` where it has none.
    """
    for stream in streams:
        _check(stream, period, histories, watch, trust_of)
    learned = engine.learn_many(
        histories.by_site, [one.site for one in streams], period.first, period.last, watch,
        trust_of=trust_of,
    )  # fmt: skip
    return {
        stream.site: (
            _kept(
                connection, histories, stream, period, learned[stream.site].dump(),
                trust_of=trust_of, by=by, reason=reason, now=now,
            ),
            learned[stream.site],
        )
        for stream in streams
    }  # fmt: skip


def _kept(
    connection: sa.Connection,
    histories: Histories,
    stream: Stream,
    period: Period,
    body: bytes,
    *,
    trust_of: Mapping[str, str],
    by: str,
    reason: str,
    now: dt.datetime,
) -> int:
    """Write a reference and the event of it; returns its number."""
    sites = members(stream.site, histories.by_site, trust_of)
    version = max((histories.versions.get(site, "") for site in sites), default="")
    number = references.add(
        connection, stream, version=version, from_day=period.first, to_day=period.last,
        studies=studies(histories, sites, period), learned_at=now, by=by, reason=reason, body=body,
    )  # fmt: skip
    events.happened(
        connection, site=stream.site, algorithm=stream.algorithm, kind=EventKind.REFERENCE,
        subject=f"reference:{number}", at=now, day=clock.day_of(now),
        told={"number": number, "from": period.first.isoformat(), "to": period.last.isoformat()},
    )  # fmt: skip
    return number


def studies(histories: Histories, sites: Iterable[str], period: Period) -> int:
    """How many studies of these sites a period has."""
    return sum(
        one.studies
        for site in sites
        for day, one in histories.by_site[site].items()
        if period.first <= day <= period.last
    )


def _check(
    stream: Stream,
    period: Period,
    histories: Histories,
    watch: Watch,
    trust_of: Mapping[str, str],
) -> None:
    """Refuse what would make limits out of nothing, with the cause and the remedy."""
    whose = f"{stream.algorithm} at {stream.site}"
    if not members(stream.site, histories.by_site, trust_of):
        message = f"{whose}: no day can be read from {period.first} to {period.last}. "
        raise NotFoundError(message + "`varde watch list` shows the streams that there are")
    if period.days < watch.least_reference_days:
        message = (
            f"{whose}: {period.first} to {period.last} are {period.days} days, and "
            f"watch.least_reference_days asks for {watch.least_reference_days}. "
            "Give an earlier --from, or wait"
        )
        raise InvalidError(message)
    if not covered(stream.site, period, histories, trust_of):
        message = (
            f"{whose}: too few days with studies from {period.first} to {period.last}: at least "
            f"{ENOUGH:.0%} of them are needed, the first among them, and for a trust or the "
            f"country from {LEAST_SITES} sites. Give other days with --from and --to, or wait"
        )
        raise InvalidError(message)
