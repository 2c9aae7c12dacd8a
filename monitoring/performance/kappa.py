"""How far two agree: Cohen's kappa, positive and negative agreement."""

import math

import numpy as np
from numpy.typing import ArrayLike

from monitoring.performance.estimate import LEVEL, Estimate, two_sided
from monitoring.performance.wilson import wilson


def kappa(table: ArrayLike, level: float = LEVEL) -> Estimate | None:
    """Cohen's kappa of a (k, k) table of counts, rows one's answers, columns the other's.

    (observed - expected) / (1 - expected) agreement, with the large-sample standard error of
    Fleiss, Cohen and Everitt (1969). Where all agree that error is zero, which is not known so
    well: the lower end is then that of Wilson's interval of the observed agreement. None where
    it says nothing: no study, or one of the two gave every study the same answer. It falls
    with prevalence: show the agreements beside it.
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.min() < 0:  # noqa: PLR2004
        message = "a table of agreement is square and holds counts"
        raise ValueError(message)
    n = counts.sum()
    if not n:
        return None
    shares = counts / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, expected = float(np.trace(shares)), float(rows @ columns)
    if max(rows.max(), columns.max()) >= 1 - 0.5 / n:  # one answer to all
        return None
    if np.trace(counts) == n:
        all_agree = wilson(int(n), int(n), level)
        assert all_agree is not None
        return Estimate(1.0, (all_agree.low - expected) / (1 - expected), 1.0, int(n))
    value = (observed - expected) / (1 - expected)
    half = two_sided(level) * _error(shares, value, int(n))
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), int(n))


def positive_agreement(both: int, only_one: int, only_other: int) -> Estimate | None:
    """2a / (2a + b + c): of what either calls, how much both do (Cicchetti and Feinstein 1990).

    Wilson's interval of a / (a + b + c), of which it is a rising function.
    """
    found = wilson(both, both + only_one + only_other)
    if found is None:
        return None
    value, low, high = (2 * share / (1 + share) for share in (found.value, found.low, found.high))
    return Estimate(value, low, high, found.count)


def negative_agreement(neither: int, only_one: int, only_other: int) -> Estimate | None:
    """2d / (2d + b + c): the same of what either leaves out."""
    return positive_agreement(neither, only_one, only_other)


def _error(shares: np.ndarray, value: float, n: int) -> float:
    """Standard error of kappa where it is not zero."""
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(rows @ columns)
    same = np.diag(shares) @ (1 - (rows + columns) * (1 - value)) ** 2
    sums = (columns[:, None] + rows[None, :]) ** 2
    off = (1 - value) ** 2 * float((shares * sums).sum() - np.diag(shares) @ (rows + columns) ** 2)
    centre = (value - expected * (1 - value)) ** 2
    return math.sqrt(max(0.0, float(same) + off - centre) / n) / (1 - expected)
