"""Warm ONNX Runtime sessions: one for each model and process, made after the fork."""

import threading
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.sections import Worker
from models import steps
from models.registry import Algorithm

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
ERRORS_ONLY: Final = 3  #: ONNX Runtime's severity: what it warns of, nobody at a site can change
REHEARSAL: Final = (64, 64)  #: rows and columns of the black image that warms a session


class Session:
    """One loaded network. `provider` says what it runs on, and what it should have run on."""

    def __init__(self, algorithm: Algorithm, worker: Worker) -> None:
        """Load the weights; raises `ModelError` where ONNX Runtime does not take them."""
        if algorithm.weights_path is None:
            message = f"{algorithm.key} has no weights: it does not run here"
            raise ModelError(message)
        try:
            self._session = onnxruntime.InferenceSession(
                algorithm.weights_path,
                sess_options=_options(algorithm, worker),
                providers=_providers(worker),
            )
        except Exception as error:  # ONNX Runtime's own errors share no class
            message = f"{algorithm.key}: ONNX Runtime does not take the weights: {error}"
            raise ModelError(message) from error
        self._input = algorithm.manifest.input.tensor
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.provider = _told(self._session.get_providers(), worker)

    def run(self, tensor: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """The outputs by name for the input `tensor` (1, 1, rows, columns).

        Raises `ModelError` where the network does not take it.
        """
        try:
            found = self._session.run(self._outputs, {self._input: tensor})
        except Exception as error:  # ONNX Runtime's own errors share no class
            message = f"the network failed on a tensor {tensor.shape}: {type(error).__name__}"
            raise ModelError(message) from error
        return dict(zip(self._outputs, found, strict=True))


class Runtime:
    """The sessions of one process."""

    def __init__(self, worker: Worker) -> None:
        """Make nothing yet: a session does not survive a fork."""
        self._worker = worker
        self._sessions: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    def session(self, algorithm: Algorithm) -> Session:
        """The session of `algorithm`, made and warmed the first time."""
        key = (algorithm.key, algorithm.weights_sha256)
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = _warmed(algorithm, Session(algorithm, self._worker))
            return self._sessions[key]

    def warm_up(self, algorithms: Iterable[Algorithm]) -> None:
        """Make the session of every model that runs in this worker's queues."""
        for algorithm in algorithms:
            manifest = algorithm.manifest
            if manifest.algorithm.kind == "onnx" and manifest.run.queue in self._worker.queues:
                self.session(algorithm)


def _warmed(algorithm: Algorithm, session: Session) -> Session:
    """`session` after a run on black: the first run of a network is slower than the others."""
    black = steps.Image(np.zeros(REHEARSAL, np.float32))
    session.run(steps.prepare(black, algorithm.manifest.input.step).tensor)
    return session


def _options(algorithm: Algorithm, worker: Worker) -> onnxruntime.SessionOptions:
    """All optimisations; as many threads as the site allows and the model can use."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = min(worker.threads, algorithm.manifest.run.threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    return options


def _providers(worker: Worker) -> list[str]:
    """What to try, in order."""
    wanted = worker.provider == "cuda" and CUDA in onnxruntime.get_available_providers()
    return [CUDA, CPU] if wanted else [CPU]


def _told(active: list[str], worker: Worker) -> str:
    """The provider in use; a fall-back is said, because it changes speed and last digits."""
    if worker.provider == "cuda" and active[0] != CUDA:
        return f"{active[0]} (CUDA asked for, not present)"
    return active[0]
