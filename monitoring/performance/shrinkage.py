"""Shares of several groups, drawn together as far as they do not really differ."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from monitoring.performance.estimate import LEVEL, Estimate, checked, two_sided

FEWEST: Final = 4  #: groups; fewer say nothing of how groups differ

_Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Spread:
    """Of log odds of groups: their common mean, the variance between them."""

    mean: float
    between: float


def shrunken(
    hits: Sequence[int], counts: Sequence[int], level: float = LEVEL
) -> tuple[Estimate, ...]:
    """Empirical-Bayes shares, one a group.

    Log odds with half a study added to each side are taken as normal about a common mean; the
    variance between groups by moments (DerSimonian and Laird 1986), shrinkage and interval by
    Morris (1983), who pays for both being estimated. With fewer than `FEWEST` groups
    nothing is shrunken. The intervals hold on the average over groups, not for each.
    """
    for one, count in zip(hits, counts, strict=True):
        checked(one, count)
    x, n = np.asarray(hits, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    y, own = np.log((x + 0.5) / (n - x + 0.5)), 1 / (x + 0.5) + 1 / (n - x + 0.5)
    middle, variance = _morris(y, own) if len(y) >= FEWEST else (y, own)
    half = two_sided(level) * np.sqrt(variance)
    value, low, high = (expit(one) for one in (middle, middle - half, middle + half))
    rows = zip(value, low, high, counts, strict=True)
    return tuple(Estimate(float(v), float(a), float(b), count) for v, a, b, count in rows)


def _morris(y: _Floats, own: _Floats) -> tuple[_Floats, _Floats]:
    """(posterior means, posterior variances) of log odds `y` with variances `own`, (k,) each."""
    k = len(y)
    spread = _spread(y, own)
    weights = 1 / (own + spread.between)
    shrink = (k - 3) / (k - 1) * own * weights
    far = y - spread.mean
    relative = k * weights / weights.sum()
    guess = 2 / (k - 3) * shrink**2 * (own.mean() + spread.between) * weights
    variance = own * (1 - (k - relative) / k * shrink) + guess * far**2
    return y - shrink * far, variance


def _spread(y: _Floats, own: _Floats) -> _Spread:
    """Mean and variance between groups by moments; the variance is never negative."""
    w = 1 / own
    mean = (w @ y) / w.sum()
    excess = w @ (y - mean) ** 2 - (len(y) - 1)
    between = max(0.0, float(excess / (w.sum() - (w @ w) / w.sum())))
    w = 1 / (own + between)
    return _Spread(float((w @ y) / w.sum()), between)
