"""The aggregates of the last days as gauges; each row is read once, when it was written."""

import collections
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import sqlalchemy as sa

from core.store.watch import counts
from core.store.watch.aggregates import StoredDay
from core.store.watch.scopes import OSLO
from monitoring import catalogue
from monitoring.aggregates import bins, wire
from monitoring.aggregates.aggregate import Aggregate
from monitoring.exporter_tallies import Patience
from monitoring.families import Labels, Reading

DAYS: Final = 28
PART: Final = 500  #: aggregates read at once: half a millisecond each
#: Bounds of the scores shown, of the 49 that are stored; the last one is 1.
STEPS: Final = tuple(range(4, len(bins.BOUNDS), 4))
BELOW: Final = (*(f"{bins.BOUNDS[step]:.3g}" for step in STEPS), "1")
PATTERNS: Final = (("neither", "only_other"), ("only_this", "both"))


@dataclasses.dataclass(frozen=True, slots=True)
class _Day:
    """What is kept of one aggregate; None of it where it cannot be read."""

    day: dt.date
    outcomes: Mapping[str, int] | None = None
    scores: tuple[int, ...] = (0,) * len(BELOW)
    pairs: Mapping[tuple[str, str], int] = dataclasses.field(default_factory=dict)


class Days:
    """The last `DAYS` days by site, algorithm, version and equipment."""

    def __init__(self) -> None:
        """Nothing read."""
        self._mark: dt.datetime | None = None
        self._kept: dict[tuple[str, ...], _Day] = {}
        self._told: list[Reading] | None = None
        self._first: dt.date | None = None

    def readings(
        self, connection: sa.Connection, now: dt.datetime, until: dt.datetime, patience: Patience
    ) -> list[Reading] | None:
        """Sums over the days; None where patience ended before all were read."""
        first = now.astimezone(OSLO).date() - dt.timedelta(days=DAYS)
        while self._mark is None or self._mark < until:
            upto = counts.reach(connection, counts.AGGREGATE_AT, self._mark, until, PART)
            self._take(counts.aggregates(connection, first, self._mark, upto))
            self._mark = upto
            if patience.over and upto < until:
                return None
        self._take(counts.aggregates(connection, first, self._mark, None))
        if first != self._first:
            self._kept = {key: one for key, one in self._kept.items() if one.day >= first}
            self._first, self._told = first, None
        if self._told is None:
            self._told = list(self._summed())
        return self._told

    def _take(self, days: Iterable[StoredDay]) -> None:
        for one in days:
            kept = _reduced(one)
            key = (one.site, one.algorithm, one.version, one.equipment, one.day.isoformat())
            if self._kept.get(key) != kept:
                self._kept[key] = kept
                self._told = None

    def _summed(self) -> Iterator[Reading]:
        outcomes: collections.Counter[Labels] = collections.Counter()
        pairs: collections.Counter[Labels] = collections.Counter()
        faults: collections.Counter[Labels] = collections.Counter()
        scores: dict[Labels, list[int]] = {}
        for (site, algorithm, *_), one in self._kept.items():
            stream = (site, algorithm)
            faults[stream] += one.outcomes is None
            for outcome, count in (one.outcomes or {}).items():
                outcomes[*stream, outcome] += count
            for pair, count in one.pairs.items():
                pairs[*stream, *pair] += count
            sums = scores.setdefault(stream, [0] * len(BELOW))
            scores[stream] = [a + b for a, b in zip(sums, one.scores, strict=True)]
        yield Reading(catalogue.UNREADABLE, _sorted(faults))
        yield Reading(catalogue.AGGREGATED, _sorted(outcomes))
        yield Reading(catalogue.PAIRS, _sorted(pairs))
        told = [
            ((*stream, below), float(count))
            for stream, sums in sorted(scores.items())
            for below, count in zip(BELOW, sums, strict=True)
        ]
        yield Reading(catalogue.SCORES, told)


def _sorted(counted: Mapping[Labels, int]) -> list[tuple[Labels, float]]:
    return [(labels, float(count)) for labels, count in sorted(counted.items())]


def _reduced(one: StoredDay) -> _Day:
    """What the gauges need of a day."""
    if not one.intact:
        return _Day(one.day)
    try:
        read = wire.load(one.body)
    except wire.CorruptError:
        return _Day(one.day)
    return _Day(one.day, dict(read.outcomes), _scores(read), dict(_pairs(read)))


def _scores(read: Aggregate) -> tuple[int, ...]:
    """All labels' scores between the bounds shown. A score on a bound is above it."""
    total = sum(read.outputs.values(), np.zeros(bins.BINS, np.int64))
    ends = (0, *(step + 1 for step in STEPS), bins.BINS)
    return tuple(int(total[low:high].sum()) for low, high in itertools.pairwise(ends))


def _pairs(read: Aggregate) -> Iterator[tuple[tuple[str, str], int]]:
    for other, table in read.pairs.items():
        for names, row in zip(PATTERNS, table, strict=True):
            for name, count in zip(names, row, strict=True):
                yield (other, name), int(count)
