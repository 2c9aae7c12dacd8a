import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from core.domain.errors import ModelError
from core.sections import Worker
from models import golden, registry
from models.registry import Algorithm
from workers.runtime import Runtime


@pytest.mark.parametrize("algorithm", registry.load().values(), ids=lambda one: one.key)
def test_the_golden_case_of_every_algorithm_agrees_on_the_cpu(algorithm: Algorithm) -> None:
    networks = Runtime(Worker(threads=2)).sessions(algorithm)
    cases = golden.read(algorithm.folder, algorithm.manifest)
    assert set(cases) == set(networks)
    for name, told in cases.items():
        outputs = networks[name](told.tensor(algorithm.manifest))
        assert told.agrees(outputs), told.differences(outputs)
        assert told.tolerance <= 2e-3
        assert not told.agrees({name: array + 0.1 for name, array in outputs.items()})
        assert not told.agrees({})


def test_a_golden_tensor_is_scaled_and_comes_back(folder: Path, tmp_path: Path) -> None:
    manifest = registry.read(folder).manifest
    volume = manifest.model_copy(
        update={
            "input": manifest.input.model_copy(update={"unit": "series"}),
            "weights": tuple(
                manifest.weights[0].model_copy(update={"name": name}) for name in ("one", "two")
            ),
        }
    )
    given = np.arange(8, dtype=np.uint8).reshape(1, 1, 2, 2, 2)
    case = golden.Golden(given, {"heat": np.ones((1, 1), np.float32)}, 1e-3, scale=0.5)
    for name in ("one", "two"):
        golden.write(tmp_path, volume, name, case)
    assert (tmp_path / "golden" / "two" / "input.npy").is_file()
    found = golden.read(tmp_path, volume)
    assert set(found) == {"one", "two"}
    np.testing.assert_array_equal(found["one"].tensor(volume), given * np.float32(0.5))
    assert dataclasses.replace(found["two"], given=given).agrees(case.tensors)


def test_many_images_go_through_at_once(folder: Path) -> None:
    session = onnxruntime.InferenceSession(
        folder / "model.onnx", providers=["CPUExecutionProvider"]
    )
    several = np.random.default_rng(1).random((3, 1, 384, 384), np.float32)
    together = session.run(None, {"image": several})
    alone = session.run(None, {"image": several[1:2]})
    for many, one in zip(together, alone, strict=True):
        np.testing.assert_allclose(many[1:2], one, atol=1e-4)


def test_a_golden_case_that_is_missing_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        golden.read(tmp_path, registry.read(folder).manifest)
