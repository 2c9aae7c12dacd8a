"""A number with its interval."""

import dataclasses
from typing import Final

from scipy.special import ndtri

LEVEL: Final = 0.95  #: of an interval, where nothing else is asked for


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """`value` between `low` and `high`, from `count` studies.

    What cannot be told (a share of nothing) is None in its stead, never 0 or 1.
    """

    value: float
    low: float
    high: float
    count: int

    @property
    def complement(self) -> "Estimate":
        """Of a share: the share of the others."""
        return Estimate(1 - self.value, 1 - self.high, 1 - self.low, self.count)


def two_sided(level: float) -> float:
    """The standard normal deviate of a two-sided interval; ValueError outside 0 < level < 1."""
    if not 0 < level < 1:
        message = f"a confidence level lies between 0 and 1, not at {level}"
        raise ValueError(message)
    return float(ndtri((1 + level) / 2))


def checked(hits: int, count: int) -> None:
    """Refuse what cannot be hits out of a count."""
    if not 0 <= hits <= count:
        message = f"{hits} of {count} is no share"
        raise ValueError(message)
