"""How often the rule of silent stops cries wolf, and how soon it hears one, over a year.

The arithmetic of `monitoring/silence_rules.py` in numpy, on 20 sites of Poisson traffic with
nights, weekends, days that are busier than others, and twelve holidays. That Prometheus computes
the same is shown by `tests/monitoring/test_rules.py`.
"""

import datetime as dt

import numpy as np
import pytest
from numpy.typing import NDArray

from monitoring.silence_rules import ENOUGH, QUIET
from tests.bench.table import told

pytestmark = pytest.mark.bench

STEPS_A_DAY = 288  #: of five minutes
WEEK = 7 * STEPS_A_DAY
WINDOW = 24  #: steps of two hours
WARM = 4 * WEEK + WINDOW
DAYS = 28 + 364
A_WORKDAY = np.array([8, 15, 25, 40, 40, 60, 60, 80, 80, 100, 100, 120, 150, 150, 200, 200, 250,
                      300, 400, 600])  # fmt: skip
CLINICS = 3  #: of the sites are closed at night, at weekends and on holidays
FIRST = dt.date(2026, 1, 5)  # a Monday
HOLIDAYS = {40, 87, 88, 90, 91, 116, 132, 130, 141, 357, 358, 359}
Array = NDArray[np.float64]


def traffic(random: np.random.Generator) -> Array:
    """Studies of each step and site, (steps, sites)."""
    hours = np.arange(STEPS_A_DAY) / 12
    by_day = np.where((hours >= 8) & (hours < 16), 1.0, 0.12)
    shape = by_day / by_day.sum()
    rates = np.zeros((DAYS, STEPS_A_DAY, len(A_WORKDAY)))
    open_hours = (hours >= 8) & (hours < 16)
    for day in range(DAYS):
        free = day % 7 >= 5 or day in HOLIDAYS
        busy = random.gamma(44, 1 / 44, len(A_WORKDAY))  # 15 % from day to day
        rates[day] = shape[:, None] * A_WORKDAY * busy * (0.45 if free else 1.0)
        rates[day][:, :CLINICS] *= 0.0 if free else open_hours[:, None]
    return random.poisson(rates.reshape(-1, len(A_WORKDAY))).astype(float)


def expected(came: Array) -> Array:
    """What the rules expect in the two hours before each step, (steps, sites)."""
    total = np.vstack([np.zeros(came.shape[1]), np.cumsum(came, axis=0)])
    now = np.zeros_like(came)
    now[WINDOW - 1 :] = total[WINDOW:] - total[:-WINDOW]

    def back(steps: int) -> Array:
        return np.vstack([np.zeros((steps, came.shape[1])), now[:-steps]])

    behind = np.median([back(week * WEEK) for week in range(1, 5)], axis=0)
    ahead = np.median([back(week * WEEK - WINDOW) for week in range(1, 5)], axis=0)
    usual: Array = np.minimum(behind, ahead)
    days = [back(day * STEPS_A_DAY - shift) for day in range(1, 8) for shift in (0, WINDOW)]
    quietest = np.min(days, axis=0)
    used_to = usual.sum(axis=1, keepdims=True) - usual
    others = (now.sum(axis=1, keepdims=True) - now) / np.maximum(used_to, 1e-9)
    found: Array = np.where((others < QUIET) & (used_to > 5), quietest, usual)
    return found


def alarms(came: Array, want: Array) -> NDArray[np.int64]:
    """Alarms of each site after the first four weeks."""
    missed, age, held = (np.zeros(came.shape[1]) for _ in range(3))
    count = np.zeros(came.shape[1], np.int64)
    for step in range(WARM, len(came)):
        age = np.where(came[step] > 0, 0.0, age + 1)
        missed = np.where(age > 1, missed + want[step] / WINDOW, 0.0)
        held = np.where((missed >= ENOUGH) & (age > 12), held + 1, 0)
        count += held == 3  # ten minutes
    return count


def delays(want: Array, stops: NDArray[np.int64]) -> Array:
    """Hours until each site is told silent that stops at these steps; NaN beyond two weeks."""
    summed = np.cumsum(want, axis=0) / WINDOW
    found = np.full((len(stops), want.shape[1]), np.nan)
    for row, stop in enumerate(stops):
        enough = summed[stop : stop + 2 * WEEK] - summed[stop] >= ENOUGH
        first = np.where(enough.any(axis=0), enough.argmax(axis=0), -1)
        found[row] = np.where(first >= 0, np.maximum(first, 13) + 2, np.nan) / 12
    return found


def test_false_alarms_and_delays() -> None:
    random = np.random.default_rng(5)
    came = traffic(random)
    want = expected(came)
    false = alarms(came, want)
    # Working hours of workdays; a stop does not move what was learned before it.
    days = np.array([day for day in range(30, DAYS - 15) if day % 7 < 5 and day not in HOLIDAYS])
    stops = random.choice(days, 200) * STEPS_A_DAY + random.integers(96, 180, 200)
    hours = delays(want, stops)
    heard = [np.nanmedian(hours[:, sites]) for sites in (A_WORKDAY >= 60, A_WORKDAY < 60)]
    told(
        f"silent stop: {len(A_WORKDAY)} sites, a year, 8 to 600 studies a workday, 12 holidays",
        ours=f"{false.sum()} false alarms; heard after (median) {heard[0]:.1f} h from 60 a "
             f"workday, {heard[1]:.1f} h below; not within 14 days: {np.isnan(hours).mean():.1%}",
        peer="–", ratio="–",
    )  # fmt: skip
    assert false.sum() <= 2
    assert heard[0] < 6
