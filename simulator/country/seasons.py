"""How many studies a day has, and what a season brings: holidays, summer, winter, influenza."""

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEEKEND: Final = 5  #: the first weekday of it
FIXED: Final = ((1, 1), (5, 1), (5, 17), (12, 24), (12, 25), (12, 26), (12, 31))
FROM_EASTER: Final = (-3, -2, 0, 1, 39, 49, 50)  #: days from Easter Sunday
GROWTH: Final = 0.02  #: of the volume in a year
PHI, SD = 0.7, 0.15  # day to day, log odds
YEAR: Final = 365.25


@functools.cache
def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return dt.date(year, f // 31, f % 31 + 1)


def off(day: dt.date) -> bool:
    """Whether hospitals run as at weekends: Saturdays, Sundays and Norwegian public holidays."""
    if day.weekday() >= WEEKEND or (day.month, day.day) in FIXED:
        return True
    return (day - easter(day.year)).days in FROM_EASTER


def volumes(days: Sequence[dt.date], weekend: float) -> Floats:
    """(days,) expected volume against a working day of the first spring."""
    return np.array([
        (weekend if off(day) else 1.0)
        * _holidays(day)
        * (1 + GROWTH) ** ((day - days[0]).days / YEAR)
        for day in days
    ])  # fmt: skip


def _holidays(day: dt.date) -> float:
    """The weeks in which Norway is away: July, Christmas, the days before Easter."""
    if dt.date(day.year, 7, 1) <= day <= dt.date(day.year, 8, 5):
        return 0.75
    if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2):
        return 0.7
    return 0.8 if -6 <= (day - easter(day.year)).days < 0 else 1.0  # noqa: PLR2004


def wave(days: Sequence[dt.date]) -> Floats:
    """(days,) of -1 to 1: highest in the middle of January."""
    told = np.array([day.timetuple().tm_yday for day in days])
    wanted: Floats = np.cos(2 * np.pi * (told - 15) / YEAR)
    return wanted


def influenza(days: Sequence[dt.date], seed: int) -> Floats:
    """(days,) of 0 to about 1.4: each winter's own height and peak, the same in all the country."""
    found = np.zeros(len(days))
    ordinals = np.array([day.toordinal() for day in days])
    for year in range(days[0].year - 1, days[-1].year + 1):
        rng = np.random.default_rng([seed, 77, year])
        peak = dt.date(year + 1, 1, 20).toordinal() + rng.normal(0, 14)
        found += rng.uniform(0.5, 1.4) * np.exp(-0.5 * ((ordinals - peak) / 18) ** 2)
    return found


def autoregressive(count: int, rng: np.random.Generator) -> Floats:
    """(count,) AR(1) with `PHI` and the standard deviation `SD`, begun in its own distribution."""
    shocks = rng.normal(0, SD * np.sqrt(1 - PHI**2), count)
    found = np.empty(count)
    found[0] = rng.normal(0, SD)
    for place in range(1, count):
        found[place] = PHI * found[place - 1] + shocks[place]
    return found
