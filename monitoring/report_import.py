"""A file of final reports, imported in steps: what came before an end stays, and is said."""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Final

import pydantic

from core.domain.errors import InvalidError
from core.store.database import Database
from core.store.watch.comparisons import Day
from core.store.watch.reports import Became
from monitoring import comparing, receiving, report_csv
from monitoring.receiving import Arrived
from monitoring.report_csv import Row, Sheet
from monitoring.report_forms import ReportForm, causes
from monitoring.reports.rules import Rules

STEP: Final = 100  #: reports in one transaction: others write between two
MOST_FAULTS: Final = 1000  #: kept with line and cause


@dataclasses.dataclass(slots=True)
class Imported:
    """How far an import has come, and what became of each row."""

    rows: int = 0
    line: int = 0  #: the last whose row is settled
    became: Counter[Became] = dataclasses.field(default_factory=Counter)
    filled: Counter[str] = dataclasses.field(default_factory=Counter)  #: by column
    silent: int = 0  #: texts of which the rules understood nothing
    faulty: int = 0
    faults: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    unknown: list[int] = dataclasses.field(default_factory=list)  #: lines of studies not here
    days: set[Day] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What the rows are judged by."""

    sites: frozenset[str]
    known: frozenset[str]
    rules: Rules
    site: str = ""  #: of a file without such a column


def run(
    database: Database,
    sheet: Sheet,
    setting: Setting,
    done: Imported,
    *,
    clock: Callable[[], dt.datetime],
    tick: Callable[[int], None] = lambda _: None,
) -> None:
    """Import every row; `done` tells at any moment, also after an error, how far it has come.

    `tick` is called with the number of rows after each step.
    """
    waiting: list[tuple[int, Arrived]] = []
    try:
        for row in report_csv.rows(sheet):
            done.rows += 1
            _count(row, done)
            try:
                waiting.append((row.line, _arrived(row, sheet, setting, clock())))
            except (ValueError, InvalidError) as error:
                _fault(row.line, error, done)
            if len(waiting) >= STEP:
                _store(database, waiting, done, clock())
            if done.rows % STEP == 0:
                tick(done.rows)
        _store(database, waiting, done, clock())
    finally:
        recount(database, done)
    tick(done.rows)


def recount(database: Database, done: Imported) -> None:
    """Count the days whose comparisons have changed, one at a time."""
    for day in sorted(done.days):
        with database.write() as connection:
            comparing.recount(connection, [day])


def _arrived(row: Row, sheet: Sheet, setting: Setting, now: dt.datetime) -> Arrived:
    if row.fault:
        raise ValueError(row.fault)
    form = ReportForm.model_validate(report_csv.fields(row, sheet, setting.site))
    return form.arrived(
        sites=setting.sites, known=setting.known, rules=setting.rules, source="csv", now=now
    )


def _count(row: Row, done: Imported) -> None:
    done.filled.update(name for name, value in row.values.items() if value)


def _fault(line: int, error: Exception, done: Imported) -> None:
    told = causes(error) if isinstance(error, pydantic.ValidationError) else [str(error)]
    done.faulty += 1
    if len(done.faults) < MOST_FAULTS:
        done.faults.append((line, "; ".join(told)))


def _store(
    database: Database, waiting: list[tuple[int, Arrived]], done: Imported, now: dt.datetime
) -> None:
    """One step: all of it, or none."""
    if not waiting:
        return
    with database.write() as connection:
        receipts, days = receiving.receive(connection, [one for _, one in waiting], now=now)
    done.days |= days
    for (line, one), receipt in zip(waiting, receipts, strict=True):
        done.became[receipt.became] += 1
        done.line = line
        if receipt.became is Became.SEVERAL_STUDIES:
            _fault(line, ValueError("the accession number belongs to several studies"), done)
        elif receipt.became is Became.NO_STUDY:
            done.unknown.append(line)
        if one.rules and not receiving.says_anything(one.truths):
            done.silent += 1
    waiting.clear()
