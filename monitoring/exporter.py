"""The database's and the queue's state as metrics, read at every scrape.

Nothing is counted in the programs themselves: a restart loses no counter, and any
number of workers need no common memory. What was counted once is not counted again: a scrape
costs what has happened since the last one. A scrape never fails: where the database is
away, `varde_database_up` is 0 and the rest is missing; where a first scrape would take too
long, `varde_exporter_caught_up` is 0 and what is not counted to the end yet is missing.
"""

import datetime as dt
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from core.domain.reason import ReasonCode
from core.logs import logger
from core.queue import QUEUES, News
from core.store.database import Database
from core.store.watch import counts
from monitoring import catalogue, exporter_jobs, exporter_watch
from monitoring.exporter_days import Days
from monitoring.exporter_jobs import Jobs
from monitoring.exporter_tallies import LAG, Instances, Patience, Tally
from monitoring.exporter_watch import Compared, Drift
from monitoring.families import Reading, Sample

NOBODY: Final = "unknown"  #: the site of a sender that nobody described
PATIENCE_S: Final = 4.0  #: a scrape goes on counting for so long; Prometheus waits for ten


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Exporter(Collector):
    """A Prometheus collector over one database, and over the queue where there is one."""

    def __init__(
        self,
        database: Database,
        news: News | None = None,
        *,
        home: Path | None = None,
        clock: Callable[[], dt.datetime] = _now,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Read nothing yet; `clock` gives the time in UTC, `home` is the disk to look at."""
        self._database = database
        self._news = news
        self._home = home
        self._clock = clock
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        """Know nothing: what follows is counted from the beginning."""
        self._studies = Tally(counts.STUDY_AT, counts.studies)
        self._refusals = Tally(counts.REFUSAL_AT, counts.refusals)
        self._decisions = Tally(counts.REVISION_AT, counts.decisions)
        self._feedback = Tally(counts.FEEDBACK_AT, counts.feedback)
        self._instances = Instances()
        self._jobs = Jobs()
        self._days = Days()
        self._drift = Drift()
        self._compared = Compared()

    def collect(self) -> Iterator[Family]:
        """Every metric that can be read now."""
        for reading in self.readings():
            yield reading.family()

    def readings(self) -> list[Reading]:
        """The same without prometheus_client's shapes."""
        found = self._from_database()
        up = Reading(catalogue.DATABASE_UP, [((), float(found is not None))])
        return [up, *(found or ()), *self._from_queue(), *self._from_disk()]

    def _from_database(self) -> list[Reading] | None:
        """All of the database's metrics, None where it does not answer."""
        try:
            with self._lock, self._database.read() as connection:
                return self._read(connection, self._clock(), Patience(self._patience_s))
        except Exception as error:  # noqa: BLE001 - whatever it is, the scrape must say the rest
            logger().warning("the metrics cannot be read", error=type(error).__name__)
            return None

    def _read(
        self, connection: sa.Connection, now: dt.datetime, patience: Patience
    ) -> list[Reading]:
        """What is quickly read first: an alarm does not wait for a counter."""
        live = counts.live_jobs(connection)
        told = [*self._watched(connection, now), *_under_way(connection, live, now)]
        until = now - LAG
        counted = [
            self._arrived(connection, patience),
            self._tallied(connection, until, patience),
            self._jobs.readings(connection, live, until, patience),
            self._days.readings(connection, now, until, patience),
        ]
        caught_up = Reading(catalogue.CAUGHT_UP, [((), float(None not in counted))])
        return [*told, caught_up, *(one for some in counted for one in some or ())]

    def _watched(self, connection: sa.Connection, now: dt.datetime) -> Iterator[Reading]:
        """What the nightly job and people have said."""
        yield from self._drift.readings(connection)
        streams = self._drift.streams
        yield from exporter_watch.night(connection)
        yield from exporter_watch.cases(connection)
        yield exporter_watch.activated(connection, streams)
        yield from exporter_watch.audits(connection)
        algorithms = [algorithm for _, algorithm in streams]
        yield from self._compared.readings(connection, algorithms, now)

    def _arrived(self, connection: sa.Connection, patience: Patience) -> list[Reading] | None:
        """Instances, and when the last one came."""
        found = self._instances.counted(connection, patience)
        if found is None:
            return None
        last = [((site,), at.timestamp()) for site, at in sorted(self._instances.last.items())]
        return [Reading(catalogue.INSTANCES, found), Reading(catalogue.LAST_INSTANCE, last)]

    def _tallied(
        self, connection: sa.Connection, until: dt.datetime, patience: Patience
    ) -> list[Reading] | None:
        """The counters of what is only ever added."""
        tallies = (self._studies, self._refusals, self._decisions, self._feedback)
        found = [tally.counted(connection, until, patience) for tally in tallies]
        studies, refused, decided, said = found
        if studies is None or refused is None or decided is None or said is None:
            return None
        return [
            Reading(catalogue.STUDIES, studies),
            Reading(
                catalogue.REFUSALS, [((site or NOBODY, code), n) for (site, code), n in refused]
            ),
            *_decided(decided),
            Reading(catalogue.FEEDBACK, said),
        ]

    def _from_queue(self) -> Iterator[Reading]:
        """How many messages wait, where a queue is set."""
        if self._news is None:
            return
        alive = self._news.alive()
        yield Reading(catalogue.QUEUE_UP, [((), float(alive))])
        depths = self._news.lengths() if alive else {}
        yield Reading(catalogue.QUEUE_DEPTH, [((name,), float(n)) for name, n in depths.items()])

    def _from_disk(self) -> Iterator[Reading]:
        """Room on the disk, where it can be asked."""
        try:
            usage = shutil.disk_usage(self._home) if self._home else None
        except OSError:
            usage = None
        if usage:
            yield Reading(catalogue.DISK_FREE, [((), float(usage.free))])
            yield Reading(catalogue.DISK_SIZE, [((), float(usage.total))])


def _under_way(
    connection: sa.Connection, live: Sequence[counts.JobNow], now: dt.datetime
) -> Iterator[Reading]:
    """Jobs, deliveries and commitments that are not at their end."""
    yield from exporter_jobs.under_way(live, QUEUES, now)
    sent = counts.waiting_deliveries(connection)
    yield Reading(catalogue.DELIVERIES, [(labels, float(n)) for labels, n in sent])
    kept = counts.open_commitments(connection)
    yield Reading(catalogue.COMMITMENTS, [(labels, float(n)) for labels, n in kept])


def _decided(decided: list[Sample]) -> Iterator[Reading]:
    """Chosen or declined, and declined why."""
    chosen: dict[tuple[str, ...], float] = {}
    for (site, algorithm, reason), count in decided:
        outcome = "chosen" if reason == ReasonCode.CHOSEN.value else "declined"
        key = (site, algorithm, outcome)
        chosen[key] = chosen.get(key, 0.0) + count
    yield Reading(catalogue.DECISIONS, list(chosen.items()))
    declined = [(labels, n) for labels, n in decided if labels[2] != ReasonCode.CHOSEN.value]
    yield Reading(catalogue.REJECTIONS, declined)
