"""Embeddings of simulated scans of the makers for training: all windows of the nodule network.

The nodule network and not the lung network: it sees the lungs at 1.25 mm, where noise,
kernel and slice thickness show, and nodules are what the algorithm is for; the lung network
works on 3 mm, where most of that is averaged away.
"""

from collections.abc import Iterator
from typing import Final

from models.ct_thorax import hooks
from models.ct_thorax.evaluate import PHANTOM_MM, SIZE, contract, sessions, volume
from models.embedding import Collector, Vector
from simulator.ct import dicom
from simulator.ct.scanners import FOR_TRAINING

FIRST: Final = 85_000_000  #: seed; neither training nor evaluation has seen these


def embeddings(count: int, threads: int = 1) -> Iterator[Vector]:
    """(d,) of each of `count` scans."""
    manifest, collector = contract(), Collector()
    networks = {name: collector.watched(one) for name, one in sessions(manifest, threads).items()}
    for seed in range(FIRST, FIRST + count):
        maker = FOR_TRAINING[seed % len(FOR_TRAINING)]
        made = dicom.acquire(seed, scanner=maker, size=SIZE, phantom_mm=PHANTOM_MM)
        hooks.read(volume(made), networks, manifest)
        found = collector.take()
        if found is not None:
            yield found
