"""Ctrl-C, SIGTERM and a closed terminal: a wish to stop, seen where it suits us.

A handler that sets a `threading.Event` can deadlock with a main thread that waits
for it, so the handler writes to a pipe and the waiter selects on it.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

ONE_WISH_S: Final = 0.5
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedError(Exception):
    """Somebody asked to stop in the middle of something."""


class Stop:
    """Whether, and how often, somebody asked to stop."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self.times = 0
        self._latest = float("-inf")
        self._seen, self._tell = os.pipe()
        os.set_blocking(self._tell, False)

    def ask(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ask to stop; also a signal handler. One wish may arrive twice, as from `timeout`."""
        now = time.monotonic()
        self.times += now - self._latest > ONE_WISH_S
        self._latest = now
        with contextlib.suppress(BlockingIOError):
            os.write(self._tell, b".")

    @property
    def asked(self) -> bool:
        """Whether it is time to stop."""
        return self.times > 0

    @property
    def hurry(self) -> bool:
        """Whether somebody asked again: no more waiting."""
        return self.times > 1

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until asked, at most `seconds`; returns whether asked."""
        if not self.asked:
            select.select([self._seen], [], [], seconds)
        return self.asked


@contextlib.contextmanager
def on_signals() -> Iterator[Stop]:
    """A `Stop` that signals ask; the handlers before are put back at the end."""
    stop = Stop()
    before = {number: signal.signal(number, stop.ask) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
