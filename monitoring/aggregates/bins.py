"""The bins of score histograms, and how many random features an embedding becomes.

Both are part of what is stored: a change would make old days and new ones incomparable, so
that `FORM` in `wire` has to change with them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Inner bounds of the 50 bins of a score in 0..1: evenly spaced in log odds from -6 to 6, since
#: most scores crowd near 0. A score on a bound belongs above it.
LOG_ODDS: Final[NDArray[np.float64]] = np.linspace(-6.0, 6.0, 49)
BOUNDS: Final[NDArray[np.float64]] = 1.0 / (1.0 + np.exp(-LOG_ODDS))
BINS: Final = len(BOUNDS) + 1
#: Log odds that stand for each bin; the two open ones are taken a little beyond their bound.
MIDDLES: Final[NDArray[np.float64]] = np.concatenate(
    ([-6.5], (LOG_ODDS[1:] + LOG_ODDS[:-1]) / 2, [6.5])
)
FEATURES: Final = 128  #: random Fourier features of an embedding


def histogram(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many of `scores` (any shape, 0..1) fall into each of the `BINS` bins."""
    places = np.searchsorted(BOUNDS, np.asarray(scores, np.float64).ravel(), side="right")
    return np.bincount(places, minlength=BINS).astype(np.int64)
