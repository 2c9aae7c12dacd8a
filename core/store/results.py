"""Queries of results: stored with their objects and deliveries before anything is sent."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.finding import Result
from core.domain.job import DeliveryState, Job
from core.domain.profile import REJECTION, Profile
from core.store import result_json
from core.store.tables import DeliveryRow, JobRow, ObjectRow, ResultRow


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
) -> int:
    """Write a result, its objects and what goes where; returns the number of deliveries.

    `destinations` are (key, its profile): it gets the kinds of object that the profile names,
    made for that profile, and every rejection note.
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


def replaced(connection: sa.Connection, job: Job) -> list[StoredObject]:
    """The objects that `job`'s result takes the place of.

    Those of the latest other job of the same algorithm, in any version, on an earlier or the
    same revision of the study.
    """
    other = (
        sa.select(JobRow.id)
        .join(ObjectRow, ObjectRow.job_id == JobRow.id)
        .where(
            JobRow.study_id == job.study_id,
            JobRow.algorithm == job.algorithm,
            JobRow.id != job.id,
            JobRow.revision <= job.revision,
        )
        .order_by(JobRow.revision.desc(), JobRow.created_at.desc())
        .limit(1)
    )
    earlier = connection.execute(other).scalar_one_or_none()
    return objects(connection, earlier) if earlier else []


def objects(connection: sa.Connection, job_id: str) -> list[StoredObject]:
    """Every object of a job, in the order they were made."""
    columns = [getattr(ObjectRow, field.name) for field in dataclasses.fields(StoredObject)]
    rows = connection.execute(
        sa.select(*columns)
        .where(ObjectRow.job_id == job_id)
        .order_by(ObjectRow.run, ObjectRow.kind.desc(), ObjectRow.path)
    )
    return [StoredObject(*row) for row in rows]
