"""`varde jobs`: what runs, what waits, what needs a hand; and the hand."""

import contextlib
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core import queue
from core import settings as core_settings
from core.domain.errors import NotFoundError, SettingsError
from core.domain.job import DeliveryState, Job, State
from core.settings import Settings
from core.store import database, deliveries, jobs
from varde import embedded_redis
from varde.arguments import Arguments
from varde.terminal import say, table

#: What needs a person comes first, what needs nobody last.
URGENCY: Final = (
    State.UNDELIVERABLE, State.FAILED, State.RUNNING, State.ENCODED, State.QUEUED,
    State.CANCELLED, State.DELIVERED,
)  # fmt: skip
COLUMNS: Final = ("job", "study", "site", "algorithm", "state", "outcome", "attempts", "error")


def listed(arguments: Arguments) -> int:
    """Print the jobs, what needs attention first."""
    states = [_state(name) for name in arguments.state]
    with opened(core_settings.load(arguments.site)) as store, store.read() as reading:
        found = sorted(jobs.listed(reading, states=states), key=lambda j: URGENCY.index(j.state))
        errors = _errors(reading, found)
    found = [dataclasses.replace(job, error=job.error or errors.get(job.id, "")) for job in found]
    if arguments.json:
        for job in found:
            say(json.dumps(_told(job), ensure_ascii=False))
        return 0
    say(table(COLUMNS, [_row(job) for job in found]) if found else "no jobs")
    return 0


def retry(arguments: Arguments) -> int:
    """Start again what ended badly: the same bytes again, or one more run."""
    settings = core_settings.load(arguments.site)
    with opened(settings) as store, store.write() as writing:
        state = jobs.retry(writing, arguments.job_id, dt.datetime.now(dt.UTC))
    _tell(settings)
    if state is State.DELIVERED:
        say(f"job {arguments.job_id}: storage commitment is asked for again")
    else:
        say(f"job {arguments.job_id} is {state} again")
    return 0


def cancel(arguments: Arguments) -> int:
    """Withdraw a job that has no result yet."""
    settings = core_settings.load(arguments.site)
    with opened(settings) as store, store.write() as writing:
        jobs.cancel(writing, arguments.job_id, dt.datetime.now(dt.UTC))
    _tell(settings)
    say(f"job {arguments.job_id} is cancelled")
    return 0


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[database.Database]:
    """The database as it is: a command that only looks makes none."""
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        message = f"no database in {url.database}: start `varde up`, or set VARDE_HOME"
        raise NotFoundError(message)
    store = database.Database(settings.database_url, fsync=settings.database.fsync)
    try:
        yield store
    finally:
        store.close()


def _errors(reading: sa.Connection, found: list[Job]) -> dict[str, str]:
    """By job: the last error of a delivery that waits or ended badly, the latter before all."""
    sending = [job.id for job in found if job.state in {State.UNDELIVERABLE, State.ENCODED}]
    sent = sorted(
        deliveries.of_jobs(reading, sending),
        key=lambda one: one.state is DeliveryState.UNDELIVERABLE,
    )
    told = (one for one in sent if one.error and one.state is not DeliveryState.DELIVERED)
    return {one.job_id: f"{one.destination}: {one.error}" for one in told}


def _state(name: str) -> State:
    """A state by name, with the names there are where it is none."""
    try:
        return State(name)
    except ValueError:
        message = f"«{name}» is no state of a job. There are: {', '.join(State)}"
        raise SettingsError(message) from None


def _tell(settings: Settings) -> None:
    """Wake the router: without Redis it looks by itself within `dispatch.reconcile_s`."""
    if url := settings.queue.url or embedded_redis.running_url(settings.home):
        queue.News(url).tell("jobs")


def _told(job: Job) -> dict[str, object]:
    """A job for machines; times are ISO 8601 in UTC."""
    times = {
        name: moment.isoformat() if (moment := getattr(job, name)) else None
        for name in ("created_at", "started_at", "finished_at", "delivered_at")
    }
    return {
        "job": job.id, "study_uid": job.study_uid, "site": job.site, "revision": job.revision,
        "algorithm": job.algorithm, "version": job.version, "state": job.state,
        "outcome": job.outcome, "attempts": job.attempts, "run": job.run, "error": job.error,
        **times,
    }  # fmt: skip


def _row(job: Job) -> tuple[str, ...]:
    return (
        job.id, job.study_uid, job.site, f"{job.algorithm} {job.version}", job.state,
        job.outcome or "", str(job.attempts), job.error,
    )  # fmt: skip
