"""Maximum mean discrepancy (Gretton et al. 2012) from sums of random features."""

import numpy as np

from monitoring.aggregates.aggregate import Features


def squared(one: Features, other: Features, norm: float, other_norm: float) -> float:
    """The unbiased estimate of MMD²: about 0, also below, where both are alike.

    `norm` is the mean squared length of a study's features: 1 on average over frequencies of
    cosine features, see `random_features`. The squared distance of means is too large by what
    sampling alone gives, (norm - |mean|²) / (n - 1) a side, which is taken off. NaN below two.
    """
    if min(one.count, other.count) < 2:  # noqa: PLR2004
        return float("nan")
    apart = one.mean - other.mean
    return float(apart @ apart) - sampling(one, norm) - sampling(other, other_norm)


def sampling(one: Features, norm: float) -> float:
    """What the squared length of a mean of n studies is too large by."""
    mean = one.mean
    return float((norm - mean @ mean) / (one.count - 1))


def fraction(total: float) -> float:
    """MMD from its square; 0 where the estimate is below."""
    return float(np.sqrt(max(total, 0.0)))
