"""Every finding with a place gets a tracking identifier: an earlier one's, or its own."""

import dataclasses
import itertools
from collections.abc import Iterator

from core.domain import tracking
from core.domain.finding import Finding, Result
from core.domain.job import Job
from core.store import priors
from highdicom_out import mint
from workers.station import Station


def tracked(station: Station, job: Job, result: Result) -> Result:
    """`result` with tracking identifiers that follow a lesion from study to study.

    Findings of one lesion, which share an identifier already, go on sharing one.
    """
    with station.database.read() as connection:
        earlier = priors.of_patient(connection, job)
    return named(tracking.carry(result, earlier))


def named(result: Result) -> Result:
    """`result` with an identifier of its own for every located finding that has none."""
    taken = {one.tracking_id for one in result.findings if one.tracking_id}
    told: list[Finding] = []
    for number, one in enumerate(result.findings):
        if not one.present or one.region is None or one.tracking_uid:
            told.append(one)
            continue
        words = next(name for name in _names(one) if name not in taken)
        taken.add(words)
        uid = mint.uid("tracking", result.job_id, number, one.code.value)
        told.append(dataclasses.replace(one, tracking_id=words, tracking_uid=uid))
    return dataclasses.replace(result, findings=tuple(told))


def _names(finding: Finding) -> Iterator[str]:
    return (f"{finding.code.meaning} {count}" for count in itertools.count(1))
