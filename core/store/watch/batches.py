"""Writing many rows with few statements."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from core.store.dialect import insert
from core.store.tables import Table

BATCH: Final = 500  #: rows of one statement, and rows read ahead
STREAM: Final = {"yield_per": BATCH}  #: execution options of a query that is read as it comes
_T = TypeVar("_T")


def upsert(
    connection: sa.Connection,
    table: type[Table],
    things: Iterable[_T],
    row: Callable[[_T], dict[str, Any]],
    key: Sequence[str],
) -> int:
    """Insert or replace `row(thing)` by its key, `BATCH` at a time; returns how many."""
    statement = insert(connection, table)
    fresh = {
        column.name: statement.excluded[column.name]
        for column in table.__table__.columns
        if column.name not in key
    }
    whole = statement.on_conflict_do_update(index_elements=list(key), set_=fresh)
    count, waiting = 0, iter(things)
    while batch := [row(thing) for thing in itertools.islice(waiting, BATCH)]:
        connection.execute(whole, batch)
        count += len(batch)
    return count
