"""Counts by category against others: chi-square, and the Jensen-Shannon distance."""

import numpy as np
from scipy.special import gammaincc, rel_entr

from monitoring.drift.series import Array


def chi_square(counts: Array, others: Array) -> tuple[float, int, float]:
    """Pearson's statistic of two rows of (K,) counts, its degrees of freedom, and its tail.

    Categories that neither has are left out; a tail of 1 where less than two are left.
    """
    table = np.stack([counts, others]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    freedom = table.shape[1] - 1
    if freedom < 1 or not table.sum(axis=1).all():
        return 0.0, max(freedom, 0), 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    found = float(((table - expected) ** 2 / expected).sum())
    return found, freedom, float(gammaincc(freedom / 2, found / 2))


def jensen_shannon(counts: Array, others: Array) -> Array:
    """(...) root of the divergence of (..., K) counts in bits: 0 alike, 1 nothing in common.

    Lin 1991; Endres and Schindelin 2003. NaN where either has none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        one = counts / counts.sum(axis=-1, keepdims=True)
        other = others / others.sum(axis=-1, keepdims=True)
    middle = (one + other) / 2
    halves = (rel_entr(one, middle) + rel_entr(other, middle)).sum(axis=-1) / 2
    made: Array = np.sqrt(np.maximum(halves, 0.0) / np.log(2))
    return made
