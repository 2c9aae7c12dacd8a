"""What readers say of results, by role: one word for each role and result, the last one holds."""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from core.domain.errors import NotFoundError
from core.domain.feedback import Feedback, Role, Truth, Word
from core.store.dialect import insert
from core.store.tables import JobRow
from core.store.watch import concordance, scopes
from core.store.watch.tables import FeedbackDayRow, FeedbackRow

Day = tuple[str, str, dt.date]  #: site, algorithm, day of the feedback
_KEYS: Final = ("site", "algorithm", "version", "day", "role", "word", "called")


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """How often a role said one word in a day. `called`: of results (or findings) that were
    positive.
    """

    site: str
    algorithm: str
    version: str
    day: dt.date
    role: Role
    word: Word
    called: bool
    count: int


def record(connection: sa.Connection, feedback: Feedback, *, called: bool) -> bool:
    """Keep a word in place of the same role's earlier one; returns whether there was none.

    `called`: whether the result, or the finding meant, was positive. Raises `NotFoundError`
    where there is no such job.
    """
    job = _locked(connection, feedback.job_id)
    days = _gone(connection, feedback.job_id, feedback.role, feedback.finding)
    connection.execute(
        sa.insert(FeedbackRow).values(
            job_id=feedback.job_id, site=job.site, algorithm=job.algorithm, version=job.version,
            at=feedback.at, role=feedback.role.value, word=feedback.word.value, called=called,
            finding=feedback.finding,
            corrected={label: truth.value for label, truth in feedback.corrected.items()},
        )
    )  # fmt: skip
    for day in sorted({*days, (job.site, job.algorithm, scopes.day_of(feedback.at))}):
        recount(connection, *day)
    return not days


def withdraw(connection: sa.Connection, job_id: str, role: Role, finding: str = "") -> bool:
    """Take a role's word back; False where there was none. Raises `NotFoundError` for no job."""
    _locked(connection, job_id)
    days = _gone(connection, job_id, role, finding)
    for day in sorted(days):
        recount(connection, *day)
    return bool(days)


def of_jobs(connection: sa.Connection, job_ids: Iterable[str]) -> dict[str, list[Feedback]]:
    """What was said of each of these results, the oldest first."""
    rows = connection.execute(
        sa.select(*FeedbackRow.__table__.columns)
        .where(FeedbackRow.job_id.in_(list(job_ids)))
        .order_by(FeedbackRow.at, FeedbackRow.id)
    )
    found: dict[str, list[Feedback]] = {}
    for row in rows:
        corrected = {label: Truth(truth) for label, truth in row.corrected.items()}
        one = Feedback(
            row.job_id, row.at, Role(row.role), Word(row.word), row.finding, corrected
        )  # fmt: skip
        found.setdefault(row.job_id, []).append(one)
    return found


def recount(connection: sa.Connection, site: str, algorithm: str, day: dt.date) -> int:
    """Count the words that were said in a day again; returns the rows written."""
    concordance.one_at_a_time(connection, site)
    first, end = _hours(day)
    rows = connection.execute(
        sa.select(FeedbackRow.version, FeedbackRow.role, FeedbackRow.word, FeedbackRow.called,
                  sa.func.count().label("count"))
        .where(FeedbackRow.site == site, FeedbackRow.algorithm == algorithm,
               FeedbackRow.at >= first, FeedbackRow.at < end)
        .group_by(FeedbackRow.version, FeedbackRow.role, FeedbackRow.word, FeedbackRow.called)
    ).all()  # fmt: skip
    connection.execute(
        sa.delete(FeedbackDayRow).where(
            FeedbackDayRow.site == site,
            FeedbackDayRow.algorithm == algorithm,
            FeedbackDayRow.day == day,
        )
    )
    made = [
        {"site": site, "algorithm": algorithm, "day": day, **row._mapping}  # noqa: SLF001 - public in SQLAlchemy
        for row in rows
    ]
    if made:
        connection.execute(sa.insert(FeedbackDayRow), made)
    return len(made)


def of_days(
    connection: sa.Connection,
    *,
    first: dt.date,
    last: dt.date,
    site: str | None = None,
    algorithm: str | None = None,
    role: Role | None = None,
) -> list[Words]:
    """The counts of these days, both included, by day. None does not choose."""
    columns = [getattr(FeedbackDayRow, field.name) for field in dataclasses.fields(Words)]
    query = (
        sa.select(*columns)
        .where(FeedbackDayRow.day.between(first, last))
        .order_by(FeedbackDayRow.day, *columns[:3], *columns[4:7])
    )
    for column, value in (
        (FeedbackDayRow.site, site),
        (FeedbackDayRow.algorithm, algorithm),
        (FeedbackDayRow.role, role and role.value),
    ):
        if value is not None:
            query = query.where(column == value)
    return [
        Words(**{**row._mapping, "role": Role(row.role), "word": Word(row.word), "count": row[7]})  # noqa: SLF001 - public in SQLAlchemy
        for row in connection.execute(query)
    ]


def write(connection: sa.Connection, days: Iterable[Words]) -> int:
    """Keep counts in place of what was kept under the same keys, such as a simulated country's."""
    rows = [
        {**dataclasses.asdict(one), "role": one.role.value, "word": one.word.value} for one in days
    ]
    if not rows:
        return 0
    statement = insert(connection, FeedbackDayRow)
    statement = statement.on_conflict_do_update(
        index_elements=list(_KEYS), set_={"count": statement.excluded["count"]}
    )
    connection.execute(statement, rows)
    return len(rows)


def _hours(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """When a day begins in Norway, and when the next one does: 23 to 25 hours."""
    midnight = dt.datetime.combine(day, dt.time(), scopes.OSLO)
    return midnight, dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), scopes.OSLO)


def _locked(connection: sa.Connection, job_id: str) -> sa.Row:  # type: ignore[type-arg]
    """The job's row, held: two words of one role at once come one after the other."""
    row = connection.execute(
        sa.select(JobRow.site, JobRow.algorithm, JobRow.version)
        .where(JobRow.id == job_id)
        .with_for_update(key_share=True)
    ).first()
    if row is None:
        message = "no such job"
        raise NotFoundError(message)
    return row


def _gone(connection: sa.Connection, job_id: str, role: Role, finding: str) -> set[Day]:
    """Delete a role's word; returns the days that it was counted in."""
    mine = (
        FeedbackRow.job_id == job_id,
        FeedbackRow.role == role.value,
        FeedbackRow.finding == finding,
    )
    rows = connection.execute(
        sa.select(FeedbackRow.site, FeedbackRow.algorithm, FeedbackRow.at).where(*mine)
    )
    days = {(row.site, row.algorithm, scopes.day_of(row.at)) for row in rows}
    connection.execute(sa.delete(FeedbackRow).where(*mine))
    return days
