"""Queries of storage commitment: what is to be asked for, what was answered, what needs a hand."""

import datetime as dt
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from core.domain.commitment import (
    BROKEN,
    OPEN,
    Commitment,
    CommitmentEvent,
    CommitmentState,
    after,
    before,
)
from core.domain.job import DeliveryState
from core.store.tables import DeliveryRow, ObjectRow

_WANTED = after(CommitmentState.NONE, CommitmentEvent.WANT)


def _columns() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(
        DeliveryRow.id, DeliveryRow.job_id, DeliveryRow.destination, ObjectRow.kind,
        ObjectRow.sop_class_uid, ObjectRow.sop_uid, ObjectRow.path, ObjectRow.sha256,
        DeliveryRow.commitment.label("state"), DeliveryRow.commitment_asks.label("asks"),
        DeliveryRow.commitment_resent.label("resent"), DeliveryRow.commitment_at.label("at"),
        DeliveryRow.transaction_uid, DeliveryRow.commitment_error.label("error"),
    ).join(ObjectRow, ObjectRow.sop_uid == DeliveryRow.sop_uid)  # fmt: skip


def _commitment(row: sa.Row) -> Commitment:  # type: ignore[type-arg]
    values = row._asdict()
    return Commitment(**{**values, "state": CommitmentState(values["state"])})


def _found(connection: sa.Connection, query: sa.Select) -> list[Commitment]:  # type: ignore[type-arg]
    return [_commitment(row) for row in connection.execute(query.order_by(DeliveryRow.id))]


def wanted(at: dt.datetime) -> dict[str, object]:
    """What a delivery's row gets with the receipt, where the destination is to be asked `at`."""
    return {
        "commitment": _WANTED.value, "commitment_at": at, "commitment_asks": 0,
        "commitment_resent": False, "commitment_error": "", "transaction_uid": "",
    }  # fmt: skip


def due(
    connection: sa.Connection,
    destination: str,
    state: CommitmentState,
    now: dt.datetime,
    limit: int = 200,
) -> list[Commitment]:
    """What is in `state` at `destination` and to be looked at now, the oldest first."""
    query = _columns().where(
        DeliveryRow.commitment == state.value,
        DeliveryRow.destination == destination,
        DeliveryRow.commitment_at <= now,
    )
    return _found(connection, query.limit(limit))


def next_due(connection: sa.Connection, destination: str) -> dt.datetime | None:
    """When the next one at `destination` is to be looked at, None where none is open."""
    found: dt.datetime | None = connection.execute(
        sa.select(DeliveryRow.commitment_at)
        .where(
            DeliveryRow.commitment.in_([state.value for state in OPEN]),
            DeliveryRow.destination == destination,
        )
        .order_by(DeliveryRow.commitment_at)
        .limit(1)
    ).scalar_one_or_none()
    return found


def of_transaction(
    connection: sa.Connection, transaction_uid: str, destinations: Collection[str]
) -> list[Commitment]:
    """What was last asked for under `transaction_uid` at one of `destinations`."""
    if not transaction_uid:
        return []
    query = _columns().where(
        DeliveryRow.transaction_uid == transaction_uid,
        DeliveryRow.destination.in_(destinations),
    )
    return _found(connection, query)


def of_jobs(connection: sa.Connection, job_ids: Iterable[str]) -> list[Commitment]:
    """Every commitment of these jobs, those that are not asked for included."""
    return _found(connection, _columns().where(DeliveryRow.job_id.in_(list(job_ids))))


def moved(connection: sa.Connection, old: Commitment, new: Commitment) -> bool:
    """Compare-and-set; False where another router or report has moved it on by now."""
    done = connection.execute(
        sa.update(DeliveryRow)
        .where(
            DeliveryRow.id == old.id,
            DeliveryRow.commitment == old.state.value,
            DeliveryRow.transaction_uid == old.transaction_uid,
            DeliveryRow.commitment_at == old.at,
        )
        .values(
            commitment=new.state.value,
            commitment_at=new.at,
            commitment_asks=new.asks,
            commitment_resent=new.resent,
            commitment_error=new.error,
            transaction_uid=new.transaction_uid,
        )
    )
    return done.rowcount == 1


def restart(connection: sa.Connection, job_id: str, now: dt.datetime) -> int:
    """Ask again for what a job's destinations refused or did not answer; returns how many."""
    states = [state.value for state in before(CommitmentEvent.RESTART)]
    done = connection.execute(
        sa.update(DeliveryRow)
        .where(DeliveryRow.job_id == job_id, DeliveryRow.commitment.in_(states))
        .values(**wanted(now))
    )
    return done.rowcount


def forget(connection: sa.Connection, asked: Collection[str]) -> int:
    """Ask no longer at destinations other than `asked`: `site.toml` has changed."""
    states = [state.value for state in before(CommitmentEvent.FORGET)]
    done = connection.execute(
        sa.update(DeliveryRow)
        .where(DeliveryRow.commitment.in_(states), DeliveryRow.destination.not_in(asked))
        .values(commitment=CommitmentState.NONE.value, commitment_error="")
    )
    return done.rowcount


def broken(connection: sa.Connection, limit: int = 100) -> list[Commitment]:
    """What a destination refused, left without an answer or does not offer, the newest first.

    What is not offered comes last: it is true of every object, and must not hide the rest.
    """
    query = (
        _columns()
        .where(
            DeliveryRow.commitment.in_([state.value for state in BROKEN]),
            DeliveryRow.state == DeliveryState.DELIVERED.value,
        )
        .order_by(
            DeliveryRow.commitment == CommitmentState.UNSUPPORTED.value,
            DeliveryRow.commitment_at.desc(),
        )
        .limit(limit)
    )
    return _found(connection, query)


def counts(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """(destination, state, number of objects) of all that are or were asked for."""
    keys = (DeliveryRow.destination, DeliveryRow.commitment)
    rows = connection.execute(
        sa.select(*keys, sa.func.count())
        .where(DeliveryRow.commitment != CommitmentState.NONE.value)
        .group_by(*keys)
    )
    return [(row[0], row[1], row[2]) for row in rows]
