"""Nights: the claim of the one that runs, and what each of them did.

A night is claimed by its row. Who runs it says now and then that it still lives (`alive`); one
that has said nothing for `SILENT` is taken for dead, and the next claim ends it.
"""

import dataclasses
import datetime as dt
import socket
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from core.store.watch.tables import NightRow

SILENT: Final = dt.timedelta(minutes=10)
_SEEN: Final = "alive_at"  #: in the notes: when who runs the night was last heard of
_BY: Final = "by"
_LOCK: Final = 0x56415244  #: of PostgreSQL's advisory locks, for the length of a claim


@dataclasses.dataclass(frozen=True, slots=True)
class Night:
    """A run of the nightly job over all days to `until`.

    `error` is empty where every step of every stream went well; `notes` count what was done
    (`did`) and say what was not (`said`). `finished_at` is None while it runs.
    """

    id: int
    until: dt.date
    started_at: dt.datetime
    finished_at: dt.datetime | None
    streams: int
    error: str
    notes: Mapping[str, Any]

    @property
    def alive_at(self) -> dt.datetime:
        """When whoever runs it was last heard of, UTC."""
        told = self.notes.get(_SEEN)
        return dt.datetime.fromisoformat(told) if told else self.started_at

    @property
    def by(self) -> str:
        """Which process runs it: `host:number`."""
        return str(self.notes.get(_BY, ""))


def named(process: int) -> str:
    """Who runs a night, as its row says it: this host and a process."""
    return f"{socket.gethostname()}:{process}"


def claim(
    connection: sa.Connection, until: dt.date, *, by: str, now: dt.datetime
) -> tuple[Night, bool]:
    """(the night that is ours now, True), or (the one that runs already, False).

    A night that died is ended here, with the reason.
    """
    if connection.dialect.name != "sqlite":  # SQLite has one writer at a time
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    for running in _found(connection, NightRow.finished_at.is_(None)):
        if now - running.alive_at < SILENT:
            return running, False
        told = f"killed, or its machine lost: nothing heard of {running.by} since"
        error = f"{told} {running.alive_at.isoformat(timespec='seconds')}"
        _end(connection, running.id, finished_at=running.alive_at, error=error)
    values = {
        "until": until, "started_at": now, "streams": 0, "error": "",
        "notes": {_BY: by, _SEEN: now.isoformat()},
    }  # fmt: skip
    made = connection.execute(sa.insert(NightRow).values(**values).returning(NightRow.id))
    return get(connection, made.scalar_one()), True


def alive(connection: sa.Connection, night: Night, now: dt.datetime) -> bool:
    """Say that the night still runs; False where it was taken for dead meanwhile."""
    notes = {_BY: night.by, _SEEN: now.isoformat()}
    return _end(connection, night.id, notes=notes)


def finish(
    connection: sa.Connection,
    night: Night,
    *,
    streams: int,
    error: str,
    notes: Mapping[str, Any],
    now: dt.datetime,
) -> bool:
    """End it, with what was done; False where it was taken for dead meanwhile."""
    told = {_BY: night.by, _SEEN: now.isoformat(), **notes}
    return _end(connection, night.id, finished_at=now, streams=streams, error=error, notes=told)


def _end(connection: sa.Connection, night_id: int, **values: object) -> bool:
    """Change a night that has not ended."""
    changed = connection.execute(
        sa.update(NightRow)
        .where(NightRow.id == night_id, NightRow.finished_at.is_(None))
        .values(**values)
    )
    return changed.rowcount == 1


def get(connection: sa.Connection, night_id: int) -> Night:
    """One night by its number."""
    return _found(connection, NightRow.id == night_id)[0]


def running(connection: sa.Connection) -> Night | None:
    """The night that was begun and has not ended, though it may be dead (`alive_at`)."""
    return next(iter(_found(connection, NightRow.finished_at.is_(None))), None)


def last(connection: sa.Connection, *, well: bool = False) -> Night | None:
    """The newest night that has ended; the newest without an error where `well`."""
    ended = NightRow.finished_at.is_not(None)
    query = sa.and_(ended, NightRow.error == "") if well else ended
    return next(iter(_found(connection, query, limit=1)), None)


def listed(connection: sa.Connection, *, limit: int = 30) -> list[Night]:
    """The newest nights, the newest first."""
    return _found(connection, sa.true(), limit=limit)


def _found(
    connection: sa.Connection, condition: sa.ColumnElement[bool], *, limit: int = 30
) -> list[Night]:
    rows = connection.execute(
        sa.select(*NightRow.__table__.columns)
        .where(condition)
        .order_by(NightRow.id.desc())
        .limit(limit)
    )
    return [Night(**row._asdict()) for row in rows]
