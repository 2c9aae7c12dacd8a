"""What the exporter counts: always of a part of a table, never of all of it at every scrape.

A part lies between two times (`after` < time <= `until`, either may be None) or two row numbers,
so that what was counted once need not be counted again.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from core.domain.case import CaseKind
from core.domain.commitment import CommitmentState
from core.domain.job import DeliveryState, State
from core.domain.watch import Standing
from core.store.tables import (
    DecisionRow,
    DeliveryRow,
    InstanceRow,
    JobRow,
    RefusalRow,
    RevisionRow,
    StudyRow,
)
from core.store.watch.aggregates import StoredDay
from core.store.watch.tables import (
    AggregateRow,
    AuditRow,
    CaseRow,
    ConcordanceRow,
    EvaluationRow,
    FeedbackRow,
)

Counted = list[tuple[tuple[str, ...], int]]  #: (label values, how many)
Time = dt.datetime | None

#: What a table's rows are found by when they are counted a part at a time; each has an index.
STUDY_AT: Final = StudyRow.created_at
REFUSAL_AT: Final = RefusalRow.at
REVISION_AT: Final = RevisionRow.at
FEEDBACK_AT: Final = FeedbackRow.at
JOB_AT: Final = JobRow.created_at
AGGREGATE_AT: Final = AggregateRow.at
INSTANCE: Final = InstanceRow.id

#: States in which something may still happen to a job, or somebody has to do something.
LIVE: Final = (
    State.QUEUED, State.RUNNING, State.ENCODED, State.UNDELIVERABLE, State.FAILED,
)  # fmt: skip
_SETTLED: Final = (CommitmentState.NONE, CommitmentState.COMMITTED)
_MANY: Final = 500  #: of values in one IN


def reach(connection: sa.Connection, column: Any, after: Any, until: Any, most: int) -> Any:  # noqa: ANN401
    """The place up to which about `most` rows lie, `until` where there are no more than that."""
    query = sa.select(column).where(column <= until).order_by(column).limit(1).offset(most)
    found = connection.execute(query if after is None else query.where(column > after))
    return found.scalar_one_or_none() or until


def _within(column: Any, after: Any, until: Any) -> list[sa.ColumnElement[bool]]:  # noqa: ANN401
    low = [] if after is None else [column > after]
    return low if until is None else [*low, column <= until]


def _counted(connection: sa.Connection, query: sa.Select, keys: Sequence[Any]) -> Counted:  # type: ignore[type-arg]
    rows = connection.execute(query.with_only_columns(*keys, sa.func.count()).group_by(*keys))
    return [(tuple(row[:-1]), row[-1]) for row in rows]


def studies(connection: sa.Connection, after: Time, until: Time) -> Counted:
    """Studies by (site)."""
    # As a bare column, SQLite would group by the index that begins with it: all of the table.
    site = sa.func.coalesce(StudyRow.site, "")
    query = sa.select(StudyRow).where(*_within(StudyRow.created_at, after, until))
    return _counted(connection, query, (site,))


def refusals(connection: sa.Connection, after: Time, until: Time) -> Counted:
    """Refusals by (site, code); the site is empty where nobody knows the sender."""
    site = sa.func.coalesce(RefusalRow.site, "")
    query = sa.select(RefusalRow).where(*_within(RefusalRow.at, after, until))
    return _counted(connection, query, (site, RefusalRow.code))


def decisions(connection: sa.Connection, after: Time, until: Time) -> Counted:
    """Decisions of the revisions closed in that time, by (site, algorithm, reason)."""
    of_revision = (DecisionRow.study_id == RevisionRow.study_id) & (
        DecisionRow.revision == RevisionRow.number
    )
    query = (
        sa.select(RevisionRow)
        .join(DecisionRow, of_revision)
        .join(StudyRow, StudyRow.id == RevisionRow.study_id)
        .where(*_within(RevisionRow.at, after, until))
    )
    return _counted(connection, query, (StudyRow.site, DecisionRow.algorithm, DecisionRow.reason))


def feedback(connection: sa.Connection, after: Time, until: Time) -> Counted:
    """Words by (site, algorithm, role, word)."""
    keys = (FeedbackRow.site, FeedbackRow.algorithm, FeedbackRow.role, FeedbackRow.word)
    query = sa.select(FeedbackRow).where(*_within(FeedbackRow.at, after, until))
    return _counted(connection, query, keys)


def last_instance(connection: sa.Connection) -> int:
    """The number of the newest instance; 0 where there is none."""
    return connection.execute(sa.select(sa.func.max(InstanceRow.id))).scalar_one() or 0


def instances(
    connection: sa.Connection, after: int | None, until: int | None
) -> list[tuple[str, str, int, dt.datetime]]:
    """(site, modality, instances, last arrival) of the instances with these row numbers."""
    keys = (StudyRow.site, InstanceRow.modality)
    rows = connection.execute(
        sa.select(*keys, sa.func.count(), sa.func.max(InstanceRow.received_at))
        .join(StudyRow, StudyRow.id == InstanceRow.study_id)
        .where(*_within(InstanceRow.id, after, until))
        .group_by(*keys)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


class JobNow(NamedTuple):
    """A job as it stands, with the arrival of its revision's last instance."""

    id: str
    site: str
    algorithm: str
    version: str
    queue: str
    state: str
    run: int
    outcome: str | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    delivered_at: dt.datetime | None
    last_instance_at: dt.datetime


def _jobs(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[JobNow]:
    of_revision = (RevisionRow.study_id == JobRow.study_id) & (
        RevisionRow.number == JobRow.revision
    )
    columns = [getattr(JobRow, name) for name in JobNow._fields[:-1]]
    query = sa.select(*columns, RevisionRow.last_instance_at).join(RevisionRow, of_revision)
    return [JobNow._make(row) for row in connection.execute(query.where(*conditions))]


def jobs(connection: sa.Connection, after: Time, until: Time) -> list[JobNow]:
    """The jobs made in that time."""
    return _jobs(connection, *_within(JobRow.created_at, after, until))


def live_jobs(connection: sa.Connection) -> list[JobNow]:
    """The jobs in one of the `LIVE` states."""
    return _jobs(connection, JobRow.state.in_([state.value for state in LIVE]))


def jobs_of(connection: sa.Connection, job_ids: Collection[str]) -> list[JobNow]:
    """The jobs with these ids."""
    return [
        job for some in _slices(sorted(job_ids)) for job in _jobs(connection, JobRow.id.in_(some))
    ]


def _slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))


def waiting_deliveries(connection: sa.Connection) -> Counted:
    """Objects that are not delivered, by (destination, state)."""
    states = [one.value for one in DeliveryState if one is not DeliveryState.DELIVERED]
    query = sa.select(DeliveryRow).where(DeliveryRow.state.in_(states))
    return _counted(connection, query, (DeliveryRow.destination, DeliveryRow.state))


def open_commitments(connection: sa.Connection) -> Counted:
    """Objects for which commitment was asked and is not given, by (destination, state)."""
    states = [one.value for one in CommitmentState if one not in _SETTLED]
    query = sa.select(DeliveryRow).where(DeliveryRow.commitment.in_(states))
    return _counted(connection, query, (DeliveryRow.destination, DeliveryRow.commitment))


class OpenCases(NamedTuple):
    """The open cases of one kind about one stream."""

    site: str
    algorithm: str
    kind: str
    number: int
    oldest: dt.datetime


def open_cases(connection: sa.Connection) -> list[OpenCases]:
    """How many, and since when."""
    keys = (CaseRow.site, CaseRow.algorithm, CaseRow.kind)
    rows = connection.execute(
        sa.select(*keys, sa.func.count(), sa.func.min(CaseRow.opened_at))
        .where(CaseRow.settled_at.is_(None))
        .group_by(*keys)
    )
    return [OpenCases._make(row) for row in rows]


def drift_settled(connection: sa.Connection) -> dict[tuple[str, str], dt.datetime]:
    """When a drift case was last settled, by (site, algorithm)."""
    keys = (CaseRow.site, CaseRow.algorithm)
    rows = connection.execute(
        sa.select(*keys, sa.func.max(CaseRow.settled_at))
        .where(CaseRow.kind == CaseKind.DRIFT.value, CaseRow.settled_at.is_not(None))
        .group_by(*keys)
    )
    return {(row[0], row[1]): row[2] for row in rows if row[2] is not None}


class Evaluated(NamedTuple):
    """What changes when anything is evaluated (anew) within the last days."""

    day: dt.date | None  #: the newest that any stream was evaluated for
    at: dt.datetime | None
    number: int


def evaluated(connection: sa.Connection, days: int = 3) -> Evaluated:
    """The newest evaluated day, and what was last written for it and the `days` before."""
    newest = sa.select(sa.func.max(EvaluationRow.day))
    day: dt.date | None = connection.execute(newest).scalar_one()
    if day is None:
        return Evaluated(None, None, 0)
    at, count = connection.execute(
        sa.select(sa.func.max(EvaluationRow.at), sa.func.count()).where(
            EvaluationRow.day >= day - dt.timedelta(days=days)
        )
    ).one()
    return Evaluated(day, at, count)


def outside_days(connection: sa.Connection, first: dt.date) -> dict[tuple[str, str], list[dt.date]]:
    """The days from `first` on that each (site, algorithm) was outside, in order."""
    rows = connection.execute(
        sa.select(EvaluationRow.site, EvaluationRow.algorithm, EvaluationRow.day)
        .where(EvaluationRow.day >= first, EvaluationRow.standing == Standing.OUTSIDE.value)
        .order_by(EvaluationRow.day)
    )
    found: dict[tuple[str, str], list[dt.date]] = {}
    for site, algorithm, day in rows:
        found.setdefault((site, algorithm), []).append(day)
    return found


def aggregates(
    connection: sa.Connection, first: dt.date, after: Time, until: Time
) -> list[StoredDay]:
    """Aggregates of days from `first` on that were written in that time."""
    columns = [getattr(AggregateRow, name) for name in StoredDay.__slots__]
    query = sa.select(*columns).where(
        AggregateRow.day >= first, *_within(AggregateRow.at, after, until)
    )
    return [StoredDay(*row) for row in connection.execute(query)]


def concordance(
    connection: sa.Connection, algorithms: Collection[str], first: dt.date, label: str
) -> list[tuple[str, str, str, tuple[int, int, int, int, int]]]:
    """(site, algorithm, source, counts) of the days from `first` on, all readers of `label`.

    Counts: true positive, false positive, false negative, true negative, unknown.
    """
    keys = (ConcordanceRow.site, ConcordanceRow.algorithm, ConcordanceRow.source)
    sums = [
        sa.func.sum(column)
        for column in (
            ConcordanceRow.true_positive, ConcordanceRow.false_positive,
            ConcordanceRow.false_negative, ConcordanceRow.true_negative, ConcordanceRow.unknown,
        )
    ]  # fmt: skip
    found = []
    for algorithm in algorithms:  # one at a time: the index begins with it
        rows = connection.execute(
            sa.select(*keys, *sums)
            .where(
                ConcordanceRow.algorithm == algorithm, ConcordanceRow.day >= first,
                ConcordanceRow.label == label, ConcordanceRow.subgroup == "",
            )
            .group_by(*keys)
        )  # fmt: skip
        found += [(row[0], row[1], row[2], tuple(int(n) for n in row[3:])) for row in rows]
    return found  # type: ignore[return-value]  # five of them


def audits(connection: sa.Connection) -> Counted:
    """Results drawn, by (site, algorithm, role of who answered, empty where nobody has)."""
    answered = sa.case((AuditRow.answered_at.is_not(None), AuditRow.role), else_="")
    query = sa.select(AuditRow)
    return _counted(connection, query, (AuditRow.site, AuditRow.algorithm, answered))
