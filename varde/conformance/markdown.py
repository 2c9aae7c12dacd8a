"""Markdown with tables whose columns stand one below the other."""

import itertools
from collections.abc import Iterable, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table with a blank line after it; nothing where there is no row."""
    cells = [[_cell(one) for one in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[n]) for row in [titles, *cells]) for n in range(len(titles))]
    rule = ["-" * width for width in widths]
    return [*(_line(row, widths) for row in [titles, rule, *cells]), ""]


def columns(titles: Sequence[str], rows: Sequence[Sequence[str]], beside: int) -> list[str]:
    """A long table folded into `beside` tables beside each other, read downwards."""
    height = -(-len(rows) // beside)
    parts = [rows[n * height : (n + 1) * height] for n in range(beside)]
    lines = itertools.zip_longest(*parts, fillvalue=[""] * len(titles))
    folded = [[cell for row in line for cell in row] for line in lines]
    return table([*titles] * beside, folded)


def paragraph(text: str) -> list[str]:
    """A paragraph of one line, and a blank line."""
    return [" ".join(text.split()), ""]


def heading(level: int, text: str) -> list[str]:
    """A heading, and a blank line."""
    return [f"{'#' * level} {text}", ""]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cell(text: str) -> str:
    """A cell may hold neither a line break nor the mark between two cells."""
    return " ".join(text.split()).replace("|", "\\|")
