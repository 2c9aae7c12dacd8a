"""The outbox: news of jobs that the queue must get, committed together with the jobs."""

import datetime as dt

import sqlalchemy as sa

from core.store.tables import OutboxRow


def announce(connection: sa.Connection, job_id: str, due: dt.datetime) -> None:
    """Put (or put again) the news of a job in the outbox."""
    moved = connection.execute(
        sa.update(OutboxRow).where(OutboxRow.job_id == job_id).values(due_at=due, sent=0)
    )
    if not moved.rowcount:
        connection.execute(sa.insert(OutboxRow).values(job_id=job_id, due_at=due))


def told(connection: sa.Connection, job_id: str, *, sent: int, again: dt.datetime) -> None:
    """The queue has taken the news; it is told again at `again` unless the job is claimed."""
    connection.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.job_id == job_id, OutboxRow.sent == sent)
        .values(sent=sent + 1, due_at=again)
    )


def tell_all_again(connection: sa.Connection, now: dt.datetime) -> int:
    """The queue lost everything: every queued job's news is due; returns how many."""
    return connection.execute(sa.update(OutboxRow).values(due_at=now)).rowcount


def discard(connection: sa.Connection, job_id: str) -> None:
    """The job has been claimed or withdrawn: there is nothing more to tell."""
    connection.execute(sa.delete(OutboxRow).where(OutboxRow.job_id == job_id))
