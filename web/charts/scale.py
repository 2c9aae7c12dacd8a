"""From values and days to places, and which of them an axis names."""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable
from typing import Final

_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_WEEKLY, _FORTNIGHTLY, _MONTHLY, _QUARTERLY = 36, 70, 220, 800  #: days up to which


@dataclasses.dataclass(frozen=True, slots=True)
class Linear:
    """`low`..`high` onto `start`..`end` (user units; y grows downwards, so start > end there)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where `value` is drawn; what lies beyond an end is drawn at that end."""
        held = min(max(value, self.low), self.high)
        return self.start + (held - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclasses.dataclass(frozen=True, slots=True)
class Days:
    """Calendar days onto `start`..`end`, each day's middle where it is drawn."""

    first: dt.date
    last: dt.date
    start: float
    end: float

    @property
    def step(self) -> float:
        """The width of a day."""
        return (self.end - self.start) / ((self.last - self.first).days + 1)

    def __call__(self, day: dt.date) -> float:
        """The middle of `day`."""
        return self.start + ((day - self.first).days + 0.5) * self.step


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values within `low`..`high`: 1, 2, 2.5 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in _STEPS if power * one >= rough * 0.999999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def digits(values: list[float]) -> int:
    """Decimals that tell `values` from each other, at most 6."""
    for count in range(6):
        if all(math.isclose(value, round(value, count), abs_tol=1e-12) for value in values):
            return count
    return 6


def extent(values: Iterable[float], *, least: float = 0.0) -> tuple[float, float]:
    """The range of finite `values` with a little air, at least `least` wide; never empty."""
    held = [value for value in values if math.isfinite(value)]
    low, high = (min(held), max(held)) if held else (0.0, 1.0)
    air = 0.06 * (high - low)
    low, high = low - air, high + air
    if high - low < max(least, 1e-9):
        middle, half = (low + high) / 2, max(least, abs(low) * 0.1, 1e-3) / 2
        low, high = middle - half, middle + half
    return low, high


def day_ticks(first: dt.date, last: dt.date) -> list[dt.date]:
    """Mondays for weeks, firsts of months for months, of quarters or years for longer."""
    days = (last - first).days + 1
    every = [first + dt.timedelta(number) for number in range(days)]
    if days <= _FORTNIGHTLY:
        mondays = [day for day in every if day.weekday() == 0]
        return mondays if days <= _WEEKLY else mondays[::2]
    firsts = [day for day in every if day.day == 1]
    if days <= _MONTHLY:
        return firsts
    months = {1, 4, 7, 10} if days <= _QUARTERLY else {1}
    return [day for day in firsts if day.month in months]
