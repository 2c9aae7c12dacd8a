"""A result's observation: a row beside it, or, without any database, its sums alone."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from pydicom import Dataset

from core import logs
from core.domain.equipment import Equipment
from core.domain.finding import Result
from core.domain.job import PLATFORM, Job
from core.domain.study import Instance
from core.store.watch import observations
from core.store.watch.observations import Observed
from core.store.watch.scopes import day_of
from models.registry import Algorithm
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate
from workers import pipeline
from workers.observer import Noted, Observer
from workers.runtime import Runtime
from workers.serials import Serials
from workers.telling import traced

#: What the intended-use gate looks at, of an instance that no router has received.
ATTRIBUTES: Final = ("Modality", "BodyPartExamined", "ViewPosition")


def record(connection: sa.Connection, job: Job, noted: Noted, *, now: dt.datetime) -> None:
    """Write what was noted of the job's result, in the result's own transaction.

    An error is logged: only what is written here is undone, the result stays. Varde's own
    answers are of no algorithm and are not observed.
    """
    if job.algorithm == PLATFORM:
        return
    try:
        with connection.begin_nested():
            last = observations.last_instance(connection, job.study_id, job.revision)
            row = observed_row(job, noted, day=day_of(last or now), at=now)
            observations.record(connection, row, noted.equipment)
    except Exception as error:  # noqa: BLE001 - a result is worth more than what is noted of it
        logs.logger().warning("a result is not observed", detail=traced(error))


def observed_row(job: Job, noted: Noted, *, day: dt.date, at: dt.datetime) -> Observed:
    """The row of what was noted of the job's result."""
    return Observed(
        job_id=job.id,
        run=job.run,
        site=job.site,
        algorithm=job.algorithm,
        version=job.version,
        equipment=noted.equipment.key if noted.equipment != Equipment() else "",
        modality=noted.modality,
        day=day,
        at=at,
        groups=noted.groups,
        body=wire.dump(noted.aggregate),
    )


def observed(algorithm: Algorithm, datasets: Sequence[Dataset], runtime: Runtime) -> Aggregate:
    """What a worker would note of one study: `datasets` through the algorithm, in memory.

    The data sets have file meta information; nothing is written, and no router is needed.
    """
    return noted(algorithm, datasets, runtime)[1].aggregate


def noted(
    algorithm: Algorithm, datasets: Sequence[Dataset], runtime: Runtime
) -> tuple[Result, Noted]:
    """As `observed`, with the result itself, and the equipment and subgroups of the study.

    Serial numbers are hashed with a key that is known: for simulated studies only.
    """
    observer = Observer(lambda: Serials(b"simulated"))
    by_uid: Mapping[str, Dataset] = {str(one.SOPInstanceUID): one for one in datasets}
    result = pipeline.evaluate(
        algorithm,
        [_instance(one) for one in datasets],
        lambda one: by_uid[one.sop_uid],
        runtime,
        job_id="observed",
        worker="observed",
        clock=lambda: dt.datetime.now(dt.UTC),
        observer=observer,
    )
    return result, observer.noted(result, algorithm.folder)


def _instance(dataset: Dataset) -> Instance:
    """A data set as a router would have told of it."""
    return Instance(
        sop_uid=str(dataset.SOPInstanceUID),
        sop_class_uid=str(dataset.SOPClassUID),
        series_uid=str(dataset.SeriesInstanceUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        path="",
        size=0,
        modality=str(dataset.get("Modality", "")),
        revision=1,
        attributes={name: str(dataset.get(name) or "") for name in ATTRIBUTES},
    )
