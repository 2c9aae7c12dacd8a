"""Which sites a scope holds, how long a stream has been empty, and what day a time lies in."""

import datetime as dt
import zoneinfo
from typing import Final

import sqlalchemy as sa

from core.domain.watch import NATIONAL, TRUST, Standing, Stream
from core.store.tables import SiteRow
from core.store.watch.tables import EvaluationRow

OSLO: Final = zoneinfo.ZoneInfo("Europe/Oslo")


def day_of(at: dt.datetime) -> dt.date:
    """The calendar day in Norway."""
    return at.astimezone(OSLO).date()


def sites(connection: sa.Connection, *, trust: str | None = None) -> list[str]:
    """The keys of all sites, or of those of a trust."""
    query = sa.select(SiteRow.key).order_by(SiteRow.key)
    if trust is not None:
        query = query.where(SiteRow.trust == trust)
    return list(connection.execute(query).scalars())


def members(connection: sa.Connection, scope: str) -> list[str]:
    """The sites that a scope is about: one that is known, a trust's, or all; may be none."""
    if scope.startswith(TRUST):
        return sites(connection, trust=scope.removeprefix(TRUST))
    known = sites(connection)
    return known if scope == NATIONAL else [site for site in known if site == scope]


def trusts(connection: sa.Connection) -> dict[str, str]:
    """The trust of each site, by key."""
    return {row.key: row.trust for row in connection.execute(sa.select(SiteRow.key, SiteRow.trust))}


def empty_days(connection: sa.Connection, stream: Stream, first: dt.date, before: dt.date) -> int:
    """How many evaluations in a row up to the day before `before` found no data and no study."""
    rows = connection.execute(
        sa.select(EvaluationRow.standing, EvaluationRow.today)
        .where(
            EvaluationRow.site == stream.site,
            EvaluationRow.algorithm == stream.algorithm,
            EvaluationRow.day >= first,
            EvaluationRow.day < before,
        )
        .order_by(EvaluationRow.day.desc())
    )
    count = 0
    for row in rows:
        if row.standing != Standing.NO_DATA.value or row.today:
            break
        count += 1
    return count
