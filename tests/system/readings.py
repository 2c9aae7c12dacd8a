"""What the four algorithms really say of a simulated study each, and every other outcome."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from core.domain.finding import Outcome, Result
from core.domain.job import Job, Priority, State
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from core.sections import Worker
from models import registry
from simulator import studies
from simulator.ct.dicom import Wanted
from workers import answers, pipeline
from workers.runtime import Runtime

START = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
#: Of a study: the algorithm that reads it, the seed, and what keeps it small. The CT is taken
#: with a tilted gantry and mirrored both ways: no axis of it is the patient's.
STUDIES: Mapping[str, tuple[str, int, Mapping[str, Any]]] = MappingProxyType(
    {
        "chest": ("chest_xray", 11, {}),
        "wrist": ("fracture", 7, {}),
        "mammography": ("mammography", 7, {"pixel_mm": 0.25}),
        "thorax": (
            "ct_thorax",
            95_000_003,
            {
                "scanner": "fjell",
                "size": 256,
                "phantom_mm": 2.0,
                "thickness": 3.0,
                "increment": 3.0,
                "tilt": 12.0,
                "mirrored": (True, True),
                "wanted": Wanted(nodules=(20.0, 13.0), effusions=(0.0, 400.0)),
            },
        ),
    }
)


@dataclasses.dataclass(frozen=True)
class Case:
    """A result and what it is about."""

    result: Result
    sources: tuple[Dataset, ...]

    def picture(self, sop_uid: str, frame: int) -> NDArray[np.uint8] | None:
        """`highdicom_out.encoding.Pictures`: the upper eight bits of what is stored."""
        for source in self.sources:
            if source.SOPInstanceUID == sop_uid:
                frames = source.pixel_array.reshape(-1, source.Rows, source.Columns)
                return _grey(frames[frame - 1].tobytes(), frames.dtype.str, frames.shape[1:])
        return None

    def but(self, **changes: Any) -> "Case":
        """The same study with another result."""
        return dataclasses.replace(self, result=dataclasses.replace(self.result, **changes))


@functools.lru_cache(maxsize=64)
def _grey(data: bytes, kind: str, shape: tuple[int, int]) -> NDArray[np.uint8]:
    values = np.frombuffer(data, kind).reshape(shape).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    return ((values - low) * 255 / max(high - low, 1)).astype(np.uint8)


@functools.cache
def made(kind: str) -> tuple[Dataset, ...]:
    """The instances of a study of `STUDIES`."""
    _, seed, how = STUDIES[kind]
    datasets, _ = studies.study(kind, seed, salt="every object", **how)
    return tuple(filed(one) for one in datasets)


def filed(dataset: Dataset) -> Dataset:
    """`dataset` with the file meta information that a file of it would have."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@functools.cache
def real(kind: str) -> Case:
    """What the algorithm says, which must be that it found something."""
    case = read(kind, made(kind))
    assert case.result.outcome is Outcome.FINDINGS, case.result
    assert any(one.region for one in case.result.present)
    return case


@functools.cache
def runtime() -> Runtime:
    """Sessions that all readings share."""
    return Runtime(Worker(threads=2))


def read(kind: str, datasets: Sequence[Dataset]) -> Case:
    """Run the algorithm for a kind of study on `datasets`."""
    by_uid = {str(one.SOPInstanceUID): one for one in datasets}
    result = pipeline.evaluate(
        registry.load()[STUDIES[kind][0]],
        [_instance(one) for one in datasets],
        lambda one: by_uid[one.sop_uid],
        runtime(),
        job_id=f"job-{kind}",
        worker="worker-1",
        clock=lambda: START,
    )
    return Case(result, tuple(datasets))


def _instance(dataset: Dataset) -> Instance:
    """A data set as the database knows it."""
    words = {one.keyword: str(one.value) for one in dataset if one.VR in {"AS", "CS", "LO", "SH"}}
    return Instance(
        sop_uid=str(dataset.SOPInstanceUID),
        sop_class_uid=str(dataset.SOPClassUID),
        series_uid=str(dataset.SeriesInstanceUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        path="",
        size=1,
        modality=str(dataset.Modality),
        revision=1,
        attributes=words,
    )


def nothing_found(kind: str) -> Case:
    """The same numbers, had the thresholds been so high that none of them is a finding."""
    case = real(kind)
    below = 0.999
    quiet = tuple(
        dataclasses.replace(one, probability=min(one.probability, below), threshold=1.0)
        for one in case.result.findings
    )
    return case.but(outcome=Outcome.NOTHING_FOUND, findings=quiet)


def not_evaluated(kind: str) -> Case:
    """What the pipeline says where the manifest's gate refuses every instance."""
    other = tuple(dataclasses.replace(_instance(one), modality="OT") for one in made(kind))
    refused = [dataclasses.replace(one, attributes={"Modality": "OT"}) for one in other]
    result = pipeline.evaluate(
        registry.load()[STUDIES[kind][0]],
        refused,
        _never_read,
        runtime(),
        job_id=f"refused-{kind}",
        worker="worker-1",
        clock=lambda: START,
    )
    assert result.outcome is Outcome.NOT_EVALUATED
    return Case(result, made(kind))


def _never_read(instance: Instance) -> Dataset:
    raise AssertionError(instance)


def failed(kind: str) -> Case:
    """What a worker says of a job that ended in an error."""
    algorithm = registry.load()[STUDIES[kind][0]]
    job = Job(
        id=f"failed-{kind}", study_id="1", study_uid="2.25.1", site="site", revision=1,
        algorithm=algorithm.key, version=algorithm.version, queue="cpu", priority=Priority.ROUTINE,
        state=State.RUNNING, attempts=3, run=1, limit_s=60, created_at=START, started_at=START,
    )  # fmt: skip
    reason = Reason(ReasonCode.ERROR, {"detail": "out of memory \\ «æøå»"})
    told = answers.failed(job, algorithm, reason, worker="worker-1", now=START)
    return Case(told, made(kind))


OUTCOMES: Mapping[Outcome, Callable[[str], Case]] = MappingProxyType(
    {
        Outcome.FINDINGS: real,
        Outcome.NOTHING_FOUND: nothing_found,
        Outcome.NOT_EVALUATED: not_evaluated,
        Outcome.FAILED: failed,
    }
)
