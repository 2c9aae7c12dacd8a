"""Queries of jobs: claims and leases by compare-and-set, the outbox, and the operator's list."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.errors import IllegalTransitionError, NotFoundError
from core.domain.finding import Outcome
from core.domain.job import DeliveryState, Event, Job, Priority, State, after, before
from core.domain.succession import Standing
from core.store import commitments, outbox, succession
from core.store.tables import DeliveryRow, JobRow, OutboxRow, StudyRow

_LOST = DeliveryRow.state == DeliveryState.UNDELIVERABLE.value


def _job(row: sa.Row) -> Job:  # type: ignore[type-arg]
    """A row as the domain sees it."""
    return Job(
        id=row.id,
        study_id=row.study_id,
        study_uid=row.study_uid,
        site=row.site,
        revision=row.revision,
        algorithm=row.algorithm,
        version=row.version,
        queue=row.queue,
        priority=Priority(row.priority),
        state=State(row.state),
        attempts=row.attempts,
        run=row.run,
        limit_s=row.limit_s,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        delivered_at=row.delivered_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        error=row.error,
    )


def _columns() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(*JobRow.__table__.columns, StudyRow.study_uid).join(
        StudyRow, StudyRow.id == JobRow.study_id
    )


def get(connection: sa.Connection, job_id: str) -> Job:
    """One job; raises `NotFoundError`."""
    row = connection.execute(_columns().where(JobRow.id == job_id)).first()
    if row is None:
        message = f"no job {job_id[:40]!a}"
        raise NotFoundError(message)
    return _job(row)


def listed(
    connection: sa.Connection,
    *,
    states: Iterable[State] = (),
    study_ids: Iterable[str] | None = None,
    limit: int = 1000,
) -> list[Job]:
    """Jobs, newest first, in `states` (all where empty) and of `study_ids` where given."""
    query = _columns().order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
    if chosen := [state.value for state in states]:
        query = query.where(JobRow.state.in_(chosen))
    if study_ids is not None:
        query = query.where(JobRow.study_id.in_(list(study_ids)))
    return [_job(row) for row in connection.execute(query)]


def troubled(connection: sa.Connection, limit: int) -> list[Job]:
    """Jobs that need a hand, newest first: failed, undeliverable, or with an object that one
    destination has refused for good while others wait.
    """
    lost = sa.exists().where(DeliveryRow.job_id == JobRow.id, _LOST)
    ended = [State.FAILED.value, State.UNDELIVERABLE.value]
    query = (
        _columns()
        .where(JobRow.state.in_(ended) | ((JobRow.state == State.ENCODED.value) & lost))
        .order_by(JobRow.created_at.desc(), JobRow.id)
        .limit(limit)
    )
    return [_job(row) for row in connection.execute(query)]


def _move(
    connection: sa.Connection,
    job_id: str,
    event: Event,
    *more: sa.ColumnElement[bool],
    **values: object,
) -> bool:
    """Compare-and-set along the transition table; False where the job was not in a fit state."""
    states = before(event)
    target = after(states[0], event)
    moved = connection.execute(
        sa.update(JobRow)
        .where(JobRow.id == job_id, JobRow.state.in_([s.value for s in states]), *more)
        .values(state=target.value, **values)
    )
    return moved.rowcount == 1


def claim(
    connection: sa.Connection, job_id: str, *, owner: str, now: dt.datetime, lease: dt.timedelta
) -> Job | None:
    """Take a queued job; None where another has it, or it is gone."""
    taken = _move(
        connection, job_id, Event.CLAIM,
        lease_owner=owner, lease_until=now + lease, attempts=JobRow.attempts + 1, started_at=now,
        error="",
    )  # fmt: skip
    if not taken:
        return None
    outbox.discard(connection, job_id)
    return get(connection, job_id)


def renew(
    connection: sa.Connection, job_id: str, *, owner: str, now: dt.datetime, lease: dt.timedelta
) -> bool:
    """Hold the job longer; False where the lease was lost or the job cancelled."""
    held = connection.execute(
        sa.update(JobRow)
        .where(
            JobRow.id == job_id, JobRow.lease_owner == owner, JobRow.state == State.RUNNING.value
        )
        .values(lease_until=now + lease)
    )
    return held.rowcount == 1


def release(
    connection: sa.Connection,
    job_id: str,
    *,
    owner: str,
    error: str,
    due: dt.datetime,
) -> bool:
    """Give a job back to the queue after an error that may pass; announced again at `due`."""
    given = _move(
        connection, job_id, Event.RELEASE, JobRow.lease_owner == owner,
        lease_owner=None, lease_until=None, error=error,
    )  # fmt: skip
    if given:
        outbox.announce(connection, job_id, due)
    return given


def release_lost(connection: sa.Connection, now: dt.datetime) -> list[str]:
    """Give back every job whose worker went silent; returns their ids."""
    lost = list(
        connection.execute(
            sa.select(JobRow.id).where(
                JobRow.state == State.RUNNING.value, JobRow.lease_until < now
            )
        ).scalars()
    )
    given = []
    for job_id in lost:
        if _move(
            connection, job_id, Event.RELEASE, JobRow.lease_until < now,
            lease_owner=None, lease_until=None, error="the worker went silent",
        ):  # fmt: skip
            outbox.announce(connection, job_id, now)
            given.append(job_id)
    return given


def encoded(
    connection: sa.Connection,
    job_id: str,
    *,
    owner: str,
    outcome: Outcome,
    error: str,
    now: dt.datetime,
) -> bool:
    """The result is stored; False where the lease was lost, and then nothing may be written."""
    return _move(
        connection, job_id, Event.ENCODE, JobRow.lease_owner == owner,
        outcome=outcome.value, finished_at=now, lease_owner=None, lease_until=None, error=error,
    )  # fmt: skip


def failed(
    connection: sa.Connection, job_id: str, *, owner: str, error: str, now: dt.datetime
) -> bool:
    """Not even a result of failure could be made."""
    return _move(
        connection, job_id, Event.FAIL, JobRow.lease_owner == owner,
        finished_at=now, lease_owner=None, lease_until=None, error=error,
    )  # fmt: skip


def cancel(connection: sa.Connection, job_id: str, now: dt.datetime) -> None:
    """Withdraw a job that has no result yet; raises `IllegalTransitionError` else."""
    job = get(connection, job_id)
    if not _move(connection, job_id, Event.CANCEL, finished_at=now, lease_owner=None):
        message = f"job {job_id} is {job.state}: only queued and running jobs can be cancelled"
        raise IllegalTransitionError(message)
    outbox.discard(connection, job_id)


def retry(connection: sa.Connection, job_id: str, now: dt.datetime) -> State:
    """Start again what ended badly: deliver the same bytes, or run once more.

    Objects that one destination has refused are delivered again also while others wait.
    Storage commitment that a destination refused or did not answer is asked for again too; a
    delivered job with nothing else to it stays delivered.
    """
    connection.execute(sa.select(JobRow.id).where(JobRow.id == job_id).with_for_update())
    job = get(connection, job_id)
    asked = commitments.restart(connection, job_id, now)
    if _deliver_again(connection, job, now):
        return _set(connection, job, Event.RETRY) if job.state is State.UNDELIVERABLE else job.state
    if job.state is State.FAILED or job.outcome is Outcome.FAILED:
        outbox.announce(connection, job_id, now)
        return _set(
            connection, job, Event.RERUN,
            attempts=0, run=JobRow.run + 1, outcome=None, finished_at=None, delivered_at=None,
        )  # fmt: skip
    if asked:
        return job.state
    message = f"job {job_id} is {job.state}: only undeliverable and failed jobs can be retried"
    raise IllegalTransitionError(message)


def _deliver_again(connection: sa.Connection, job: Job, now: dt.datetime) -> bool:
    """Have every delivery that ended badly tried again; False where none did."""
    if job.state not in {State.UNDELIVERABLE, State.ENCODED}:
        return False
    again = (
        sa.update(DeliveryRow)
        .where(DeliveryRow.job_id == job.id, _LOST)
        .values(state=DeliveryState.WAITING.value, attempts=0, next_at=now)
    )
    if not connection.execute(again).rowcount and job.state is State.ENCODED:
        return False
    _still_valid(connection, job)
    return True


def outdated_by(connection: sa.Connection, job: Job) -> Standing | None:
    """The result that has taken the place of this job's, if one has."""
    return succession.of(connection, job, job.outcome, {}).outdated_by if job.outcome else None


def _still_valid(connection: sa.Connection, job: Job) -> None:
    """Raise where a newer result has taken the place of this one: it must not follow it."""
    if newer := outdated_by(connection, job):
        message = (
            f"job {job.id} is not sent again: {newer.algorithm} {newer.version} has answered "
            f"revision {newer.revision} since"
        )
        raise IllegalTransitionError(message)


def _set(connection: sa.Connection, job: Job, event: Event, **values: object) -> State:
    """Move a job that was just read; raises `IllegalTransitionError`."""
    state = after(job.state, event)
    connection.execute(
        sa.update(JobRow)
        .where(JobRow.id == job.id, JobRow.state == job.state.value)
        .values(state=state.value, **values)
    )
    return state


def due_news(
    connection: sa.Connection, now: dt.datetime, limit: int = 500
) -> list[tuple[Job, int]]:
    """(queued job, times told) of which the queue must be told now, the most urgent first."""
    query = (
        _columns()
        .add_columns(OutboxRow.sent)
        .join(OutboxRow, OutboxRow.job_id == JobRow.id)
        .where(OutboxRow.due_at <= now, JobRow.state == State.QUEUED.value)
        .order_by(JobRow.priority, JobRow.created_at)
        .limit(limit)
    )
    return [(_job(row), row.sent) for row in connection.execute(query)]
