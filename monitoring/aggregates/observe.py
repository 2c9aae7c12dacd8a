"""One study as an aggregate: what a worker notes of a result, from plain values."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.finding import Outcome
from monitoring.aggregates import random_features
from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import histogram

EVALUATED: Final = frozenset({Outcome.FINDINGS, Outcome.NOTHING_FOUND})


def study(
    outcome: Outcome,
    *,
    reason: str = "",
    scores: Mapping[str, float] | None = None,
    numbers: Mapping[str, float] | None = None,
    categories: Mapping[str, Iterable[str]] | None = None,
    embedding: NDArray[np.float64] | None = None,
    groups: Iterable[str] = (),
) -> Aggregate:
    """The aggregate of a single study.

    `reason` is the value of a `ReasonCode` where it was not evaluated. `scores` are the
    highest probabilities (0..1) by label, which count only where it was evaluated. `numbers`
    count once each, those that are not finite not at all; each distinct value of
    `categories` counts once. `embedding` (d,) is standardised as `random_features.features`
    wants it. `groups` are the study's subgroups; none of it names a patient.
    """
    evaluated = outcome in EVALUATED
    positive = outcome is Outcome.FINDINGS
    kept = {key: float(value) for key, value in (numbers or {}).items() if math.isfinite(value)}
    told = {key: dict.fromkeys(sorted({*values}), 1) for key, values in (categories or {}).items()}
    return Aggregate(
        studies=1,
        evaluated=int(evaluated),
        positives=int(positive),
        outcomes={outcome.value: 1},
        reasons={reason: 1} if reason else {},
        outputs={
            label: histogram(np.array([score])) for label, score in sorted((scores or {}).items())
        } if evaluated else {},
        numbers={key: Moments.of([value]) for key, value in sorted(kept.items())},
        categories={key: values for key, values in sorted(told.items()) if values},
        features=_features(embedding),
        groups={one: (int(evaluated), int(positive)) for one in sorted({*groups} - {""})},
    )  # fmt: skip


def _features(embedding: NDArray[np.float64] | None) -> Features:
    """Of one study; none where there is no embedding, or no numbers in it."""
    if embedding is None or not np.isfinite(embedding).all():
        return Features()
    return Features(1, random_features.features(embedding[None])[0])
