"""From a torch module to an ONNX file that is known to say the same.

Needs the extra `train`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

LARGEST: Final = 1e-4  #: difference between ONNX Runtime and torch
OPSET: Final = 17

Tensors = Mapping[str, Tensor]


def onnx(
    module: nn.Module,
    inputs: Tensors,
    outputs: Sequence[str],
    path: Path,
    *,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    also: Sequence[Tensors] = (),
) -> float:
    """Write `module` to `path`; the largest difference to torch in float32 that was found.

    `inputs`: the tensors by name, as like real ones as can be; the module takes them in
    this order and returns one tensor for each of `outputs`. `dynamic`: axes that may have
    another length, by tensor. Both runtimes read `inputs`, as many random numbers between
    the inputs' extremes, and each of `also` (other shapes for instance).

    Differences are absolute, and relative to the largest value of an output that goes
    beyond 1. Above `LARGEST` a ValueError is raised, and `path` stays as it was.
    """
    module = module.to("cpu", memory_format=torch.contiguous_format).float().eval()
    beside = path.with_suffix(".part.onnx")
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        str(beside),
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_axes={name: dict(axes) for name, axes in (dynamic or {}).items()},
        opset_version=OPSET,
        dynamo=False,
    )
    worst = max(
        difference(module, one, outputs, beside) for one in (inputs, _random(inputs), *also)
    )
    if not worst <= LARGEST:
        beside.unlink()
        message = f"{path.name}: ONNX Runtime differs from torch by {worst:.2e}"
        raise ValueError(message)
    beside.replace(path)
    return worst


def difference(module: nn.Module, inputs: Tensors, outputs: Sequence[str], path: Path) -> float:
    """The largest difference between `module` and the file at `path` on `inputs`."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(list(outputs), {name: one.numpy() for name, one in inputs.items()})
    with torch.no_grad():
        wanted = module(*inputs.values())
    wanted = (wanted,) if isinstance(wanted, Tensor) else tuple(wanted)
    return max(
        _gap(one, np.asarray(other.numpy())) for one, other in zip(found, wanted, strict=True)
    )


def _gap(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    if found.shape != wanted.shape:
        return float("inf")
    size = max(1.0, float(np.abs(wanted).max(initial=0)))
    return float(np.abs(found.astype(np.float64) - wanted).max(initial=0)) / size


def _random(inputs: Tensors) -> Tensors:
    draw = torch.Generator().manual_seed(1)
    return {
        name: torch.rand(one.shape, generator=draw) * (one.max() - one.min()) + one.min()
        for name, one in inputs.items()
    }
