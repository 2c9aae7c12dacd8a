import datetime as dt

import pytest
from dateutil import easter as oracle  # type: ignore[import-untyped]

from monitoring.drift import calendars


def test_easter_is_that_of_another_implementation() -> None:
    assert all(calendars.easter(year) == oracle.easter(year) for year in range(1900, 2100))


@pytest.mark.parametrize(
    "day",
    [
        dt.date(2026, 1, 1), dt.date(2026, 4, 2), dt.date(2026, 4, 3), dt.date(2026, 4, 6),
        dt.date(2026, 5, 1), dt.date(2026, 5, 14), dt.date(2026, 5, 17), dt.date(2026, 5, 25),
        dt.date(2026, 12, 24), dt.date(2026, 12, 25), dt.date(2026, 12, 31),
    ],
)  # fmt: skip
def test_holidays_of_2026_are_days_off(day: dt.date) -> None:
    assert calendars.off(day)
    assert calendars.weekday(day) == 6


def test_ordinary_days() -> None:
    assert not calendars.off(dt.date(2026, 4, 1))  # Wednesday before Easter
    assert not calendars.off(dt.date(2026, 5, 18))
    assert calendars.off(dt.date(2026, 11, 21))
    assert calendars.weekday(dt.date(2026, 11, 21)) == 5
    assert list(calendars.offs([dt.date(2026, 11, 20), dt.date(2026, 11, 21)])) == [False, True]


def test_phases_go_once_round_in_a_year() -> None:
    first, last = calendars.phases([dt.date(2026, 1, 1), dt.date(2026, 12, 31)])
    assert first == 0
    assert 6.2 < last < 6.2832
