"""Queries of results: stored with their objects and deliveries before anything is sent."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.finding import Result
from core.domain.job import DeliveryState
from core.store import result_json
from core.store.tables import DeliveryRow, ObjectRow, ResultRow


@dataclasses.dataclass(frozen=True, slots=True)
class StoredObject:
    """A DICOM object of a result, on disk."""

    sop_uid: str
    sop_class_uid: str
    kind: str
    path: str
    size: int
    sha256: str


def store(
    connection: sa.Connection,
    result: Result,
    objects: Iterable[StoredObject],
    *,
    run: int,
    destinations: Iterable[tuple[str, tuple[str, ...]]],
    now: dt.datetime,
) -> int:
    """Write a result, its objects and what goes where; returns the number of deliveries.

    `destinations` are (key, kinds of object that it wants).
    """
    connection.execute(
        sa.insert(ResultRow).values(
            job_id=result.job_id, run=run, at=now, body=result_json.dump(result)
        )
    )
    wanted = list(destinations)
    sent = 0
    for made in objects:
        row = {"job_id": result.job_id, "run": run, **dataclasses.asdict(made)}
        connection.execute(sa.insert(ObjectRow).values(**row))
        rows = [
            {
                "sop_uid": made.sop_uid, "job_id": result.job_id, "destination": key,
                "state": DeliveryState.WAITING.value, "attempts": 0, "next_at": now,
            }
            for key, kinds in wanted
            if made.kind in kinds
        ]  # fmt: skip
        if rows:
            connection.execute(sa.insert(DeliveryRow), rows)
        sent += len(rows)
    return sent


def of_jobs(connection: sa.Connection, job_ids: Iterable[str]) -> dict[str, Result]:
    """The latest result of each job that has one."""
    query = (
        sa.select(ResultRow.job_id, ResultRow.body)
        .where(ResultRow.job_id.in_(list(job_ids)))
        .order_by(ResultRow.run)
    )
    return {row.job_id: result_json.load(row.body) for row in connection.execute(query)}


def objects(connection: sa.Connection, job_id: str) -> list[StoredObject]:
    """Every object of a job, in the order they were made."""
    columns = [getattr(ObjectRow, field.name) for field in dataclasses.fields(StoredObject)]
    rows = connection.execute(
        sa.select(*columns)
        .where(ObjectRow.job_id == job_id)
        .order_by(ObjectRow.run, ObjectRow.kind.desc(), ObjectRow.path)
    )
    return [StoredObject(*row) for row in rows]
