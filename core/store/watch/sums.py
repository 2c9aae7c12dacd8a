"""Concordance added up by the database: years of days in one row for each question."""

import dataclasses
import datetime as dt

import sqlalchemy as sa

from core.domain.feedback import Source
from core.domain.watch import Stream
from core.store.watch.concordance import EVERYBODY
from core.store.watch.tables import ConcordanceRow


@dataclasses.dataclass(frozen=True, slots=True)
class Sum:
    """Counts of one site, source and subgroup (empty: everybody) over some days."""

    site: str
    source: Source
    subgroup: str
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    unknown: int


_COUNTED = ("true_positive", "false_positive", "false_negative", "true_negative", "unknown")


def by_site(
    connection: sa.Connection, algorithm: str, label: str, first: dt.date, last: dt.date
) -> list[Sum]:
    """Of everybody at each site, by source, from `first` to `last`, both included."""
    return _sums(connection, algorithm, label, first, last, ConcordanceRow.subgroup == EVERYBODY)


def by_subgroup(
    connection: sa.Connection, stream: Stream, label: str, first: dt.date, last: dt.date
) -> list[Sum]:
    """Of one site, by source and subgroup; everybody is not among them."""
    return _sums(
        connection, stream.algorithm, label, first, last,
        ConcordanceRow.site == stream.site, ConcordanceRow.subgroup != EVERYBODY,
    )  # fmt: skip


def _sums(
    connection: sa.Connection, algorithm: str, label: str, first: dt.date, last: dt.date,
    *more: sa.ColumnElement[bool],
) -> list[Sum]:  # fmt: skip
    key = (ConcordanceRow.site, ConcordanceRow.source, ConcordanceRow.subgroup)
    counts = (sa.func.sum(getattr(ConcordanceRow, name)) for name in _COUNTED)
    rows = connection.execute(
        sa.select(*key, *counts)
        .where(
            ConcordanceRow.algorithm == algorithm,
            ConcordanceRow.day.between(first, last),
            ConcordanceRow.label == label,
            *more,
        )
        .group_by(*key)
        .order_by(*key)
    )
    return [Sum(row[0], Source(row[1]), row[2], *(int(count) for count in row[3:])) for row in rows]


def algorithms(connection: sa.Connection) -> list[str]:
    """The algorithms that were ever compared with anything."""
    # One look into the index for each, not one at each row: there are years of rows.
    found: list[str] = []
    while True:
        query = sa.select(sa.func.min(ConcordanceRow.algorithm))
        if found:
            query = query.where(ConcordanceRow.algorithm > found[-1])
        following = connection.execute(query).scalar_one_or_none()
        if following is None:
            return found
        found.append(following)
