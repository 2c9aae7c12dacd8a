"""Queries of the storage SCP: associations, instances, refusals."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping

import sqlalchemy as sa

from core.store.dialect import insert
from core.store.tables import AssociationRow, InstanceRow, RefusalRow, StudyRow


@dataclasses.dataclass(frozen=True, slots=True)
class NewInstance:
    """What intake knows of one instance; `study` holds the patient's and study's own fields."""

    site: str
    study_uid: str
    series_uid: str
    sop_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    modality: str
    path: str
    size: int
    attributes: Mapping[str, str | list[str]]
    study: Mapping[str, str]


def open_association(
    connection: sa.Connection,
    key: str,
    *,
    router: str,
    site: str,
    calling: str,
    called: str,
    host: str,
    now: dt.datetime,
) -> None:
    """A new association; `key` is its id."""
    connection.execute(
        sa.insert(AssociationRow).values(
            id=key, router=router, site=site, calling=calling, called=called, host=host,
            opened_at=now, active_at=now,
        )
    )  # fmt: skip


def close_association(
    connection: sa.Connection, key: str, *, ended: str, instances: int, now: dt.datetime
) -> None:
    """The association is over: `released`, `aborted` or `lost`."""
    connection.execute(
        sa.update(AssociationRow)
        .where(AssociationRow.id == key, AssociationRow.closed_at.is_(None))
        .values(closed_at=now, active_at=now, ended=ended, instances=instances)
    )


def beat(
    connection: sa.Connection,
    router: str,
    *,
    known: list[str],
    sending: list[str],
    now: dt.datetime,
) -> None:
    """Of `router`'s associations, `sending` still receive; what is not `known` was lost.

    `now` is from before the two were listed: what was opened since is left alone.
    """
    mine = sa.update(AssociationRow).where(
        AssociationRow.router == router, AssociationRow.closed_at.is_(None)
    )
    connection.execute(mine.where(AssociationRow.id.in_(sending)).values(active_at=now))
    connection.execute(
        mine.where(AssociationRow.id.not_in(known), AssociationRow.opened_at < now).values(
            closed_at=now, ended="lost"
        )
    )


def record_instance(
    connection: sa.Connection,
    new: NewInstance,
    *,
    association: str,
    known: str | None,
    now: dt.datetime,
) -> tuple[str, bool]:
    """Write the row of one instance; returns (study id, whether the row is new).

    `known` is the study's id where the association has sent of it before.
    """
    study_id = known or _study_id(connection, new, now)
    row = {
        "study_id": study_id, "series_uid": new.series_uid, "sop_uid": new.sop_uid,
        "sop_class_uid": new.sop_class_uid, "transfer_syntax_uid": new.transfer_syntax_uid,
        "modality": new.modality, "path": new.path, "size": new.size, "revision": 0,
        "received_at": now, "attributes": dict(new.attributes),
    }  # fmt: skip
    once = insert(connection, InstanceRow).on_conflict_do_nothing().returning(InstanceRow.id)
    fresh = connection.execute(once, row).first() is not None
    if known is None:
        connection.execute(
            sa.update(AssociationRow)
            .where(AssociationRow.id == association)
            .values(study_id=study_id, active_at=now)
        )
    return study_id, fresh


def _study_id(connection: sa.Connection, new: NewInstance, now: dt.datetime) -> str:
    """The id of the study at this site, written if it is the first instance of it."""
    row = {
        "id": uuid.uuid4().hex, "site": new.site, "study_uid": new.study_uid, "revision": 0,
        "created_at": now, **new.study,
    }  # fmt: skip
    connection.execute(insert(connection, StudyRow).on_conflict_do_nothing(), row)
    found = connection.execute(
        sa.select(StudyRow.id).where(StudyRow.site == new.site, StudyRow.study_uid == new.study_uid)
    )
    return str(found.scalar_one())


def known_instance(
    connection: sa.Connection, *, site: str, study_uid: str, sop_uid: str
) -> tuple[str, str] | None:
    """(path, transfer syntax) of an instance that is already here."""
    found = connection.execute(
        sa.select(InstanceRow.path, InstanceRow.transfer_syntax_uid)
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .where(
            StudyRow.site == site,
            StudyRow.study_uid == study_uid,
            InstanceRow.sop_uid == sop_uid,
        )
    ).first()
    return (found[0], found[1]) if found else None


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """An object or an association that was not taken, and why."""

    at: dt.datetime
    site: str | None
    calling: str
    called: str
    host: str
    code: str
    status: int
    message: str
    path: str = ""


def record_refusal(connection: sa.Connection, refusal: Refusal) -> None:
    """Put a refusal on the operator's list."""
    connection.execute(sa.insert(RefusalRow).values(**dataclasses.asdict(refusal)))


def refusals(connection: sa.Connection, *, limit: int = 100) -> list[Refusal]:
    """The latest refusals, newest first."""
    columns = [getattr(RefusalRow, field.name) for field in dataclasses.fields(Refusal)]
    rows = connection.execute(sa.select(*columns).order_by(RefusalRow.id.desc()).limit(limit))
    return [Refusal(*row) for row in rows]
