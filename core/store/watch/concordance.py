"""A day's comparisons, counted by label, source and subgroup; kept when the studies are gone."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from core.domain.feedback import Source, Truth
from core.store.dialect import insert
from core.store.tables import SiteRow
from core.store.watch.tables import ComparisonRow, ConcordanceRow

EVERYBODY: Final = ""  #: the subgroup that holds all
_KEYS: Final = ("site", "algorithm", "version", "day", "label", "source", "subgroup")
_COUNTS: Final = (
    "true_positive", "false_positive", "false_negative", "true_negative", "unknown",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """The comparisons of one day, of one label, from one source, in one subgroup.

    `unknown` are those whose truth is uncertain or not known: they are in none of the others.
    """

    site: str
    algorithm: str
    version: str
    day: dt.date
    label: str
    source: Source
    subgroup: str  #: empty for everybody, else `sex:F`, `age:65-79`, `equipment:…`
    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0
    unknown: int = 0

    @property
    def known(self) -> int:
        """How many have a truth."""
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative


def recount(connection: sa.Connection, site: str, algorithm: str, day: dt.date) -> int:
    """Count a day's comparisons again, whatever was counted before; returns the rows written.

    Two that count one day at once wait for each other.
    """
    one_at_a_time(connection, site)
    rows = connection.execute(
        sa.select(
            ComparisonRow.version, ComparisonRow.label, ComparisonRow.source,
            ComparisonRow.called, ComparisonRow.truth, ComparisonRow.groups,
        ).where(
            ComparisonRow.site == site,
            ComparisonRow.algorithm == algorithm,
            ComparisonRow.day == day,
        )
    )  # fmt: skip
    counts: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(_COUNTS, 0)
    )
    for row in rows:
        for subgroup in {EVERYBODY, *row.groups}:
            counts[row.version, row.label, row.source, subgroup][_cell(row.called, row.truth)] += 1
    connection.execute(
        sa.delete(ConcordanceRow).where(
            ConcordanceRow.site == site,
            ConcordanceRow.algorithm == algorithm,
            ConcordanceRow.day == day,
        )
    )
    made = [
        Counted(site, algorithm, version, day, label, Source(source), subgroup, **cells)
        for (version, label, source, subgroup), cells in counts.items()
    ]
    return write(connection, made)


def write(connection: sa.Connection, days: Iterable[Counted]) -> int:
    """Keep these counts in place of what was kept under the same keys; returns how many."""
    rows = [{**dataclasses.asdict(one), "source": one.source.value} for one in days]
    if not rows:
        return 0
    statement = insert(connection, ConcordanceRow)
    statement = statement.on_conflict_do_update(
        index_elements=list(_KEYS),
        set_={name: statement.excluded[name] for name in _COUNTS},
    )
    connection.execute(statement, rows)
    return len(rows)


def of(
    connection: sa.Connection,
    *,
    algorithm: str,
    first: dt.date,
    last: dt.date,
    site: str | None = None,
    label: str | None = "any",
    subgroup: str | None = None,
) -> list[Counted]:
    """The counts of these days, both included, by day. None does not choose.

    `subgroup`: empty for everybody. With None the subgroups come beside everybody: the same
    comparison is then in several rows, which are not to be added up.
    """
    columns = [getattr(ConcordanceRow, field.name) for field in dataclasses.fields(Counted)]
    query = (
        sa.select(*columns)
        .where(ConcordanceRow.algorithm == algorithm, ConcordanceRow.day.between(first, last))
        .order_by(ConcordanceRow.day, *columns[:3], *columns[4:7])
    )
    for column, value in (
        (ConcordanceRow.site, site),
        (ConcordanceRow.label, label),
        (ConcordanceRow.subgroup, subgroup),
    ):
        if value is not None:
            query = query.where(column == value)
    return [
        Counted(**{**row._mapping, "source": Source(row.source)})  # noqa: SLF001 - public in SQLAlchemy
        for row in connection.execute(query)
    ]


def _cell(called: bool, truth: str) -> str:  # noqa: FBT001 - a column's value
    if truth == Truth.PRESENT.value:
        return "true_positive" if called else "false_negative"
    if truth == Truth.ABSENT.value:
        return "false_positive" if called else "true_negative"
    return "unknown"


def one_at_a_time(connection: sa.Connection, site: str) -> None:
    """Hold the site's row, as one who changes it but not its key would: intake goes on.

    Studies are held before sites, never after: two that need both do not lock each other up.
    """
    connection.execute(
        sa.select(SiteRow.key).where(SiteRow.key == site).with_for_update(key_share=True)
    )
