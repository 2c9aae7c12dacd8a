"""Warm ONNX Runtime sessions: one for each network and process, made after the fork."""

import itertools
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.sections import Worker
from models import golden
from models.manifest import Weights
from models.registry import Algorithm

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
ERRORS_ONLY: Final = 3  #: ONNX Runtime's severity: what it warns of, nobody at a site can change


class Session:
    """One loaded network. `provider` says what it runs on, and what it should have run on."""

    def __init__(self, key: str, path: Path, weights: Weights, threads: int, wanted: str) -> None:
        """Load the file of `weights` for the provider `wanted`.

        `ModelError` where ONNX Runtime does not take it, naming the algorithm's `key`.
        """
        try:
            self._session = onnxruntime.InferenceSession(
                path, sess_options=_options(threads), providers=_providers(wanted)
            )
        except Exception as error:  # ONNX Runtime's own errors share no class
            message = f"{key}: ONNX Runtime does not take {weights.file}: {error}"
            raise ModelError(message) from error
        self._input = weights.input
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.provider = _told(self._session.get_providers(), wanted)

    def __call__(self, tensor: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """The outputs by name for the input `tensor`; `ModelError` where it is not taken."""
        try:
            found = self._session.run(self._outputs, {self._input: tensor})
        except Exception as error:  # ONNX Runtime's own errors share no class
            message = f"the network failed on a tensor {tensor.shape}: {type(error).__name__}"
            raise ModelError(message) from error
        return dict(zip(self._outputs, found, strict=True))

    def warm_up(self, shapes: Iterable[tuple[int, ...]]) -> None:
        """Run once on zeros: the first run of a network is slower than the others.

        Of the shape that the network has, else of the first of `shapes`; not at all where
        there is neither.
        """
        fixed = self._session.get_inputs()[0].shape[1:]
        if all(isinstance(size, int) for size in fixed):
            shapes = [(1, *fixed)]
        for shape in itertools.islice(shapes, 1):
            self(np.zeros(shape, np.float32))


class Runtime:
    """The sessions of one process."""

    def __init__(self, worker: Worker) -> None:
        """Make nothing yet: a session does not survive a fork."""
        self._worker = worker
        self._sessions: dict[tuple[str, str], Mapping[str, Session]] = {}
        self._lock = threading.Lock()

    def sessions(self, algorithm: Algorithm) -> Mapping[str, Session]:
        """The sessions of `algorithm` by the network's name, made and warmed the first time.

        Raises `ModelError` where it has no weights or they are not taken.
        """
        key = (algorithm.key, algorithm.weights_sha256)
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._made(algorithm)
            return self._sessions[key]

    def _made(self, algorithm: Algorithm) -> Mapping[str, Session]:
        if not algorithm.weights:
            message = f"{algorithm.key} has no weights: it does not run here"
            raise ModelError(message)
        threads = min(self._worker.threads, algorithm.manifest.run.threads)
        made = {
            one.name: Session(
                algorithm.key, algorithm.weights[one.name], one, threads, self._worker.provider
            )
            for one in algorithm.manifest.weights
        }
        shapes = _golden_shapes(algorithm)
        for name, session in made.items():
            session.warm_up(shapes.get(name, ()))
        return MappingProxyType(made)

    def warm_up(self, algorithms: Iterable[Algorithm]) -> None:
        """Make the sessions of every model that runs in this worker's queues."""
        for algorithm in algorithms:
            manifest = algorithm.manifest
            if manifest.algorithm.kind == "onnx" and manifest.run.queue in self._worker.queues:
                self.sessions(algorithm)


def _golden_shapes(algorithm: Algorithm) -> Mapping[str, list[tuple[int, ...]]]:
    """What its golden cases put into each network: a shape that the network takes."""
    try:
        cases = golden.read(algorithm.folder, algorithm.manifest)
    except ModelError:
        return {}
    return {name: [case.tensor(algorithm.manifest).shape] for name, case in cases.items()}


def _options(threads: int) -> onnxruntime.SessionOptions:
    """All optimisations, on that many threads."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    return options


def _providers(wanted: str) -> list[str]:
    """What to try, in order."""
    cuda = wanted == "cuda" and CUDA in onnxruntime.get_available_providers()
    return [CUDA, CPU] if cuda else [CPU]


def _told(active: list[str], wanted: str) -> str:
    """The provider in use; a fall-back is said, because it changes speed and last digits."""
    if wanted == "cuda" and active[0] != CUDA:
        return f"{active[0]} (CUDA asked for, not present)"
    return active[0]
