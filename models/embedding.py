"""What a network made of a study before it decided: its output `embedding`, standardised.

A network that has the output (n, d) is asked for nothing more than it computes anyway; see
`models.training.embedding` for how an ONNX file gets it.
"""

import dataclasses
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from models.volume import Floats, Network

OUTPUT: Final = "embedding"
FILE: Final = "reference.json"
FARTHEST: Final = 10.0  #: standard deviations that one dimension may count for

Vector = NDArray[np.float64]


class Collector:
    """Adds up the embeddings of all calls of the networks that it watches."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._total: Vector | None = None
        self._count = 0

    def watched(self, network: Network) -> Network:
        """The same network; what it says of an `embedding` is taken down."""

        def run(tensor: Floats) -> Mapping[str, Floats]:
            outputs = network(tensor)
            self.add(outputs)
            return outputs

        return run

    def add(self, outputs: Mapping[str, Floats]) -> None:
        """Take down what one call gave, (n, d); of another d, or no numbers: left out."""
        if OUTPUT not in outputs:
            return
        found = np.asarray(outputs[OUTPUT], np.float64)
        known = self._total is None or found.shape[-1:] == self._total.shape
        if found.ndim != 2 or not known or not np.isfinite(found).all():  # noqa: PLR2004
            return
        self._total = found.sum(0) + (0.0 if self._total is None else self._total)
        self._count += len(found)

    def take(self) -> Vector | None:
        """(d,) the mean of what was taken down since the last time; None of nothing."""
        total, count = self._total, self._count
        self._total, self._count = None, 0
        return None if total is None or not count else total / count


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Mean and standard deviation (d,) of every dimension over simulated typical studies."""

    mean: Vector
    sd: Vector

    def applied(self, embedding: Vector) -> Vector:
        """(d,) standardised, and over the root of d: two studies lie about sqrt(2) apart.

        No dimension is taken to be farther than `FARTHEST` standard deviations away, so that
        one that was quiet in the reference does not speak for all. ValueError for another d.
        """
        if embedding.shape != self.mean.shape:
            message = f"an embedding of {embedding.shape}, the reference has {self.mean.shape}"
            raise ValueError(message)
        away = np.clip((embedding - self.mean) / self.sd, -FARTHEST, FARTHEST)
        return np.asarray(away / np.sqrt(len(away)), np.float64)


@functools.cache
def standard(folder: Path) -> Standard | None:
    """The standard in the `reference.json` of an algorithm's folder; None where it has none.

    Raises `ModelError` where it is there and cannot be used. Read once in a process.
    """
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if OUTPUT not in told:
            return None
        return _standard(told[OUTPUT])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{folder / FILE}: the embedding's standard cannot be read: {error}"
        raise ModelError(message) from error


def _standard(told: Mapping[str, Any]) -> Standard:
    mean, sd = (np.array(told[name], np.float64) for name in ("mean", "sd"))
    good = mean.ndim == 1 and mean.shape == sd.shape and len(mean) > 0
    if not good or not np.isfinite([mean, sd]).all() or sd.min() <= 0:
        message = "mean and sd of the embedding do not fit each other"
        raise ValueError(message)
    return Standard(mean, sd)
