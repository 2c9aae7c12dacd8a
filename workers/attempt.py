"""One claim of one job: answer it, store the answer, or say why there is none."""

import datetime as dt
import time

from celery.exceptions import SoftTimeLimitExceeded
from pydicom import Dataset

from core import logs
from core.domain.activation import Activation
from core.domain.errors import VardeError
from core.domain.finding import Result
from core.domain.job import PLATFORM, Job
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from core.store import assembly, jobs, studies
from core.store.watch import activations
from workers import answers, pipeline, storing, tracking
from workers.lease import Lease, LeaseLostError
from workers.observer import Observer
from workers.serials import Serials
from workers.station import Station
from workers.telling import said, traced

FIRST_DELAY_S = 5.0
FACTOR = 4.0
LONGEST_DELAY_S = 600.0


def delay(attempts: int) -> dt.timedelta:
    """How long a job waits after its attempt number `attempts` has failed."""
    grown = FIRST_DELAY_S * FACTOR ** min(attempts - 1, 10)
    return dt.timedelta(seconds=min(grown, LONGEST_DELAY_S))


#: Further claims for an answer "failed" that cannot be stored, on a full disk for one.
LAST_RESORT = 10


class Attempt:
    """One claim of one job."""

    def __init__(self, station: Station, job: Job, owner: str) -> None:
        """`owner` is this claim's own: not even the same process has it twice."""
        self.station, self.job, self.owner = station, job, owner
        self.instances: list[Instance] = []
        self.observer = Observer(lambda: Serials.below(station.settings.home))
        self._began = time.monotonic()

    def run(self) -> None:
        """Answer under a lease that is renewed meanwhile."""
        with Lease(self._renew, self.station.settings.worker.lease_s) as lease:
            try:
                self._store(self._answer(lease), lease)
            except LeaseLostError:
                logs.logger().warning("the lease was lost: this run is dropped")
            except SoftTimeLimitExceeded:
                self._fail(Reason(ReasonCode.TIMEOUT, {"detail": f"{self.job.limit_s:g}"}), lease)
            except Exception as error:  # noqa: BLE001 - an answer is owed whatever went wrong
                self._stumbled(error, lease)

    def _answer(self, lease: Lease) -> Result:
        """The result of the job: of its algorithm, of Varde itself, or that it is given up."""
        station, job = self.station, self.job
        with station.database.read() as connection:
            self.instances = assembly.instances(connection, job.study_id, job.revision)
            decisions = studies.decisions(connection, job.study_id, job.revision)
            activated = activations.latest(connection, job.site, job.algorithm)
        if job.attempts > station.settings.dispatch.attempts:
            return self._failed(Reason(ReasonCode.GAVE_UP, {"detail": str(job.attempts - 1)}))
        if job.algorithm == PLATFORM:
            return answers.refused(
                job,
                self.instances,
                decisions,
                worker=station.name,
                now=station.clock(),
                language=station.settings.web.language,
            )
        if activated and activated.state is Activation.SUSPENDED:
            return answers.suspended(
                job,
                station.installed(job),
                activated.at,
                worker=station.name,
                now=station.clock(),
            )
        return self._evaluated(lease)

    def _evaluated(self, lease: Lease) -> Result:
        """What the algorithm says; ends early where the lease or the time is gone."""

        def read(instance: Instance) -> Dataset:
            lease.check()
            self._in_time()
            return self.station.read(instance)

        result = pipeline.evaluate(
            self.station.algorithm(self.job),
            self.instances,
            read,
            self.station.runtime,
            job_id=self.job.id,
            worker=self.station.name,
            clock=self.station.clock,
            observer=self.observer,
        )
        self._in_time()
        return tracking.tracked(self.station, self.job, result)

    def _in_time(self) -> None:
        """Raise where the limit has passed: a decoder may have swallowed Celery's own signal."""
        if time.monotonic() - self._began >= self.job.limit_s:
            raise SoftTimeLimitExceeded

    def _store(self, result: Result, lease: Lease) -> None:
        deliveries = storing.store(
            self.station,
            self.job,
            lease,
            owner=self.owner,
            result=result,
            instances=self.instances,
            observer=self.observer,
        )
        self.station.news.tell("result")
        logs.logger().info(
            "result stored",
            outcome=result.outcome.value,
            objects=deliveries,
            seconds=round(time.monotonic() - self._began, 3),
        )

    def _stumbled(self, error: Exception, lease: Lease) -> None:
        """Try again later where that may help and has not been tried enough, else say so."""
        logs.logger().warning("an attempt failed", detail=traced(error))
        may_pass = error.retryable if isinstance(error, VardeError) else True
        if may_pass and self.job.attempts < self.station.settings.dispatch.attempts:
            self._release(said(error))
        else:
            self._fail(Reason(ReasonCode.ERROR, {"detail": said(error)}), lease)

    def _fail(self, reason: Reason, lease: Lease) -> None:
        """Store the answer "failed"; where not even that goes, the job says it."""
        try:
            self._store(self._failed(reason), lease)
        except LeaseLostError:
            logs.logger().warning("the lease was lost: this run is dropped")
        except Exception as error:  # noqa: BLE001 - the last stop before silence
            limit = self.station.settings.dispatch.attempts + LAST_RESORT
            if isinstance(error, VardeError) and error.retryable and self.job.attempts < limit:
                self._release(said(error))
            else:
                self._mark(f"{reason.text('en')}; and no answer could be made: {said(error)}")

    def _failed(self, reason: Reason) -> Result:
        return answers.failed(
            self.job,
            self.station.installed(self.job),
            reason,
            worker=self.station.name,
            now=self.station.clock(),
        )

    def _renew(self) -> bool:
        with self.station.database.write() as connection:
            return jobs.renew(
                connection,
                self.job.id,
                owner=self.owner,
                now=self.station.clock(),
                lease=self.station.lease,
            )

    def _release(self, error: str) -> None:
        now = self.station.clock()
        due = now + delay(self.job.attempts)
        with self.station.database.write() as connection:
            jobs.release(connection, self.job.id, owner=self.owner, error=error, due=due)

    def _mark(self, error: str) -> None:
        logs.logger().error("no answer could be made", detail=error)
        now = self.station.clock()
        with self.station.database.write() as connection:
            jobs.failed(connection, self.job.id, owner=self.owner, error=error, now=now)
