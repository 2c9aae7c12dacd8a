"""The one task: claim a job, answer it, store the answer. Thin: the rooms below do the work.

Whatever happens, a task ends without an error of its own: the job is stored, given
back, or left to its lease. The database decides; a message that comes twice finds
nothing to claim.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator

import celery
import structlog

from core import logs
from core.domain.errors import VardeError
from core.queue import RUN_TASK
from core.store import jobs
from workers.attempt import Attempt
from workers.station import Station
from workers.telling import traced


def register(queue_app: celery.Celery, station: Callable[[], Station]) -> None:
    """Make the task known to `queue_app`; `station` gives the process's own, after the fork."""

    @queue_app.task(name=RUN_TASK, Request="workers.acknowledgement:Request")
    def run(job_id: str) -> None:
        perform(station(), job_id)


def perform(station: Station, job_id: str) -> None:
    """Claim the job and answer it; does nothing where it is not there to be claimed."""
    with structlog.contextvars.bound_contextvars(job=job_id), _never_raises("the task stopped"):
        owner = f"{station.name}/{uuid.uuid4().hex}"
        with station.database.write() as connection:
            job = jobs.claim(
                connection, job_id, owner=owner, now=station.clock(), lease=station.lease
            )
        if job is None:
            logs.logger().debug("nothing to claim")
            return
        with structlog.contextvars.bound_contextvars(
            study=job.study_id, site=job.site, algorithm=job.algorithm, attempts=job.attempts
        ):
            Attempt(station, job, owner).run()


@contextlib.contextmanager
def _never_raises(event: str) -> Iterator[None]:
    """Log what nobody handled: the job's lease or its outbox row brings it back."""
    try:
        yield
    except VardeError as error:
        logs.logger().warning(event, code=error.code, error=str(error))
    except Exception as error:  # noqa: BLE001 - Celery would log it, message and all
        logs.logger().error(event, detail=traced(error))
