"""Truths meet results: reports, corrections and audits become comparisons, and days are counted."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.feedback import Comparison, Feedback, Source, Truth, Word
from core.domain.finding import Result
from core.store import results
from core.store.watch import audits, comparisons, concordance, feedback, reports, subjects
from core.store.watch.audits import Audit
from core.store.watch.comparisons import Day
from core.store.watch.reports import Report
from core.store.watch.subjects import Subject
from monitoring import truths

MOST: Final = 200  #: studies in one transaction
AT_ONCE: Final = 20  #: studies whose results are in memory together: a CT's holds a mask


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What is known of some studies from others than the algorithms."""

    reports: Mapping[str, Report]  #: by study
    feedback: Mapping[str, Sequence[Feedback]]  #: by job
    audits: Mapping[str, Audit]  #: by job

    def compared(self, subject: Subject, result: Result) -> Iterator[Comparison]:
        """A result beside every truth that is about it."""
        report = self.reports.get(subject.study_id)
        if report is not None and subject.newest:
            yield from truths.compare(result, report.truths, Source.REPORT, subject.groups)
        if corrected := _corrected(self.feedback.get(subject.job_id, ())):
            yield from truths.compare(result, corrected, Source.FEEDBACK, subject.groups)
        audit = self.audits.get(subject.job_id)
        if audit is not None and audit.answered_at is not None:
            yield from truths.compare(result, audit.truths, Source.AUDIT, subject.groups)


def compare_studies(
    connection: sa.Connection, study_ids: Iterable[str], now: dt.datetime
) -> set[Day]:
    """Make these studies' comparisons what their truths say now; returns the days to be recounted.

    A report is compared with the newest revision's results alone, a correction and an audit
    with the result that they are about. Two that compare one study come one after the other.
    """
    chosen = sorted(set(study_ids))
    reports.hold(connection, chosen)
    days: set[Day] = set()
    for first in range(0, len(chosen), AT_ONCE):
        days |= _compare(connection, chosen[first : first + AT_ONCE], now)
    return days


def _compare(connection: sa.Connection, study_ids: Sequence[str], now: dt.datetime) -> set[Day]:
    found = subjects.of_studies(connection, study_ids)
    jobs = [one.job_id for one in found]
    said = results.of_jobs(connection, jobs)
    told = Told(
        reports.of_studies(connection, study_ids),
        feedback.of_jobs(connection, jobs),
        audits.of_jobs(connection, jobs),
    )
    wanted = [
        one
        for subject in found
        if subject.job_id in said
        for one in told.compared(subject, said[subject.job_id])
    ]
    return comparisons.replace(connection, found, wanted, now)


def recount(connection: sa.Connection, days: Iterable[Day]) -> None:
    """Count these days' comparisons anew, always in one order: two that do so never lock up."""
    for site, algorithm, day in sorted(days):
        concordance.recount(connection, site, algorithm, day)


def compare_and_count(connection: sa.Connection, study_id: str, now: dt.datetime) -> set[Day]:
    """`compare_studies` of one and its recount: for one truth at a time."""
    days = compare_studies(connection, [study_id], now)
    recount(connection, days)
    return days


def catch_up(connection: sa.Connection, *, now: dt.datetime, most: int = MOST) -> int:
    """Compare what a truth and a result are both here of, and count the days that change.

    For the night: a result that came after its report, or was made again. At most `most`
    studies in one call; returns how many, so that one calls again until none is left.
    """
    waiting = subjects.pending(connection, most)
    recount(connection, compare_studies(connection, waiting, now))
    return len(waiting)


def _corrected(said: Iterable[Feedback]) -> dict[str, Truth]:
    """What all corrections of a result say together; where two differ, the later one."""
    together: dict[str, Truth] = {}
    for one in said:
        if one.word is Word.CORRECT:
            together |= one.corrected
    return together
