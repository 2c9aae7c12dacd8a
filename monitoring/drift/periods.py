"""Two periods of a stream side by side: for whoever looks for what an alarm is about.

Descriptive: the distances say how much, the tails how likely as much is by chance alone if days
were independent, which they are not quite. Alarms come from the charts (`engine`).
"""

import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.special import ndtr

from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import MIDDLES
from monitoring.drift import categories, kolmogorov, mmd, proportions, wasserstein
from monitoring.drift.series import Array

NORM: Final = 1.0  #: mean squared length of a study's random features


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One number of both periods. `distance` is in the unit that `measure` names.

    `unlikely` is the probability of as large a distance by chance; None where none is told.
    """

    name: str
    before: float
    after: float
    measure: str
    distance: float
    unlikely: float | None = None


def compared(before: Aggregate, after: Aggregate) -> list[Difference]:
    """Everything that both periods have; what one of them lacks is left out."""
    return [
        *_shares(before, after),
        *_numbers(before, after),
        *_outputs(before, after),
        *_categories(before, after),
        *_embedding(before.features, after.features),
    ]


def _shares(before: Aggregate, after: Aggregate) -> Iterator[Difference]:
    """The shares with a finding and of those not evaluated, by the pooled z."""
    pairs = {
        "positive": [(one.positives, one.evaluated) for one in (before, after)],
        "refused": [(one.studies - one.evaluated, one.studies) for one in (before, after)],
    }
    for name, ((hits, of), (later, later_of)) in pairs.items():
        if of and later_of:
            numbers = (np.array(float(n)) for n in (later, later_of, hits, of))
            z = float(proportions.two_shares(*numbers))
            yield Difference(name, hits / of, later / later_of, "z", z, _two_sided(z))


def _numbers(before: Aggregate, after: Aggregate) -> Iterator[Difference]:
    """Input numbers by Welch's z, and how many of the first period's deviations they moved."""
    for name in sorted(before.numbers.keys() & after.numbers.keys()):
        one, other = before.numbers[name], after.numbers[name]
        if min(one.count, other.count) > 1:
            yield _moved(name, one, other)


def _moved(name: str, one: Moments, other: Moments) -> Difference:
    z = float(
        proportions.two_means(
            (np.array(other.mean), np.array(one.mean)),
            (np.array(other.variance), np.array(one.variance)),
            (np.array(float(other.count)), np.array(float(one.count))),
        )
    )
    spread = float(np.sqrt(one.variance))
    away = (other.mean - one.mean) / spread if spread else float("nan")
    return Difference(name, one.mean, other.mean, "deviations", away, _two_sided(z))


def _outputs(before: Aggregate, after: Aggregate) -> Iterator[Difference]:
    """Scores of each label: mean log odds, Wasserstein's distance, Kolmogorov's tail."""
    for label in sorted(before.outputs.keys() & after.outputs.keys()):
        one, other = (np.asarray(x.outputs[label], np.float64) for x in (before, after))
        if one.sum() and other.sum():
            apart = float(wasserstein.distance(one, other, MIDDLES))
            largest = kolmogorov.statistic(one, other)
            tail = float(kolmogorov.tail(largest, one.sum(), other.sum()))
            yield Difference(
                f"score:{label}", _mean(one), _mean(other), "log odds (Wasserstein)", apart, tail
            )


def _categories(before: Aggregate, after: Aggregate) -> Iterator[Difference]:
    """What headers say in words: shares of the commonest value, Jensen-Shannon, chi-square."""
    for name in sorted(before.categories.keys() & after.categories.keys()):
        both = [before.categories[name], after.categories[name]]
        values = sorted({*both[0], *both[1]})
        one, other = (np.array([float(told.get(key, 0)) for key in values]) for told in both)
        if one.sum() and other.sum():
            place = int(one.argmax())
            yield Difference(
                f"{name}:{values[place]}",
                float(one[place] / one.sum()),
                float(other[place] / other.sum()),
                "bits (Jensen-Shannon)",
                float(categories.jensen_shannon(one, other)),
                categories.chi_square(one, other)[2],
            )


def _embedding(one: Features, other: Features) -> Iterator[Difference]:
    """What the network sees: the maximum mean discrepancy, 0 for the first period by definition."""
    if min(one.count, other.count) > 1 and one.total.shape == other.total.shape:
        apart = mmd.fraction(mmd.squared(one, other, NORM, NORM))
        yield Difference("embedding", 0.0, apart, "MMD", apart)


def _mean(counts: Array) -> float:
    return float(counts @ MIDDLES / counts.sum())


def _two_sided(z: float) -> float | None:
    return float(2 * ndtr(-abs(z))) if np.isfinite(z) else None
