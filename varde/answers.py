"""What became of the studies that a demonstration sent, read from the database."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.domain.finding import Finding, Outcome, Result
from core.domain.job import FINAL, Delivery, DeliveryState, Job, State
from core.domain.study import Study, StudyState
from core.store import deliveries, jobs, results, studies

ANSWERED = frozenset({State.DELIVERED, State.UNDELIVERABLE})


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A study's latest revision: its jobs, what they said, and what arrived where."""

    study: Study
    last_instance_at: dt.datetime | None
    jobs: tuple[Job, ...]
    results: Mapping[str, Result]
    deliveries: tuple[Delivery, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen by itself."""
        complete = self.study.state is StudyState.COMPLETE and bool(self.jobs)
        return complete and all(job.state in FINAL for job in self.jobs)

    @property
    def answered(self) -> bool:
        """Whether every job has a result."""
        return self.settled and all(job.state in ANSWERED for job in self.jobs)

    @property
    def delivered(self) -> bool:
        """Whether every result has objects, and every one of them was acknowledged."""
        acknowledged = all(d.state is DeliveryState.DELIVERED for d in self.deliveries)
        return self.answered and acknowledged and all(self.of(job) for job in self.jobs)

    def of(self, job: Job) -> list[Delivery]:
        """The deliveries of one job, an object and a destination each."""
        return [delivery for delivery in self.deliveries if delivery.job_id == job.id]

    def seconds(self, job: Job) -> float | None:
        """From the study's last instance to the last receipt, quiet period included."""
        if job.delivered_at is None or self.last_instance_at is None:
            return None
        return (job.delivered_at - self.last_instance_at).total_seconds()


def of(connection: sa.Connection, study_uid: str, site: str) -> Answer | None:
    """What is known of a study by now, None where it is not known at all."""
    study = next((s for s in studies.by_uid(connection, study_uid) if s.site == site), None)
    if study is None:
        return None
    mine = [
        job for job in jobs.listed(connection, study_ids=[study.id])
        if job.revision == study.revision
    ]  # fmt: skip
    keys = [job.id for job in mine]
    return Answer(
        study,
        studies.last_instance_at(connection, study.id, study.revision),
        tuple(sorted(mine, key=lambda job: job.algorithm)),
        results.of_jobs(connection, keys),
        tuple(deliveries.of_jobs(connection, keys)),
    )


def told(answer: Answer, archive: Path) -> dict[str, Any]:
    """The study for machines; paths are those of the receiving archive's files."""
    return {
        "study_uid": answer.study.study_uid,
        "site": answer.study.site,
        "revision": answer.study.revision,
        "jobs": [_job(answer, job, archive) for job in answer.jobs],
        "delivered": answer.delivered,
    }


def _job(answer: Answer, job: Job, archive: Path) -> dict[str, Any]:
    result = answer.results.get(job.id)
    reason = result.reason if result else None
    return {
        "algorithm": job.algorithm,
        "version": job.version,
        "state": job.state,
        "outcome": job.outcome,
        "reason": reason.text() if reason else job.error or None,
        "findings": [_finding(finding) for finding in result.findings] if result else [],
        "objects": [_object(delivery, job.study_uid, archive) for delivery in answer.of(job)],
        "seconds": answer.seconds(job),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.code.meaning,
        "probability": round(finding.probability, 4),
        "present": finding.present,
        "sop_uid": finding.sop_uid,
    }


def _object(delivery: Delivery, study_uid: str, archive: Path) -> dict[str, Any]:
    path = archive / study_uid / f"{delivery.sop_uid}.dcm"
    found = str(path) if path.is_file() else None
    return {"kind": delivery.kind, "sop_uid": delivery.sop_uid, "path": found}


def rows(answer: Answer) -> list[tuple[str, ...]]:
    """The study for people: a row a job, as (study, algorithm, outcome, findings, objects, s)."""
    uid = answer.study.study_uid
    return [_row(uid if len(uid) <= 24 else f"…{uid[-23:]}", answer, job) for job in answer.jobs]  # noqa: PLR2004


def _row(study: str, answer: Answer, job: Job) -> tuple[str, ...]:
    result, seconds = answer.results.get(job.id), answer.seconds(job)
    kinds = [delivery.kind.upper() for delivery in answer.of(job)]
    objects = ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(kinds))
    return (
        study, f"{job.algorithm} {job.version}", _outcome(job), _words(result) or job.error,
        objects, "" if seconds is None else f"{seconds:.1f}",
    )  # fmt: skip


def _outcome(job: Job) -> str:
    """The outcome; the state where that is not what it should be."""
    outcome = (job.outcome or Outcome.FAILED).replace("_", " ")
    return outcome if job.state is State.DELIVERED else f"{outcome} ({job.state})"


def _words(result: Result | None) -> str:
    """What was found, or why nothing was looked for."""
    if result is None:
        return ""
    if result.reason:
        return result.reason.text()
    # The most probable comes first: of a finding on several instances that one is shown.
    named = {found.code.meaning: found.probability for found in reversed(result.present)}
    return ", ".join(f"{name} {named[name]:.2f}" for name in reversed(named))
