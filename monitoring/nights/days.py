"""Folding: days with news are computed again from all that is known of them, and written."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from core.store.watch import aggregates, observations, offered
from core.store.watch.aggregates import StoredDay
from core.store.watch.observations import Observed
from core.store.watch.offered import Declined
from monitoring.aggregates import wire
from monitoring.nights import clock, reading
from monitoring.nights.folding import Found, fold, replaces
from monitoring.nights.notes import Notes

Day = tuple[str, str, dt.date]  #: (site, algorithm, day)
Refused = Mapping[tuple[str, str], Sequence[Declined]]  #: of one day, by (site, algorithm)
#: What was being written while the last night began may carry an earlier time.
OVERLAP: Final = dt.timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """Folds days. `purposes` are the algorithms' by key; `now` is when it is done, UTC."""

    purposes: Mapping[str, str]
    now: dt.datetime
    notes: Notes

    def due(
        self, connection: sa.Connection, since: dt.datetime, first: dt.date, last: dt.date
    ) -> tuple[set[Day], dict[dt.date, Refused]]:
        """(days to fold, what was declined on each day from `first` to `last`).

        Due is a day with observations written after `since`, also of an algorithm whose
        partner has them, and a day on which something was declined.
        """
        refused = {day: refused_on(connection, day) for day in _days(first, last)}
        found = {one for one in observations.changed(connection, since) if one[2] <= last}
        found |= {
            (site, partner, day)
            for site, algorithm, day in found
            for partner in self.partners(algorithm)
        }
        found |= {(*key, day) for day, those in refused.items() for key in those}
        return found, refused

    def partners(self, algorithm: str) -> list[str]:
        """The other algorithms of the same purpose."""
        purpose = self.purposes.get(algorithm)
        return [
            key for key, other in self.purposes.items() if other == purpose and key != algorithm
        ]

    def fold(self, connection: sa.Connection, day: Day, refused: Refused | None = None) -> bool:
        """Compute one day again and write what has changed; returns whether anything has."""
        site, algorithm, date = day
        observed = observations.of_day(connection, site, algorithm, date)
        if refused is None:
            refused = refused_on(connection, date)
        fresh = fold(
            observed, refused.get((site, algorithm), ()), self._others(connection, day),
            site=site, algorithm=algorithm, day=date, at=self.now,
        )  # fmt: skip
        if fresh.unreadable:
            self.notes.say(f"unreadable-observations:{told(day)}:{len(fresh.unreadable)}")
        kept = aggregates.of_day(connection, site, algorithm, date)
        readable = [one for one in kept if reading.readable(one)]
        if not replaces(fresh.rows, readable):
            if readable:
                self.notes.say(f"kept:{told(day)}")
            return False
        return _replace(connection, fresh.rows, kept)

    def _others(self, connection: sa.Connection, day: Day) -> dict[str, Found]:
        """By job of this algorithm: what its partners found in the same study."""
        site, algorithm, date = day
        partners = self.partners(algorithm)
        if not partners:
            return {}
        studies = offered.studies_read(connection, site, date, (algorithm, *partners))
        found: dict[tuple[str, int], dict[str, bool]] = collections.defaultdict(dict)
        for partner in partners:
            for job_id, positive in _read(observations.of_day(connection, site, partner, date)):
                found[studies[job_id]][partner] = positive
        return {job: found[study] for job, study in studies.items() if study in found}


def _read(observed: Iterable[Observed]) -> Iterator[tuple[str, bool]]:
    """(job, whether anything was found) of what was evaluated; the latest of several jobs last."""
    for one in sorted(observed, key=lambda one: (one.at, one.job_id)):
        try:
            found = wire.load(one.body)
        except wire.CorruptError:
            continue  # said when its own day is folded
        if found.evaluated:
            yield one.job_id, found.positives > 0


def _replace(
    connection: sa.Connection, fresh: Sequence[StoredDay], kept: Sequence[StoredDay]
) -> bool:
    """Write the rows that differ and take away those that the day no longer has."""
    before = {one.key: one.sha256 for one in kept if one.intact}
    changed = [one for one in fresh if before.get(one.key) != one.sha256]
    gone = [one for one in kept if one.key not in {other.key for other in fresh}]
    aggregates.write(connection, changed)
    aggregates.remove(connection, gone)
    return bool(changed or gone)


def refused_on(connection: sa.Connection, day: dt.date) -> Refused:
    """What gates declined that day, by (site, algorithm)."""
    found = collections.defaultdict(list)
    for one in offered.declined(connection, *clock.bounds(day)):
        found[one.site, one.algorithm].append(one)
    return found


def told(day: Day) -> str:
    """`haukeland/chest_xray:2026-03-01`."""
    return f"{day[0]}/{day[1]}:{day[2].isoformat()}"


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + number * clock.ONE_DAY
