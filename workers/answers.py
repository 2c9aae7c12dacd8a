"""The answers that need no pixels: Varde's own "not evaluated", and "failed"."""

import dataclasses
import datetime as dt
import functools
import importlib.metadata
from collections.abc import Mapping, Sequence

from core.domain.finding import Outcome, Provenance, Result
from core.domain.job import PLATFORM, Job
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Decision, Instance
from models.registry import Algorithm

NAME = "Varde"
INTENDED_USE = "Tells which studies no algorithm has read, and why. Not a diagnosis."


@functools.cache
def platform_version() -> str:
    """The version of Varde that runs."""
    return importlib.metadata.version("varde")


def provenance(
    algorithm: Algorithm,
    *,
    worker: str,
    started: dt.datetime,
    finished: dt.datetime,
    provider: str = "",
    parameters: Mapping[str, str] | None = None,
) -> Provenance:
    """Who said it, where `algorithm` did."""
    identity = algorithm.manifest.algorithm
    return Provenance(
        algorithm=algorithm.key,
        name=identity.name,
        version=algorithm.version,
        weights_sha256=algorithm.weights_sha256,
        device_uid=algorithm.device_uid,
        intended_use=identity.intended_use,
        intended_use_nb=identity.intended_use_nb,
        platform_version=platform_version(),
        provider=provider,
        worker=worker,
        started_at=started,
        finished_at=finished,
        parameters=dict(parameters or {}),
    )


def refused(
    job: Job,
    instances: Sequence[Instance],
    decisions: Sequence[Decision],
    *,
    worker: str,
    now: dt.datetime,
    language: str,
) -> Result:
    """Varde's own answer to a study that no algorithm was chosen for.

    The parameters hold each algorithm's reason, in `language`.
    """
    found = ", ".join(sorted({one.modality for one in instances if one.modality})) or "–"
    reason = Reason(ReasonCode.NO_ALGORITHM, {"found": found})
    why = {one.algorithm: one.reason.text(language) for one in decisions if not one.chosen}
    told = _unnamed(job, worker=worker, now=now, parameters=why)
    return Result(job.id, Outcome.NOT_EVALUATED, told, reason=reason)


def failed(
    job: Job, algorithm: Algorithm | None, reason: Reason, *, worker: str, now: dt.datetime
) -> Result:
    """The answer for a job that ended in `reason`; `algorithm` is None where none is here."""
    started = job.started_at or now
    told = (
        provenance(algorithm, worker=worker, started=started, finished=now)
        if algorithm
        else _unnamed(job, worker=worker, now=now)
    )
    return Result(job.id, Outcome.FAILED, told, reason=reason)


def suspended(
    job: Job, algorithm: Algorithm | None, since: dt.datetime, *, worker: str, now: dt.datetime
) -> Result:
    """The answer of an algorithm that may not run at the job's site: never silence."""
    reason = Reason(ReasonCode.SUSPENDED, {"since": since.date().isoformat()})
    told = failed(job, algorithm, reason, worker=worker, now=now)
    return dataclasses.replace(told, outcome=Outcome.NOT_EVALUATED)


def _unnamed(
    job: Job, *, worker: str, now: dt.datetime, parameters: Mapping[str, str] | None = None
) -> Provenance:
    """Who said it, where no algorithm of this worker did."""
    return Provenance(
        algorithm=job.algorithm,
        name=NAME if job.algorithm == PLATFORM else job.algorithm,
        version=job.version,
        weights_sha256="",
        device_uid="",
        intended_use=INTENDED_USE if job.algorithm == PLATFORM else "",
        platform_version=platform_version(),
        provider="",
        worker=worker,
        started_at=job.started_at or now,
        finished_at=now,
        parameters=dict(parameters or {}),
    )
