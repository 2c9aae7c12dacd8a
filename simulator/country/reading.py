"""Studies as the algorithm and the header have them: drawn, read and measured."""

import dataclasses
import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.equipment import Equipment
from monitoring.aggregates import random_features
from simulator.country import measured, studies
from simulator.country.algorithms import KINDS, Kind
from simulator.country.scanners import Machine
from simulator.country.studies import Setting
from simulator.country.sums import Studies

Floats = NDArray[np.float64]
PILOT: Final = 40_000  #: studies from which scores and embeddings are scaled, of no site
OTHER_ENDS: Final = ((3, 0.01), (4, 0.008), (5, 0.002))  # place in `sums.ENDS`, share
TOO_YOUNG: Final = 2  # the same


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """How the pilot's scores and embedding lie: what is taken from them before they are used."""

    scores: Floats  #: (labels, 2, 2): absent and present; mean and standard deviation
    mean: Floats  #: (DIMENSIONS,)
    deviation: Floats
    logits: Floats  #: (labels,) that give each label's prevalence


def read(kind: Kind, setting: Setting, rng: np.random.Generator) -> Studies:
    """The studies drawn, read and measured."""
    scale = scale_of(kind.key)
    latent = studies.drawn(kind, setting, rng)
    scores = studies.scores(kind, latent, scale.scores, rng)
    called = scores >= np.array([one.threshold for one in kind.labels])
    positive = called[:, -1] if kind.whole else called.any(1)
    end: NDArray[np.int64] = np.asarray(positive, np.int64)
    chance, below = rng.random(len(latent)), 0.0
    for place, share in OTHER_ENDS:
        end[(chance >= below) & (chance < below + share)] = place
        below += share
    end[latent.age < kind.youngest] = TOO_YOUNG
    seen = measured.embedding(kind, latent, rng)
    standard = (seen - scale.mean) / scale.deviation / np.sqrt(measured.DIMENSIONS)
    return Studies(
        latent.day, latent.machine, latent.female, latent.age, end, scores, called,
        latent.present, latent.severity,
        measured.numbers(kind, latent, setting.machines, rng),
        measured.categories(kind, latent, setting.machines, rng),
        random_features.features(standard),
    )  # fmt: skip


@functools.cache
def scale_of(algorithm: str) -> Scale:
    """From studies of average scanners and people that belong to no site."""
    kind = KINDS[algorithm]
    rng = np.random.default_rng([20_261_122, list(KINDS).index(algorithm)])
    logits = _logits(kind)
    average = Machine(Equipment(), 1.0, 0, 0, 0, 0, 0, (0.0,) * 3, "", "", 1.0)
    setting = Setting(
        (average, dataclasses.replace(average, share=0.0)), np.full(1, float(PILOT)),
        logits[None], np.full(1, kind.mobile[0]), 0.0, 0.0, kind.women,
    )  # fmt: skip
    latent = studies.drawn(kind, setting, rng)
    raw = np.stack(studies.raw_scores(kind, latent, rng), 1)  # (n, 2, labels)
    seen = measured.embedding(kind, latent, rng)
    scores = np.stack([raw.mean(0).T, raw.std(0).T], 2)
    return Scale(scores, seen.mean(0), seen.std(0), logits)


def _logits(kind: Kind) -> Floats:
    return np.array([np.log(p.prevalence / (1 - p.prevalence)) for p in kind.points])
