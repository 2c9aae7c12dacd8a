"""Wasserstein's distance of first order between counts in the same bins."""

import numpy as np

from monitoring.drift.series import Array


def distance(counts: Array, others: Array, places: Array) -> Array:
    """(...) how far studies lie apart, in units of `places` (bins,); counts are (..., bins).

    The area between both cumulative shares (Vallender 1974); NaN where either has none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        one = np.cumsum(counts, axis=-1) / counts.sum(axis=-1, keepdims=True)
        other = np.cumsum(others, axis=-1) / others.sum(axis=-1, keepdims=True)
    made: Array = (np.abs(one - other)[..., :-1] * np.diff(places)).sum(axis=-1)
    return made
