"""What the commands say: sentences, tables, and how far something has come."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

BAR: Final = 30  #: characters


def say(text: str = "") -> None:
    """An answer: a line on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def remark(text: str) -> None:
    """A remark beside the answer: a line on standard error."""
    sys.stderr.write(f"varde: {text}\n")
    sys.stderr.flush()


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows under their titles, in columns as wide as what stands in them."""
    lines = [tuple(titles), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    rule = tuple("─" * width for width in widths)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (lines[0], rule, *lines[1:])
    )


class Bar:
    """A bar on standard error, where that is a terminal; nothing at all where it is not."""

    def __init__(self, total: int) -> None:
        """`total` steps make it full."""
        self.total = total
        self._told = ""
        self._shown = sys.stderr.isatty()

    def show(self, done: int, what: str) -> None:
        """So many steps are done; `what` is going on."""
        total = max(self.total, 1)
        full = BAR * min(done, total) // total
        text = f"[{'█' * full}{'·' * (BAR - full)}] {done}/{total} {what}"
        if self._shown and text != self._told:
            self._told = text
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line empty for whatever comes next."""
        if self._shown and self._told:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
