"""From a complete study to jobs, and from jobs to the queue: rows first, news afterwards."""

import datetime as dt
from collections.abc import Callable, Mapping

import celery

from core.domain.errors import UnavailableError
from core.domain.identity import VERSION
from core.domain.job import PLATFORM, Job, Priority
from core.domain.study import Decision
from core.logs import logger
from core.queue import News, send
from core.settings import Settings
from core.store import assembly as studies
from core.store import commitments, deliveries, jobs, outbox
from core.store.assembly import Wish
from core.store.database import Database
from models.registry import Algorithm
from router import routes
from router.assembly import Complete, Pending, Waiting, complete, next_look

PLATFORM_LIMIT_S = 60.0
_LONGEST_WAIT = dt.timedelta(seconds=1)


class Dispatcher:
    """Assembly, routes and outbox of one router."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        algorithms: Mapping[str, Algorithm],
        queue: celery.Celery,
        *,
        news: News,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """Routes are checked against the algorithms: a route to nowhere stops the start."""
        routes.check(settings.routes, algorithms)
        self._settings = settings
        self._database = database
        self._algorithms = algorithms
        self._queue = queue
        self._news = news
        self._clock = clock
        self._waiting = Waiting(
            dt.timedelta(seconds=settings.assembly.quiet_s),
            dt.timedelta(seconds=settings.assembly.patience_s),
        )

    def assemble(self) -> dt.timedelta:
        """Close what is complete; returns how long until the clock matters again."""
        now = self._clock()
        alive = now - dt.timedelta(seconds=self._settings.dicom.idle_s + 5)
        with self._database.read() as connection:
            rows = studies.pending(connection, alive_since=alive)
        pending = [Pending(*row) for row in rows]
        done = complete(pending, self._waiting, now)
        for study in done:
            self._close(study, next(p.instances for p in pending if p.study_id == study.study_id))
        if done:
            self.tell()
        wait = next_look([p for p in pending if p.study_id not in {d.study_id for d in done}],
                         self._waiting, now)  # fmt: skip
        return min(wait, _LONGEST_WAIT) if wait is not None else _LONGEST_WAIT

    def _close(self, study: Complete, expected: int) -> None:
        """One transaction: revision, decisions, jobs and their news.

        Nothing is closed where not `expected` instances wait any more: the quiet period
        has begun anew.
        """
        with self._database.read() as connection:
            instances = studies.instances(connection, study.study_id)
        decisions = routes.decide(
            instances, site=study.site, routes=self._settings.routes, algorithms=self._algorithms
        )
        now = self._clock()
        try:
            with self._database.write() as connection:
                revision = studies.close_revision(
                    connection, study.study_id, because=study.because, seen=expected, now=now
                )
                studies.record_decisions(connection, study.study_id, revision, decisions)
                for wish in self._wishes(decisions):
                    studies.create_job(
                        connection, study.study_id, study.site, revision, wish, now=now
                    )
        except studies.ChangedError:
            return
        logger().info(
            "revision complete", study=study.study_id, site=study.site, revision=revision,
            instances=len(instances), reason=study.because,
            algorithm=[d.algorithm for d in decisions if d.chosen],
        )  # fmt: skip

    def _wishes(self, decisions: list[Decision]) -> list[Wish]:
        """What jobs a study gets; one of Varde's own where no algorithm may read it."""
        by_name = {route.name: route for route in self._settings.routes}
        found = []
        for decision in decisions:
            if decision.chosen:
                run = self._algorithms[decision.algorithm].manifest.run
                found.append(
                    Wish(
                        algorithm=decision.algorithm,
                        version=decision.version,
                        queue=run.queue,
                        priority=by_name[decision.route].queue_priority,
                        limit_s=run.timeout_s,
                    )
                )
        return found or [Wish(PLATFORM, VERSION, "cpu", Priority.ROUTINE, PLATFORM_LIMIT_S)]

    def tell(self) -> int:
        """Tell the queue what is due; returns how many jobs it took."""
        now = self._clock()
        with self._database.read() as connection:
            due = jobs.due_news(connection, now)
        told = 0
        for job, sent in due:
            try:
                self._send(job)
            except UnavailableError as error:
                logger().warning("queue away", error=str(error), count=len(due) - told)
                break
            told += 1
            again = now + dt.timedelta(seconds=self._settings.dispatch.resend_s * 2 ** min(sent, 6))
            with self._database.write() as connection:
                outbox.told(connection, job.id, sent=sent, again=again)
        return told

    def _send(self, job: Job) -> None:
        """The message holds the job's id and nothing else."""
        send(self._queue, job.id, queue=job.queue, priority=int(job.priority), limit_s=job.limit_s)

    def reconcile(self) -> None:
        """What a killed worker held and what a lost queue forgot is announced again."""
        now = self._clock()
        with self._database.write() as connection:
            lost = jobs.release_lost(connection, now)
            stranded = deliveries.stranded(connection, self._settings.destinations.keys(), now)
            forgotten = commitments.forget(connection, self._asked())
        for job_id in lost:
            logger().warning("lease lost, job given back", job=job_id)
        if stranded:
            logger().error("destination no longer described", count=stranded)
        if forgotten:
            logger().warning("commitment no longer asked for", count=forgotten)
        if self._news.alive() and self._news.lost_everything():
            with self._database.write() as connection:
                again = outbox.tell_all_again(connection, now)
            if again:
                logger().warning("queue was empty, jobs announced again", count=again)
        self.tell()

    def _asked(self) -> list[str]:
        """The destinations that are asked for storage commitment."""
        return [key for key, one in self._settings.destinations.items() if one.commitment]
