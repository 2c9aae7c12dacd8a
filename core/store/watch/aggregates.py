"""Days of the watch: aggregates as bytes with a checksum, written whole, read as a stream."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa

from core.store.watch.batches import STREAM, upsert
from core.store.watch.tables import AggregateRow

_KEY: Final = ("site", "algorithm", "version", "equipment", "day")


@dataclasses.dataclass(frozen=True, slots=True)
class StoredDay:
    """A day of one algorithm version on one piece of equipment (empty: none is known) at a site.

    `body` is what `monitoring.aggregates.wire.dump` made; `sha256` covers it together with
    what the row says beside it, so that a body under another day's name does not pass.
    """

    site: str
    algorithm: str
    version: str
    equipment: str
    day: dt.date
    modality: str
    studies: int
    at: dt.datetime  #: when it was written, UTC
    body: bytes
    sha256: str

    @property
    def intact(self) -> bool:
        """Whether the row is what was written."""
        return self.sha256 == _checksum(self)

    @property
    def key(self) -> tuple[str, str]:
        """Which row of the day it is: (version, equipment)."""
        return self.version, self.equipment


def of(
    body: bytes,
    *,
    site: str,
    algorithm: str,
    version: str,
    equipment: str,
    day: dt.date,
    modality: str,
    studies: int,
    at: dt.datetime,
) -> StoredDay:
    """A day with its checksum."""
    made = StoredDay(site, algorithm, version, equipment, day, modality, studies, at, body, "")
    return dataclasses.replace(made, sha256=_checksum(made))


def _checksum(one: StoredDay) -> str:
    """Lower-case hexadecimal digits; `at` is left out, which says nothing of the day."""
    told = (
        one.site, one.algorithm, one.version, one.equipment, one.day.isoformat(), one.modality,
        str(one.studies),
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(told).encode() + b"\x1f" + one.body).hexdigest()


def write(connection: sa.Connection, days: Iterable[StoredDay]) -> int:
    """Insert or replace these rows; returns how many."""
    return upsert(connection, AggregateRow, days, _values, _KEY)


def _values(one: StoredDay) -> dict[str, Any]:
    """By hand: `dataclasses.asdict` copies every body."""
    return {name: getattr(one, name) for name in one.__slots__}


def remove(connection: sa.Connection, days: Iterable[StoredDay]) -> None:
    """Delete these rows: what a day no longer has once it was computed again."""
    for one in days:
        same = [getattr(AggregateRow, name) == getattr(one, name) for name in _KEY]
        connection.execute(sa.delete(AggregateRow).where(*same))


def between(
    connection: sa.Connection,
    algorithm: str,
    first: dt.date,
    last: dt.date,
    *,
    site: str | None = None,
) -> Iterator[StoredDay]:
    """The rows from `first` to `last`, both included, by day and site; read as they are used."""
    query = (
        sa.select(*AggregateRow.__table__.columns)
        .where(AggregateRow.algorithm == algorithm, AggregateRow.day.between(first, last))
        .order_by(AggregateRow.day, AggregateRow.site)
    )
    if site is not None:
        query = query.where(AggregateRow.site == site)
    for row in connection.execute(query, execution_options=STREAM):
        yield StoredDay(**row._asdict())


def of_day(connection: sa.Connection, site: str, algorithm: str, day: dt.date) -> list[StoredDay]:
    """The rows of one day of a site's algorithm."""
    return list(between(connection, algorithm, day, day, site=site))


def written(
    connection: sa.Connection, algorithm: str, first: dt.date, last: dt.date
) -> dict[tuple[str, dt.date], dt.datetime]:
    """When each (site, day) was last written."""
    rows = connection.execute(
        sa.select(AggregateRow.site, AggregateRow.day, sa.func.max(AggregateRow.at))
        .where(AggregateRow.algorithm == algorithm, AggregateRow.day.between(first, last))
        .group_by(AggregateRow.site, AggregateRow.day)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def studies(
    connection: sa.Connection,
    algorithm: str,
    sites: Collection[str],
    first: dt.date,
    last: dt.date,
) -> int:
    """How many studies these sites have from `first` to `last`, as the rows count them."""
    found = connection.execute(
        sa.select(sa.func.sum(AggregateRow.studies)).where(
            AggregateRow.algorithm == algorithm,
            AggregateRow.day.between(first, last),
            AggregateRow.site.in_(sites),
        )
    )
    return int(found.scalar_one_or_none() or 0)


def algorithms(connection: sa.Connection) -> list[str]:
    """Every algorithm that has a day, by key; found by skipping through the index."""
    found: list[str] = []
    query = sa.select(AggregateRow.algorithm).order_by(AggregateRow.algorithm).limit(1)
    first = connection.execute(query).scalar_one_or_none()
    while first is not None:
        found.append(first)
        further = query.where(AggregateRow.algorithm > first)
        first = connection.execute(further).scalar_one_or_none()
    return found


def span(connection: sa.Connection, algorithm: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day of an algorithm anywhere, None where there is none."""
    days = sa.select(AggregateRow.day).where(AggregateRow.algorithm == algorithm).limit(1)
    first = connection.execute(days.order_by(AggregateRow.day)).scalar_one_or_none()
    last = connection.execute(days.order_by(AggregateRow.day.desc())).scalar_one_or_none()
    return None if first is None or last is None else (first, last)
