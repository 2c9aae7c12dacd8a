"""Embeddings of simulated studies of the makers for training: the four views, averaged."""

from collections.abc import Iterator
from typing import Final

from models.embedding import Collector, Vector
from models.mammography.evaluate import FINE_MM, FOLDER, observe
from models.mammography.runtime import network
from simulator.mammography import four_views

FIRST: Final = 8_500_000  #: seed; neither training nor evaluation has seen these


def embeddings(count: int, threads: int = 1) -> Iterator[Vector]:
    """(d,) of each of `count` studies."""
    collector = Collector()
    watched = collector.watched(network(FOLDER, threads=threads))
    for seed in range(FIRST, FIRST + count):
        observe(four_views.make(seed, pixel_mm=FINE_MM), watched)
        found = collector.take()
        if found is not None:
            yield found
