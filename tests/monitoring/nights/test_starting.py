"""When a night begins by itself, and that the monitor program holds it."""

import contextlib
import datetime as dt
import json
import signal
import sys
from pathlib import Path

import pytest

from core.store.database import open_database
from core.store.watch import evaluations, nights
from core.store.watch.nights import Night
from monitoring.nights import clock, starting
from monitoring.nights.notes import WHOLE
from tests.monitoring.nights.conftest import DAY, NIGHT, YESTERDAY, past, settings_of
from tests.services.process import Process, free_port

HOUR = dt.timedelta(hours=1)


def a_night(
    until: dt.date, *, error: str = "", whole: bool = True, at: dt.datetime = NIGHT
) -> Night:
    notes = {WHOLE: whole, "alive_at": at.isoformat()}
    return Night(1, until, at, at, 0, error, notes)


def due(last: Night | None, now: dt.datetime, running: Night | None = None) -> dt.date | None:
    return starting.due(last, running, now, "03:15")


def test_a_night_is_due_at_its_time_and_once() -> None:
    before = a_night(YESTERDAY - DAY, at=NIGHT - DAY)
    assert due(before, NIGHT - dt.timedelta(seconds=1)) is None
    assert due(before, NIGHT) == YESTERDAY
    assert due(a_night(YESTERDAY), NIGHT) is None
    assert due(a_night(YESTERDAY), NIGHT + 23 * HOUR) is None
    assert due(a_night(YESTERDAY), NIGHT + 24 * HOUR) == YESTERDAY + DAY


def test_a_night_that_is_missing_is_due_at_once() -> None:
    assert due(None, NIGHT + 9 * HOUR) == YESTERDAY
    assert due(None, NIGHT - HOUR) == YESTERDAY - DAY
    assert due(a_night(YESTERDAY - 30 * DAY), NIGHT + 9 * HOUR) == YESTERDAY


def test_a_night_that_runs_is_waited_for_until_it_is_silent() -> None:
    running = Night(2, YESTERDAY, NIGHT, None, 0, "", {"alive_at": NIGHT.isoformat()})
    assert due(None, NIGHT + nights.SILENT / 2, running) is None
    assert due(None, NIGHT + nights.SILENT, running) == YESTERDAY


def test_what_went_wrong_is_tried_again() -> None:
    part = a_night(YESTERDAY, error="evaluate chest_xray: ValueError")
    assert due(part, NIGHT + starting.AGAIN / 2) is None
    assert due(part, NIGHT + starting.AGAIN) == YESTERDAY
    cut_off = a_night(YESTERDAY, error="night: stopped before its end", whole=False)
    assert due(cut_off, NIGHT + dt.timedelta(minutes=1)) == YESTERDAY


@pytest.mark.parametrize("day", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_on_the_days_when_clocks_change_there_is_one_night(day: dt.date) -> None:
    last, begun = a_night(day - 2 * DAY), []
    moment, end = clock.bounds(day)
    while moment < end:
        if until := starting.due(last, None, moment, "02:30"):
            begun.append((until, moment))
            last = a_night(until, at=moment)
        moment += dt.timedelta(minutes=10)
    assert begun == [(day - DAY, clock.begins(day, "02:30"))]


@contextlib.contextmanager
def monitor(home: Path, root: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a generator
    port = free_port()
    env = {
        "PATH": "/usr/bin:/bin",
        "VARDE_HOME": str(home),
        "VARDE_MONITOR__PORT": str(port),
        "VARDE_LOGS__FORMAT": "json",
        "VARDE_WATCH__LEAST_REFERENCE_DAYS": "28",
    }
    with Process([sys.executable, "-m", "monitoring"], env=env, cwd=root) as process:
        process.wait_for_port(port)
        yield process


def test_the_monitor_holds_the_night_that_is_missing(tmp_path: Path, root: Path) -> None:
    until = clock.until(dt.datetime.now(dt.UTC), "03:15")
    database = open_database(settings_of(tmp_path))
    past(database, 32, until=until)
    with monitor(tmp_path, root) as process:
        told = json.loads(process.wait_for_line("the night has ended"))
        assert told["program"] == "night"
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert "Traceback" not in process.output
    with database.read() as connection:
        held = nights.last(connection)
        newest = evaluations.latest(connection)
    assert held is not None
    assert (held.until, held.error) == (until, "")
    assert {one.day for one in newest} == {until}
    database.close()


def test_a_monitor_that_is_stopped_leaves_no_night_behind(tmp_path: Path, root: Path) -> None:
    until = clock.until(dt.datetime.now(dt.UTC), "03:15")
    database = open_database(settings_of(tmp_path))
    past(database, 400, until=until)
    with monitor(tmp_path, root) as process:
        process.wait_for_line("the night begins")
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
    with database.read() as connection:
        stopped = nights.last(connection)
        assert nights.running(connection) is None
    assert stopped is not None
    if stopped.error:  # a fast machine may have been through by then
        assert stopped.error == "night: cut off before its end (exit status -9)"
        assert starting.due(stopped, None, dt.datetime.now(dt.UTC), "03:15") == until
    database.close()
