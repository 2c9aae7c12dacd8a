"""Two-sample Kolmogorov-Smirnov from counts in the same bins."""

from typing import Final

import numpy as np
from scipy.special import kolmogorov

from monitoring.drift.series import Array

STEP: Final = 0.12  #: Stephens 1970
ROOT: Final = 0.11


def statistic(counts: Array, others: Array) -> Array:
    """(...) largest difference of the shares up to each bin, of (..., bins) counts; NaN of none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.cumsum(counts, axis=-1) / counts.sum(axis=-1, keepdims=True)
        other = np.cumsum(others, axis=-1) / others.sum(axis=-1, keepdims=True)
    made: Array = np.abs(one - other).max(axis=-1)
    return made


def tail(distance: Array, count: Array, other: Array) -> Array:
    """(...) probability of as large a distance of samples of two sizes from one distribution.

    By the limit of Kolmogorov with the small-sample correction of Stephens (1970); within bins
    values tie, which makes the true probability smaller.
    """
    size = np.sqrt(count * other / (count + other))
    made: Array = kolmogorov((size + STEP + ROOT / size) * distance)
    return made
