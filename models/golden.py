"""The golden case of a model: an input and the result it must give.

`golden/input.npy` holds uint16 (rows, columns), larger is brighter; `golden/output.json`
the network's output `tensors` by name and the `tolerance` (absolute) that they must meet.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from models.steps import Image


@dataclasses.dataclass(frozen=True, slots=True)
class Golden:
    """An image, the tensors that it must give, and the largest difference allowed."""

    image: Image
    tensors: Mapping[str, NDArray[np.float32]]
    tolerance: float

    def differences(self, outputs: Mapping[str, NDArray[Any]]) -> Mapping[str, float]:
        """The largest absolute difference by tensor, infinite where shapes differ."""
        return {name: _difference(outputs.get(name), told) for name, told in self.tensors.items()}

    def agrees(self, outputs: Mapping[str, NDArray[Any]]) -> bool:
        """Whether every tensor is as it must be."""
        return all(gap <= self.tolerance for gap in self.differences(outputs).values())


def read(folder: Path) -> Golden:
    """The golden case in the model's `folder`. Raises `ModelError` where it cannot be read."""
    try:
        pixels = np.load(folder / "golden" / "input.npy", allow_pickle=False)
        told = json.loads((folder / "golden" / "output.json").read_text(encoding="utf-8"))
        tensors = {name: np.array(value, np.float32) for name, value in told["tensors"].items()}
        return Golden(Image(pixels.astype(np.float32)), tensors, float(told["tolerance"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{folder / 'golden'}: the golden case cannot be read: {error}"
        raise ModelError(message) from error


def write(folder: Path, pixels: NDArray[np.uint16], golden: Golden) -> None:
    """Store `golden` and the uint16 `pixels` of its image in the model's `folder`."""
    place = folder / "golden"
    place.mkdir(exist_ok=True)
    np.save(place / "input.npy", pixels, allow_pickle=False)
    tensors = {name: np.round(array, 6).tolist() for name, array in golden.tensors.items()}
    told = {"tolerance": golden.tolerance, "tensors": tensors}
    (place / "output.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def _difference(found: NDArray[Any] | None, told: NDArray[np.float32]) -> float:
    if found is None or found.shape != told.shape:
        return float("inf")
    return float(np.abs(found - told).max(initial=0.0))
