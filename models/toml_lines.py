"""Where in a TOML text a key stands, so that a message can name the line."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_-]+)["']?\s*[.=]""")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """The 1-based line of the longest known beginning of `place`, or None.

    `place` is a path as pydantic gives it: `("output", "label", 1, "code")`. A key
    inside an inline table is found at the line of the table. A single table may stand
    where `place` has a list of one.
    """
    lines = _lines(text)
    if tuple(place[:2]) not in lines and place[1:2] == (0,):
        place = (*place[:1], *place[2:])
    for length in range(len(place), 0, -1):
        if (line := lines.get(tuple(place[:length]))) is not None:
            return line
    return None


def _lines(text: str) -> dict[tuple[str | int, ...], int]:
    """The line of every table and of every key that begins one."""
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _table(header[2], many=header[1] == "[[", counts=counts)
            lines[table] = number
        elif key := _KEY.match(line):
            lines.setdefault((*table, key[1]), number)
    return lines


def _table(
    name: str, *, many: bool, counts: dict[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    """The path of a table header: `[[output.label]]`, met twice, is `(output, label, 1)`."""
    path: tuple[str | int, ...] = ()
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    for depth, part in enumerate(parts, start=1):
        path = (*path, part)
        if many and depth == len(parts):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
