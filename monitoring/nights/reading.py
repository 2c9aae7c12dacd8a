"""From stored rows to histories: what is damaged is left out whole, and said."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from core.store.database import Database
from core.store.watch import aggregates
from core.store.watch.aggregates import StoredDay
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate

WEEKS: Final = 8  #: same weekdays before a day that say what is usual
USUAL: Final = 5.0  #: studies: where the median is less, a day without any is nothing unusual
ONE_WEEK: Final = dt.timedelta(days=7)


@dataclasses.dataclass(slots=True)
class Histories:
    """The days of one algorithm, by site; each the sum over versions and equipment.

    A day of which any row is damaged is in `damaged` and in no history: the rest of it
    would not be that day. `versions` are those of each site's latest day.
    """

    by_site: dict[str, dict[dt.date, Aggregate]] = dataclasses.field(default_factory=dict)
    damaged: dict[tuple[str, dt.date], str] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)

    def add(self, rows: Iterable[StoredDay]) -> None:
        """Take rows in, of days that are not in it yet."""
        for row in rows:
            key = (row.site, row.day)
            try:
                found = checked(row)
            except wire.CorruptError as error:
                self.damaged.setdefault(key, str(error))
                self.by_site.get(row.site, {}).pop(row.day, None)
                continue
            if key in self.damaged:
                continue
            days = self.by_site.setdefault(row.site, {})
            days[row.day] = days[row.day] + found if row.day in days else found
            self.versions[row.site] = row.version

    def forget(self, site: str, day: dt.date) -> None:
        """Let go of a day that is to be read again."""
        self.damaged.pop((site, day), None)
        self.by_site.get(site, {}).pop(day, None)

    def until(self, day: dt.date) -> "Histories":
        """The same as it was at the end of a day."""
        return Histories(
            {
                site: {one: what for one, what in days.items() if one <= day}
                for site, days in self.by_site.items()
            },
            dict(self.damaged),
            dict(self.versions),
        )


def between(database: Database, algorithm: str, first: dt.date, last: dt.date) -> Histories:
    """The days of an algorithm from `first` to `last`, both included, as they are stored."""
    found = Histories()
    with database.read() as connection:
        found.add(aggregates.between(connection, algorithm, first, last))
    return found


def checked(row: StoredDay) -> Aggregate:
    """The aggregate of a row that is what was written; raises `CorruptError`."""
    if not row.intact:
        message = "its checksum is another"
        raise wire.CorruptError(message)
    found = wire.load(row.body)
    if found.studies != row.studies:
        message = f"{found.studies} studies where the row says {row.studies}"
        raise wire.CorruptError(message)
    return found


def readable(row: StoredDay) -> bool:
    """Whether `checked` has nothing against it."""
    try:
        checked(row)
    except wire.CorruptError:
        return False
    return True


def missing(
    days: Mapping[dt.date, Aggregate],
    first: dt.date,
    last: dt.date,
    *,
    known: Sequence[dt.date] = (),
) -> list[dt.date]:
    """The days from `first` to `last` without a row, on a weekday that usually has traffic.

    Usual is what the median of the same weekday of the `WEEKS` weeks before has; days that
    are `known` (damaged) are left out of it, and are not missing themselves. A Poisson mean
    of `USUAL` studies gives a day without any once in 150.
    """
    if not days:
        return []
    begin = min(days)
    found = []
    for number in range(max((last - first).days + 1, 0)):
        day = first + number * dt.timedelta(days=1)
        if day not in days and day not in known and _usual(days, day, begin, known) >= USUAL:
            found.append(day)
    return found


def _usual(
    days: Mapping[dt.date, Aggregate], day: dt.date, begin: dt.date, known: Sequence[dt.date]
) -> float:
    """Studies that the median of the same weekdays before has; 0 where there are under three."""
    before = [day - ONE_WEEK * week for week in range(1, WEEKS + 1)]
    counts = sorted(
        days[one].studies if one in days else 0
        for one in before
        if one >= begin and one not in known
    )
    if len(counts) < 3:  # noqa: PLR2004 - two say nothing of what is usual
        return 0.0
    return float(counts[len(counts) // 2])
