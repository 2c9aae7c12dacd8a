"""The network in ONNX Runtime, for training and measuring; a worker has its own sessions."""

from pathlib import Path

import numpy as np
import onnxruntime

from models.volume import Floats, Network


def network(folder: Path, *, threads: int = 1) -> Network:
    """The folder's `model.onnx`: an input tensor gives its outputs by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        folder / "model.onnx", options, providers=["CPUExecutionProvider"]
    )
    names = [one.name for one in session.get_outputs()]

    def run(tensor: Floats) -> dict[str, Floats]:
        found = session.run(names, {"image": np.asarray(tensor, np.float32)})
        return dict(zip(names, found, strict=True))

    return run
