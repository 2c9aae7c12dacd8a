"""Queries of assembly: what is still arriving, and the step that closes a revision."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.job import Priority, State
from core.domain.study import Decision, Instance
from core.store.tables import (
    AssociationRow,
    DecisionRow,
    InstanceRow,
    JobRow,
    OutboxRow,
    RevisionRow,
    StudyRow,
)


def pending(
    connection: sa.Connection, *, alive_since: dt.datetime
) -> list[tuple[str, str, dt.datetime, dt.datetime, bool, int]]:
    """(study id, site, first, last arrival, still sending, count) of each study with new instances.

    "Still sending": an association that is open, heard from since `alive_since`, and
    whose latest instance was of this study.
    """
    sending = sa.exists().where(
        AssociationRow.study_id == InstanceRow.study_id,
        AssociationRow.closed_at.is_(None),
        AssociationRow.active_at >= alive_since,
    )
    rows = connection.execute(
        sa.select(
            InstanceRow.study_id,
            StudyRow.site,
            sa.func.min(InstanceRow.received_at),
            sa.func.max(InstanceRow.received_at),
            sending,
            sa.func.count(),
        )
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .where(InstanceRow.revision == 0)
        .group_by(InstanceRow.study_id, StudyRow.site)
    )
    return [(row[0], row[1], row[2], row[3], bool(row[4]), row[5]) for row in rows]


def instances(
    connection: sa.Connection, study_id: str, revision: int | None = None
) -> list[Instance]:
    """The study's instances in order of arrival; up to and with `revision` where given."""
    query = sa.select(InstanceRow).where(InstanceRow.study_id == study_id).order_by(InstanceRow.id)
    if revision is not None:
        query = query.where(InstanceRow.revision > 0, InstanceRow.revision <= revision)
    return [
        Instance(
            sop_uid=row.sop_uid,
            sop_class_uid=row.sop_class_uid,
            series_uid=row.series_uid,
            transfer_syntax_uid=row.transfer_syntax_uid,
            path=row.path,
            size=row.size,
            modality=row.modality,
            revision=row.revision,
            attributes=row.attributes,
        )
        for row in connection.execute(query)
    ]


class ChangedError(Exception):
    """More has come since the decision was made, or another router was faster: try again."""


def close_revision(
    connection: sa.Connection, study_id: str, *, because: str, seen: int, now: dt.datetime
) -> int:
    """Open the next revision with the instances that have arrived; returns its number.

    Raises `ChangedError`, which must roll the transaction back, where not exactly
    `seen` instances were waiting.
    """
    number = connection.execute(
        sa.update(StudyRow)
        .where(StudyRow.id == study_id)
        .values(revision=StudyRow.revision + 1)
        .returning(StudyRow.revision)
    ).scalar_one()
    moved = connection.execute(
        sa.update(InstanceRow)
        .where(InstanceRow.study_id == study_id, InstanceRow.revision == 0)
        .values(revision=number)
    )
    if not seen or moved.rowcount != seen:
        raise ChangedError
    count, last = connection.execute(
        sa.select(sa.func.count(), sa.func.max(InstanceRow.received_at)).where(
            InstanceRow.study_id == study_id, InstanceRow.revision > 0
        )
    ).one()
    connection.execute(
        sa.insert(RevisionRow).values(
            study_id=study_id, number=number, at=now, last_instance_at=last, instances=count,
            because=because,
        )
    )  # fmt: skip
    return int(number)


def record_decisions(
    connection: sa.Connection, study_id: str, revision: int, decisions: Iterable[Decision]
) -> None:
    """The why and the why-not of every algorithm."""
    rows = [
        {
            "study_id": study_id, "revision": revision, "algorithm": decision.algorithm,
            "version": decision.version, "chosen": decision.chosen, "route": decision.route,
            "reason": decision.reason.code.value, "facts": dict(decision.reason.facts),
        }
        for decision in decisions
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(DecisionRow), rows)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """A job to be made: which algorithm, on which queue, how urgent, how long at most."""

    algorithm: str
    version: str
    queue: str
    priority: Priority
    limit_s: float


def create_job(
    connection: sa.Connection,
    study_id: str,
    site: str,
    revision: int,
    wish: Wish,
    *,
    now: dt.datetime,
) -> str:
    """A queued job and the news of it, in one transaction; returns the job's id."""
    key = uuid.uuid4().hex
    values = {**dataclasses.asdict(wish), "priority": int(wish.priority)}
    connection.execute(
        sa.insert(JobRow).values(
            id=key, study_id=study_id, site=site, revision=revision, state=State.QUEUED.value,
            created_at=now, **values,
        )
    )  # fmt: skip
    connection.execute(sa.insert(OutboxRow).values(job_id=key, due_at=now))
    return key
