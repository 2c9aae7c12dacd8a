"""Embeddings of simulated studies of the makers for training: one frontal image each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from models.chest_xray.evaluate import FOLDER, run, session, simulated
from models.embedding import OUTPUT, Vector
from simulator.scanners import FOR_TRAINING

FIRST: Final = 3_000_000  #: seed; neither training nor evaluation has seen these
SIZE: Final = 512  #: rows of the simulated images


def embeddings(count: int, threads: int = 1, folder: Path = FOLDER) -> Iterator[Vector]:
    """(d,) of each of `count` studies, by the network in `folder`."""
    network = session(folder, threads)
    for one, _ in simulated(range(FIRST, FIRST + count), FOR_TRAINING, SIZE):
        yield run(network, one.tensor)[OUTPUT][0].astype(np.float64)
