"""The difference of two shares."""

import math

from monitoring.performance.estimate import LEVEL, Estimate
from monitoring.performance.wilson import wilson


def difference(
    hits: int, count: int, other_hits: int, other_count: int, level: float = LEVEL
) -> Estimate | None:
    """`hits / count - other_hits / other_count`; None where either has no study.

    Newcombe's hybrid score interval (1998, method 10): the two Wilson intervals, squared and
    added. `count` of the answer is that of both.
    """
    one, other = wilson(hits, count, level), wilson(other_hits, other_count, level)
    if one is None or other is None:
        return None
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, low, high, count + other_count)
