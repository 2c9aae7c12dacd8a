"""Ticks are round, places are where they should be, and nothing divides by nothing."""

import datetime as dt
import itertools
import math

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from web.charts.scale import Days, Linear, day_ticks, digits, extent, ticks

finite = st.floats(-1e9, 1e9, allow_nan=False)


@settings(derandomize=True, max_examples=200)
@given(finite, st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_are_round_and_within(low: float, width: float, about: int) -> None:
    high = low + width
    if not high > low:
        return
    found = ticks(low, high, about)
    assert len(found) <= about + 1
    slack = 1e-6 * max(abs(low), abs(high), width)
    assert all(low - slack <= one <= high + slack for one in found)
    steps = {round(b - a, 9) for a, b in itertools.pairwise(found)}
    for step in steps:
        first = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert any(math.isclose(first, one, rel_tol=1e-2) for one in (1, 2, 2.5, 5, 10)) or (
            abs(low) > 1e4 * width  # where a float itself is no finer
        )


@pytest.mark.parametrize(
    ("values", "count"), [([0.0, 5.0, 10.0], 0), ([0.0, 0.5], 1), ([0.025, 0.05], 3), ([1e-9], 6)]
)
def test_digits_tell_them_apart(values: list[float], count: int) -> None:
    assert digits(values) == count


@settings(derandomize=True)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32)))
def test_an_extent_is_never_empty(values: list[float]) -> None:
    low, high = extent(values, least=0.1)
    assert low < high
    assert all(low <= value <= high for value in values if math.isfinite(value))


def test_values_beyond_are_drawn_at_the_end() -> None:
    y = Linear(0, 2, 100, 0)
    assert [y(value) for value in (-1, 0, 1, 2, 50)] == [100, 100, 50, 0, 0]


def test_days_are_drawn_in_their_middle() -> None:
    x = Days(dt.date(2026, 1, 1), dt.date(2026, 1, 10), 0, 100)
    assert x(dt.date(2026, 1, 1)) == 5
    assert x(dt.date(2026, 1, 10)) == 95


@pytest.mark.parametrize(("days", "named"), [(28, 4), (60, 4), (90, 3), (365, 4), (1500, 4)])
def test_days_that_an_axis_names(days: int, named: int) -> None:
    first = dt.date(2026, 2, 10)
    found = day_ticks(first, first + dt.timedelta(days - 1))
    assert len(found) == named
    assert all(day.weekday() == 0 if days < 70 else day.day == 1 for day in found)
