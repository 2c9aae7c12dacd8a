"""A night that is killed in the middle, by a signal that nobody can catch, and the next one."""

import datetime as dt
import signal
import sys
from pathlib import Path

import pytest

from core.store.database import Database, open_database
from core.store.watch import aggregates, evaluations, nights, references
from monitoring.nights.night import BusyError
from tests.monitoring.nights.conftest import (
    ALGORITHM,
    DAY,
    LEAST,
    NIGHT,
    YESTERDAY,
    hold,
    past,
    read_study,
    settings_of,
)
from tests.services.process import Process

#: Holds a night up to a step, says so, and waits there for what may come.
HALF = """
import sys, threading
from pathlib import Path
from core.store.database import Database
from tests.monitoring.nights import conftest

def progress(done, total, what):
    if what.startswith(sys.argv[3]):
        print("reached", flush=True)
        threading.Event().wait()

database = Database(sys.argv[1])
conftest.hold(database, Path(sys.argv[2]), progress=progress)
print("ended", flush=True)
"""


def prepared(home: Path, url: str = "") -> Database:
    """A month behind it, and a day of observations."""
    more = {"database": {"url": url}} if url else {}
    database = open_database(settings_of(home, **more))
    past(database, LEAST + 3, until=YESTERDAY - DAY)
    for number in range(4):
        read_study(database, f"2.25.{number}", YESTERDAY, found=number == 0)
        read_study(database, f"2.25.1{number}", YESTERDAY - 9 * DAY)
    return database


def kept(database: Database) -> tuple[object, ...]:
    """All that a night leaves, without the times."""
    first = YESTERDAY - 99 * DAY
    with database.read() as connection:
        days = aggregates.between(connection, ALGORITHM, first, YESTERDAY)
        found = evaluations.of_algorithm(connection, ALGORITHM, first, YESTERDAY)
        learned = references.latest(connection, ALGORITHM)
        left = connection.exec_driver_sql("SELECT count(*) FROM observation").scalar_one()
        return (
            [(one.site, one.day, one.sha256) for one in days],
            sorted((one for one, _ in found), key=lambda one: (one.stream, one.day)),
            {scope: one.body for scope, one in learned.items()},
            left,
        )


@pytest.mark.parametrize("step", ["folding", "evaluating", "catch-up", "purge"])
def test_the_next_night_does_what_a_killed_one_left(tmp_path: Path, root: Path, step: str) -> None:
    undisturbed = prepared(tmp_path / "undisturbed")
    hold(undisturbed, tmp_path / "undisturbed")
    database = prepared(tmp_path / "killed")
    url = str(database.url)
    command = [sys.executable, "-c", HALF, url, str(tmp_path / "killed"), step]
    with Process(command, env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}, cwd=root) as half:
        half.wait_for_line("reached")
        with pytest.raises(BusyError):
            hold(database, tmp_path / "killed", now=NIGHT + dt.timedelta(minutes=1))
        half.signal(signal.SIGKILL)
        assert half.wait() == -signal.SIGKILL
    night = hold(database, tmp_path / "killed", now=NIGHT + nights.SILENT)
    assert night.error == ""
    with database.read() as connection:
        assert "killed" in nights.listed(connection)[1].error
    assert kept(database) == kept(undisturbed)
    undisturbed.close()
    database.close()


def test_two_nights_at_once_on_two_hosts(tmp_path: Path, root: Path, postgres_url: str) -> None:
    database = prepared(tmp_path / "var", postgres_url)
    command = [sys.executable, "-c", HALF, postgres_url, str(tmp_path / "var")]
    env = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}
    with Process([*command, "evaluating"], env=env, cwd=root) as first:
        first.wait_for_line("reached")
        with Process([*command, "no such step"], env=env, cwd=root) as second:
            assert second.wait() != 0
            assert "a night runs since 03:15" in second.output
            assert "ended" not in second.output
        assert first.running
    with database.read() as connection:
        assert len(nights.listed(connection)) == 1
    database.close()
