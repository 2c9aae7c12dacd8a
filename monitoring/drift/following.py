"""Which channels there are: those that the sums of all sites together have."""

import dataclasses
from typing import Final

import numpy as np

from core.domain.finding import Outcome
from core.domain.watch import Signal
from monitoring.drift.channels import LEAST_COVERAGE, LEAST_SCALE, OTHER, Channel
from monitoring.drift.reading import read, within
from monitoring.drift.series import Array, Series

LEAST_SHARE: Final = 0.01  #: of a category, to be followed alone; the others are `other`
TAILS: Final = (0.2, 0.05)  #: shares of the highest scores whose bounds are followed
SKIPPED: Final = frozenset({"software"})  #: categories that the event log follows
GOOD: Final = frozenset({Outcome.FINDINGS.value, Outcome.NOTHING_FOUND.value})


def found(pool: Series, basis: Array) -> tuple[Channel, ...]:
    """The channels that a pool of all sites has; `basis` (FEATURES, r) are the embedding's axes."""
    known = [*_numbers(pool), *_categories(pool), *_groups(pool), *_outputs(pool), *_rates(pool)]
    known += [
        Channel(Signal.EMBEDDING, f"axis:{at}", "feature", share=False, start=at)
        for at in range(basis.shape[1])
    ]
    counts, values = read(pool, known, basis)
    days = max(1, int((pool.studies > 0).sum()))
    covered = (counts > 0).sum(axis=0) >= LEAST_COVERAGE * days
    means = np.nansum(counts * np.nan_to_num(values), axis=0) / np.maximum(counts.sum(axis=0), 1)
    spread = np.sqrt(within(pool, known, means))
    return tuple(
        dataclasses.replace(one, scale=_scale(one, float(means[at]), float(spread[at])))
        for at, one in enumerate(known)
        if covered[at] and (one.share or one.kind == "feature" or spread[at] > 0)
    )


def _scale(one: Channel, mean: float, spread: float) -> float:
    if one.kind == "feature":
        return 1.0
    return max(mean * (1 - mean), LEAST_SCALE) if one.share else spread


def _numbers(pool: Series) -> list[Channel]:
    return [
        Channel(Signal.INPUT, key, "number", (key,), share=False) for key in sorted(pool.numbers)
    ]


def _categories(pool: Series) -> list[Channel]:
    made = []
    for key in sorted({key for key, _ in pool.categories} - SKIPPED):
        many = {value: rows.sum() for (name, value), rows in pool.categories.items() if name == key}
        whole = sum(many.values())
        kept = sorted(value for value, n in many.items() if n >= LEAST_SHARE * whole)
        made += [Channel(Signal.CATEGORY, f"{key}:{v}", "category", (key, v)) for v in kept]
        made.append(Channel(Signal.CATEGORY, f"{key}:{OTHER}", OTHER, (key, *kept)))
    return made


def _groups(pool: Series) -> list[Channel]:
    keys = sorted(pool.groups)
    return [
        *(Channel(Signal.CATEGORY, key, "group", (key,)) for key in keys),
        *(Channel(Signal.POSITIVE, f"positive:{key}", "part", (key,)) for key in keys),
    ]


def _outputs(pool: Series) -> list[Channel]:
    made = []
    for key in sorted(pool.outputs):
        made.append(Channel(Signal.OUTPUT, f"score:{key}", "output", (key,), share=False))
        above = pool.outputs[key].sum(axis=0)[::-1].cumsum()[::-1]
        whole = max(above[0], 1.0)
        bins = sorted({int(np.argmin(np.abs(above / whole - tail))) for tail in TAILS})
        bins = [at for at in bins if 0 < above[at] < whole]
        made += [
            Channel(Signal.OUTPUT, f"high:{key}:{at}", "high", (key,), start=at) for at in bins
        ]
        made += [
            Channel(Signal.OUTPUT, f"top:{key}:{at}", "top", (key,), share=False, start=at)
            for at in bins
        ]
    return made


def _rates(pool: Series) -> list[Channel]:
    bad = sorted(set(pool.outcomes) - GOOD)
    return [
        Channel(Signal.POSITIVE, "positive", "positive"),
        Channel(Signal.REFUSED, "refused", "refused"),
        *(Channel(Signal.REFUSED, key, "outcome", (key,)) for key in bad if len(bad) > 1),
        *(
            Channel(Signal.DISAGREEMENT, f"{name}:{key}", "pair", (key,), start=at)
            for key in sorted(pool.pairs)
            for at, name in enumerate(("only_other", "only_this", "disagree"))
        ),
    ]
