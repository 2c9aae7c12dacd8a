"""Drift methods that others use, on the streams of `drift_streams`.

Each gives a number for every day, larger where it is surer of a drift: an alarm is above a limit.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import drift
from scipy.special import kolmogorov

from tests.bench.drift_streams import Raw

Floats = NDArray[np.float64]
WINDOW = 7  # days
FEWEST = 5  # studies in a window; below it nothing is said
DRAWS = 200  # of the bootstrap
ALPHA = 1 - 1 / 365  # of the bootstrap's windows lie below the limit


def windows(values: NDArray[Any]) -> NDArray[Any]:
    """(days, …) sums of each day and the `WINDOW` - 1 before it."""
    total = np.cumsum(values, axis=0)
    total[WINDOW:] = total[WINDOW:] - total[:-WINDOW]
    return total


def ks(raw: Raw, reference: slice) -> Floats:
    """(days,) -log10 of the smallest p value times members: Kolmogorov-Smirnov, Bonferroni."""
    known, recent = raw.counts[reference].sum(0), windows(raw.counts)
    sizes = recent.sum(2), known.sum(1)
    apart = np.abs(_shares(recent).cumsum(2) - _shares(known).cumsum(1)).max(2)
    effective = np.sqrt(sizes[0] * sizes[1] / np.maximum(sizes[0] + sizes[1], 1))
    p = kolmogorov(apart * effective)
    told: Floats = -np.log10(np.maximum(p.min(1) * p.shape[1], 1e-300))
    return np.where(sizes[0].max(1) >= FEWEST, told, -np.inf)


def psi(raw: Raw, reference: slice) -> Floats:
    """(days,) largest population stability index of ten bins, tenths of the reference."""
    known, recent = raw.counts[reference].sum(0), windows(raw.counts)
    found = np.zeros((len(recent), len(known)))
    for member, counts in enumerate(known):
        tenth = np.minimum((counts.cumsum() - counts / 2) / max(counts.sum(), 1) * 10, 9.99)
        into = np.eye(10)[tenth.astype(int)]
        expected, seen = counts @ into, recent[:, member] @ into
        used = expected > 0
        e = np.maximum(expected[used] / expected.sum(), 1e-4)
        s = np.maximum(seen[:, used] / np.maximum(seen.sum(1, keepdims=True), 1), 1e-4)
        found[:, member] = ((s - e) * np.log(s / e)).sum(1)
    return np.where(recent.sum(2).max(1) >= FEWEST, found.max(1), -np.inf)


def mmd(raw: Raw, reference: slice) -> Floats:
    """(days,) squared distance of feature means over its bootstrap limit.

    The limit is of `DRAWS` windows of days drawn from the reference, each with its own size of
    window: a quantile of |m - m'|² times the studies, which hardly depends on the size.
    """
    sums, counts = raw.features[reference], raw.evaluated[reference]
    centre = sums.sum(0) / counts.sum()
    rng = np.random.default_rng(5)
    days = rng.integers(0, len(counts), (DRAWS * 4, WINDOW))
    n = counts[days].sum(1)
    apart = ((sums[days].sum(1) / np.maximum(n, 1)[:, None] - centre) ** 2).sum(1) * n
    limit = np.quantile(apart[n > 0], ALPHA)
    recent, sizes = windows(raw.features), windows(raw.evaluated)
    told = ((recent / np.maximum(sizes, 1)[:, None] - centre) ** 2).sum(1) * sizes / limit
    return np.where(sizes >= FEWEST, told, -np.inf)


def _shares(counts: NDArray[np.int64]) -> Floats:
    return np.asarray(counts / np.maximum(counts.sum(-1, keepdims=True), 1))


def adwin(delta: float, clock: int = 32) -> Callable[[], Any]:
    """ADWIN of river; `clock` is how often it looks."""
    return lambda: drift.ADWIN(delta=delta, clock=clock)  # type: ignore[no-untyped-call]


def page_hinkley(threshold: float, least: float) -> Callable[[], Any]:
    """The Page-Hinkley test of river, in both directions."""
    return lambda: drift.PageHinkley(threshold=threshold, delta=least, mode="both")


def daily_means(raw: Raw) -> tuple[Floats, NDArray[np.int64]]:
    """The mean score of each day with studies, and the places of the days."""
    days, counts = np.unique(raw.day, return_counts=True)
    places = np.searchsorted(days, raw.day)
    return np.bincount(places, raw.scores) / counts, days


def streaming(detector: Any, values: Floats, day: NDArray[np.int64]) -> set[int]:
    """The places of the days on which a detector of river says drift."""
    found = set()
    for value, place in zip(values.tolist(), day.tolist(), strict=True):
        detector.update(value)
        if detector.drift_detected:
            found.add(place)
    return found
