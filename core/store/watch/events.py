"""The event log, and the verification that an event asks for."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.domain.case import CaseKind
from core.domain.event import VERIFIED_AFTER, Event, EventKind
from core.store.dialect import insert
from core.store.watch import cases, scopes
from core.store.watch.tables import EventRow

_KEY = ("site", "algorithm", "kind", "subject")


def happened(
    connection: sa.Connection,
    *,
    site: str,
    algorithm: str,
    kind: EventKind | str,
    subject: str,
    told: Mapping[str, Any],
    at: dt.datetime,
    day: dt.date,
) -> bool:
    """Write an event once; False where it was known.

    New equipment, software and versions open a case of kind VERIFICATION with it.
    """
    kind = EventKind(kind)
    row = {
        "site": site, "algorithm": algorithm, "kind": kind.value, "subject": subject,
        "told": dict(told), "at": at, "day": day,
    }  # fmt: skip
    statement = insert(connection, EventRow).values(**row)
    written = connection.execute(
        statement.on_conflict_do_nothing(index_elements=_KEY).returning(EventRow.id)
    ).first()
    if written is None:
        return False
    if kind in VERIFIED_AFTER:
        cases.opened(
            connection,
            kind=CaseKind.VERIFICATION,
            site=site,
            algorithm=algorithm,
            version=subject if kind is EventKind.VERSION else "",
            subject=f"{kind}:{subject}",
            evidence={"event": kind.value, **told},
            day=day,
            now=at,
        )
    return True


def between(
    connection: sa.Connection, site: str, algorithm: str, first: dt.date, last: dt.date
) -> list[Event]:
    """What happened to a stream from `first` to `last`, both included, the oldest first.

    `site` may be a scope: what happened at any of its sites.
    """
    rows = connection.execute(
        sa.select(*_columns())
        .where(
            EventRow.site.in_({site, *scopes.members(connection, site)}),
            EventRow.algorithm.in_((algorithm, "")),
            EventRow.day.between(first, last),
        )
        .order_by(EventRow.at, EventRow.id)
    )
    return [_event(row) for row in rows]


def latest(connection: sa.Connection, *, limit: int = 100) -> list[Event]:
    """The newest events of all streams, the newest first."""
    rows = connection.execute(
        sa.select(*_columns()).order_by(EventRow.at.desc(), EventRow.id.desc()).limit(limit)
    )
    return [_event(row) for row in rows]


def _columns() -> list[sa.ColumnElement[Any]]:
    return [
        EventRow.__table__.c[name]
        for name in ("at", "day", "site", "algorithm", "kind", "subject", "told")
    ]


def _event(row: sa.Row) -> Event:  # type: ignore[type-arg]
    return Event(**{**row._asdict(), "kind": EventKind(row.kind)})
