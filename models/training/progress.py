"""One line that tells how far something is: rewritten on a terminal, now and then elsewhere."""

import sys
import time
from typing import Final, TextIO

WIDTH: Final = 24  #: of the bar, in characters
SECONDS: Final = 20.0  #: between two lines where there is no terminal


class Progress:
    """A bar with a name, the share that is done, a few words, and the seconds that are left."""

    def __init__(self, name: str, stream: TextIO | None = None) -> None:
        self._name = name
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty()
        self._begun = time.monotonic()
        self._first: float | None = None
        self._told = -SECONDS

    def tell(self, share: float, words: str = "") -> None:
        """Show `share` in 0..1 and `words`; the time left follows from the first share told."""
        now = time.monotonic()
        if self._first is None:
            self._first, self._begun = share, now
        pause = 0.2 if self._terminal else SECONDS
        if share < 1 and now - self._told < pause:
            return
        self._told = now
        full = round(WIDTH * min(share, 1))
        bar = "#" * full + "." * (WIDTH - full)
        line = f"{self._name} [{bar}] {share:6.1%} {self._left(share, now)} {words}".rstrip()
        end = "\r" if self._terminal and share < 1 else "\n"
        self._stream.write(f"{line:<79}{end}" if self._terminal else f"{line}{end}")
        self._stream.flush()

    def say(self, words: str) -> None:
        """A line of its own above the bar."""
        self._stream.write(f"{words:<79}\n" if self._terminal else f"{words}\n")
        self._stream.flush()

    def _left(self, share: float, now: float) -> str:
        done = share - (self._first or 0.0)
        if done <= 0 or share >= 1:
            return "      " if share < 1 else " done "
        seconds = int((now - self._begun) * (1 - share) / done)
        return f"{seconds // 60:3}:{seconds % 60:02}"
