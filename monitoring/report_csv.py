"""Final reports as a table in a file (CSV): what a radiology information system exports.

Nothing of a row is ever quoted: what is wrong is told by line and column.
"""

import codecs
import csv
import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from core.domain.errors import InvalidError
from core.store.watch.scopes import OSLO

COLUMNS: Final = ("site", "study_uid", "accession_number", "signed_at", "text")
NEEDED: Final = ("signed_at",)
LONGEST_FIELD: Final = 200_000  #: characters; a report's text is shorter
_CHUNK: Final = 1 << 20
_QUOTED: Final = "a quotation mark is not where it belongs, or a field is too long"
_DAY_FIRST: Final = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})[ T](\d{2}:\d{2}(?::\d{2})?)", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """A file, looked through once: what it is, and what its columns are called."""

    file: Path
    size: int  #: bytes
    sha256: str
    encoding: str
    separator: str
    columns: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that are code values, or `any`."""
        return tuple(one for one in self.columns if one not in COLUMNS)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A row by column, or why it is none; `line` is where it begins, counted from 1."""

    line: int
    values: dict[str, str]
    fault: str = ""


def look(file: Path, known: frozenset[str]) -> Sheet:
    """Read the whole file once: checksum, encoding, separator and columns.

    `known` are the code values (and `any`) that a column may be called. Raises `InvalidError`
    for what is no table of reports.
    """
    digest, decoder, size, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 0, True
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if b"\0" in chunk:
                message = f"{file}: is no text: it has zero bytes (UTF-16?). Save it as UTF-8"
                raise InvalidError(message)
            utf8 = utf8 and _decodes(decoder, chunk)
    utf8 = utf8 and _decodes(decoder, b"", final=True)
    encoding = "utf-8-sig" if utf8 else "iso-8859-1"
    with file.open(encoding=encoding, newline="") as text:
        first = text.readline(LONGEST_FIELD)
    separator = ";" if first.count(";") >= first.count(",") else ","
    columns = tuple(one.strip() for one in next(csv.reader([first], delimiter=separator), []))
    _check(file, columns, known)
    return Sheet(file, size, digest.hexdigest(), encoding, separator, columns)


def rows(sheet: Sheet) -> Iterator[Row]:
    """The rows below the header; empty lines are passed over."""
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        with sheet.file.open(encoding=sheet.encoding, newline="") as text:
            reader = csv.reader(text, delimiter=sheet.separator, strict=True)
            yield from _rows(sheet, reader)
    finally:
        csv.field_size_limit(before)


def fields(row: Row, sheet: Sheet, site: str) -> dict[str, object]:
    """The row as `ReportForm` wants it; `site` is that of a file without such a column.

    Raises `ValueError` for a row of another site, and for codes beside text.
    """
    values = row.values
    if site and values.get("site", site) not in {"", site}:
        message = "site: is another than --site"
        raise ValueError(message)
    told: dict[str, object] = {
        "site": values.get("site") or site,
        "study_uid": values.get("study_uid", ""),
        "accession_number": values.get("accession_number", ""),
        "signed_at": moment(values.get("signed_at", "")),
    }
    if truths := {label: values[label].lower() for label in sheet.labels if values[label]}:
        told["truths"] = truths
    if text := values.get("text", ""):
        told["text"] = text
    return told


def moment(written: str) -> object:
    """A time as ISO 8601 or `14.03.2026 09:30`; without an offset, a clock on a Norwegian wall.

    What is neither is given back as it is, to be refused by the form.
    """
    if found := _DAY_FIRST.fullmatch(written):
        written = f"{found[3]}-{found[2]}-{found[1]}T{found[4]}"
    try:
        made = dt.datetime.fromisoformat(written)
    except ValueError:
        return written
    if len(written) <= len("2026-03-14"):
        return written  # a day is no time
    return made if made.tzinfo else made.replace(tzinfo=OSLO)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _check(file: Path, columns: Sequence[str], known: frozenset[str]) -> None:
    """The columns are known, each is there once, and those that are needed are there."""
    strange = [
        str(place) for place, name in enumerate(columns, start=1) if name not in {*COLUMNS, *known}
    ]
    if strange:
        cause = f"column {', '.join(strange[:10])} of the first line has no known name"
    elif len(set(columns)) < len(columns):
        cause = "two columns have one name"
    elif missing := [name for name in NEEDED if name not in columns]:
        cause = f"there is no column {missing[0]}"
    elif not {"study_uid", "accession_number"} & set(columns):
        cause = "there is no column study_uid or accession_number"
    elif not set(columns) - {*COLUMNS} and "text" not in columns:
        cause = "there is no column text, and none that is called by a code value"
    else:
        return
    message = f"{file}: {cause}. Columns: {', '.join(COLUMNS)}, or code values (see operations.md)"
    raise InvalidError(message)


def _rows(sheet: Sheet, reader: "csv._reader") -> Iterator[Row]:  # type: ignore[name-defined]
    """One at a time, so that a faulty row does not end the others."""
    width = len(sheet.columns)
    skipped = False
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(line, {}, f"cannot be read, up to line {reader.line_num}: {_QUOTED}")
            continue
        if not skipped:
            skipped = True
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != width:
            yield Row(line, {}, f"has {len(cells)} columns, the first line {width}")
            continue
        values = dict(zip(sheet.columns, (cell.strip() for cell in cells), strict=True))
        yield Row(line, values)
