"""Histories as arrays: a row a day, zeros where a day is absent."""

import dataclasses
import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.aggregates.aggregate import Aggregate
from monitoring.aggregates.bins import BINS, FEATURES

Array = NDArray[np.float64]
History = Mapping[dt.date, Aggregate]

COUNT, TOTAL, SQUARES = 0, 1, 2  #: columns of a number


def days_of(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from `first` to `last`, both included."""
    return [first + dt.timedelta(n) for n in range((last - first).days + 1)]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A history over T days; every array begins with the day.

    `volumes` (T, 4): studies, evaluated, positives, random feature vectors. `outcomes` (T,),
    `outputs` (T, BINS), `numbers` (T, 3): count, sum, sum of squares. `categories` (T,) by
    attribute and value, `groups` (T, 2): evaluated, positives. `pairs` (T, 2, 2).
    `features` (T, FEATURES) sums.
    """

    days: tuple[dt.date, ...]
    volumes: Array
    outcomes: Mapping[str, Array]
    outputs: Mapping[str, Array]
    numbers: Mapping[str, Array]
    categories: Mapping[tuple[str, str], Array]
    groups: Mapping[str, Array]
    pairs: Mapping[str, Array]
    features: Array

    @property
    def studies(self) -> Array:
        """(T,) a day."""
        return self.volumes[:, 0]


class _Rows(dict[Any, Array]):
    """Arrays of one shape that come into being, as zeros, when they are first asked for."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self._shape = shape

    def __missing__(self, key: Hashable) -> Array:
        self[key] = made = np.zeros(self._shape)
        return made

    def put(self, at: int, values: Mapping[Any, Any]) -> None:
        """Put a day's values into their rows."""
        for key, value in values.items():
            self[key][at] = value


def read(history: History, days: Sequence[dt.date]) -> Series:
    """`days` of a history."""
    size = len(days)
    volumes, features = np.zeros((size, 4)), np.zeros((size, FEATURES))
    outcomes, outputs, numbers = _Rows(size), _Rows(size, BINS), _Rows(size, 3)
    groups, pairs, categories = _Rows(size, 2), _Rows(size, 2, 2), _Rows(size)
    for at, day in enumerate(days):
        one = history.get(day)
        if one is None:
            continue
        volumes[at] = one.studies, one.evaluated, one.positives, one.features.count
        if one.features.count:
            features[at] = one.features.total
        outcomes.put(at, one.outcomes)
        outputs.put(at, one.outputs)
        numbers.put(at, {key: (x.count, x.total, x.squares) for key, x in one.numbers.items()})
        for key, told in one.categories.items():
            categories.put(at, {(key, value): many for value, many in told.items()})
        groups.put(at, one.groups)
        pairs.put(at, one.pairs)
    return Series(
        tuple(days), volumes, outcomes, outputs, numbers, categories, groups, pairs, features
    )


def added(many: Iterable[Series]) -> Series:
    """Day by day the sum of some series over the same days."""
    kept = list(many)
    first = kept[0]

    def by_key(name: str) -> dict[Any, Array]:
        found: dict[Any, Array] = {}
        for one in kept:
            for key, rows in getattr(one, name).items():
                found[key] = found[key] + rows if key in found else rows
        return found

    return Series(
        first.days,
        np.sum([one.volumes for one in kept], axis=0),
        by_key("outcomes"), by_key("outputs"), by_key("numbers"), by_key("categories"),
        by_key("groups"), by_key("pairs"),
        np.sum([one.features for one in kept], axis=0),
    )  # fmt: skip
