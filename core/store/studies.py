"""Queries of the worklist and the study page."""

import dataclasses
import datetime as dt

import sqlalchemy as sa

from core.domain.errors import NotFoundError
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Decision, Site, Study, StudyState
from core.store.tables import (
    DecisionRow,
    InstanceRow,
    RegionRow,
    RevisionRow,
    SiteRow,
    StudyRow,
    TrustRow,
)


def _studies(connection: sa.Connection, query: sa.Select) -> list[Study]:  # type: ignore[type-arg]
    rows = connection.execute(query).all()
    keys = [row.id for row in rows]
    facts = {
        row[0]: row[1:]
        for row in connection.execute(
            sa.select(
                InstanceRow.study_id,
                sa.func.count(),
                sa.func.min(InstanceRow.received_at),
                sa.func.max(InstanceRow.received_at),
                sa.func.sum(sa.case((InstanceRow.revision == 0, 1), else_=0)),
            )
            .where(InstanceRow.study_id.in_(keys))
            .group_by(InstanceRow.study_id)
        )
    }
    modalities: dict[str, list[str]] = {}
    for study_id, modality in connection.execute(
        sa.select(InstanceRow.study_id, InstanceRow.modality)
        .where(InstanceRow.study_id.in_(keys))
        .distinct()
        .order_by(InstanceRow.modality)
    ):
        modalities.setdefault(study_id, []).append(modality)
    studies = []
    for row in rows:
        count, first, last, waiting = facts.get(row.id, (0, row.created_at, row.created_at, 0))
        studies.append(
            Study(
                id=row.id,
                site=row.site,
                study_uid=row.study_uid,
                state=StudyState.RECEIVING if waiting else StudyState.COMPLETE,
                revision=row.revision,
                first_at=first,
                last_at=last,
                instances=count,
                modalities=tuple(modalities.get(row.id, ())),
                description=row.description,
                accession_number=row.accession_number,
                patient_id=row.patient_id,
                patient_name=row.patient_name,
                patient_birth_date=row.patient_birth_date,
                patient_sex=row.patient_sex,
                study_date=row.study_date,
            )
        )
    return studies


def worklist(
    connection: sa.Connection, *, site: str | None = None, limit: int = 100, skip: int = 0
) -> list[Study]:
    """Studies, newest first, of one site or of all."""
    query = (
        sa.select(*StudyRow.__table__.columns)
        .order_by(StudyRow.created_at.desc(), StudyRow.id)
        .limit(limit)
        .offset(skip)
    )
    return _studies(connection, query.where(StudyRow.site == site) if site else query)


def count(connection: sa.Connection, *, site: str | None = None) -> int:
    """How many studies the worklist has in all."""
    query = sa.select(sa.func.count()).select_from(StudyRow)
    found = connection.execute(query.where(StudyRow.site == site) if site else query)
    return int(found.scalar_one())


def get(connection: sa.Connection, study_id: str) -> Study:
    """One study by Varde's id; raises `NotFoundError`."""
    found = _studies(
        connection, sa.select(*StudyRow.__table__.columns).where(StudyRow.id == study_id)
    )
    return _first(found)


def by_uid(connection: sa.Connection, study_uid: str) -> list[Study]:
    """The studies with this Study Instance UID: one for each site that sent it."""
    query = sa.select(*StudyRow.__table__.columns).where(StudyRow.study_uid == study_uid)
    return _studies(connection, query)


def _first(found: list[Study]) -> Study:
    if not found:
        message = "no such study"
        raise NotFoundError(message)
    return found[0]


def decisions(connection: sa.Connection, study_id: str, revision: int) -> list[Decision]:
    """The why and the why-not of every algorithm for one revision, the chosen ones first."""
    rows = connection.execute(
        sa.select(*DecisionRow.__table__.columns)
        .where(DecisionRow.study_id == study_id, DecisionRow.revision == revision)
        .order_by(DecisionRow.chosen.desc(), DecisionRow.algorithm)
    )
    return [
        Decision(
            algorithm=row.algorithm,
            version=row.version,
            chosen=row.chosen,
            route=row.route,
            reason=Reason(ReasonCode(row.reason), row.facts),
        )
        for row in rows
    ]


def last_instance_at(connection: sa.Connection, study_id: str, revision: int) -> dt.datetime | None:
    """When the last instance of a revision arrived."""
    found: dt.datetime | None = connection.execute(
        sa.select(RevisionRow.last_instance_at).where(
            RevisionRow.study_id == study_id, RevisionRow.number == revision
        )
    ).scalar_one_or_none()
    return found


def sites(connection: sa.Connection) -> list[Site]:
    """Every site that was ever described, by name."""
    rows = connection.execute(
        sa.select(SiteRow.key, SiteRow.name, TrustRow.name, RegionRow.name)
        .join(TrustRow, TrustRow.key == SiteRow.trust)
        .join(RegionRow, RegionRow.key == TrustRow.region)
        .order_by(SiteRow.name)
    )
    return [Site(row[0], row[1], row[2], row[3]) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True)
class Revision:
    """A numbered, complete state of a study, and why it was taken for complete."""

    number: int
    at: dt.datetime
    last_instance_at: dt.datetime
    instances: int
    because: str


def revisions(connection: sa.Connection, study_id: str) -> list[Revision]:
    """The revisions of a study, the latest first."""
    columns = [getattr(RevisionRow, field.name) for field in dataclasses.fields(Revision)]
    rows = connection.execute(
        sa.select(*columns)
        .where(RevisionRow.study_id == study_id)
        .order_by(RevisionRow.number.desc())
    )
    return [Revision(*row) for row in rows]


def last_instances(
    connection: sa.Connection, study_ids: list[str]
) -> dict[tuple[str, int], dt.datetime]:
    """When the last instance of each revision of these studies arrived, by (study id, number)."""
    rows = connection.execute(
        sa.select(RevisionRow.study_id, RevisionRow.number, RevisionRow.last_instance_at).where(
            RevisionRow.study_id.in_(study_ids)
        )
    )
    return {(row[0], row[1]): row[2] for row in rows}
