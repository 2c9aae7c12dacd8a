"""What is noted of a simulated study of each algorithm, through the real network."""

import functools
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from core.domain.equipment import Equipment
from core.domain.finding import Outcome, Result
from core.sections import Worker
from models import registry
from monitoring.aggregates import wire
from simulator import faults, studies
from workers import observing
from workers.observer import Noted
from workers.runtime import Runtime

#: What the simulator makes for each algorithm, what keeps it small, and the labels.
SMALL: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "chest_xray": (
        "chest", {"size": 512, "scanner": "fjell"},
        {"36118008", "60046008", "95436008", "27925004", "8186001"},
    ),
    "fracture": ("wrist", {"size": 512, "scanner": "fjell"}, {"125605004"}),
    "mammography": (
        "mammography", {"pixel_mm": 0.2},
        {"129788004", "129769006", "study-suspicion", "129715009"},
    ),
    "ct_thorax": (
        "thorax", {"thickness": 5.0, "increment": 5.0, "size": 256, "phantom_mm": 2.0},
        {"27925004", "60046008"},
    ),
}  # fmt: skip


READ: dict[tuple[str, str], tuple[Result, Noted]] = {}


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(Worker(threads=1))


def noted(key: str, runtime: Runtime, fault: str = "") -> tuple[Result, Noted]:
    """The study of the algorithm, once it was read."""
    if (key, fault) not in READ:
        READ[key, fault] = observing.noted(registry.load()[key], made(key, fault), runtime)
    return READ[key, fault]


def made(key: str, fault: str = "") -> list[Dataset]:
    """The same with a fault, or without."""
    datasets = simulated(key)
    return [faults.FAULTS[fault](one) for one in datasets] if fault else datasets


@functools.cache
def simulated(key: str) -> list[Dataset]:
    """A study that the algorithm reads; of a CT the middle of the chest."""
    kind, more, _ = SMALL[key]
    datasets, _ = studies.study(kind, 11, **more)
    middle = len(datasets) // 2
    return datasets[middle - 7 : middle + 7] if kind == "thorax" else datasets


def gap(one: Noted, other: Noted) -> float:
    """Between the random features of two studies."""
    return float(np.linalg.norm(one.aggregate.features.total - other.aggregate.features.total))


@pytest.mark.parametrize("key", SMALL)
def test_a_study_is_noted_as_the_network_saw_it(key: str, runtime: Runtime) -> None:
    result, found = noted(key, runtime)
    sums, labels = found.aggregate, SMALL[key][2]
    assert result.outcome in {Outcome.FINDINGS, Outcome.NOTHING_FOUND}
    assert (sums.studies, sums.evaluated) == (1, 1)
    assert set(sums.outputs) == labels == {one.code.value for one in result.findings}
    assert sums.features.count == 1
    assert wire.load(wire.dump(sums)).studies == 1
    numbers = {name: value.mean for name, value in sums.numbers.items()}
    assert {value.count for value in sums.numbers.values()} == {1}
    assert {"kvp", "mas", "age_years"} < set(numbers)
    assert ("slice_thickness" in numbers) == (key == "ct_thorax")
    assert numbers["pixel_p5"] <= numbers["pixel_mean"] <= numbers["pixel_p95"]
    assert -1.1 < numbers["pixel_p5"] < numbers["pixel_p95"] < 3.1
    assert numbers["pixel_sd"] > 0.01
    assert numbers["pixel_gradient"] > 1e-4
    assert found.equipment != Equipment()
    assert sum(one.startswith("age:") for one in found.groups) == 1
    assert sum(one.startswith("sex:") for one in found.groups) == 1


def test_a_study_counts_once_whatever_the_number_of_its_images(runtime: Runtime) -> None:
    _, found = noted("mammography", runtime)
    assert found.aggregate.categories["view"] == {"CC": 1, "MLO": 1}
    assert found.aggregate.categories["body_part"] == {"BREAST": 1}


@pytest.mark.parametrize("key", ["chest_xray", "fracture"])
def test_less_contrast_shows_in_the_pixels_which_the_network_has_levelled(
    key: str, runtime: Runtime
) -> None:
    (_, before), (_, after) = noted(key, runtime), noted(key, runtime, "contrast -20 %")
    share = after.aggregate.numbers["pixel_sd"].mean / before.aggregate.numbers["pixel_sd"].mean
    assert share == pytest.approx(0.8, abs=0.01)
    assert gap(before, after) < 0.02


@pytest.mark.parametrize("key", ["chest_xray", "fracture"])
@pytest.mark.parametrize("fault", ["dead detector lines", "shifted exposure"])
def test_what_the_network_does_see_moves_its_embedding(
    key: str, fault: str, runtime: Runtime
) -> None:
    (_, before), (_, after) = noted(key, runtime), noted(key, runtime, fault)
    assert gap(before, after) > 0.05


def test_another_contrast_of_a_ct_moves_embedding_and_pixels(runtime: Runtime) -> None:
    (_, before), (_, after) = (
        noted("ct_thorax", runtime, fault) for fault in ("", "contrast -20 %")
    )
    share = after.aggregate.numbers["pixel_sd"].mean / before.aggregate.numbers["pixel_sd"].mean
    assert share == pytest.approx(0.8, abs=0.03)
    assert gap(before, after) > 0.05


def test_noting_is_deterministic(runtime: Runtime) -> None:
    algorithm, datasets = registry.load()["chest_xray"], made("chest_xray")
    bodies = {wire.dump(observing.observed(algorithm, datasets, runtime)) for _ in range(3)}
    assert bodies == {wire.dump(noted("chest_xray", runtime)[1].aggregate)}


def test_every_algorithm_is_tried_here() -> None:
    assert set(SMALL) == set(registry.load())
