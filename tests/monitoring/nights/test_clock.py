"""When a night is due: on Norwegian clocks, which leap twice a year."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.nights import clock

SPRING, AUTUMN = dt.date(2026, 3, 29), dt.date(2026, 10, 25)  # 02:00 -> 03:00, 03:00 -> 02:00
DAY = dt.timedelta(days=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (dt.date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_it_is_in_norway(day: dt.date, hours: int) -> None:
    first, end = clock.bounds(day)
    assert end - first == dt.timedelta(hours=hours)
    assert clock.day_of(first) == clock.day_of(end - dt.timedelta(microseconds=1)) == day
    assert clock.day_of(end) == day + DAY


@pytest.mark.parametrize(
    ("day", "night_at", "expected"),
    [
        (SPRING - DAY, "03:15", "2026-03-28T02:15"),  # winter: an hour ahead of UTC
        (SPRING, "03:15", "2026-03-29T01:15"),  # summer, since an hour
        (SPRING, "02:30", "2026-03-29T01:30"),  # a time that this night does not have
        (AUTUMN, "02:30", "2026-10-25T00:30"),  # a time that comes twice: the first one
        (AUTUMN, "03:15", "2026-10-25T02:15"),
    ],
)
def test_when_a_night_begins(day: dt.date, night_at: str, expected: str) -> None:
    assert clock.begins(day, night_at) == utc(expected)


def test_a_time_that_comes_twice_begins_one_night() -> None:
    moments = [utc("2026-10-25T00:29"), utc("2026-10-25T00:31"), utc("2026-10-25T01:31")]
    assert [clock.until(at, "02:30") for at in moments] == [
        AUTUMN - 2 * DAY, AUTUMN - DAY, AUTUMN - DAY,
    ]  # fmt: skip
    assert clock.following(moments[2], "02:30") == utc("2026-10-26T01:30")


def test_today_is_never_closed() -> None:
    assert clock.closed(utc("2026-06-10T21:59")) == dt.date(2026, 6, 9)
    assert clock.closed(utc("2026-06-10T22:01")) == dt.date(2026, 6, 10)  # midnight in Norway


@given(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware
    st.times().map(lambda time: f"{time:%H:%M}"),
)
@settings(derandomize=True, max_examples=300)
def test_every_day_has_one_night(moment: dt.datetime, night_at: str) -> None:
    now = moment.replace(tzinfo=dt.UTC)
    until, following = clock.until(now, night_at), clock.following(now, night_at)
    assert until < clock.day_of(now)
    assert now < following <= now + dt.timedelta(hours=25)
    assert clock.until(following, night_at) == until + DAY
    assert clock.until(following - dt.timedelta(seconds=1), night_at) == until
