"""The sums of some studies of one algorithm, which can be added to other such sums."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class Moments:
    """Number, sum and sum of squares of a number in its own unit."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Moments":
        """Of some values; those that are not finite are left out."""
        kept = [float(value) for value in values if np.isfinite(value)]
        return cls(len(kept), sum(kept), sum(value * value for value in kept))

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )

    @property
    def mean(self) -> float:
        """NaN of nothing."""
        return self.total / self.count if self.count else float("nan")

    @property
    def variance(self) -> float:
        """Of the sample (n - 1); NaN below two values."""
        if self.count < 2:  # noqa: PLR2004
            return float("nan")
        return max(0.0, (self.squares - self.total**2 / self.count) / (self.count - 1))


@dataclasses.dataclass(frozen=True, slots=True)
class Features:
    """The sum of `count` vectors of random Fourier features, (FEATURES,) float64; () of none."""

    count: int = 0
    total: NDArray[np.float64] = dataclasses.field(default_factory=lambda: np.zeros(0))

    def __add__(self, other: "Features") -> "Features":
        if not self.count or not other.count:
            return self if self.count else other
        return Features(self.count + other.count, self.total + other.total)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(FEATURES,); empty of nothing."""
        return self.total / self.count if self.count else self.total


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """Sums over studies. Every field adds; `Aggregate()` is the sum of none.

    `studies` were offered to the algorithm: evaluated, not evaluated, failed, or declined by its
    intended use before a job was made (`outcomes`: the values of `Outcome`, and `declined`).
    `reasons` say why not, by `ReasonCode`. Of those evaluated, `positives` have a finding, and
    `outputs` hold the highest score of each label (by code value) in the bins of `bins`.
    `numbers` are acquisition and pixel statistics, `categories` what the header says in words,
    `features` the random features of the network's embedding, `groups` (evaluated, positives) by
    subgroup. `pairs`: for another algorithm of the same purpose that read the same studies,
    [[neither found, only the other], [only this, both]].
    """

    studies: int = 0
    evaluated: int = 0
    positives: int = 0
    outcomes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    reasons: Mapping[str, int] = dataclasses.field(default_factory=dict)
    outputs: Mapping[str, Counts] = dataclasses.field(default_factory=dict)
    numbers: Mapping[str, Moments] = dataclasses.field(default_factory=dict)
    categories: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    features: Features = dataclasses.field(default_factory=Features)
    groups: Mapping[str, tuple[int, int]] = dataclasses.field(default_factory=dict)
    pairs: Mapping[str, Counts] = dataclasses.field(default_factory=dict)

    def __add__(self, other: "Aggregate") -> "Aggregate":
        names = {*self.categories, *other.categories}
        return Aggregate(
            studies=self.studies + other.studies,
            evaluated=self.evaluated + other.evaluated,
            positives=self.positives + other.positives,
            outcomes=_added(self.outcomes, other.outcomes),
            reasons=_added(self.reasons, other.reasons),
            outputs=_added(self.outputs, other.outputs),
            numbers=_added(self.numbers, other.numbers),
            categories={
                name: _added(self.categories.get(name, {}), other.categories.get(name, {}))
                for name in sorted(names)
            },
            features=self.features + other.features,
            groups=_pairwise(self.groups, other.groups),
            pairs=_added(self.pairs, other.pairs),
        )


def total(aggregates: Iterable[Aggregate]) -> Aggregate:
    """The sum of all."""
    found = Aggregate()
    for one in aggregates:
        found += one
    return found


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key."""
    both = one.keys() & other.keys()
    return {
        key: one[key] + other[key] if key in both else one.get(key, other.get(key))
        for key in sorted({*one, *other})
    }


def _pairwise(
    one: Mapping[str, tuple[int, int]], other: Mapping[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    keys = sorted({*one, *other})
    pairs = ((one.get(key, (0, 0)), other.get(key, (0, 0))) for key in keys)
    return {key: (a[0] + b[0], a[1] + b[1]) for key, (a, b) in zip(keys, pairs, strict=True)}
