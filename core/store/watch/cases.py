"""Cases: opened by the platform, settled by a person."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core.domain.case import Case, CaseKind, Consequence, Verdict
from core.domain.errors import IllegalTransitionError, NotFoundError
from core.store.watch.tables import CaseRow


def opened(
    connection: sa.Connection,
    *,
    kind: CaseKind,
    site: str,
    algorithm: str,
    subject: str,
    evidence: Mapping[str, Any],
    day: dt.date,
    now: dt.datetime,
    version: str = "",
) -> str:
    """Open a case; returns its id. Whether there is one already is for the caller to know."""
    case_id = uuid.uuid4().hex
    connection.execute(
        sa.insert(CaseRow).values(
            id=case_id,
            kind=kind.value,
            site=site,
            algorithm=algorithm,
            version=version,
            subject=subject,
            opened_at=now,
            last_at=now,
            day=day,
            evidence=dict(evidence),
        )
    )
    return case_id


def listed(
    connection: sa.Connection,
    *,
    open_only: bool = False,
    site: str | None = None,
    algorithm: str | None = None,
    kind: CaseKind | None = None,
    limit: int = 200,
) -> list[Case]:
    """Cases, the open ones first, then the newest."""
    query = sa.select(*_columns())
    if open_only:
        query = query.where(CaseRow.settled_at.is_(None))
    for column, value in (
        (CaseRow.site, site),
        (CaseRow.algorithm, algorithm),
        (CaseRow.kind, kind and kind.value),
    ):
        if value is not None:
            query = query.where(column == value)
    order = (CaseRow.settled_at.is_not(None), CaseRow.opened_at.desc(), CaseRow.id)
    return [_case(row) for row in connection.execute(query.order_by(*order).limit(limit))]


def last(
    connection: sa.Connection, *, kind: CaseKind, site: str, algorithm: str, subject: str
) -> Case | None:
    """The newest case about one thing, settled or not."""
    row = connection.execute(
        sa.select(*_columns())
        .where(
            CaseRow.kind == kind.value,
            CaseRow.site == site,
            CaseRow.algorithm == algorithm,
            CaseRow.subject == subject,
        )
        .order_by(CaseRow.opened_at.desc(), CaseRow.id)
        .limit(1)
    ).first()
    return _case(row) if row else None


def get(connection: sa.Connection, case_id: str) -> Case:
    """One case; raises `NotFoundError`."""
    row = connection.execute(sa.select(*_columns()).where(CaseRow.id == case_id)).first()
    if row is None:
        message = "no such case"
        raise NotFoundError(message)
    return _case(row)


def open_counts(connection: sa.Connection) -> list[tuple[str, str, str, int]]:
    """(site, algorithm, kind, open cases)."""
    keys = (CaseRow.site, CaseRow.algorithm, CaseRow.kind)
    rows = connection.execute(
        sa.select(*keys, sa.func.count()).where(CaseRow.settled_at.is_(None)).group_by(*keys)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def seen(
    connection: sa.Connection,
    case_id: str,
    *,
    evidence: Mapping[str, Any],
    at: dt.datetime,
    quiet_at: dt.datetime | None,
) -> None:
    """What has been seen of it since; `quiet_at` says since when it does not hold any more."""
    values: dict[str, Any] = {"evidence": dict(evidence), "quiet_at": quiet_at}
    if quiet_at is None:
        values["last_at"] = at
    connection.execute(sa.update(CaseRow).where(CaseRow.id == case_id).values(**values))


def settle(
    connection: sa.Connection,
    case_id: str,
    *,
    by: str,
    verdict: Verdict,
    consequence: Consequence,
    reason: str,
    now: dt.datetime,
) -> Case:
    """Write the verdict, once: `IllegalTransitionError` where another was quicker."""
    written = connection.execute(
        sa.update(CaseRow)
        .where(CaseRow.id == case_id, CaseRow.settled_at.is_(None))
        .values(
            settled_at=now,
            by=by,
            verdict=verdict.value,
            consequence=consequence.value,
            reason=reason,
        )
    )
    found = get(connection, case_id)
    if written.rowcount != 1:
        message = "the case is settled already"
        raise IllegalTransitionError(message)
    return found


def _columns() -> list[sa.ColumnElement[Any]]:
    return [CaseRow.__table__.c[field.name] for field in dataclasses.fields(Case)]


def _case(row: sa.Row) -> Case:  # type: ignore[type-arg]
    values = row._asdict()
    return Case(
        **{
            **values,
            "kind": CaseKind(values["kind"]),
            "verdict": Verdict(values["verdict"]) if values["verdict"] else None,
            "consequence": Consequence(values["consequence"]) if values["consequence"] else None,
        }
    )
