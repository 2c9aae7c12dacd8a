"""Queries of delivery: what is due where, the receipt, and when it ends."""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from core.domain.job import Delivery, DeliveryState, Event, State, after
from core.store import commitments, succession
from core.store.tables import DeliveryRow, JobRow, ObjectRow


def _columns() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(
        DeliveryRow.id, DeliveryRow.job_id, DeliveryRow.destination, ObjectRow.kind,
        ObjectRow.sop_class_uid, ObjectRow.sop_uid, ObjectRow.path, ObjectRow.sha256,
        DeliveryRow.state, DeliveryRow.attempts, DeliveryRow.next_at, DeliveryRow.receipt,
        DeliveryRow.delivered_at, DeliveryRow.error,
    ).join(ObjectRow, ObjectRow.sop_uid == DeliveryRow.sop_uid)  # fmt: skip


def _delivery(row: sa.Row) -> Delivery:  # type: ignore[type-arg]
    values = row._asdict()
    return Delivery(**{**values, "state": DeliveryState(values["state"])})


def due(
    connection: sa.Connection, destination: str, now: dt.datetime, limit: int = 100
) -> list[Delivery]:
    """What waits for `destination` and may be tried now, the oldest first."""
    rows = connection.execute(
        _columns()
        .where(
            DeliveryRow.state == DeliveryState.WAITING.value,
            DeliveryRow.destination == destination,
            DeliveryRow.next_at <= now,
            succession.in_turn(),
        )
        .order_by(DeliveryRow.id)
        .limit(limit)
    )
    return [_delivery(row) for row in rows]


def claimed(connection: sa.Connection, delivery: Delivery, *, until: dt.datetime) -> bool:
    """Take what is due until `until`; False where another router has it by now."""
    taken = connection.execute(
        sa.update(DeliveryRow)
        .where(
            DeliveryRow.id == delivery.id,
            DeliveryRow.state == DeliveryState.WAITING.value,
            DeliveryRow.next_at == delivery.next_at,
            succession.in_turn(),
        )
        .values(next_at=until)
    )
    return taken.rowcount == 1


def stranded(connection: sa.Connection, described: Collection[str], now: dt.datetime) -> int:
    """End what waits for destinations that `site.toml` no longer describes; returns how many."""
    rows = connection.execute(
        _columns().where(
            DeliveryRow.state == DeliveryState.WAITING.value,
            DeliveryRow.destination.not_in(described),
        )
    ).all()
    for row in rows:
        error = f"site.toml describes no destination «{row.destination}»"
        undeliverable(connection, _delivery(row), receipt=None, error=error, now=now)
    return len(rows)


def next_due(connection: sa.Connection, destination: str) -> dt.datetime | None:
    """When the next waiting delivery may be tried, None where none waits."""
    found: dt.datetime | None = connection.execute(
        sa.select(DeliveryRow.next_at)
        .where(
            DeliveryRow.state == DeliveryState.WAITING.value,
            DeliveryRow.destination == destination,
            succession.in_turn(),
        )
        .order_by(DeliveryRow.next_at)
        .limit(1)
    ).scalar_one_or_none()
    return found


def delivered(
    connection: sa.Connection,
    delivery: Delivery,
    *,
    receipt: int,
    now: dt.datetime,
    ask_at: dt.datetime | None = None,
) -> bool:
    """The destination has acknowledged; returns whether the whole job is delivered now.

    `ask_at`: when the destination is to be asked whether it will keep the object, if at all.
    """
    more = commitments.wanted(ask_at) if ask_at else {}
    return _ended(
        connection, delivery, DeliveryState.DELIVERED, receipt=receipt, error="", now=now, **more
    )


def undeliverable(
    connection: sa.Connection,
    delivery: Delivery,
    *,
    receipt: int | None,
    error: str,
    now: dt.datetime,
) -> None:
    """The destination has given its last no: kept, listed, can be restarted."""
    _ended(connection, delivery, DeliveryState.UNDELIVERABLE, receipt=receipt, error=error, now=now)


def _ended(
    connection: sa.Connection,
    delivery: Delivery,
    state: DeliveryState,
    *,
    receipt: int | None,
    error: str,
    now: dt.datetime,
    **more: object,
) -> bool:
    values = {
        **more,
        "state": state.value, "attempts": delivery.attempts + 1, "receipt": receipt, "error": error,
        "delivered_at": now if state is DeliveryState.DELIVERED else None,
    }  # fmt: skip
    _lock_job(connection, delivery.job_id)
    connection.execute(
        sa.update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id, DeliveryRow.state == DeliveryState.WAITING.value)
        .values(**values)
    )
    return _settle(connection, delivery.job_id, now)


def _lock_job(connection: sa.Connection, job_id: str) -> None:
    """Two destinations may end at once: the second must see the first."""
    connection.execute(sa.select(JobRow.id).where(JobRow.id == job_id).with_for_update())


def _settle(connection: sa.Connection, job_id: str, now: dt.datetime) -> bool:
    """Move the job on when its last delivery has ended; returns whether it is delivered."""
    states = set(
        connection.execute(
            sa.select(DeliveryRow.state).where(DeliveryRow.job_id == job_id).distinct()
        ).scalars()
    )
    if DeliveryState.WAITING.value in states:
        return False
    lost = DeliveryState.UNDELIVERABLE.value in states
    target = after(State.ENCODED, Event.GIVE_UP if lost else Event.DELIVER)
    moved = connection.execute(
        sa.update(JobRow)
        .where(JobRow.id == job_id, JobRow.state == State.ENCODED.value)
        .values(state=target.value, delivered_at=None if lost else now)
    )
    return moved.rowcount == 1 and not lost


def settle(connection: sa.Connection, job_id: str, now: dt.datetime) -> bool:
    """For a job without any delivery: a site may have no destination that wants its objects."""
    return _settle(connection, job_id, now)


def postponed(
    connection: sa.Connection,
    delivery: Delivery,
    *,
    receipt: int | None,
    error: str,
    again: dt.datetime,
) -> None:
    """It did not go this time: try again at `again`."""
    connection.execute(
        sa.update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id)
        .values(attempts=delivery.attempts + 1, next_at=again, receipt=receipt, error=error)
    )


def of_jobs(connection: sa.Connection, job_ids: list[str]) -> list[Delivery]:
    """Every delivery of these jobs."""
    query = _columns().where(DeliveryRow.job_id.in_(job_ids)).order_by(DeliveryRow.id)
    return [_delivery(row) for row in connection.execute(query)]
