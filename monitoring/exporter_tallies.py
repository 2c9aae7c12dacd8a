"""Counters of rows that are only ever added: what is settled once, what is new at every scrape.

A table is counted from its beginning once after a start, in parts, and from then on only what
has come since. The newest rows are counted anew each time, for a row may be committed later than
the time or the number that it carries: so nothing is missed, nothing is counted twice, and a
counter is the same after a restart.
"""

import collections
import datetime as dt
import time
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from core.store.watch import counts
from core.store.watch.counts import Counted
from monitoring.families import Labels

PART: Final = 20_000  #: rows that are counted at once while catching up
#: A row may be committed this much later than the time that it carries.
LAG: Final = dt.timedelta(seconds=30)
LATE: Final = 10_000  #: rows that may be given a number before others that are seen earlier
MODALITIES: Final = frozenset(
    {"CR", "CT", "DX", "IO", "MG", "MR", "NM", "OT", "PR", "PT", "PX", "RF", "SR", "US", "XA"}
)
OTHER: Final = "other"


class Patience:
    """How long a scrape may go on with catching up."""

    def __init__(self, seconds: float) -> None:
        """From now."""
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        """Whether it is time to answer."""
        return time.monotonic() > self._end


class Tally:
    """A counter over one table with an indexed time."""

    def __init__(
        self,
        column: Any,  # noqa: ANN401 - a mapped column
        read: Callable[[sa.Connection, dt.datetime | None, dt.datetime | None], Counted],
    ) -> None:
        """`read` counts the rows whose `column` lies in a part."""
        self._column = column
        self._read = read
        self._settled: collections.Counter[Labels] = collections.Counter()
        self._mark: dt.datetime | None = None

    def counted(
        self, connection: sa.Connection, until: dt.datetime, patience: Patience
    ) -> list[tuple[Labels, float]] | None:
        """All rows by label values; None where patience ended before all were counted."""
        while self._mark is None or self._mark < until:
            upto = counts.reach(connection, self._column, self._mark, until, PART)
            found = dict(self._read(connection, self._mark, upto))
            self._settled.update(found)
            self._mark = upto
            if patience.over and upto < until:
                return None
        total = self._settled.copy()
        total.update(dict(self._read(connection, self._mark, None)))
        return [(labels, float(count)) for labels, count in sorted(total.items())]


class Instances:
    """The same over instances, which have no indexed time: by row number."""

    def __init__(self) -> None:
        """Nothing counted."""
        self._settled: collections.Counter[Labels] = collections.Counter()
        self._mark: int | None = None
        self.last: dict[str, dt.datetime] = {}  #: arrival of the last instance, by site

    def counted(
        self, connection: sa.Connection, patience: Patience
    ) -> list[tuple[Labels, float]] | None:
        """Instances by (site, modality); None where patience ended before all were counted."""
        until = counts.last_instance(connection) - LATE
        while until > (self._mark or 0):
            upto = min((self._mark or 0) + 10 * PART, until)
            self._settled.update(self._part(connection, self._mark, upto))
            self._mark = upto
            if patience.over and upto < until:
                return None
        total = self._settled.copy()
        total.update(self._part(connection, self._mark, None))
        return [(labels, float(count)) for labels, count in sorted(total.items())]

    def _part(
        self, connection: sa.Connection, after: int | None, until: int | None
    ) -> collections.Counter[Labels]:
        found: collections.Counter[Labels] = collections.Counter()
        for site, modality, count, last in counts.instances(connection, after, until):
            found[site, modality if modality in MODALITIES else OTHER] += count
            self.last[site] = max(last, self.last.get(site, last))
        return found
