"""Child processes: started, watched, started again when they die, stopped in order.

Every child is on a leash (`varde.leash`) and leads a process group of its own: it
dies with us however we end, a Ctrl-C reaches us alone, and what it leaves behind
when it dies is killed with its group. One thread does all of that, because the
kernel ties a leash to the thread that made the child.
"""

import collections
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core import logs
from varde.child import Child, Program

LOOK_S: Final = 0.05  #: how often the children are looked at


class Supervisor:
    """Keeps programs running from `with` to its end."""

    def __init__(self, folder: Path | None = None) -> None:
        """Output of the children goes to `folder/NAME.log`, to our stderr where None."""
        self._folder = folder
        self._new: collections.deque[Program] = collections.deque()
        self._children: dict[str, Child] = {}
        self._hurry: Callable[[], bool] = lambda: False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")
        self._log = logs.logger()
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def keep(self, *programs: Program) -> None:
        """Start these programs, and start them again whenever they die."""
        self._new.extend(programs)

    def child(self, name: str) -> Child | None:
        """The lives of one program, None before its first."""
        return self._children.get(name)

    def last_words(self, name: str) -> str:
        """The end of what a program wrote, for whoever has to be told why it died."""
        if self._folder is None:
            return "its reason is above"
        log = self._folder / f"{name}.log"
        with contextlib.suppress(OSError):
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return f"{lines[-1] if lines else 'without a word'} (all of it: {log})"
        return "without a word"

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop every program, stage by stage; once `hurry` is true nobody is waited for."""
        self._hurry = hurry
        self._over.set()
        self._thread.join()

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop every program."""
        self.stop(self._hurry)

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                self._look(time.monotonic())
                self._over.wait(LOOK_S)
        finally:
            self._stop_all()

    def _look(self, now: float) -> None:
        """Start what is new or due, notice who has died."""
        while self._new:
            program = self._new.popleft()
            self._children[program.name] = Child(program, self._folder)
        for name, child in self._children.items():
            if child.died(now):
                self._log.warning(f"{name} died", status=child.exit_code, count=child.deaths)
            elif child.due(now):
                if child.deaths:
                    self._log.warning(f"{name} starts again", count=child.deaths)
                child.start(now)

    def _stop_all(self) -> None:
        """SIGTERM stage by stage; SIGKILL to whole groups that are too slow."""
        stages = sorted({child.program.stage for child in self._children.values()})
        for stage in stages:
            self._stop([c for c in self._children.values() if c.program.stage == stage])

    def _stop(self, children: list[Child]) -> None:
        for child in children:
            child.signal(signal.SIGTERM, group=False)
        begun = time.monotonic()
        pause = threading.Event()
        while left := [child for child in children if not self._gone(child)]:
            waited = time.monotonic() - begun
            for child in left:
                if self._hurry() or waited > child.program.limit_s:
                    self._log.warning(f"{child.program.name} is killed", seconds=round(waited, 1))
                    child.signal(signal.SIGKILL)
            pause.wait(LOOK_S)

    @staticmethod
    def _gone(child: Child) -> bool:
        return child.died(time.monotonic()) or child.process_id is None
