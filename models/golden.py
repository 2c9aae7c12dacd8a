"""The golden case of a network: an input and the result it must give.

In the model's folder `golden/`, or `golden/<network>/` where the manifest names several:
`input.npy` and `output.json` with the output `tensors` by name and the `tolerance`
(absolute) that they must meet. An algorithm that reads single images has an image there,
uint16 (rows, columns), larger is brighter, which goes through the manifest's steps. One that
reads a series or a study has the input tensor itself, as integers or float16 that are
multiplied by the `scale` of `output.json` (1 where it has none).
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from models.manifest import Manifest
from models.steps import Image, prepare

FOLDER = "golden"


@dataclasses.dataclass(frozen=True, slots=True)
class Golden:
    """Numbers that go in, the tensors that must come out, and the largest difference allowed."""

    given: NDArray[Any]
    tensors: Mapping[str, NDArray[np.float32]]
    tolerance: float
    scale: float = 1.0

    def tensor(self, manifest: Manifest) -> NDArray[np.float32]:
        """The network's input."""
        values = self.given.astype(np.float32)
        if manifest.input.unit == "image":
            return prepare(Image(values), manifest.input.step).tensor
        return values * np.float32(self.scale)

    def differences(self, outputs: Mapping[str, NDArray[Any]]) -> Mapping[str, float]:
        """The largest absolute difference by tensor, infinite where shapes differ."""
        return {name: _difference(outputs.get(name), told) for name, told in self.tensors.items()}

    def agrees(self, outputs: Mapping[str, NDArray[Any]]) -> bool:
        """Whether every tensor is as it must be."""
        return all(gap <= self.tolerance for gap in self.differences(outputs).values())


def read(folder: Path, manifest: Manifest) -> Mapping[str, Golden]:
    """The golden case of every network in the model's `folder`, by its name.

    Raises `ModelError` where one cannot be read.
    """
    return {one.name: _read(_place(folder, manifest, one.name)) for one in manifest.weights}


def write(folder: Path, manifest: Manifest, network: str, golden: Golden) -> None:
    """Store the `golden` case of one network in the model's `folder`."""
    place = _place(folder, manifest, network)
    place.mkdir(parents=True, exist_ok=True)
    np.save(place / "input.npy", golden.given, allow_pickle=False)
    tensors = {name: np.round(array, 6).tolist() for name, array in golden.tensors.items()}
    told = {"tolerance": golden.tolerance, "scale": golden.scale, "tensors": tensors}
    (place / "output.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def _place(folder: Path, manifest: Manifest, network: str) -> Path:
    """Several networks have a folder each."""
    return folder / FOLDER / network if len(manifest.weights) > 1 else folder / FOLDER


def _read(place: Path) -> Golden:
    try:
        given = np.load(place / "input.npy", allow_pickle=False)
        told = json.loads((place / "output.json").read_text(encoding="utf-8"))
        tensors = {name: np.array(value, np.float32) for name, value in told["tensors"].items()}
        return Golden(given, tensors, float(told["tolerance"]), float(told.get("scale", 1)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{place}: the golden case cannot be read: {error}"
        raise ModelError(message) from error


def _difference(found: NDArray[Any] | None, told: NDArray[np.float32]) -> float:
    if found is None or found.shape != told.shape:
        return float("inf")
    return float(np.abs(found - told).max(initial=0.0))
