"""How a stream stands: from its scores, and from how many studies there are."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.calendars import offs, weekday
from monitoring.drift.series import Array

WEEK: Final = 7
MONTH: Final = 28
SILENT: Final = 7.0  #: expected studies in a stretch without any, that silence means something
COLLAPSED: Final = 0.1  #: of the expected studies of a week, at most
LEAST_EXPECTED: Final = 20.0


def outside(score: Array, fresh: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(T,) beyond the limit at the last evaluation, and at the one before it too.

    Evaluations are days with studies: a day without adds no evidence and changes nothing.
    """
    out = (np.nan_to_num(score) > 1.0) & fresh
    last = _latest(fresh)
    before = np.concatenate(([-1], last[:-1]))
    known = last >= 0
    first = known & out[np.maximum(last, 0)]
    earlier = np.where(known, before[np.maximum(last, 0)], -1)
    age = np.arange(len(out)) - np.maximum(earlier, 0)
    second = first & (earlier >= 0) & (age <= MONTH) & out[np.maximum(earlier, 0)]
    return first, second


def _latest(fresh: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(T,) the last day with studies up to each, -1 before the first."""
    made: NDArray[np.int64] = np.maximum.accumulate(np.where(fresh, np.arange(len(fresh)), -1))
    return made


def window(studies: Array, enough: float) -> Array:
    """(T,) studies of the last 7 days, or of 28 where 7 days do not have enough."""
    week, month = summed(studies, WEEK), summed(studies, MONTH)
    return np.where(week >= enough, week, month)


def summed(values: Array, days: int) -> Array:
    """(T,) sums over the last `days`."""
    made: Array = np.convolve(values, np.ones(days))[: len(values)]
    return made


def silent(
    studies: Array, days: Sequence[dt.date], volumes: Array, at_least: int
) -> NDArray[np.bool_]:
    """(T,) whether nothing, or next to nothing, comes where something used to.

    Nothing: over `at_least` workdays or more, in which `SILENT` studies or more are expected.
    Next to nothing: less than a tenth of a week's.
    """
    usual = np.array([volumes[weekday(day)] for day in days])
    work = ~offs(days)
    last = _latest(studies > 0)
    sums = np.concatenate(([0.0], np.cumsum(usual)))
    works = np.concatenate(([0], np.cumsum(work)))
    at = np.arange(len(days))
    since = np.maximum(last + 1, np.maximum(0, at - MONTH))
    missed, waited = sums[at + 1] - sums[since], works[at + 1] - works[since]
    week = summed(usual, WEEK)
    few = (summed(studies, WEEK) < COLLAPSED * week) & (week >= LEAST_EXPECTED) & (at >= WEEK - 1)
    return ((missed >= SILENT) & (waited >= at_least)) | few


def missing(
    studies: Array, days: Sequence[dt.date], volumes: Array, at: int
) -> tuple[dt.date, ...]:
    """Days of the last week that should have had studies and have none."""
    return tuple(
        days[day]
        for day in range(max(0, at - WEEK + 1), at + 1)
        if studies[day] == 0 and volumes[weekday(days[day])] >= SILENT
    )
