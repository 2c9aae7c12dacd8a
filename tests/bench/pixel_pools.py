"""Pools of simulated wrists that were read by the real fracture model, with each kind of fault.

A study is drawn, gets its fault in the pixels or in its anatomy, goes through the worker's own
pipeline and ONNX Runtime, and is kept as the aggregate that a worker would have noted of it.
"""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pydicom import Dataset

from core.domain.finding import Outcome
from core.sections import Worker
from models import registry
from models.registry import Algorithm
from models.training.progress import Progress
from monitoring.aggregates.aggregate import Aggregate
from simulator import faults, studies
from simulator.wrist.truth import StudyTruth
from workers import observing
from workers.runtime import Runtime

ALGORITHM: Final = "fracture"
KIND: Final = "wrist"
SIZE: Final = 512  #: rows: what the model resizes to anyway
SCANNERS: Final = ("vidde", "fjord")  #: what the site has
NEW_SCANNER: Final = "elv"  #: what one of them is replaced by
CHILD: Final = 16  #: years
SUBTLER: Final = 0.9  #: how far fractures move towards those that are hardly seen


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """One study: what the worker notes, what the model said, and the truth."""

    aggregate: Aggregate
    called: bool
    fractured: bool
    child: bool
    scanner: str


def pools(count: int, *, seed: int) -> Mapping[str, list[Read]]:
    """`count` ordinary studies, as many with less contrast, and half as many of other kinds."""
    model = registry.load()[ALGORITHM]
    runtime = Runtime(Worker(threads=1))
    half = count // 2
    kinds: list[tuple[str, int, dict[str, Any], Callable[[Dataset], Dataset] | None]] = [
        ("ordinary", count, {}, None),
        ("contrast", count, {}, faults.FAULTS["contrast -20 %"]),
        ("scanner", half, {"scanner": NEW_SCANNER}, None),
        ("subtler", half, {"subtler": SUBTLER, "prevalence": 1.0}, None),
    ]
    made: dict[str, list[Read]] = {}
    total = sum(number for _, number, _, _ in kinds)
    progress, done = Progress("wrists read"), 0
    for name, number, more, fault in kinds:
        made[name] = []
        for n in range(number):
            asked = {"scanner": SCANNERS[n % len(SCANNERS)], **more}
            datasets, truth = studies.study(KIND, seed + n, size=SIZE, **asked)
            changed = [fault(one) for one in datasets] if fault else datasets
            made[name].append(_read(model, runtime, changed, truth))
            done += 1
            progress.tell(done / total, name)
    return made


def _read(model: Algorithm, runtime: Runtime, datasets: list[Dataset], truth: StudyTruth) -> Read:
    result, noted = observing.noted(model, datasets, runtime)
    return Read(
        noted.aggregate,
        result.outcome is Outcome.FINDINGS,
        any(image.findings or image.hidden for image in truth.images),
        truth.age < CHILD,
        truth.scanner,
    )


def confusion(reads: Iterable[Read]) -> tuple[int, int, int, int]:
    """(true positive, false positive, false negative, true negative) studies."""
    cells = collections.Counter((one.called, one.fractured) for one in reads)
    return cells[True, True], cells[True, False], cells[False, True], cells[False, False]
