"""Norwegian days off: weekends, public holidays and the eves that hospitals keep as such."""

import datetime as dt
import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SATURDAY = 5


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    left = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * left) // 451
    month, day = divmod(h + left - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


@functools.lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[dt.date]:
    """Public holidays (lov om helligdager 1995 § 2; 1 and 17 May), and both eves in December."""
    fixed = ((1, 1), (5, 1), (5, 17), (12, 24), (12, 25), (12, 26), (12, 31))
    sunday = easter(year)
    moving = (-3, -2, 0, 1, 39, 49, 50)
    return frozenset(
        {dt.date(year, month, day) for month, day in fixed}
        | {sunday + dt.timedelta(days) for days in moving}
    )


def off(day: dt.date) -> bool:
    """A weekend or a holiday: hospitals run as on a Sunday."""
    return day.weekday() >= SATURDAY or day in holidays(day.year)


def weekday(day: dt.date) -> int:
    """0 is Monday; a holiday is a Sunday."""
    return 6 if day in holidays(day.year) else day.weekday()


def offs(days: Sequence[dt.date]) -> NDArray[np.bool_]:
    """(T,) whether each is a day off."""
    return np.array([off(day) for day in days], bool)


def phases(days: Sequence[dt.date]) -> NDArray[np.float64]:
    """(T,) where in the year each is, as an angle in 0..2 pi."""
    return np.array([2 * np.pi * (day.timetuple().tm_yday - 1) / 365.25 for day in days])
