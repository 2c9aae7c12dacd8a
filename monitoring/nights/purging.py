"""Observations go when their days are kept as aggregates, and not before."""

import datetime as dt

from core.store.database import Database
from core.store.watch import aggregates, offered
from core.store.watch.offered import ObservedDay
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate
from monitoring.nights import reading
from monitoring.nights.days import Folder, told
from monitoring.nights.folding import DECLINED
from monitoring.nights.notes import Notes


def purge(database: Database, before: dt.date, folder: Folder, notes: Notes) -> None:
    """Forget the observations of the days before `before` that are wholly in aggregates.

    A day that is not is folded once more; where that does not help, it is kept and said.
    """
    with database.read() as connection:
        days = offered.observed(connection, before)
    for one in days:
        try:
            _purge_one(database, one, folder, notes)
        except Exception as error:  # noqa: BLE001 - the other days go on
            notes.fail("purge", told((one.site, one.algorithm, one.day)), error)


def _purge_one(database: Database, one: ObservedDay, folder: Folder, notes: Notes) -> None:
    day = (one.site, one.algorithm, one.day)
    with database.write() as connection:
        rows = aggregates.of_day(connection, *day)
        if not whole(rows, one):
            folder.fold(connection, day)
            rows = aggregates.of_day(connection, *day)
        if whole(rows, one):
            notes.did["purged"] += offered.forget(connection, one)
        else:
            notes.say(f"not-purged:{told(day)}")


def whole(rows: list[aggregates.StoredDay], one: ObservedDay) -> bool:
    """Whether the rows of a day can be read, and count every result that was observed."""
    try:
        found = [reading.checked(row) for row in rows]
    except wire.CorruptError:
        return False
    return sum(map(_results, found)) >= one.count


def _results(one: Aggregate) -> int:
    """Those that a job was made for."""
    return one.studies - one.outcomes.get(DECLINED, 0)
