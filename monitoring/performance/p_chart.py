"""Shares over time: which periods are outside of what chance gives."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from monitoring.performance.estimate import checked

TAIL: Final = float(ndtr(-3.0))  #: beyond each limit: that of three standard deviations
LARGE: Final = 1000  #: studies a period, beyond which a p-chart sees mostly over-dispersion
_MOVING: Final = 1.128  # expected range of two standard normal numbers, 2 / sqrt(pi)


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A period: its share (or rate), the centre line and the limits for its own size.

    `value` is None for a period without studies, which is outside of nothing.
    """

    value: float | None
    count: int
    centre: float
    low: float
    high: float

    @property
    def outside(self) -> bool:
        """Beyond a limit."""
        return self.value is not None and not self.low <= self.value <= self.high


def p_chart(hits: Sequence[int], counts: Sequence[int]) -> tuple[Bar, ...]:
    """Shewhart's p-chart with exact binomial limits, `TAIL` beyond each at the most."""
    centre = _centre(hits, counts)
    return tuple(
        Bar(
            hit / count if count else None,
            count,
            centre,
            float(binom.ppf(TAIL, count, centre)) / count if count else 0.0,
            float(binom.isf(TAIL, count, centre)) / count if count else 1.0,
        )
        for hit, count in zip(hits, counts, strict=True)
    )


def laney(hits: Sequence[int], counts: Sequence[int]) -> tuple[Bar, ...]:
    """Laney's p'-chart (2002): limits widened by how much periods really vary.

    For periods of more than `LARGE` studies: there a p-chart calls every period outside. The
    spread is the mean moving range of the z-scores over 1.128, at least that of chance.
    """
    centre = _centre(hits, counts)
    sizes = [math.sqrt(centre * (1 - centre) / count) if count else math.inf for count in counts]
    rows = list(zip(hits, counts, sizes, strict=True))
    z = [(hit / count - centre) / size for hit, count, size in rows if count and size]
    spread = max(1.0, float(np.abs(np.diff(z)).mean()) / _MOVING) if len(z) > 1 else 1.0
    return tuple(
        Bar(
            hit / count if count else None,
            count,
            centre,
            max(0.0, centre - 3 * size * spread),
            min(1.0, centre + 3 * size * spread),
        )
        for hit, count, size in rows
    )


def share_chart(hits: Sequence[int], counts: Sequence[int]) -> tuple[Bar, ...]:
    """Laney's chart where periods are larger than `LARGE` on the whole, else the p-chart."""
    filled = [count for count in counts if count]
    large = bool(filled) and float(np.median(filled)) > LARGE
    return laney(hits, counts) if large else p_chart(hits, counts)


def _centre(hits: Sequence[int], counts: Sequence[int]) -> float:
    for hit, count in zip(hits, counts, strict=True):
        checked(hit, count)
    return sum(hits) / sum(counts) if sum(counts) else 0.0
