"""One child process: its leash, its process group, and when it may start again."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
STDERR: Final = 2
HEALTHY_S: Final = 60.0  #: a life of this length makes up for the deaths before it


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running. Programs of one `stage` stop together, the lowest first."""

    name: str
    command: tuple[str, ...]
    stage: int = 0
    limit_s: float = 5.0  #: from SIGTERM to SIGKILL
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)


def python(*arguments: str) -> tuple[str, ...]:
    """The command that runs this Python with `arguments`."""
    return (sys.executable, *arguments)


def pause_s(deaths: int) -> float:
    """Seconds to wait after that many deaths in a row: 0.5, 1, 2 … 30."""
    return min(FIRST_PAUSE_S * 2.0 ** min(deaths - 1, 16), LONGEST_PAUSE_S)


class Child:
    """The lives of one program; time is an argument (monotonic seconds)."""

    def __init__(self, program: Program, folder: Path | None) -> None:
        """Output goes to `folder/NAME.log`, to our stderr where None."""
        self.program = program
        self.deaths = 0
        self.exit_code: int | None = None
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._again = 0.0

    @property
    def process_id(self) -> int | None:
        """The process that runs now, None between two lives."""
        return self._process.pid if self._process else None

    def due(self, now: float) -> bool:
        """Whether it is not running and may start."""
        return self._process is None and now >= self._again

    def start(self, now: float) -> None:
        """Begin a life. The thread that calls this must outlive the child: the leash is its."""
        leash = python("-m", "varde.leash", str(os.getpid()))
        output = self._output()
        try:
            self._process = subprocess.Popen(
                [*leash, *self.program.command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=os.environ | self.program.environment,
                process_group=0,
            )
        finally:
            if output != STDERR:
                os.close(output)
        self._started = now

    def _output(self) -> int:
        if self._folder is None:
            return STDERR
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.open(self._folder / f"{self.program.name}.log", flags, 0o640)

    def died(self, now: float) -> bool:
        """Whether a life has just ended; what it left in its group is killed."""
        if self._process is None or not self._ended():
            return False
        self.signal(signal.SIGKILL)  # not yet reaped, so the group's number is still ours
        self.exit_code = self._process.wait()
        self._process = None
        self.deaths = 1 if now - self._started >= HEALTHY_S else self.deaths + 1
        self._again = now + pause_s(self.deaths)
        return True

    def _ended(self) -> bool:
        """Whether the process has ended, without reaping it."""
        assert self._process
        seen = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return seen is not None

    def signal(self, number: signal.Signals, *, group: bool = True) -> None:
        """Send a signal to the process, or to its whole group."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            (os.killpg if group else os.kill)(self._process.pid, number)
