"""The numbers behind a figure as CSV that the reader's own spreadsheet opens."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Final

from web.words import Words

Cell = str | int | float | dt.date | bool | None
#: What a spreadsheet would take for a formula at the beginning of a text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]], words: Words) -> bytes:
    """UTF-8 with a byte order mark; `;` and decimal commas in Norwegian, `,` and points else.

    Days are ISO 8601. A text that a spreadsheet would run as a formula begins with `'`.
    """
    norwegian = words.language == "nb"
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";" if norwegian else ",", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(cell, norwegian=norwegian) for cell in row] for row in rows)
    return made.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, *, norwegian: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        told = f"{cell:.6g}"
        return told.replace(".", ",") if norwegian else told
    if isinstance(cell, str):
        kept = "".join(letter for letter in cell if letter.isprintable())
        return f"'{kept}" if cell.startswith(_FORMULA) else kept
    return str(cell)
