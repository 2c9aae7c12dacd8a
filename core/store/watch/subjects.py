"""The results of a study that a truth can be compared with, and those that still wait for it."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.equipment import age_group
from core.domain.feedback import Source, Word
from core.domain.finding import Outcome
from core.store.tables import JobRow, ResultRow, RevisionRow, StudyRow
from core.store.watch import scopes
from core.store.watch.tables import (
    AuditRow,
    ComparisonRow,
    FeedbackRow,
    ObservationRow,
    ReportRow,
)

SEXES = frozenset({"F", "M", "O"})
_DAYS_A_YEAR = 365.2425
_EVALUATED = JobRow.outcome.in_([Outcome.FINDINGS.value, Outcome.NOTHING_FOUND.value])


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A job with an evaluated result. `day` is when its revision's last instance came.

    Observations are purged after a while: what is known of the day and the subgroups then is
    what an earlier comparison of the same result has kept, else what the study tells.
    `newest`: no later revision has a result of the same algorithm and version. A report is
    compared with such results alone, so that a study counts once.
    """

    job_id: str
    study_id: str
    site: str
    algorithm: str
    version: str
    day: dt.date
    groups: tuple[str, ...]  #: `sex:F`, `age:65-79`, `equipment:` and a key
    answered_at: dt.datetime  #: when the latest result was stored
    newest: bool


def of_studies(connection: sa.Connection, study_ids: Iterable[str]) -> list[Subject]:
    """The evaluated results of these studies."""
    return _subjects(connection, JobRow.study_id.in_(list(study_ids)))


def get(connection: sa.Connection, job_id: str) -> Subject | None:
    """One of them by its job, None where the job has no evaluated result."""
    return next(iter(_subjects(connection, JobRow.id == job_id)), None)


def pending(connection: sa.Connection, most: int) -> list[str]:
    """Studies with a truth and a result that is newer than its comparison, or has none."""
    waiting = sa.or_(
        sa.and_(_newest(), _given(ReportRow.study_id == JobRow.study_id), _stale(Source.REPORT)),
        sa.and_(
            _given(
                sa.and_(FeedbackRow.job_id == JobRow.id, FeedbackRow.word == Word.CORRECT.value)
            ),
            _stale(Source.FEEDBACK),
        ),
        sa.and_(
            _given(sa.and_(AuditRow.job_id == JobRow.id, AuditRow.answered_at.is_not(None))),
            _stale(Source.AUDIT),
        ),
    )
    query = sa.select(JobRow.study_id).where(_EVALUATED, waiting).distinct().limit(most)
    return list(connection.execute(query.order_by(JobRow.study_id)).scalars())


def _given(by: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(by)


def _answered_at() -> sa.ScalarSelect[dt.datetime]:
    query = sa.select(sa.func.max(ResultRow.at)).where(ResultRow.job_id == JobRow.id)
    return query.correlate(JobRow).scalar_subquery()


def _stale(source: Source) -> sa.ColumnElement[bool]:
    """Whether no comparison of this source is as new as the result."""
    return ~sa.exists().where(
        ComparisonRow.job_id == JobRow.id,
        ComparisonRow.source == source.value,
        ComparisonRow.at >= _answered_at(),
    )


def _newest() -> sa.ColumnElement[bool]:
    later = sa.orm.aliased(JobRow)
    return ~sa.exists().where(
        later.study_id == JobRow.study_id,
        later.algorithm == JobRow.algorithm,
        later.version == JobRow.version,
        later.revision > JobRow.revision,
        later.outcome.in_([Outcome.FINDINGS.value, Outcome.NOTHING_FOUND.value]),
    )


def _subjects(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Subject]:
    rows = connection.execute(
        sa.select(
            JobRow.id, JobRow.study_id, JobRow.site, JobRow.algorithm, JobRow.version,
            ObservationRow.day, ObservationRow.groups, ObservationRow.equipment,
            RevisionRow.last_instance_at, StudyRow.patient_sex, StudyRow.patient_birth_date,
            StudyRow.study_date, _answered_at().label("answered_at"), _newest().label("newest"),
        )
        .join(StudyRow, StudyRow.id == JobRow.study_id)
        .join(
            RevisionRow,
            sa.and_(
                RevisionRow.study_id == JobRow.study_id, RevisionRow.number == JobRow.revision
            ),
        )
        .outerjoin(ObservationRow, ObservationRow.job_id == JobRow.id)
        .where(_EVALUATED, *which)
        .order_by(JobRow.algorithm, JobRow.version, JobRow.revision)
    ).all()  # fmt: skip
    kept = _kept(connection, [row.id for row in rows if row.day is None])
    return [
        Subject(
            row.id, row.study_id, row.site, row.algorithm, row.version,
            *(kept.get(row.id) or _told_of(row)), row.answered_at, bool(row.newest),
        )
        for row in rows
    ]  # fmt: skip


def _kept(
    connection: sa.Connection, job_ids: list[str]
) -> dict[str, tuple[dt.date, tuple[str, ...]]]:
    """Day and subgroups of these jobs as their comparisons have them."""
    columns = (ComparisonRow.job_id, ComparisonRow.day, ComparisonRow.groups)
    rows = connection.execute(sa.select(*columns).where(ComparisonRow.job_id.in_(job_ids)))
    return {row.job_id: (row.day, tuple(row.groups)) for row in rows}


def _told_of(row: sa.Row) -> tuple[dt.date, tuple[str, ...]]:  # type: ignore[type-arg]
    """Day and subgroups as observed, else as the study tells."""
    return row.day or scopes.day_of(row.last_instance_at), tuple(_groups(row))


def _groups(row: sa.Row) -> Iterable[str]:  # type: ignore[type-arg]
    """The observation's subgroups; without one, those of the patient's sex and age."""
    if row.groups is not None:
        yield from row.groups
        if row.equipment:
            yield f"equipment:{row.equipment}"
        return
    if row.patient_sex in SEXES:
        yield f"sex:{row.patient_sex}"
    if group := age_group(_years(row.patient_birth_date, row.study_date)):
        yield group


def _years(born: str, at: str) -> float | None:
    """The age at the study from two DICOM dates (DA, PS3.5 6.2), None where one is none."""
    try:
        first, last = (dt.date(int(one[:4]), int(one[4:6]), int(one[6:8])) for one in (born, at))
    except ValueError:
        return None
    years = (last - first).days / _DAYS_A_YEAR
    return years if years >= 0 else None
