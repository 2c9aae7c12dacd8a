"""Sensitivity and specificity of all, from a random sample that somebody read."""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from monitoring.performance.confusion import Confusion
from monitoring.performance.estimate import LEVEL, Estimate, two_sided

POINTS: Final = 1000  #: of the numerical integration
_HALF: Final = 0.5  # a study: Jeffreys' prior


@dataclasses.dataclass(frozen=True, slots=True)
class Audited:
    """What an audit says of everything that it was drawn from."""

    sensitivity: Estimate | None
    specificity: Estimate | None
    prevalence: float | None


def audited(
    sample: Confusion, called: int, not_called: int, level: float = LEVEL
) -> Audited | None:
    """From a sample drawn at random within each call, out of `called` and `not_called` results.

    The sample may read more of those called than of the others, or not: each stratum is
    weighted by what it was drawn from (Begg and Greenes 1983), which a plain table of
    the sample is not. None where a stratum has results but no reading with a truth.
    Intervals are equal-tailed with Jeffreys' prior in each stratum, open to 0 or 1 where no
    error was read; the sample is taken as small beside what it was drawn from.
    """
    yes = sample.true_positive, sample.true_positive + sample.false_positive
    no = sample.false_negative, sample.false_negative + sample.true_negative
    if (called and not yes[1]) or (not_called and not no[1]) or not called + not_called:
        return None
    there = called * _share(*yes), not_called * _share(*no)
    absent = not_called - there[1], called - there[0]
    return Audited(
        _ratio(there, (called, *yes), (not_called, *no), level),
        _ratio(
            absent,
            (not_called, no[1] - no[0], no[1]),
            (called, yes[1] - yes[0], yes[1]),
            level,
        ),
        sum(there) / (called + not_called),
    )


def _share(hits: int, count: int) -> float:
    return hits / count if count else 0.0


def _ratio(
    parts: tuple[float, float],
    right: tuple[int, int, int],
    wrong: tuple[int, int, int],
    level: float,
) -> Estimate | None:
    """`parts[0] / sum(parts)`; `right` and `wrong` are (weight, hits, count) of a stratum."""
    if not sum(parts):
        return None
    tail = (1 - level) / 2
    two_sided(level)
    one, other = _quantiles(*right), _quantiles(*wrong)
    low = 0.0 if not right[1] else _quantile(one, other, tail)
    high = 1.0 if not wrong[1] else _quantile(one, other, 1 - tail)
    value = parts[0] / sum(parts)
    return Estimate(value, min(low, value), max(high, value), right[2] + wrong[2])


def _quantiles(weight: int, hits: int, count: int) -> NDArray[np.float64]:
    """(POINTS,) equally likely values of weight x share, in rising order."""
    if not weight:
        return np.zeros(POINTS)
    middles = (np.arange(POINTS) + 0.5) / POINTS
    drawn: NDArray[np.float64] = betaincinv(hits + _HALF, count - hits + _HALF, middles)
    return weight * drawn


def _quantile(right: NDArray[np.float64], wrong: NDArray[np.float64], probability: float) -> float:
    """The quantile of right / (right + wrong) of two independent numbers, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        # right / (right + wrong) <= middle  <=>  right (1 - middle) / middle <= wrong
        below = np.searchsorted(wrong, right * (1 - middle) / max(middle, 1e-300), side="left")
        if 1 - float(below.mean()) / POINTS < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
