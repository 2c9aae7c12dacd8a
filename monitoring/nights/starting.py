"""When a night has to begin by itself: a pure decision, and the thread that waits for it.

The night runs in a process of its own: the exporter keeps answering meanwhile, and the memory
that a night takes is given back in the morning.
"""

import contextlib
import datetime as dt
import subprocess
import sys
import threading
from typing import Final

from core import logs
from core.domain.errors import VardeError
from core.settings import Settings
from core.store.database import Database
from core.store.watch import nights, offered
from core.store.watch.nights import Night
from monitoring.nights import clock
from monitoring.nights.notes import WHOLE

LOOK_S: Final = 60.0  #: between two looks at the clock, which may be put right meanwhile
AGAIN: Final = dt.timedelta(hours=1)  #: until what failed for a stream is tried again


def due(
    last: Night | None, running: Night | None, now: dt.datetime, night_at: str
) -> dt.date | None:
    """The day up to which a night should begin now; None where none should.

    `last` is the newest that has ended, `running` one that has not. Nobody waits for one that
    was not heard of for `nights.SILENT`. One that was cut off is held again at once, one in
    which something failed after `AGAIN`.
    """
    if running is not None and now - running.alive_at < nights.SILENT:
        return None
    wanted = clock.until(now, night_at)
    if last is None or last.until < wanted:
        return wanted
    if not last.error or last.finished_at is None:
        return None
    rested = now - last.finished_at >= AGAIN
    return wanted if rested or not last.notes.get(WHOLE) else None


class Starter(threading.Thread):
    """Starts a night whenever one is due, until `stop`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """`database` is only looked at; the night opens it for itself."""
        super().__init__(name="nights", daemon=True)
        self._settings, self._database = settings, database
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Look at the clock now and every `LOOK_S`."""
        while not self._stopped.is_set():
            try:
                if self._due():
                    self._hold()
            except (VardeError, OSError) as error:  # the database may be back in a minute
                logs.logger().warning("no night can begin", error=str(error))
            self._stopped.wait(LOOK_S)

    def stop(self) -> None:
        """End a night that runs, and this thread. What it had not committed is taken back."""
        self._stopped.set()
        with self._lock:
            if self._process is not None:
                self._process.kill()
        self.join()

    def _due(self) -> bool:
        now = dt.datetime.now(dt.UTC)
        with self._database.read() as connection:
            last, running = nights.last(connection), nights.running(connection)
            if last is None and not offered.anything(connection):
                return False  # a platform that has just been set up has other things to do
        return due(last, running, now, self._settings.watch.night_at) is not None

    def _hold(self) -> None:
        """Run one night to its end. Its standard input is its leash: it ends when we do."""
        with self._lock:
            if self._stopped.is_set():
                return
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "monitoring.nights"], stdin=subprocess.PIPE
            )
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin as leash:
            leash.write(self._settings.model_dump_json().encode() + b"\n")
            leash.flush()
            process.wait()
        with self._lock:
            self._process = None
        self._settle(process)

    def _settle(self, process: subprocess.Popen[bytes]) -> None:
        """Say of a night that its process left behind that it has ended: the next need not wait."""
        now = dt.datetime.now(dt.UTC)
        with self._database.write() as connection:
            left = nights.running(connection)
            if left is None or left.by != nights.named(process.pid):
                return
            error = f"night: cut off before its end (exit status {process.returncode})"
            nights.finish(connection, left, streams=0, error=error, notes={}, now=now)
        logs.logger().error("a night was cut off", status=process.returncode)
