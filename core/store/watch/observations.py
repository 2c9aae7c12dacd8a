"""What workers noted of single results, until the nightly job has made days of them."""

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm

from core.domain.equipment import Equipment
from core.store.dialect import insert
from core.store.tables import JobRow, RevisionRow
from core.store.watch import newcomers
from core.store.watch.newcomers import Met
from core.store.watch.tables import ObservationRow


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """One result: `body` is its aggregate of one study, as `monitoring.aggregates.wire` dumps it.

    `equipment` is the key of what made the images, empty where none is known; `groups` are
    the subgroups `sex:F`, `age:65-79`; `day` is a day in Norway, `at` when it was written, UTC.
    """

    job_id: str
    run: int
    site: str
    algorithm: str
    version: str
    equipment: str
    modality: str
    day: dt.date
    at: dt.datetime
    groups: tuple[str, ...]
    body: bytes


def record(connection: sa.Connection, observed: Observed, equipment: Equipment) -> None:
    """Write what was observed of a job, in place of what an earlier run of it left.

    And of what earlier revisions of the study left that day: a study counts once.

    Equipment, software of it, and a version that are new to the site's algorithm become
    events. To be called in the transaction of the result. A site that has sent more than
    `newcomers.MOST` pieces of equipment gets no further ones: its observations count, but
    under none.
    """
    met = Met(
        observed.site, observed.algorithm, observed.version, observed.modality, observed.day,
        observed.at,
    )  # fmt: skip
    newcomers.version(connection, met)
    known = equipment == Equipment() or newcomers.equipment(connection, met, equipment)
    _earlier_revisions(connection, observed)
    kept = observed.equipment if known else ""
    row = {
        **{name: getattr(observed, name) for name in observed.__slots__},
        "equipment": kept,
        "groups": list(observed.groups),
    }
    statement = insert(connection, ObservationRow).values(**row)
    fresh = {name: statement.excluded[name] for name in row if name != "job_id"}
    connection.execute(statement.on_conflict_do_update(index_elements=("job_id",), set_=fresh))


def last_instance(connection: sa.Connection, study_id: str, revision: int) -> dt.datetime | None:
    """When the last instance of the study's revision came; None where there is no such."""
    return connection.execute(
        sa.select(RevisionRow.last_instance_at).where(
            RevisionRow.study_id == study_id, RevisionRow.number == revision
        )
    ).scalar_one_or_none()


def of_day(connection: sa.Connection, site: str, algorithm: str, day: dt.date) -> list[Observed]:
    """The observations of one day, by job."""
    rows = connection.execute(
        sa.select(*_columns())
        .where(
            ObservationRow.site == site,
            ObservationRow.algorithm == algorithm,
            ObservationRow.day == day,
        )
        .order_by(ObservationRow.job_id)
    )
    return [_observed(row) for row in rows]


def changed(connection: sa.Connection, since: dt.datetime) -> list[tuple[str, str, dt.date]]:
    """(site, algorithm, day) of every observation that was written after `since`, sorted."""
    keys = (ObservationRow.site, ObservationRow.algorithm, ObservationRow.day)
    rows = connection.execute(
        sa.select(*keys).where(ObservationRow.at > since).distinct().order_by(*keys)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def purge(connection: sa.Connection, before: dt.date) -> int:
    """Delete the observations of days before `before`; returns how many."""
    return connection.execute(sa.delete(ObservationRow).where(ObservationRow.day < before)).rowcount


def _earlier_revisions(connection: sa.Connection, observed: Observed) -> None:
    """Delete what they left of that day; another day has counted the study as it was then."""
    this, other = sa.orm.aliased(JobRow), sa.orm.aliased(JobRow)
    earlier = (
        sa.select(other.id)
        .join(this, this.study_id == other.study_id)
        .where(
            this.id == observed.job_id,
            other.algorithm == this.algorithm,
            other.version == this.version,
            other.revision < this.revision,
        )
    )
    connection.execute(
        sa.delete(ObservationRow).where(
            ObservationRow.job_id.in_(earlier), ObservationRow.day == observed.day
        )
    )


def _columns() -> list[sa.ColumnElement[Any]]:
    return [ObservationRow.__table__.c[field.name] for field in dataclasses.fields(Observed)]


def _observed(row: sa.Row) -> Observed:  # type: ignore[type-arg]
    return Observed(**{**row._asdict(), "groups": tuple(row.groups)})
