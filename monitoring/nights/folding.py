"""A day's observations become its aggregates: pure, and the same however often it is done."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from core.store.watch import aggregates
from core.store.watch.aggregates import StoredDay
from core.store.watch.observations import Observed
from core.store.watch.offered import Declined
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, total

DECLINED: Final = "declined"  #: the outcome of what a gate declined
OTHER: Final = "other"  #: the category of values beyond `MOST_VALUES`
MOST_VALUES: Final = 32
Found = Mapping[str, bool]  #: whether each other algorithm of one purpose found something


@dataclasses.dataclass(frozen=True, slots=True)
class Folded:
    """A day's rows, by version and equipment, and the jobs whose observations are damaged."""

    rows: tuple[StoredDay, ...]
    unreadable: tuple[str, ...]


def fold(
    observed: Iterable[Observed],
    declined: Iterable[Declined],
    others: Mapping[str, Found],
    *,
    site: str,
    algorithm: str,
    day: dt.date,
    at: dt.datetime,
) -> Folded:
    """All that is known of one algorithm's day at a site, as rows.

    `others` says by job what other algorithms of the same purpose found in the same study.
    What was declined has no equipment that is known: it is a row without.
    """
    parts: dict[tuple[str, str], list[Aggregate]] = collections.defaultdict(list)
    modalities: collections.Counter[tuple[tuple[str, str], str]] = collections.Counter()
    damaged = []
    for one in sorted(observed, key=lambda one: one.job_id):
        try:
            found = wire.load(one.body)
        except wire.CorruptError:
            damaged.append(one.job_id)
            continue
        key = (one.version, one.equipment)
        parts[key].append(dataclasses.replace(found, pairs=pairs(found, others.get(one.job_id))))
        modalities[key, one.modality] += 1
    for each in declined:
        parts[each.version, ""].append(refused(each))
    rows = (
        aggregates.of(
            wire.dump(kept), site=site, algorithm=algorithm, version=key[0], equipment=key[1],
            day=day, modality=_usual(modalities, key), studies=kept.studies, at=at,
        )
        for key in sorted(parts)
        for kept in [_bounded_whole(total(parts[key]))]
    )  # fmt: skip
    return Folded(tuple(rows), tuple(damaged))


def _bounded_whole(summed: Aggregate) -> Aggregate:
    return dataclasses.replace(summed, categories=bounded(summed.categories))


def _usual(counts: Mapping[tuple[tuple[str, str], str], int], key: tuple[str, str]) -> str:
    """The modality that most studies had: of this row, else of the day; else empty."""
    own = {modality: n for (whose, modality), n in counts.items() if whose == key}
    every: collections.Counter[str] = collections.Counter()
    for (_, modality), n in counts.items():
        every[modality] += n
    return max(sorted(own or every), key=(own or every).__getitem__, default="")


def refused(one: Declined) -> Aggregate:
    """What a gate declined, as an aggregate: offered, and not evaluated."""
    return Aggregate(
        studies=one.count, outcomes={DECLINED: one.count}, reasons={one.reason: one.count}
    )


def pairs(found: Aggregate, others: Found | None) -> dict[str, np.ndarray]:
    """[[neither, only the other], [only this, both]] for each other algorithm, of one study."""
    tables = {}
    for other, positive in (others or {}).items() if found.evaluated else ():
        table = np.zeros((2, 2), np.int64)
        table[int(found.positives > 0), int(positive)] = 1
        tables[other] = table
    return tables


def bounded(categories: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """At most `MOST_VALUES` values a category, the rarest together as `OTHER`."""
    return {name: _bounded(counts) for name, counts in categories.items()}


def _bounded(counts: Mapping[str, int]) -> dict[str, int]:
    if len(counts) <= MOST_VALUES:
        return dict(counts)
    ranked = sorted(counts, key=lambda value: (value == OTHER, -counts[value], value))
    kept = {value: counts[value] for value in ranked[: MOST_VALUES - 1] if value != OTHER}
    return {**kept, OTHER: sum(counts.values()) - sum(kept.values())}


def replaces(fresh: Sequence[StoredDay], readable: Sequence[StoredDay]) -> bool:
    """Whether what was computed may stand instead of what is there and can be read.

    Not where nothing is known of the day, nor where it counts fewer studies than what is
    there: then observations of that day have gone already, and what is there knows more.
    """
    return bool(fresh) and sum(one.studies for one in fresh) >= sum(one.studies for one in readable)
