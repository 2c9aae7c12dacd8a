"""What a reading of a simulated scan got right and wrong, as plain numbers a scan."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np

from core import mask
from core.domain.codes import LEFT, NODULE, PLEURAL_EFFUSION
from core.domain.finding import Finding
from models.reading import Reading

CLOSE_MM: Final = 4.0  #: a finding may be this far from a small nodule's middle


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One reported nodule: `match` is the number of a true one of the same scan, or -1."""

    probability: float
    long: float
    match: int


@dataclasses.dataclass(frozen=True, slots=True)
class Fluids:
    """One side: probability and mL told, mL that are there."""

    probability: float
    told: float
    true: float


def nodules(
    findings: Sequence[Finding],
    centres: Sequence[tuple[float, float, float]],
    longs: Sequence[float],
) -> list[Found]:
    """Every reported nodule with the true one that it lies in, if any."""
    told = []
    for one in findings:
        if one.code == NODULE and one.position is not None:
            gaps = [
                float(np.linalg.norm(np.subtract(one.position, centre))) / max(long / 2, CLOSE_MM)
                for centre, long in zip(centres, longs, strict=True)
            ]
            best = int(np.argmin(gaps)) if gaps and min(gaps) <= 1 else -1
            told.append(Found(one.probability, one.measurements[0].value, best))
    return told


def fluids(findings: Sequence[Finding], left: float, right: float) -> list[Fluids]:
    """Left and right."""
    told = []
    for one in findings:
        if one.code == PLEURAL_EFFUSION:
            volume = one.measurements[0].value if one.measurements else 0.0
            true = left if one.laterality == LEFT else right
            told.append(Fluids(one.probability, volume, true))
    return told


def dice(reading: Reading, truth: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> float:
    """Of both lungs together; `truth` (slices, rows, columns)."""
    found = np.zeros(truth.shape, np.bool_)
    for segment in reading.segments:
        found |= mask.unpack(segment.bits, segment.shape)
    both = int((found & truth).sum())
    return 2 * both / max(1, int(found.sum()) + int(truth.sum()))
