"""What a page of all streams needs and no other query gives: places, and since when."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.watch import Stream
from core.store.tables import SiteRow, TrustRow
from core.store.watch.tables import EquipmentRow, EvaluationRow


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A site with its trust, keys and names."""

    key: str
    name: str
    trust: str
    trust_name: str


def places(connection: sa.Connection) -> list[Place]:
    """Every site that was ever described, by name."""
    rows = connection.execute(
        sa.select(SiteRow.key, SiteRow.name, TrustRow.key, TrustRow.name)
        .join(TrustRow, TrustRow.key == SiteRow.trust)
        .order_by(SiteRow.name, SiteRow.key)
    )
    return [Place(*row) for row in rows]


def since(
    connection: sa.Connection, streams: Iterable[Stream], first: dt.date
) -> dict[Stream, tuple[dt.date, bool]]:
    """Since which day each of these streams has stood as it does at its newest evaluation.

    Evaluations before `first` are not looked at: the second value is False where the stream
    stood so at `first` already, and may have done so for longer.
    """
    key = (EvaluationRow.site, EvaluationRow.algorithm)
    # One range of the primary key for each: only what is shown is looked at.
    wanted = [sa.and_(*_of(one), EvaluationRow.day >= first) for one in streams]
    # Standing sorts before the long body of a row, and the primary key holds the day.
    told = (
        sa.select(
            *key, EvaluationRow.day, EvaluationRow.standing,
            sa.func.first_value(EvaluationRow.standing)
            .over(partition_by=key, order_by=EvaluationRow.day.desc()).label("newest"),
        )
        .where(sa.or_(sa.false(), *wanted))
        .subquery()
    )  # fmt: skip
    other = sa.case((told.c.standing != told.c.newest, told.c.day))
    changed = (
        sa.select(told.c.site, told.c.algorithm, sa.func.max(other).label("day"))
        .group_by(told.c.site, told.c.algorithm)
        .subquery()
    )
    rows = connection.execute(
        sa.select(
            told.c.site, told.c.algorithm, sa.func.min(told.c.day), sa.func.max(changed.c.day)
        )
        .join(
            changed,
            sa.and_(changed.c.site == told.c.site, changed.c.algorithm == told.c.algorithm),
        )
        .where(sa.or_(changed.c.day.is_(None), told.c.day > changed.c.day))
        .group_by(told.c.site, told.c.algorithm)
    )
    return {Stream(row[0], row[1]): (row[2], row[3] is not None) for row in rows}


def newest_of(connection: sa.Connection, stream: Stream) -> dt.date | None:
    """The newest day that a stream was evaluated for."""
    found: dt.date | None = connection.execute(
        sa.select(sa.func.max(EvaluationRow.day)).where(*_of(stream))
    ).scalar_one_or_none()
    return found


def since_of(connection: sa.Connection, stream: Stream) -> dt.date | None:
    """Since which day a stream has stood as it does at its newest evaluation, all days seen."""
    newest = (
        sa.select(EvaluationRow.standing)
        .where(*_of(stream))
        .order_by(EvaluationRow.day.desc())
        .limit(1)
        .scalar_subquery()
    )
    changed = (
        sa.select(sa.func.max(EvaluationRow.day))
        .where(*_of(stream), EvaluationRow.standing != newest)
        .scalar_subquery()
    )
    later = sa.or_(changed.is_(None), EvaluationRow.day > changed)
    found: dt.date | None = connection.execute(
        sa.select(sa.func.min(EvaluationRow.day)).where(*_of(stream), later)
    ).scalar_one_or_none()
    return found


def _of(stream: Stream) -> tuple[sa.ColumnElement[bool], ...]:
    return EvaluationRow.site == stream.site, EvaluationRow.algorithm == stream.algorithm


def equipment(connection: sa.Connection, site: str) -> dict[str, str]:
    """What a site's equipment is called, by its key: `Siemens Ysio X.pree, VE10A`."""
    rows = connection.execute(
        sa.select(
            EquipmentRow.key, EquipmentRow.manufacturer, EquipmentRow.model, EquipmentRow.software
        ).where(EquipmentRow.site == site)
    )
    return {
        row.key: ", ".join(filter(None, (f"{row.manufacturer} {row.model}".strip(), row.software)))
        for row in rows
    }
