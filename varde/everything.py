"""The whole platform as child processes of this one: what `varde up` and `varde demo` share."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.domain.errors import SettingsError, UnavailableError
from core.settings import Settings
from core.store.database import open_database
from varde import check, embedded_redis, home, ready
from varde.child import Program, python
from varde.cli import REFUSED
from varde.stop import Stop, StoppedError
from varde.supervisor import Supervisor

READY_S: Final = 90.0  #: a start that takes longer has failed
LOOK_S: Final = 0.05
DEATHS: Final = 3  #: so many before all is ready, and the start has failed
#: (program, stage in which it stops, seconds it may take): jobs in hand are finished.
WORKER: Final = "worker"
PROGRAMS: Final = (("router", 0, 10.0), (WORKER, 1, 20.0), ("web", 2, 5.0), ("monitor", 2, 5.0))


class Platform:
    """A running platform: its effective settings, and the supervisor of its programs."""

    def __init__(self, settings: Settings, supervisor: Supervisor) -> None:
        """`settings` hold the ports and the queue that are really used."""
        self.settings = settings
        self.supervisor = supervisor

    @property
    def web_url(self) -> str:
        """Where the pages are."""
        web = self.settings.web
        return f"http://{f'[{web.host}]' if ':' in web.host else web.host}:{web.port}/"

    def wait_ready(self, stop: Stop) -> None:
        """Return when studies can be received and seen.

        Raises `SettingsError` where a program refuses its settings, `UnavailableError`
        after `READY_S`, `StoppedError` on a wish to stop.
        """
        settings, until = self.settings, time.monotonic() + READY_S
        receives = serves = False
        while not (receives and serves):
            if stop.wait(LOOK_S):
                raise StoppedError
            self._dead()
            if time.monotonic() > until:
                silent = [n for n, ok in (("router", receives), ("web", serves)) if not ok]
                message = f"not ready after {READY_S:.0f} s: {', '.join(silent)} does not answer"
                raise UnavailableError(message)
            receives = receives or ready.receives(settings)
            serves = serves or ready.serves(settings.web.host, settings.web.port)

    def _names(self) -> list[str]:
        """What the supervisor calls the programs."""
        return [one.name for one in programs({}, self.settings.worker.queues)]

    def _dead(self) -> None:
        """A program that refuses its settings, or keeps dying, ends the start."""
        for name in self._names():
            child = self.supervisor.child(name)
            if child and child.exit_code == REFUSED:
                message = f"{name} refuses to start: {self.supervisor.last_words(name)}"
                raise SettingsError(message)
            if child and child.deaths >= DEATHS:
                message = f"{name} keeps dying: {self.supervisor.last_words(name)}"
                raise UnavailableError(message)


@contextlib.contextmanager
def running(
    settings: Settings,
    site: Path | None,
    stop: Stop,
    *,
    beside: Sequence[Program] = (),
    log_folder: Path | None = None,
) -> Iterator[Platform]:
    """Check everything, start everything, stop everything at the end.

    `site` is the file that `settings` were read from, for the children; `beside` are
    programs that are not Varde's. Output of all goes to `log_folder`, to our stderr
    where None. Raises `SettingsError` before anything is started where anything is wrong.
    """
    check.verify(settings)
    with home.taken(settings.home):
        ports = home.ports(settings)
        with Supervisor(log_folder) as supervisor:
            effective = _prepared(settings, ports, supervisor, stop)
            queues = effective.worker.queues
            supervisor.keep(*programs(_environment(effective, site), queues), *beside)
            try:
                yield Platform(effective, supervisor)
            finally:
                supervisor.stop(lambda: stop.hurry)


def _prepared(
    settings: Settings, ports: Mapping[str, int], supervisor: Supervisor, stop: Stop
) -> Settings:
    """Start Redis unless there is one, migrate meanwhile; the settings that are really used."""
    url = settings.queue.url
    if not url:
        url, redis = embedded_redis.program(settings.home)
        supervisor.keep(redis)
    effective = _effective(settings, ports, url)
    open_database(effective).close()
    if not settings.queue.url:
        _wait_for_redis(url, stop)
    return effective


def programs(environment: Mapping[str, str], queues: Sequence[str]) -> Iterator[Program]:
    """The programs of the platform; a worker for each queue, so that no queue waits for another."""
    for name, stage, limit in PROGRAMS:
        command = python("-m", "varde", name)
        if name != WORKER:
            yield Program(name, command, stage, limit, environment)
            continue
        for queue in queues:
            told = {**environment, "VARDE_WORKER__QUEUES": json.dumps([queue])}
            yield Program(f"{name}-{queue}", command, stage, limit, told)


def _effective(settings: Settings, ports: Mapping[str, int], url: str) -> Settings:
    """The settings with the ports and the queue that are really used."""
    update: dict[str, Any] = {
        name: getattr(settings, name).model_copy(update={"port": port})
        for name, port in ports.items()
    }
    update["queue"] = settings.queue.model_copy(update={"url": url})
    update["home"] = settings.home.resolve()
    return settings.model_copy(update=update)


def _environment(settings: Settings, site: Path | None) -> dict[str, str]:
    """What tells the children the same: the password is in no command line."""
    told = {
        f"VARDE_{name.upper()}__PORT": str(getattr(settings, name).port) for name in home.LISTENERS
    }
    told |= {"VARDE_HOME": str(settings.home), "VARDE_QUEUE__URL": settings.queue.url}
    return told | ({"VARDE_SITE": str(site.resolve())} if site else {})


def _wait_for_redis(url: str, stop: Stop) -> None:
    until = time.monotonic() + READY_S
    while not embedded_redis.answers(url):
        if stop.wait(0.02):
            raise StoppedError
        if time.monotonic() > until:
            message = (
                "the embedded Redis does not start: redis/redis.log says why. Or set queue.url"
            )
            raise UnavailableError(message)
