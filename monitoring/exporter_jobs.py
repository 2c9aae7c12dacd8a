"""What has become of every job: counted once it is over, looked at anew while it is not.

A job's results are a function of its row that never falls: the outcome of this run, and `failed`
for each run before it, for only what failed can be run again. So the counter is right at any
time, and the same after a restart.
"""

import collections
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.finding import Outcome
from core.domain.job import State
from core.store.watch import counts
from core.store.watch.counts import JobNow
from monitoring import catalogue
from monitoring.exporter_tallies import PART, Patience
from monitoring.families import Histogram, Labels, Reading, Sample

EVALUATED: Final = frozenset({Outcome.FINDINGS.value, Outcome.NOTHING_FOUND.value})
NO_OUTCOME: Final = "none"
_LIVE: Final = frozenset(state.value for state in counts.LIVE)
_FAILED: Final = Outcome.FAILED.value


def results(job: JobNow) -> Iterator[tuple[Labels, int]]:
    """What a job adds to the counter of results."""
    stream = (job.site, job.algorithm, job.version)
    outcome = job.outcome or (_FAILED if job.state == State.FAILED.value else None)
    if outcome:
        yield (*stream, outcome), 1
    if job.run > 1:
        yield (*stream, _FAILED), job.run - 1


class Jobs:
    """All jobs of the database: those that are over as sums, the others by their ids."""

    def __init__(self) -> None:
        """Nothing read."""
        self._settled: collections.Counter[Labels] = collections.Counter()
        self._followed: set[str] = set()
        self._again: set[str] = set()
        self._mark: dt.datetime | None = None
        self._last: dict[Labels, dt.datetime] = {}
        self._delivery = Histogram(catalogue.RESULT_DELIVERY)
        self._inference = Histogram(catalogue.INFERENCE)

    def readings(
        self,
        connection: sa.Connection,
        live: Sequence[JobNow],
        until: dt.datetime,
        patience: Patience,
    ) -> list[Reading] | None:
        """Results and how long they took; None where patience ended before all were counted.

        `live` are all jobs in a live state, as they were read in the same scrape.
        """
        while self._mark is None or self._mark < until:
            upto = counts.reach(connection, counts.JOB_AT, self._mark, until, PART)
            for job in counts.jobs(connection, self._mark, upto):
                self._take(job)
            self._mark = upto
            if patience.over and upto < until:
                return None
        open_ = self._follow(connection, live, self._mark)
        fresh = counts.jobs(connection, self._mark, None)
        return self._told([*open_, *fresh])

    def _follow(
        self, connection: sa.Connection, live: Sequence[JobNow], mark: dt.datetime
    ) -> list[JobNow]:
        """The live jobs made before `mark`; what has left their number since is settled."""
        known = {job.id: job for job in live if job.created_at <= mark}
        moved = []
        for job in counts.jobs_of(connection, self._followed - known.keys()):
            self._followed.discard(job.id)
            self._take(job)
            moved += [job] if job.id in self._followed else []
        for job in known.values():
            if job.id not in self._followed:
                self._reopen(job)
        return [*known.values(), *moved]

    def _take(self, job: JobNow) -> None:
        """Follow a job that is not over, count one that is."""
        if job.state in _LIVE:
            self._followed.add(job.id)
            return
        for labels, count in results(job):
            self._settled[labels] += count
        self._seen(job)
        if job.delivered_at and job.id not in self._again:
            self._timed(job, job.delivered_at)

    def _reopen(self, job: JobNow) -> None:
        """A job that was over is run again: its failed runs are counted with it from now on."""
        self._settled[job.site, job.algorithm, job.version, _FAILED] -= job.run - 1
        self._followed.add(job.id)
        self._again.add(job.id)  # the time to its first answer is counted already

    def _timed(self, job: JobNow, delivered_at: dt.datetime) -> None:
        waited = (delivered_at - job.last_instance_at).total_seconds()
        self._delivery.add((job.site, job.algorithm), waited)
        if job.started_at and job.finished_at:
            worked = (job.finished_at - job.started_at).total_seconds()
            self._inference.add((job.algorithm,), worked)

    def _seen(self, job: JobNow) -> None:
        """Note when its stream was last evaluated."""
        if job.outcome in EVALUATED and job.finished_at:
            stream = (job.site, job.algorithm)
            self._last[stream] = max(job.finished_at, self._last.get(stream, job.finished_at))

    def _told(self, moving: Iterable[JobNow]) -> list[Reading]:
        total = self._settled.copy()
        for job in moving:
            for labels, count in results(job):
                total[labels] += count
            self._seen(job)
        told = [(labels, float(count)) for labels, count in sorted(total.items()) if count]
        last = [(labels, at.timestamp()) for labels, at in sorted(self._last.items())]
        return [
            Reading(catalogue.RESULTS, told),
            Reading(catalogue.LAST_RESULT, last),
            self._delivery.reading(),
            self._inference.reading(),
        ]


def under_way(jobs: Sequence[JobNow], queues: Iterable[str], now: dt.datetime) -> list[Reading]:
    """Live jobs by state, and how long the oldest has waited in each queue."""
    counted = collections.Counter(
        (job.site, job.algorithm, job.version, job.state, job.outcome or NO_OUTCOME) for job in jobs
    )
    waiting: dict[str, dt.datetime] = dict.fromkeys(queues, now)
    for job in jobs:
        if job.state == State.QUEUED.value:
            waiting[job.queue] = min(job.created_at, waiting.get(job.queue, now))
    ages: list[Sample] = [
        ((name,), max(0.0, (now - since).total_seconds())) for name, since in waiting.items()
    ]
    return [
        Reading(catalogue.JOBS, [(key, float(n)) for key, n in sorted(counted.items())]),
        Reading(catalogue.QUEUE_OLDEST, ages),
    ]
