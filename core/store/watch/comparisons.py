"""Comparisons: kept as the latest truth has it, and the disagreements that somebody has read."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.feedback import Comparison, Role, Source, Truth
from core.store.tables import JobRow
from core.store.watch.subjects import Subject
from core.store.watch.tables import ComparisonRow

Day = tuple[str, str, dt.date]  #: site, algorithm, day
_KEY: Final = (ComparisonRow.job_id, ComparisonRow.label, ComparisonRow.source)
_DISAGREES: Final = sa.or_(
    sa.and_(ComparisonRow.called.is_(True), ComparisonRow.truth == Truth.ABSENT.value),
    sa.and_(ComparisonRow.called.is_(False), ComparisonRow.truth == Truth.PRESENT.value),
)


class Settled(enum.StrEnum):
    """Who was right, as somebody who has read both says."""

    ALGORITHM = "algorithm"
    REPORT = "report"  #: the report, the audit or the reader
    UNCLEAR = "unclear"


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with what it is of, and whether somebody has read it."""

    comparison: Comparison
    study_id: str
    site: str
    algorithm: str
    version: str
    day: dt.date
    at: dt.datetime
    settled_at: dt.datetime | None = None
    settled_as: Settled | None = None
    settled_role: Role | None = None


def replace(
    connection: sa.Connection,
    subjects: Sequence[Subject],
    wanted: Iterable[Comparison],
    now: dt.datetime,
) -> set[Day]:
    """Make the comparisons of these results what `wanted` says; returns the days that changed.

    What stays the same keeps the time it was made at (unless the result is newer) and what
    somebody has said of it. What is no longer wanted goes.
    """
    of = {one.job_id: one for one in subjects}
    known = {_key(row): row for row in _rows(connection, list(of))}
    changed: set[Day] = set()
    fresh: list[dict[str, object]] = []
    gone = set(known)
    for one in wanted:
        subject = of[one.job_id]
        key = (one.job_id, one.label, one.source.value)
        before = known.get(key)
        if before is not None and _same(before, one, subject):
            gone.discard(key)
            if before.at < subject.answered_at:
                connection.execute(sa.update(ComparisonRow).where(*_at(key)).values(at=now))
            continue
        changed.add((subject.site, subject.algorithm, subject.day))
        fresh.append(_row(one, subject, before, now))
    for key in gone:
        changed.add((known[key].site, known[key].algorithm, known[key].day))
        connection.execute(sa.delete(ComparisonRow).where(*_at(key)))
    if fresh:
        connection.execute(sa.insert(ComparisonRow), fresh)
    return changed


def of_job(connection: sa.Connection, job_id: str) -> list[Comparison]:
    """Every comparison of one result, by source and label."""
    found = (_comparison(row) for row in _rows(connection, [job_id]))
    return sorted(found, key=lambda one: (one.source, one.label))


def changed(connection: sa.Connection, since: dt.datetime) -> list[Day]:
    """(site, algorithm, day) of every comparison that was made after `since`."""
    columns = (ComparisonRow.site, ComparisonRow.algorithm, ComparisonRow.day)
    rows = connection.execute(
        sa.select(*columns).where(ComparisonRow.at > since).distinct().order_by(*columns)
    )
    return [(row.site, row.algorithm, row.day) for row in rows]


def disagreements(
    connection: sa.Connection,
    *,
    site: str | None = None,
    algorithm: str | None = None,
    source: Source | None = None,
    open_only: bool = True,
    limit: int = 200,
) -> list[Compared]:
    """Where algorithm and truth say the opposite, the newest first; `any` stands for nothing here.

    `open_only`: those that nobody has settled.
    """
    query = (
        sa.select(*ComparisonRow.__table__.columns, JobRow.study_id)
        .join(JobRow, JobRow.id == ComparisonRow.job_id)
        .where(_DISAGREES, ComparisonRow.label != "any")
        .order_by(ComparisonRow.at.desc(), *_KEY)
        .limit(limit)
    )
    if site is not None:
        query = query.where(ComparisonRow.site == site)
    if algorithm is not None:
        query = query.where(ComparisonRow.algorithm == algorithm)
    if source is not None:
        query = query.where(ComparisonRow.source == source.value)
    if open_only:
        query = query.where(ComparisonRow.settled_at.is_(None))
    return [_compared(row) for row in connection.execute(query)]


def settle(
    connection: sa.Connection,
    job_id: str,
    label: str,
    source: Source,
    *,
    settled_as: Settled,
    role: Role,
    now: dt.datetime,
) -> bool:
    """Say who was right in a disagreement; False where there is none (any more)."""
    done = connection.execute(
        sa.update(ComparisonRow)
        .where(*_at((job_id, label, source.value)), _DISAGREES)
        .values(settled_at=now, settled_as=settled_as.value, settled_role=role.value)
    )
    return done.rowcount == 1


def _rows(connection: sa.Connection, job_ids: Sequence[str]) -> Sequence[sa.Row]:  # type: ignore[type-arg]
    query = sa.select(*ComparisonRow.__table__.columns).where(ComparisonRow.job_id.in_(job_ids))
    return connection.execute(query).all()


def _key(row: sa.Row) -> tuple[str, str, str]:  # type: ignore[type-arg]
    return row.job_id, row.label, row.source


def _at(key: tuple[str, str, str]) -> list[sa.ColumnElement[bool]]:
    return [column == value for column, value in zip(_KEY, key, strict=True)]


def _same(row: sa.Row, one: Comparison, subject: Subject) -> bool:  # type: ignore[type-arg]
    return (
        (row.called, row.truth) == (one.called, one.truth.value)
        and tuple(row.groups) == one.groups
        and (row.version, row.day) == (subject.version, subject.day)
    )


def _row(
    one: Comparison,
    subject: Subject,
    before: sa.Row | None,  # type: ignore[type-arg]
    now: dt.datetime,
) -> dict[str, object]:
    """The values of a row; what was said of the same disagreement before still holds."""
    made: dict[str, object] = {
        "job_id": one.job_id, "label": one.label, "source": one.source.value,
        "site": subject.site, "algorithm": subject.algorithm, "version": subject.version,
        "day": subject.day, "called": one.called, "truth": one.truth.value,
        "groups": list(one.groups), "at": now,
        "settled_at": None, "settled_as": "", "settled_role": "",
    }  # fmt: skip
    if before is not None and (before.called, before.truth) == (one.called, one.truth.value):
        for name in ("settled_at", "settled_as", "settled_role"):
            made[name] = getattr(before, name)
    return made


def _comparison(row: sa.Row) -> Comparison:  # type: ignore[type-arg]
    return Comparison(
        row.job_id, row.label, Source(row.source), row.called, Truth(row.truth), tuple(row.groups)
    )


def _compared(row: sa.Row) -> Compared:  # type: ignore[type-arg]
    return Compared(
        _comparison(row), row.study_id, row.site, row.algorithm, row.version, row.day, row.at,
        row.settled_at, Settled(row.settled_as) if row.settled_as else None,
        Role(row.settled_role) if row.settled_role else None,
    )  # fmt: skip
