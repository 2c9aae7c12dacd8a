"""What an algorithm answers, as a reader should see it: one status that cannot be mistaken."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Sequence

import sqlalchemy as sa

from core.domain.activation import Activation
from core.domain.finding import Finding, Result
from core.domain.job import FINAL, PLATFORM, Delivery, Job, State
from core.domain.study import Study
from core.store import deliveries, jobs, results, studies
from core.store.watch import activations
from monitoring.truths import is_assessment

MOST = 10_000


class Status(enum.StrEnum):
    """The eight faces of an answer."""

    FINDINGS = "findings"
    NOTHING_FOUND = "nothing_found"
    NOT_EVALUATED = "not_evaluated"
    FAILED = "failed"
    WAITING = "waiting"
    RUNNING = "running"
    CANCELLED = "cancelled"
    SHADOW = "shadow"


_WITHOUT_RESULT = {
    State.QUEUED: Status.WAITING,
    State.RUNNING: Status.RUNNING,
    State.CANCELLED: Status.CANCELLED,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A job with its result and what became of the result's objects.

    A result of an earlier run is left out while the job runs again, and so is that of an
    algorithm that is in `shadow` at the study's site. `seconds` are from the revision's last
    instance to the last receipt.
    """

    job: Job
    result: Result | None
    deliveries: tuple[Delivery, ...]
    seconds: float | None
    shadow: bool = False

    @property
    def status(self) -> Status:
        """What the reader is told."""
        if self.shadow:
            return Status.SHADOW
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


def of_studies(connection: sa.Connection, chosen: Sequence[Study]) -> dict[str, list[Answer]]:
    """Every answer of these studies by study id, the latest revision first."""
    keys = [study.id for study in chosen]
    found = jobs.listed(connection, study_ids=keys, limit=MOST)
    ids = [job.id for job in found]
    said = results.of_jobs(connection, ids)
    arrived = studies.last_instances(connection, keys)
    states = activations.all_states(connection)
    sites = {study.id: study.site for study in chosen}
    sent: dict[str, list[Delivery]] = {}
    for delivery in deliveries.of_jobs(connection, ids):
        sent.setdefault(delivery.job_id, []).append(delivery)
    answers: dict[str, list[Answer]] = {key: [] for key in keys}
    for job in sorted(found, key=lambda job: (-job.revision, job.algorithm, job.version)):
        last = arrived.get((job.study_id, job.revision))
        changed = states.get((sites[job.study_id], job.algorithm))
        shadow = changed is not None and changed.state is Activation.SHADOW
        result = said.get(job.id) if job.outcome and not shadow else None
        mine = tuple(sent.get(job.id, ()))
        seconds = _seconds(last, job.delivered_at)
        answers[job.study_id].append(Answer(job, result, mine, seconds, shadow))
    return answers


def _seconds(last: dt.datetime | None, delivered: dt.datetime | None) -> float | None:
    return (delivered - last).total_seconds() if last and delivered else None
