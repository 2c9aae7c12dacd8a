"""When a verdict is too old, on both sides of midnight and of summer time."""

import datetime as dt

import pytest

from core.domain.watch import Evaluation, Standing, Stream
from core.store.watch.nights import SILENT, Night
from web import night, stream

UTC = dt.UTC
NOW = dt.datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
DAY = dt.date(2026, 6, 9)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (dt.datetime(2026, 6, 10, 12, 0, tzinfo=UTC), "2026-06-09"),
        (dt.datetime(2026, 6, 10, 4, 14, tzinfo=UTC), "2026-06-08"),  # 06:14 in Oslo
        (dt.datetime(2026, 6, 10, 4, 16, tzinfo=UTC), "2026-06-09"),
        (dt.datetime(2026, 6, 9, 22, 30, tzinfo=UTC), "2026-06-08"),  # after midnight in Oslo
        (dt.datetime(2026, 1, 10, 5, 16, tzinfo=UTC), "2026-01-09"),  # winter time
        (dt.datetime(2026, 3, 29, 4, 16, tzinfo=UTC), "2026-03-28"),  # the night of 23 hours
    ],
)
def test_the_day_that_is_due(now: dt.datetime, due: str) -> None:
    assert night.due(now, "03:15") == dt.date.fromisoformat(due)


def test_the_hour_of_the_night_counts() -> None:
    now = dt.datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    assert night.due(now, "23:30") == dt.date(2026, 6, 8)


def one(standing: Standing, day: dt.date) -> Evaluation:
    return Evaluation(Stream("a", "b"), day, 1, 10, 1, standing)


@pytest.mark.parametrize("standing", Standing)
def test_only_bad_news_outlives_its_day(standing: Standing) -> None:
    assert night.face(one(standing, DAY), DAY) == standing.value
    old = night.face(one(standing, DAY - dt.timedelta(1)), DAY)
    assert old == ("outside" if standing is Standing.OUTSIDE else "stale")


def ended(until: dt.date = DAY, error: str = "") -> Night:
    return Night(1, until, NOW, NOW, 3, error, {})


def test_the_health_of_nights() -> None:
    assert night.health(None, None, DAY, NOW) == "never"
    assert night.health(ended(), None, DAY, NOW) == "fine"
    assert night.health(ended(error="x"), None, DAY, NOW) == "failed"
    assert night.health(ended(DAY - dt.timedelta(1)), None, DAY, NOW) == "late"
    running = Night(2, DAY, NOW, None, 0, "", {})
    assert night.health(ended(), running, DAY, NOW) == "running"
    dead = Night(2, DAY, NOW - 2 * SILENT, None, 0, "", {})
    assert night.health(ended(error="x"), dead, DAY, NOW) == "failed"


@pytest.mark.parametrize(
    ("latest", "last"),
    [(None, DAY), (DAY, DAY), (DAY - dt.timedelta(5), DAY),
     (DAY - dt.timedelta(400), DAY - dt.timedelta(400 - 22))],
)  # fmt: skip
def test_the_window_shows_that_days_are_missing(latest: dt.date | None, last: dt.date) -> None:
    assert stream.window(latest, DAY, 90) == (last - dt.timedelta(89), last)
