from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from core.domain.errors import ModelError
from models import golden, registry
from models.steps import prepare


def test_the_golden_case_agrees_on_the_cpu(folder: Path) -> None:
    algorithm = registry.read(folder)
    told = golden.read(folder)
    assert algorithm.weights_path
    session = onnxruntime.InferenceSession(
        algorithm.weights_path, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    tensor = prepare(told.image, algorithm.manifest.input.step).tensor
    outputs = dict(zip(names, session.run(None, {"image": tensor}), strict=True))
    assert told.agrees(outputs), told.differences(outputs)
    assert not told.agrees({name: array + 0.1 for name, array in outputs.items()})
    assert not told.agrees({})
    assert {name: array.shape for name, array in outputs.items()} == {
        "probability": (1, 5), "location": (1, 5, 40, 40), "region": (1, 1),
    }  # fmt: skip


def test_many_images_go_through_at_once(folder: Path) -> None:
    session = onnxruntime.InferenceSession(
        folder / "model.onnx", providers=["CPUExecutionProvider"]
    )
    several = np.random.default_rng(1).random((3, 1, 320, 320), np.float32)
    together = session.run(None, {"image": several})
    alone = session.run(None, {"image": several[1:2]})
    for many, one in zip(together, alone, strict=True):
        np.testing.assert_allclose(many[1:2], one, atol=1e-4)


def test_a_golden_case_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        golden.read(tmp_path)
