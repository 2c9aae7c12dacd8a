import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from core.domain.errors import ModelError
from core.sections import Worker
from models.registry import Algorithm
from workers import runtime
from workers.runtime import CPU, CUDA, Runtime, Session

WORKER = Worker(threads=1)


def made(tiny: Algorithm, provider: str = "cpu") -> Session:
    (weights,) = tiny.manifest.weights
    return Session(tiny.key, tiny.weights[weights.name], weights, 1, provider)


def test_a_session_gives_every_output_by_its_name(tiny: Algorithm) -> None:
    tensor = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    outputs = made(tiny)(tensor)
    assert outputs["probability"][0, 0] == pytest.approx(0.5)
    assert outputs["region"][0, 0] == 1
    assert outputs["location"].shape == (1, 1, 4, 4)


def test_a_session_is_made_once_and_warmed(
    tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[tuple[int, ...]] = []
    monkeypatch.setattr(Session, "__call__", lambda _, tensor: runs.append(tensor.shape))
    here = Runtime(WORKER)
    here.warm_up([tiny])
    assert runs == [(1, 1, 8, 8)]
    assert here.sessions(tiny) is here.sessions(tiny)
    assert len(runs) == 1


def test_models_of_other_queues_are_left_alone(
    tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "Session", lambda *_: pytest.fail("loaded"))
    Runtime(Worker(queues=("gpu",))).warm_up([tiny])


def test_the_provider_is_told(tiny: Algorithm) -> None:
    assert made(tiny).provider == CPU


def test_a_missing_gpu_is_told(tiny: Algorithm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    assert made(tiny, "cuda").provider == f"{CPU} (CUDA asked for, not present)"


def test_a_present_gpu_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    assert runtime._providers("cuda") == [CUDA, CPU]
    assert runtime._providers("cpu") == [CPU]
    assert runtime._told([CUDA, CPU], "cuda") == CUDA


def test_a_session_takes_no_more_threads_than_site_and_model_allow(
    tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    options = runtime._options

    def noted(threads: int) -> onnxruntime.SessionOptions:
        asked.append(threads)
        return options(threads)

    monkeypatch.setattr(runtime, "_options", noted)
    Runtime(Worker(threads=8)).sessions(tiny)
    assert asked == [tiny.manifest.run.threads]
    assert options(3).intra_op_num_threads == 3


def test_broken_weights_are_a_model_error(tiny: Algorithm, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not a network")
    broken = dataclasses.replace(tiny, weights={"network": tmp_path / "broken.onnx"})
    with pytest.raises(ModelError, match=r"tiny: ONNX Runtime does not take model\.onnx"):
        Runtime(WORKER).sessions(broken)


def test_an_algorithm_without_weights_does_not_run_here(tiny: Algorithm) -> None:
    with pytest.raises(ModelError, match="no weights"):
        Runtime(WORKER).sessions(dataclasses.replace(tiny, weights={}))


def test_a_tensor_of_another_shape_is_a_model_error(tiny: Algorithm) -> None:
    with pytest.raises(ModelError, match=r"failed on a tensor \(1, 1, 4, 4\)"):
        made(tiny)(np.zeros((1, 1, 4, 4), np.float32))
