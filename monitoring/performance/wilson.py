"""A share with Wilson's score interval."""

import math

from monitoring.performance.estimate import LEVEL, Estimate, checked, two_sided


def wilson(hits: int, count: int, level: float = LEVEL) -> Estimate | None:
    """The share of `hits` in `count` (Wilson 1927); None of nothing.

    Unlike the share's own standard error it neither leaves [0, 1] nor shrinks to nothing
    at 0 % and 100 %.
    """
    checked(hits, count)
    z = two_sided(level)
    if not count:
        return None
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + (z / count / 2) ** 2)
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == count else middle + half
    return Estimate(share, low, high, count)
