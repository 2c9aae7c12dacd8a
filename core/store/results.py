"""Queries of results: stored with their objects and deliveries before anything is sent."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from core.domain.finding import Result
from core.domain.job import DeliveryState
from core.domain.profile import REJECTION, Profile
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
    series_uid: str = ""
    profile: str = ""  #: fingerprint of the `Profile` that it was made for


def store(
    connection: sa.Connection,
    result: Result,
    objects: Iterable[StoredObject],
    *,
    run: int,
    destinations: Iterable[tuple[str, Profile]],
    now: dt.datetime,
    only: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> int:
    """Write a result, its objects and what goes where; returns the number of deliveries.

    `destinations` are (key, its profile): it gets the kinds of object that the profile names,
    made for that profile, and rejection notes. `only`: by SOP Instance UID, the only
    destinations that an object goes to. Objects are delivered in the order they come in.
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
            for key, profile in wanted
            if made.profile == profile.fingerprint
            and made.kind in (*profile.objects, REJECTION)
            and key in only.get(made.sop_uid, (key,))
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
    rows = connection.execute(
        sa.select(*columns())
        .where(ObjectRow.job_id == job_id)
        .order_by(ObjectRow.run, ObjectRow.kind.desc(), ObjectRow.path)
    )
    return [StoredObject(*row) for row in rows]


def columns() -> list[sa.ColumnElement[Any]]:
    """What a `StoredObject` is made of, in its order."""
    return [getattr(ObjectRow, field.name) for field in dataclasses.fields(StoredObject)]
