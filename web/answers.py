"""What an algorithm answers, as a reader should see it: one status that cannot be mistaken."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable

import sqlalchemy as sa

from core.domain.finding import Finding, Result
from core.domain.job import FINAL, PLATFORM, Delivery, Job, State
from core.domain.study import Study
from core.store import deliveries, jobs, results, studies

MOST = 10_000
SCORES = frozenset({"1", "{score}"})  #: units (UCUM) of a number on a scale


class Status(enum.StrEnum):
    """The seven faces of an answer."""

    FINDINGS = "findings"
    NOTHING_FOUND = "nothing_found"
    NOT_EVALUATED = "not_evaluated"
    FAILED = "failed"
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"


_WITHOUT_RESULT = {
    State.QUEUED: Status.WAITING,
    State.RUNNING: Status.RUNNING,
    State.CANCELLED: Status.CANCELLED,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A job with its result and what became of the result's objects.

    A result of an earlier run is left out while the job runs again. `seconds` are
    from the revision's last instance to the last receipt.
    """

    job: Job
    result: Result | None
    deliveries: tuple[Delivery, ...]
    seconds: float | None

    @property
    def status(self) -> Status:
        """What the reader is told."""
        if self.result:
            return Status(self.result.outcome.value)
        return _WITHOUT_RESULT.get(self.job.state, Status.FAILED)

    @property
    def present(self) -> tuple[Finding, ...]:
        """The findings that the algorithm says are there, the most probable first."""
        found = self.result.present if self.result else ()
        return tuple(one for one in found if not is_assessment(one))

    @property
    def absent(self) -> tuple[Finding, ...]:
        """What it looked for and did not find, the most probable first."""
        found = self.result.findings if self.result else ()
        absent = (f for f in found if not f.present and not is_assessment(f))
        return tuple(sorted(absent, key=lambda f: -f.probability))

    @property
    def assessments(self) -> tuple[Finding, ...]:
        """What present and absent do not answer: a density, a score."""
        found = self.result.findings if self.result else ()
        return tuple(one for one in found if is_assessment(one))

    @property
    def final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.job.state in FINAL

    @property
    def by_platform(self) -> bool:
        """Whether Varde itself answers, because no algorithm may read the study."""
        return self.job.algorithm == PLATFORM


def is_assessment(finding: Finding) -> bool:
    """Whether a finding is a question with a value of its own: a coded answer, or a score."""
    score = any(one.unit.value in SCORES for one in finding.measurements)
    return finding.answer is not None or (score and finding.region is None)


def of_studies(connection: sa.Connection, chosen: Iterable[Study]) -> dict[str, list[Answer]]:
    """Every answer of these studies by study id, the latest revision first."""
    keys = [study.id for study in chosen]
    found = jobs.listed(connection, study_ids=keys, limit=MOST)
    ids = [job.id for job in found]
    said = results.of_jobs(connection, ids)
    arrived = studies.last_instances(connection, keys)
    sent: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_jobs(connection, ids):
        sent.setdefault(delivery.job_id, []).append(delivery)
    answers: dict[str, list[Answer]] = {key: [] for key in keys}
    for job in sorted(found, key=lambda job: (-job.revision, job.algorithm, job.version)):
        last = arrived.get((job.study_id, job.revision))
        result = said.get(job.id) if job.outcome else None
        mine = tuple(sent.get(job.id, ()))
        answers[job.study_id].append(Answer(job, result, mine, _seconds(last, job.delivered_at)))
    return answers


def _seconds(last: dt.datetime | None, delivered: dt.datetime | None) -> float | None:
    return (delivered - last).total_seconds() if last and delivered else None
