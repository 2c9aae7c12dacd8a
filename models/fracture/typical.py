"""Embeddings of simulated studies of the makers for training: PA and lateral, averaged."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from models.embedding import OUTPUT, Vector
from models.fracture import settle
from models.fracture.cases import contract, ready
from simulator.wrist import radiograph
from simulator.wrist.dx import STUDY
from simulator.wrist.scanners import FOR_TRAINING

FIRST: Final = 3_100_000  #: seed; neither training nor evaluation has seen these
SIZE: Final = 640  #: rows of the simulated images


def embeddings(count: int, threads: int = 1) -> Iterator[Vector]:
    """(d,) of each of `count` studies."""
    network, manifest = settle.session(threads), contract()
    for seed in range(FIRST, FIRST + count):
        maker = FOR_TRAINING[seed % len(FOR_TRAINING)]
        images = [radiograph.make(seed, scanner=maker, view=view, size=SIZE) for view in STUDY]
        tensors = [ready(one.pixels, manifest).tensor for one in images]
        found = [settle.run(network, tensor)[OUTPUT][0] for tensor in tensors]
        yield np.mean(found, axis=0, dtype=np.float64)
