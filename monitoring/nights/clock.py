"""When a night is due, in Norwegian time; the time is an argument.

A night is about all days that have ended. It begins at `watch.night_at`, on the wall clock in
Norway: where the clock leaps over that time it begins as long after midnight as on any other
night, and where the time comes twice it begins the first time.
"""

import datetime as dt
import zoneinfo
from typing import Final

OSLO: Final = zoneinfo.ZoneInfo("Europe/Oslo")
ONE_DAY: Final = dt.timedelta(days=1)


def day_of(at: dt.datetime) -> dt.date:
    """The calendar day in Norway."""
    return at.astimezone(OSLO).date()


def bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When a day begins, and when the next one does, UTC: 23, 24 or 25 hours later."""
    return _at(day, dt.time()), _at(day + ONE_DAY, dt.time())


def begins(day: dt.date, night_at: str) -> dt.datetime:
    """When the night begins that is held on the morning of `day`, UTC; `night_at` is `03:15`."""
    return _at(day, dt.time.fromisoformat(night_at))


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, OSLO).astimezone(dt.UTC)


def closed(now: dt.datetime) -> dt.date:
    """The last day that has ended."""
    return day_of(now) - ONE_DAY


def until(now: dt.datetime, night_at: str) -> dt.date:
    """The last day whose night has begun: yesterday, or the day before until `night_at`."""
    today = day_of(now)
    return today - ONE_DAY if now >= begins(today, night_at) else today - 2 * ONE_DAY


def following(now: dt.datetime, night_at: str) -> dt.datetime:
    """When the next night begins, UTC."""
    today = day_of(now)
    first = begins(today, night_at)
    return first if now < first else begins(today + ONE_DAY, night_at)
