"""How well rules read: against texts that somebody has labelled."""

import csv
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from core.domain.errors import InvalidError, VardeError
from core.domain.feedback import Truth
from monitoring.performance.estimate import Estimate
from monitoring.performance.wilson import wilson
from monitoring.reports.rules import Rules

TEXT, PART = "text", "part"
KNOWN: Final = {TEXT, PART, "id", "kind"}  #: columns that are no finding


@dataclasses.dataclass(frozen=True, slots=True)
class Labelled:
    """A text and what it says by somebody's reading; findings left empty are not judged."""

    line: int
    name: str
    part: str
    text: str = dataclasses.field(repr=False)
    truths: Mapping[str, Truth]


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Where the rules read otherwise, and which rules did. No text."""

    line: int
    name: str
    finding: str
    labelled: Truth
    read: Truth
    rules: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Accuracy:
    """Of one finding, or of all (`finding` empty).

    `agreement`: read as labelled, of all four truths. `sensitivity`: read as present, of those
    labelled present; `specificity`: read as absent, of those labelled absent; not to be
    understood is a miss in both. `reversed`: read as the opposite, which does the most harm.
    """

    finding: str
    name: str
    agreement: Estimate | None
    sensitivity: Estimate | None
    specificity: Estimate | None
    reversed: int


def sample(file: Path, rules: Rules) -> tuple[Labelled, ...]:
    """The rows of a CSV file in UTF-8 with a header: `text`, and code values as columns.

    Cells are values of `Truth`, or empty. `id`, `kind` and `part` may be there. `InvalidError`
    names file, line and column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            _check_header(file, table.fieldnames or (), rules)
            return tuple(_labelled(file, table))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{file}: {error}"
        raise InvalidError(message) from error


def compare(
    rows: Iterable[Labelled], rules: Rules
) -> tuple[tuple[Accuracy, ...], tuple[Difference, ...]]:
    """(accuracy of each finding and then of all, every difference)."""
    pairs = [pair for row in rows for pair in _read(row, rules)]
    found = [
        _accuracy(code, rules.findings[code], of)
        for code in rules.findings
        if (of := [one for one in pairs if one.finding == code])
    ]
    different = tuple(one for one in pairs if one.read is not one.labelled)
    return (*found, _accuracy("", "", pairs)), different


def _read(row: Labelled, rules: Rules) -> Iterator[Difference]:
    """Every judged finding of a text; the two truths may well be the same."""
    try:
        reading = rules.read(row.text)
    except VardeError as error:
        message = f"line {row.line}: {error}"
        raise InvalidError(message) from error
    for code, labelled in row.truths.items():
        why = [rule for one in reading.evidence if one.finding == code for rule in one.rules]
        names = tuple(dict.fromkeys(why))
        yield Difference(row.line, row.name, code, labelled, reading.truths[code], names)


def _accuracy(code: str, name: str, pairs: Sequence[Difference]) -> Accuracy:
    return Accuracy(
        code,
        name,
        wilson(sum(one.read is one.labelled for one in pairs), len(pairs)),
        _caught(pairs, Truth.PRESENT),
        _caught(pairs, Truth.ABSENT),
        sum({one.read, one.labelled} == {Truth.PRESENT, Truth.ABSENT} for one in pairs),
    )


def _caught(pairs: Sequence[Difference], truth: Truth) -> Estimate | None:
    """Of those labelled so, the share that is read so."""
    there = [one for one in pairs if one.labelled is truth]
    return wilson(sum(one.read is truth for one in there), len(there))


def _check_header(file: Path, columns: Sequence[str], rules: Rules) -> None:
    unknown = [one for one in columns if one not in KNOWN and one not in rules.findings]
    if TEXT not in columns or unknown:
        fault = f"unknown columns {unknown}" if unknown else f"no column «{TEXT}»"
        known = ", ".join((*sorted(KNOWN), *rules.findings))
        message = f"{file}:1: {fault}; known are {known}"
        raise InvalidError(message)


def _labelled(file: Path, table: "csv.DictReader[str]") -> Iterator[Labelled]:
    for row in table:
        line = table.line_num
        if None in row or None in row.values():
            message = f"{file}:{line}: the row has not as many cells as the header"
            raise InvalidError(message)
        cells = {key: value for key, value in row.items() if key not in KNOWN and value}
        for key, value in cells.items():
            if value not in set(Truth):
                message = f"{file}:{line}: {key}: «{value[:20]}» is none of {', '.join(Truth)}"
                raise InvalidError(message)
        truths = {key: Truth(value) for key, value in cells.items()}
        yield Labelled(line, row.get("id") or "", row.get(PART) or "", row[TEXT], truths)
