"""The numbers behind a stream's figures: a table by day, and a file with every member."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from core.domain.watch import Chart, Evaluation, Point, Signal
from web.charts.sheet import Cell, sheet
from web.words import Words

#: The columns, the same in every language: programs read them too.
HEADER: Final = (
    "site", "algorithm", "day", "stream_standing", "reference", "studies_in_window",
    "studies_that_day", "signal", "chart", "score", "signal_standing", "member", "value", "low",
    "high", "member_score", "notes",
)  # fmt: skip


def sheet_of(
    evaluations: Iterable[Evaluation], words: Words, *, signal: str = "", member: str = ""
) -> bytes:
    """A row for every member of every signal on every day; a signal without members has one."""
    rows = (
        row
        for one in evaluations
        for row in _rows(one)
        if signal in {"", row[7]} and member in {"", row[11]}
    )
    return sheet(HEADER, rows, words)


def _rows(one: Evaluation) -> Iterator[tuple[Cell, ...]]:
    head = (one.stream.site, one.stream.algorithm, one.day, one.standing.value, one.reference,
            one.studies, one.today)  # fmt: skip
    notes = " ".join(one.notes)
    if not one.points:
        yield (*head, *([None] * 9), notes)
    for point in one.points:
        told = (point.signal.value, point.chart.value, point.score, point.standing.value)
        if not point.members:
            yield (*head, *told, *([None] * 5), notes)
        for each in point.members:
            yield (*head, *told, each.name, each.value, each.low, each.high, each.score, notes)


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Days down, the newest first; (signal, chart) across."""

    columns: Sequence[tuple[Signal, Chart]]
    rows: Sequence[tuple[Evaluation, Mapping[tuple[Signal, Chart], Point]]]


def table(evaluations: Iterable[Evaluation]) -> Table:
    """The scores as a table, with the columns that have any point at all."""
    rows = [
        (one, {(point.signal, point.chart): point for point in one.points}) for one in evaluations
    ]
    held = {key for _, points in rows for key in points}
    columns = [(signal, chart) for signal in Signal for chart in Chart if (signal, chart) in held]
    return Table(columns, sorted(rows, key=lambda row: row[0].day, reverse=True))
