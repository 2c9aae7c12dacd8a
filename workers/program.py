"""The worker program: Celery's prefork pool, its children warm before they get a job."""

import ctypes
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

import celery
import pydicom.config
from celery import signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning

from core import logs
from core.domain.errors import SettingsError, VardeError
from core.domain.finding import Finding, Result
from core.queue import News, app
from core.settings import Settings
from core.store.database import Database, open_database
from core.store.files import Files
from highdicom_out import rehearsal
from highdicom_out.encode import warm_up
from models import registry
from models.registry import Algorithm
from workers import answers, pipeline, tasks
from workers.runtime import Runtime
from workers.station import Station

WRONG_SETTINGS: Final = 2
NO_START: Final = 1
CHILD_START_S: Final = 120.0  #: importing and warming a child on a slow machine
PR_SET_PDEATHSIG: Final = 1  #: prctl(2)


def run(settings: Settings, models: Mapping[str, Algorithm] | None = None) -> int:
    """Work until SIGTERM or SIGINT, which let the running jobs end; returns the exit code.

    `models` are the algorithms to use, those of `models/` where None. 2 where a
    manifest or a setting is wrong, 1 where the database cannot be brought up.
    """
    logs.configure(settings.logs, "worker")
    _quieten()
    try:
        if not settings.queue.url:
            message = "queue.url is empty: give a Redis URL, or use `varde up`, which brings one"
            raise SettingsError(message)
        algorithms = registry.load() if models is None else models
        open_database(settings).close()
        Files(settings.home, fsync=settings.intake.fsync)
    except VardeError as error:
        logs.logger().error("the worker does not start", code=error.code, error=str(error))
        return WRONG_SETTINGS if isinstance(error, SettingsError) else NO_START
    return _work(settings, algorithms)


def _work(settings: Settings, algorithms: Mapping[str, Algorithm]) -> int:
    """Start the pool and stay until it is told to stop."""
    queue_app = app(settings.queue.url)
    queue_app.conf.update(
        worker_enable_remote_control=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=CHILD_START_S,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    child = Child(settings, algorithms)
    tasks.register(queue_app, child.station)
    signals.setup_logging.connect(_keep_our_logs)
    signals.worker_process_init.connect(child.begin)
    signals.worker_ready.connect(_ready)
    worker = _celery_worker(queue_app, settings)
    worker.start()
    logs.logger().info("stopped")
    return int(worker.exitcode or 0)


def _celery_worker(queue_app: celery.Celery, settings: Settings) -> Any:  # noqa: ANN401 - untyped
    return queue_app.Worker(
        queues=list(settings.worker.queues),
        concurrency=settings.worker.concurrency,
        hostname=f"{settings.worker.name}-{os.getpid()}",
        pool="prefork",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )


class Child:
    """What a process of the pool gets after its fork; jobs begin once it is warm."""

    def __init__(self, settings: Settings, algorithms: Mapping[str, Algorithm]) -> None:
        """Keep what is read only: sessions and database connections do not survive a fork."""
        self._settings, self._algorithms = settings, algorithms
        self._station: Station | None = None

    def begin(self, **_: object) -> None:
        """Open the database lazily, load every model of this worker's queues, and warm up."""
        _die_with_parent()
        station = self.station()
        for algorithm in self._algorithms.values():
            try:
                station.runtime.warm_up([algorithm])
            except VardeError as error:  # its jobs are answered as failed; others can run
                logs.logger().error("a model does not load", code=error.code, error=str(error))
        warm_up(self._rehearsals(station))
        logs.logger().debug("child warm", pid=os.getpid())

    def _rehearsals(self, station: Station) -> Iterator[Result]:
        """A throw-away result of each algorithm that runs here."""
        for algorithm in self._algorithms.values():
            output = algorithm.manifest.output
            try:
                sessions = station.runtime.sessions(algorithm)
            except VardeError:  # told when it was loaded
                continue
            if output is None:
                continue
            made = answers.provenance(
                algorithm,
                worker=station.name,
                started=rehearsal.AT,
                finished=rehearsal.AT,
                provider=next(one.provider for one in sessions.values()),
                parameters=pipeline.files(algorithm),
            )
            yield rehearsal.of(
                made,
                [
                    Finding(
                        one.code.code, 1.0, one.threshold, "", one.site.code if one.site else None
                    )
                    for one in output.label
                ],
            )

    def station(self) -> Station:
        """The process's own station."""
        if self._station is None:
            settings = self._settings
            self._station = Station(
                settings=settings,
                database=Database(settings.database_url, fsync=settings.database.fsync),
                files=Files(settings.home, fsync=settings.intake.fsync),
                algorithms=self._algorithms,
                runtime=Runtime(settings.worker),
                news=News(settings.queue.url),
            )
        return self._station


def _ready(**_: object) -> None:
    logs.logger().info("ready", pid=os.getpid())


def _keep_our_logs(**_: object) -> None:
    """Celery sets up logging only where nobody else has."""


def _quieten() -> None:
    """Keep values out of the logs: pydicom quotes those that it does not like."""
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="pydicom")
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # root may: only JSON is read


def _die_with_parent() -> None:
    """A child of a killed worker dies too: its lease brings the job back, an orphan would not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
