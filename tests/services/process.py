"""A child process whose output can be waited for and that never outlives its test."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

DEADLINE_S = 30.0  #: for anything here to happen, generous for a loaded machine
PACE_S = 0.01  #: between two looks at something that cannot announce itself

#: DCMTK leaves Nagle on unless told otherwise: 40 ms an object, a timer and no property of ours.
PEER_ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


class EndedError(AssertionError):
    """The process ended, or the deadline came, before what was waited for; its output is told."""


class Process:
    """A running program. Its standard output and error are read together, line by line.

    The program leads a process group of its own, which `kill` and `stop` end as a whole,
    and gets SIGKILL from the kernel if pytest dies (Linux) or the thread that started it ends:
    start it from the main thread.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        """Start `command`; `user` is whom root becomes for a program that refuses root."""
        self._lines: list[str] = []
        self._news = threading.Condition()
        self.name = Path(str(command[0])).name
        self._child = subprocess.Popen(
            [*guard(user), *map(str, command)],
            env=dict(PEER_ENVIRONMENT if env is None else env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, name=f"{self.name} output")
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the program itself has not ended."""
        return self._child.poll() is None

    @property
    def output(self) -> str:
        """All that was printed until now."""
        with self._news:
            return "".join(self._lines)

    def lines(self, containing: str) -> list[str]:
        """The lines so far in which `containing` occurs, without their line ends."""
        with self._news:
            return [line.rstrip("\n") for line in self._lines if containing in line]

    def wait_for_line(self, containing: str, *, count: int = 1, within: float = DEADLINE_S) -> str:
        """Wait until `count` lines contain a text; returns the latest of them."""
        end = time.monotonic() + within
        with self._news:
            while True:
                found = [line for line in self._lines if containing in line]
                if len(found) >= count:
                    return found[count - 1].rstrip("\n")
                left = end - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    break
                self._news.wait(min(left, 1.0))
        raise EndedError(self._told(f"no {count} line(s) with {containing!r}"))

    def wait_until(
        self, ready: Callable[[], object], what: str, *, within: float = DEADLINE_S
    ) -> None:
        """Ask `ready` again and again until it says yes; a dead process ends the waiting.

        `OSError` counts as no. For what cannot be heard of in another way.
        """
        end = time.monotonic() + within
        while True:
            with contextlib.suppress(OSError):
                if ready():
                    return
            if time.monotonic() > end:
                raise EndedError(self._told(f"not {what} within {within:.0f} s"))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(PACE_S)
                raise EndedError(self._told(f"ended before it was {what}"))

    def wait_for_port(self, port: int, *, within: float = DEADLINE_S) -> None:
        """Wait until something listens on 127.0.0.1:`port`."""
        self.wait_until(lambda: listens(port), f"listening on port {port}", within=within)

    def wait(self, within: float = DEADLINE_S) -> int:
        """Wait for the end; the exit status, negative for a signal."""
        try:
            status = self._child.wait(within)
        except subprocess.TimeoutExpired:
            raise EndedError(self._told(f"still running after {within:.0f} s")) from None
        self._reader.join(within)
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self._child.send_signal(number)

    def stop(self, within: float = DEADLINE_S) -> int:
        """SIGTERM, and wait for the end; returns the exit status. What is left is killed."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(within)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, and wait until its output is read."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()
        self._reader.join(DEADLINE_S)

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as stream:
            for line in stream:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _told(self, what: str) -> str:
        state = "running" if self.running else f"ended with {self._child.returncode}"
        return f"{self.name} ({state}): {what}. Its output:\n{self.output[-4000:]}"


def guard(user: str | None) -> list[str]:
    """What makes the program a child that dies with us, and another user where asked."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    become = ["--reuid", user, "--regid", user, "--init-groups"] if user else []
    return [setpriv, "--pdeathsig", "KILL", *become, "--"]


def listens(port: int) -> bool:
    """Whether 127.0.0.1:`port` takes a connection."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


_given: set[int] = set()


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, and that was not given out before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def wait_for_end(leader: int, *, within: float = DEADLINE_S) -> None:
    """Wait until no process of a group is left, one that is nobody's child of ours too."""
    end = time.monotonic() + within
    while left := list(group_members(leader)):
        if time.monotonic() > end:
            message = f"processes {left} of group {leader} still run after {within:.0f} s"
            raise EndedError(message)
        for process in left:
            with contextlib.suppress(OSError):
                watched = os.pidfd_open(process)
                select.select([watched], [], [], max(end - time.monotonic(), 0))
                os.close(watched)


def group_members(leader: int) -> Iterator[int]:
    """The live processes of a group (Linux): what a test of clean stopping looks at."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(group) == leader and state != "Z":
                yield int(stat.parent.name)
