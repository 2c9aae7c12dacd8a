"""The database's and the queue's state as metrics, read anew at every scrape.

Nothing is counted in the programs themselves: a restart loses no counter, and any
number of workers need no common memory. A scrape never fails: where the database is
away, `varde_database_up` is 0 and the rest is missing.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from core.logs import logger
from core.queue import QUEUES, News
from core.store import commitments, deliveries, jobs, studies
from core.store.database import Database
from monitoring import catalogue
from monitoring.families import Histogram, family

NOBODY = "unknown"  #: the site of a sender that nobody described
NO_OUTCOME = "none"
#: A row may be committed this much later than the time that it carries.
LAG = dt.timedelta(seconds=30)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Exporter(Collector):
    """A Prometheus collector over one database, and over the queue where there is one."""

    def __init__(
        self,
        database: Database,
        news: News | None = None,
        *,
        clock: Callable[[], dt.datetime] = _now,
    ) -> None:
        """Read nothing yet; `clock` gives the time in UTC."""
        self._database = database
        self._news = news
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dt.datetime | None = None
        self._delivery = Histogram(catalogue.RESULT_DELIVERY)
        self._inference = Histogram(catalogue.INFERENCE)

    def collect(self) -> Iterator[Family]:
        """Every metric that can be read now."""
        found = self._from_database()
        yield family(catalogue.DATABASE_UP, [((), float(found is not None))])
        yield from found or ()
        yield from self._from_queue()

    def _from_database(self) -> list[Family] | None:
        """All of the database's metrics in one picture, None where it does not answer."""
        try:
            with self._lock, self._database.read() as connection:
                return [
                    *_arrivals(connection),
                    *_work(connection, self._clock()),
                    *self._times(connection, self._clock() - LAG),
                ]
        except Exception as error:  # noqa: BLE001 - whatever it is, the scrape must say the rest
            logger().warning("the metrics cannot be read", error=type(error).__name__)
            return None

    def _times(self, connection: sa.Connection, until: dt.datetime) -> list[Family]:
        """The histograms, with the jobs delivered since the last scrape added."""
        for job in jobs.delivered_between(connection, self._seen, until):
            waited = (job.delivered_at - job.last_instance_at).total_seconds()
            self._delivery.add((job.site, job.algorithm), waited)
            if job.started_at and job.finished_at:
                worked = (job.finished_at - job.started_at).total_seconds()
                self._inference.add((job.algorithm,), worked)
        self._seen = until
        return [self._delivery.family(), self._inference.family()]

    def _from_queue(self) -> Iterator[Family]:
        """How many messages wait, where a queue is set."""
        if self._news is None:
            return
        alive = self._news.alive()
        yield family(catalogue.QUEUE_UP, [((), float(alive))])
        depths = self._news.lengths() if alive else {}
        yield family(catalogue.QUEUE_DEPTH, [((name,), depth) for name, depth in depths.items()])


def _arrivals(connection: sa.Connection) -> Iterator[Family]:
    """What came in, and what was not taken."""
    received = studies.received(connection)
    yield family(catalogue.STUDIES, [((site,), count) for site, count, _, _ in received])
    yield family(catalogue.INSTANCES, [((site,), count) for site, _, count, _ in received])
    yield family(
        catalogue.LAST_INSTANCE, [((site,), at.timestamp()) for site, _, _, at in received]
    )
    refused = studies.refusal_counts(connection)
    yield family(
        catalogue.REFUSALS, [((site or NOBODY, code), count) for site, code, count in refused]
    )


def _work(connection: sa.Connection, now: dt.datetime) -> Iterator[Family]:
    """Jobs, deliveries, commitments, and how long the oldest job has waited."""
    counted = jobs.counts(connection)
    yield family(
        catalogue.JOBS,
        [((*keys, outcome or NO_OUTCOME), count) for *keys, outcome, count in counted],
    )
    sent = deliveries.counts(connection)
    yield family(catalogue.DELIVERIES, [((to, state), count) for to, state, count in sent])
    kept = commitments.counts(connection)
    yield family(catalogue.COMMITMENTS, [((to, state), count) for to, state, count in kept])
    oldest = jobs.oldest_queued(connection)
    ages = {name: now - oldest.get(name, now) for name in (*QUEUES, *oldest)}
    yield family(
        catalogue.QUEUE_OLDEST, [((name,), age.total_seconds()) for name, age in ages.items()]
    )
