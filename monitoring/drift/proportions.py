"""Shares and means against expected ones."""

import numpy as np

from monitoring.drift.series import Array


def two_shares(hits: Array, of: Array, other_hits: Array, other_of: Array) -> Array:
    """Z of the difference of two shares, pooled (Fleiss 1981, without continuity correction)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (hits + other_hits) / (of + other_of)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
        made: Array = (hits / of - other_hits / other_of) / spread
    return made


def two_means(
    means: tuple[Array, Array], variances: tuple[Array, Array], counts: tuple[Array, Array]
) -> Array:
    """Z of the difference of two means of unequal variances (Welch 1938)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(variances[0] / counts[0] + variances[1] / counts[1])
        made: Array = (means[0] - means[1]) / spread
    return made


def share(found: Array, expected: Array, sd: Array) -> Array:
    """Standard score of a share whose standard deviation is `sd` around `expected`, rare or not.

    The share of so many Bernoulli trials as would vary by `sd`: the smaller of Pearson's score and
    of Anscombe's (1948) by the arcsine. Where hits are few, the tails are those of counts: the
    first one is right below what is expected, the second one above, and both are far out at once.
    """
    base = np.clip(expected, 1e-4, 1 - 1e-4)
    found = np.clip(found, 0.0, 1.0)
    trials = base * (1 - base) / np.maximum(sd, 1e-12) ** 2
    pearson = (found - base) / np.maximum(sd, 1e-12)
    angles = 2.0 * np.sqrt(trials + 0.5) * (_angle(found, trials) - _angle(base, trials))
    made: Array = np.sign(pearson) * np.minimum(np.abs(pearson), np.abs(angles))
    return made


def _angle(of: Array, trials: Array) -> Array:
    made: Array = np.arcsin(np.sqrt((of * trials + 0.375) / (trials + 0.75)))
    return made
