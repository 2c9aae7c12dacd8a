"""What every drift method is given: one stream of the simulated country, day by day.

Our engine sees daily aggregates alone. The others get more: histograms of the input numbers,
which aggregates do not hold, and every study's mean score in its order.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitoring.aggregates.aggregate import Aggregate
from simulator.country.algorithms import KINDS
from simulator.country.faults import Fault
from simulator.country.sums import EVALUATED, Studies, summed
from simulator.country.world import World

Floats = NDArray[np.float64]
BINS = 50
EDGES_FROM = 3  # months whose quantiles are the bounds of the input histograms


@dataclasses.dataclass(frozen=True, slots=True)
class Raw:
    """Some days of a stream. `members` are outputs and input numbers; (days, members, BINS)."""

    first: int  #: place of the first day in the world's days
    counts: NDArray[np.int64]  #: (days, members, BINS)
    features: Floats  #: (days, FEATURES) sums
    evaluated: NDArray[np.int64]  #: (days,)
    scores: Floats  #: (studies,) mean log odds of the labels, in order
    day: NDArray[np.int64]  #: (studies,) place of the day
    history: Mapping[dt.date, Aggregate]


def edges(world: World, site: str, algorithm: str) -> dict[str, Floats]:
    """Bounds of the bins of each input number: quantiles of the first months, (BINS - 1,)."""
    found = [world.studies(site, algorithm, span).numbers for span in world.months()[:EDGES_FROM]]
    shares = np.arange(1, BINS) / BINS
    names = sorted(found[0])
    return {
        name: np.nanquantile(np.concatenate([x[name] for x in found]), shares) for name in names
    }


def collected(
    world: World, site: str, algorithm: str, bounds: Mapping[str, Floats],
    faults: Sequence[Fault] = (), months: slice = slice(None),
) -> Raw:  # fmt: skip
    """The stream's days of those months."""
    codes = [one.code for one in KINDS[algorithm].labels]
    parts = []
    for span in world.months()[months]:
        one = world.studies(site, algorithm, span, faults)
        days = world.days[slice(*span)]
        made = summed(one, codes, one.day, len(days))
        parts.append((span[0], days, one, made))
    histories = {d: a for _, days, _, made in parts for d, a in zip(days, made, strict=True)}
    counts = [_counts(one, made, bounds) for _, _, one, made in parts]
    width = max(len(a.features.total) for a in histories.values())
    return Raw(
        parts[0][0],
        np.concatenate(counts),
        np.array([a.features.total if a.features.count else np.zeros(width)
                  for a in histories.values()]),
        np.array([a.evaluated for a in histories.values()]),
        np.concatenate([x.scores[x.end < EVALUATED].mean(1) for _, _, x, _ in parts]),
        np.concatenate([first + x.day[x.end < EVALUATED] for first, _, x, _ in parts]),
        {d: a for d, a in histories.items() if a.studies},
    )  # fmt: skip


def _counts(
    one: Studies, made: Sequence[Aggregate], bounds: Mapping[str, Floats]
) -> NDArray[np.int64]:
    """(days, members, BINS): outputs as they are aggregated, then input numbers."""
    names = sorted({code for a in made for code in a.outputs})
    outputs = np.array([[a.outputs[code] for code in names] for a in made])
    kept, days = one.end < EVALUATED, len(made)
    inputs = np.zeros((days, len(bounds), BINS), np.int64)
    for place, (name, limits) in enumerate(bounds.items()):
        values = one.numbers[name]
        known = kept & np.isfinite(values)
        bins = np.searchsorted(limits, values[known], side="right")
        flat = np.bincount(one.day[known] * BINS + bins, minlength=days * BINS)
        inputs[:, place] = flat.reshape(days, BINS)
    return np.concatenate([outputs, inputs], 1)
