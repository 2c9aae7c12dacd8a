"""Queries of succession: what a result takes the place of, and what destinations hold of it."""

import dataclasses
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from core.domain import succession as rules
from core.domain.finding import Outcome
from core.domain.job import PLATFORM, DeliveryState, Job
from core.domain.profile import REJECTION
from core.domain.succession import Standing
from core.store.results import StoredObject, columns
from core.store.tables import DeliveryRow, JobRow, ObjectRow, ResultRow, StudyRow


@dataclasses.dataclass(frozen=True, slots=True)
class Succession:
    """What a result takes the place of, or which one has taken its own already."""

    outdated_by: Standing | None
    #: By destination: the objects that it holds of what the result takes the place of.
    replaced: Mapping[str, tuple[StoredObject, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Held:
    """An object that a destination has or is about to get."""

    job_id: str
    run: int
    made: StoredObject


def lock(connection: sa.Connection, study_id: str) -> None:
    """Until the transaction ends no other result of the study is stored.

    SQLite has one writer anyway. On PostgreSQL the row's key stays free: instances still arrive.
    """
    connection.execute(
        sa.select(StudyRow.id).where(StudyRow.id == study_id).with_for_update(key_share=True)
    )


def of(
    connection: sa.Connection, job: Job, outcome: Outcome, withdrawing: Mapping[str, bool]
) -> Succession:
    """Where a result of `job` with `outcome` stands among those that its study has.

    `withdrawing`: destinations by key, and whether a rejection note goes to each; under "" no
    destination at all.
    """
    stored = _standings(connection, job.study_id)
    own = Standing(
        job.id, job.run, job.revision, job.created_at, job.algorithm, job.version, outcome
    )
    if newer := rules.outdated(own, stored):
        return Succession(newer, {})
    older = rules.replaced(own, stored)
    held = _held(connection, stored) if older else {}
    current = {
        key: _current(older, stored, held.get(key, []), noted=noted)
        for key, noted in withdrawing.items()
    }
    return Succession(None, current)


def _current(
    older: Sequence[Standing], stored: Sequence[Standing], held: Sequence[_Held], *, noted: bool
) -> tuple[StoredObject, ...]:
    """What a destination holds of the `older` results that none of the `stored` has replaced there.

    A destination that gets notes is told of what no note has told it yet, however old.
    """
    objects: dict[tuple[str, int], list[StoredObject]] = {}
    for one in held:
        objects.setdefault((one.job_id, one.run), []).append(one.made)
    found: list[StoredObject] = []
    for old in older:
        later = (one for one in stored if rules.succeeds(one, old))
        theirs = [made for one in later for made in objects.get((one.job_id, one.run), ())]
        if not any(made.kind == REJECTION or not noted for made in theirs):
            found += objects.get((old.job_id, old.run), ())
    return tuple(one for one in found if one.kind != REJECTION)


def _standings(connection: sa.Connection, study_id: str) -> list[Standing]:
    """Every result of a study, also those of earlier runs."""
    query = (
        sa.select(
            ResultRow.job_id, ResultRow.run, JobRow.revision, JobRow.created_at, JobRow.algorithm,
            JobRow.version, ResultRow.body["outcome"].as_string().label("outcome"),
        )
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .where(JobRow.study_id == study_id)
    )  # fmt: skip
    rows = connection.execute(query)
    return [Standing(**{**row._asdict(), "outcome": Outcome(row.outcome)}) for row in rows]


def _held(connection: sa.Connection, standings: Sequence[Standing]) -> dict[str, list[_Held]]:
    """The objects of these results by the destination that has them or is about to get them.

    Under "" those that go nowhere. What a destination has refused for good it does not have.
    """
    query = (
        sa.select(ObjectRow.job_id, ObjectRow.run, DeliveryRow.destination, *columns())
        .outerjoin(DeliveryRow, DeliveryRow.sop_uid == ObjectRow.sop_uid)
        .where(
            ObjectRow.job_id.in_({one.job_id for one in standings}),
            sa.or_(
                DeliveryRow.id.is_(None), DeliveryRow.state != DeliveryState.UNDELIVERABLE.value
            ),
        )
        .order_by(ObjectRow.run, ObjectRow.kind.desc(), ObjectRow.path)
    )
    found: dict[str, list[_Held]] = {}
    for job_id, run, destination, *told in connection.execute(query):
        found.setdefault(destination or "", []).append(_Held(job_id, run, StoredObject(*told)))
    return found


def in_turn() -> sa.ColumnElement[bool]:
    """Of a delivery: that no earlier result of its study and algorithm waits for its destination.

    Else a rejection note could overtake what it withdraws, and an older result arrive after a
    newer one, whenever an earlier delivery is tried again. For the WHERE of a statement on
    deliveries; objects of one job do not wait for each other.
    """
    own, other = aliased(JobRow), aliased(JobRow)
    earlier = aliased(DeliveryRow)
    related = sa.or_(
        other.algorithm == own.algorithm, other.algorithm == PLATFORM, own.algorithm == PLATFORM
    )
    return ~sa.exists(
        sa.select(earlier.id)
        .select_from(own)
        .join(other, (other.study_id == own.study_id) & (other.id != own.id))
        .join(earlier, earlier.job_id == other.id)
        .where(
            own.id == DeliveryRow.job_id,
            related,
            earlier.destination == DeliveryRow.destination,
            earlier.state == DeliveryState.WAITING.value,
            earlier.id < DeliveryRow.id,
        )
        .correlate(DeliveryRow)
    )
