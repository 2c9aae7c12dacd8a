"""Seconds and memory that one study takes a worker, by algorithm, as a share of its networks'."""

import copy
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import UID

from simulator import studies
from tests.bench.table import told
from tests.conftest import ROOT
from tests.system.studies import written

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

#: (algorithm, kind of study, what the simulator is asked for besides, limit in seconds, runs).
STUDIES: list[tuple[str, str, dict[str, Any], float, int]] = [
    ("chest_xray", "chest", {"size": 2048}, 0.5, 9),
    ("fracture", "wrist", {}, 0.5, 9),
    ("mammography", "mammography", {}, 3.0, 5),
]
MEMORY_MB = 2048

READER = """
import datetime as dt, json, sys, time
from pathlib import Path
import pydicom
from core.domain.study import Instance
from core.sections import Worker
from models import registry
from workers import pipeline
from workers.runtime import Runtime, Session

key, folder, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
def instance(path):
    header = pydicom.dcmread(path, stop_before_pixels=True)
    return Instance(
        str(header.SOPInstanceUID), str(header.SOPClassUID), str(header.SeriesInstanceUID),
        str(header.file_meta.TransferSyntaxUID), str(path), path.stat().st_size,
        str(header.Modality), 1, {name: str(header.get(name, "")) for name in
        ("Modality", "BodyPartExamined", "ViewPosition", "SOPClassUID")},
    )
def most_mb():  # ru_maxrss would count what the parent held before it started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith("VmHWM")).split()[1]) // 1024
spent = [0.0]
call = Session.__call__
def timed(self, tensor):
    begun = time.perf_counter()
    try:
        return call(self, tensor)
    finally:
        spent[0] += time.perf_counter() - begun
Session.__call__ = timed
instances = [instance(path) for path in sorted(folder.glob("*.dcm"))]
runtime = Runtime(Worker(threads=2))
algorithm = registry.load()[key]
runtime.sessions(algorithm)
rest = most_mb()
seconds, networks = [], []
for _ in range(runs):
    spent[0], begun = 0.0, time.perf_counter()
    result = pipeline.evaluate(
        algorithm, instances, lambda one: pydicom.dcmread(one.path), runtime,
        job_id="bench", worker="bench", clock=lambda: dt.datetime.now(dt.UTC),
    )
    seconds.append(time.perf_counter() - begun)
    networks.append(spent[0])
print(json.dumps({
    "outcome": result.outcome, "reason": result.reason and result.reason.text(),
    "seconds": seconds, "networks": networks, "rest_mb": rest,
    "most_mb": most_mb(),
}))
"""


def read(key: str, folder: Path, runs: int) -> dict[str, Any]:
    """What a process that does nothing else says of reading the study in `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", READER, key, str(folder), str(runs)],
        cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["outcome"] in {"findings", "nothing_found"}, found["reason"]
    return found


def tell(what: str, found: dict[str, Any]) -> float:
    """One line of the table; the median seconds."""
    seconds = float(statistics.median(found["seconds"]))
    networks = statistics.median(found["networks"])
    told(
        f"{what}, from files to findings, at most {found['most_mb']} MB",
        ours=f"{seconds:.2f} s",
        peer=f"its networks alone {networks:.2f} s",
        ratio=f"{seconds / networks:.2f}",
    )
    return seconds


@pytest.mark.parametrize(("key", "kind", "more", "limit", "runs"), STUDIES)
def test_a_study(
    tmp_path: Path, key: str, kind: str, more: dict[str, Any], limit: float, runs: int
) -> None:
    datasets, _ = studies.study(kind, 3, **more)
    for number, data in enumerate(datasets):
        written(data, tmp_path / f"{number:04}.dcm")
    found = read(key, tmp_path, runs)
    seconds = tell(f"{key}, {len(datasets)} images", found)
    assert seconds <= limit
    assert found["most_mb"] <= MEMORY_MB


@pytest.mark.parametrize(
    ("count", "apart", "runs", "limit"), [(400, 0.7, 2, 60.0), (1500, 0.3, 1, 300.0)]
)
def test_a_ct(tmp_path: Path, count: int, apart: float, runs: int, limit: float) -> None:
    datasets, _ = studies.study("thorax", 3, thickness=1.0, increment=1.0)
    for number in range(count):
        source = datasets[number * len(datasets) // count]
        written(moved(source, number, apart), tmp_path / f"{number:04}.dcm")
    found = read("ct_thorax", tmp_path, runs)
    seconds = tell(f"ct_thorax, {count} slices", found)
    assert seconds <= limit
    assert found["most_mb"] <= MEMORY_MB


def moved(source: Dataset, number: int, apart: float) -> Dataset:
    """A slice of its own with the pixels of `source`, the `number`-th of a longer scan."""
    made = copy.copy(source)
    made.file_meta = copy.copy(source.file_meta)
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = UID(f"2.25.7.{number + 1}")
    x, y, _ = source.ImagePositionPatient
    made.ImagePositionPatient = [x, y, round(-number * apart, 4)]
    made.InstanceNumber = number + 1
    return made
