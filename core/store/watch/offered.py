"""What was offered to algorithms: what their gates declined, and who read the same study."""

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from core.domain.reason import ReasonCode
from core.store.tables import DecisionRow, JobRow, RevisionRow, StudyRow
from core.store.watch.tables import AggregateRow, ObservationRow

#: The reasons of a manifest's gate. Not the modality: a CT scan was never offered to an
#: algorithm for radiographs, and would make its refusals those of the whole hospital.
GATE: Final = (ReasonCode.SOP_CLASS, ReasonCode.BODY_PART, ReasonCode.VIEW, ReasonCode.AGE)


#: From a study's last instance to its revision, at the very most.
LONGEST_WAIT: Final = dt.timedelta(days=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Declined:
    """How many revisions of studies a gate declined for one reason."""

    site: str
    algorithm: str
    version: str
    reason: str
    count: int


def declined(connection: sa.Connection, first: dt.datetime, end: dt.datetime) -> list[Declined]:
    """What gates declined of the revisions whose last instance came from `first` to before `end`.

    Times are UTC. A condition of a route gives the same reasons, but names the keyword that it
    asked for.
    """
    keys = (StudyRow.site, DecisionRow.algorithm, DecisionRow.version, DecisionRow.reason)
    rows = connection.execute(
        sa.select(*keys, sa.func.count())
        .join(StudyRow, StudyRow.id == DecisionRow.study_id)
        .join(
            RevisionRow,
            sa.and_(
                RevisionRow.study_id == DecisionRow.study_id,
                RevisionRow.number == DecisionRow.revision,
            ),
        )
        .where(
            RevisionRow.last_instance_at >= first,
            RevisionRow.last_instance_at < end,
            RevisionRow.at.between(first, end + LONGEST_WAIT),  # this one has an index
            DecisionRow.chosen.is_(False),
            DecisionRow.reason.in_([code.value for code in GATE]),
            DecisionRow.facts["keyword"].as_string().is_(None),
        )
        .group_by(*keys)
        .order_by(*keys)
    )
    return [Declined(*row) for row in rows]


def anything(connection: sa.Connection) -> bool:
    """Whether there is, or ever was, a study to watch anything of."""
    there = sa.or_(sa.exists(sa.select(StudyRow.id)), sa.exists(sa.select(AggregateRow.day)))
    return bool(connection.execute(sa.select(there)).scalar_one())


def studies_read(
    connection: sa.Connection, site: str, day: dt.date, algorithms: Collection[str]
) -> dict[str, tuple[str, int]]:
    """(study's id, revision) of every observation of a site's day by these algorithms, by job."""
    rows = connection.execute(
        sa.select(ObservationRow.job_id, JobRow.study_id, JobRow.revision)
        .join(JobRow, JobRow.id == ObservationRow.job_id)
        .where(
            ObservationRow.site == site,
            ObservationRow.day == day,
            ObservationRow.algorithm.in_(algorithms),
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclasses.dataclass(frozen=True, slots=True)
class ObservedDay:
    """A day that observations are still kept of, and how many."""

    site: str
    algorithm: str
    day: dt.date
    count: int
    latest_at: dt.datetime  #: when the latest of them was written


def observed(connection: sa.Connection, before: dt.date) -> list[ObservedDay]:
    """The days before `before` that observations are still kept of."""
    keys = (ObservationRow.site, ObservationRow.algorithm, ObservationRow.day)
    rows = connection.execute(
        sa.select(*keys, sa.func.count(), sa.func.max(ObservationRow.at))
        .where(ObservationRow.day < before)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [ObservedDay(*row) for row in rows]


def forget(connection: sa.Connection, one: ObservedDay) -> int:
    """Delete the observations of a day; returns how many went."""
    gone = connection.execute(
        sa.delete(ObservationRow).where(
            ObservationRow.site == one.site,
            ObservationRow.algorithm == one.algorithm,
            ObservationRow.day == one.day,
            ObservationRow.at <= one.latest_at,
        )
    )
    return int(gone.rowcount)
