import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from core.domain.errors import ModelError
from models import embedding, golden, registry
from models.embedding import Collector
from models.training import standard
from models.volume import Floats

KEYS = tuple(registry.load())


def outputs(key: str) -> list[dict[str, Floats]]:
    """What the networks of an algorithm give for their golden cases."""
    algorithm = registry.load()[key]
    found = []
    for weights in algorithm.manifest.weights:
        case = golden.read(algorithm.folder, algorithm.manifest)[weights.name]
        session = onnxruntime.InferenceSession(
            algorithm.weights[weights.name], providers=["CPUExecutionProvider"]
        )
        names = [one.name for one in session.get_outputs()]
        told = session.run(names, {weights.input: case.tensor(algorithm.manifest)})
        found.append(dict(zip(names, told, strict=True)))
    return found


@pytest.mark.parametrize("key", KEYS)
def test_one_network_of_every_algorithm_tells_its_embedding(key: str) -> None:
    (told,) = [one[embedding.OUTPUT] for one in outputs(key) if embedding.OUTPUT in one]
    known = embedding.standard(registry.load()[key].folder)
    assert known
    assert told.shape == (1, len(known.mean))
    assert np.isfinite(told).all()
    (again,) = [one[embedding.OUTPUT] for one in outputs(key) if embedding.OUTPUT in one]
    np.testing.assert_array_equal(again, told)
    assert np.isfinite(known.applied(told[0].astype(np.float64))).all()


@pytest.mark.parametrize("key", KEYS)
def test_the_golden_case_holds_the_embedding(key: str) -> None:
    algorithm = registry.load()[key]
    cases = golden.read(algorithm.folder, algorithm.manifest)
    assert sum(embedding.OUTPUT in case.tensors for case in cases.values()) == 1


def test_a_collector_averages_over_all_images_of_all_calls() -> None:
    collector = Collector()
    network = collector.watched(lambda tensor: {"embedding": tensor, "other": tensor})
    network(np.array([[1.0, 2.0]], np.float32))
    network(np.array([[3.0, 4.0], [5.0, 6.0]], np.float32))
    found = collector.take()
    assert found is not None
    assert found.tolist() == [3.0, 4.0]
    assert collector.take() is None


@pytest.mark.parametrize(
    "odd", [np.ones((1, 3)), np.ones(2), np.full((1, 2), np.nan), np.ones((0, 2))]
)
def test_what_is_no_embedding_of_that_network_is_left_out(odd: Any) -> None:
    collector = Collector()
    collector.add({"embedding": np.array([[1.0, 2.0]], np.float32)})
    collector.add({"embedding": odd.astype(np.float32)})
    collector.add({"something": np.ones((1, 2), np.float32)})
    found = collector.take()
    assert found is not None
    assert found.tolist() == [1.0, 2.0]


def test_a_standardised_embedding_lies_about_one_from_the_middle(tmp_path: Path) -> None:
    (tmp_path / embedding.FILE).write_text("{}")
    rng = np.random.default_rng(1)
    made = rng.normal(3, rng.uniform(0.1, 9, 200), (500, 200))
    made[:, 7] = 4.0  # a dimension that does not move
    standard.write(tmp_path, made)
    known = embedding.standard(tmp_path)
    assert known
    several = np.array([known.applied(one) for one in made])
    assert np.linalg.norm(several, axis=1).mean() == pytest.approx(1, abs=0.02)
    gaps = np.linalg.norm(several[:250] - several[250:], axis=1)
    assert gaps.mean() == pytest.approx(np.sqrt(2), abs=0.03)
    far = made[0].copy()
    far[7] = 1e9
    assert abs(known.applied(far)[7]) == pytest.approx(embedding.FARTHEST / np.sqrt(200))
    with pytest.raises(ValueError, match="an embedding of"):
        known.applied(far[:9])


def test_the_reference_keeps_what_else_it_says(tmp_path: Path) -> None:
    path = tmp_path / embedding.FILE
    path.write_text(json.dumps({"count": 3, "labels": {"a": [1]}}))
    standard.write(tmp_path, np.random.default_rng(1).normal(size=(9, 4)))
    told = json.loads(path.read_text())
    assert (told["count"], told["labels"]) == (3, {"a": [1]})
    assert told["embedding"]["count"] == 9
    assert len(path.read_text().splitlines()) < 20


def test_an_algorithm_without_a_standard_has_none(tmp_path: Path) -> None:
    assert embedding.standard(tmp_path) is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / embedding.FILE).write_text('{"labels": {}}')
    assert embedding.standard(tmp_path / "other") is None


@pytest.mark.parametrize(
    "told",
    [
        "{", '{"embedding": {"mean": [1]}}', '{"embedding": {"mean": [1], "sd": [0]}}',
        '{"embedding": {"mean": [1, 2], "sd": [1]}}', '{"embedding": {"mean": [], "sd": []}}',
        '{"embedding": {"mean": ["x"], "sd": [1]}}', '{"embedding": 3}',
    ],
)  # fmt: skip
def test_a_standard_that_cannot_be_is_refused(tmp_path: Path, told: str) -> None:
    (tmp_path / embedding.FILE).write_text(told)
    with pytest.raises(ModelError, match="cannot be read"):
        embedding.standard(tmp_path)
