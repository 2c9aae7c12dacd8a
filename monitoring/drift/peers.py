"""What the other sites see the same day."""

from typing import Final

import numpy as np

from monitoring.drift.series import Array

LEAST: Final = 3  #: sites with studies that day, for a median to be one


def median(residuals: Array, least: int = LEAST) -> Array:
    """(T, C) median over sites of residuals (S, T, C), NaN where a site has none or few are left.

    A fault of less than half of them moves it little; a common cause moves it as it moves a site.
    """
    if residuals.shape[0] == 0:
        return np.full(residuals.shape[1:], np.nan)
    ordered = np.sort(residuals, axis=0)  # NaN last
    there = np.isfinite(residuals).sum(axis=0)
    low, high = np.maximum((there - 1) // 2, 0), np.maximum(there // 2, 0)
    high = np.minimum(high, residuals.shape[0] - 1)
    pair = np.take_along_axis(ordered, np.stack([low, high]), axis=0)
    made: Array = np.where(there >= least, pair.mean(axis=0), np.nan)
    return made


def medians(residuals: Array, least: int = LEAST) -> Array:
    """(S, T, C) for each site the `median` of the others, of residuals (S, T, C)."""
    size = residuals.shape[0]
    order = np.argsort(residuals, axis=0)  # NaN last
    ordered = np.take_along_axis(residuals, order, axis=0)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(size)[:, None, None], axis=0)
    there = np.isfinite(residuals)
    many = there.sum(axis=0)
    made = np.full_like(residuals, np.nan)
    for site in range(size):
        left = many - there[site]
        low, high = np.maximum((left - 1) // 2, 0), left // 2
        pair = np.stack([low, high])
        pair += pair >= ranks[site]  # its own place is jumped over
        found = np.take_along_axis(ordered, np.minimum(pair, size - 1), axis=0).mean(axis=0)
        made[site] = np.where(left >= least, found, np.nan)
    return made
