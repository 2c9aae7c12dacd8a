"""The exact upper bound of a share, and how many audits keep it below a limit."""

from typing import Final

from scipy.special import betaincinv

from monitoring.performance.estimate import LEVEL, checked, two_sided

MOST: Final = 1 << 40  #: audits; nobody reads more


def upper_bound(hits: int, count: int, level: float = LEVEL) -> float:
    """One-sided upper bound of a share (Clopper and Pearson 1934); 1 of nothing.

    With probability `level` or more it lies above the true share, whatever that is.
    """
    checked(hits, count)
    two_sided(level)
    if hits == count:
        return 1.0
    return float(betaincinv(hits + 1, count - hits, level))


def audits_needed(misses: int, limit: float, level: float = LEVEL) -> int:
    """The fewest audits whose bound is at most `limit` if `misses` of them are misses."""
    if not 0 < limit < 1:
        message = f"a limit of a share lies between 0 and 1, not at {limit}"
        raise ValueError(message)
    low, high = misses, misses + 1
    while upper_bound(misses, high, level) > limit:
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(misses, middle, level) <= limit else (middle, high)
    return high
