"""The ground of a reference: channels, axes, and each site's level."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.domain.watch import Signal
from monitoring.aggregates.bins import FEATURES
from monitoring.drift import baseline, channels, following, reading
from monitoring.drift.axes import parts, whitening
from monitoring.drift.reference import Ground, rounded
from monitoring.drift.series import Array, Series, added

COMMON: Final = 0.05  #: p(1-p) of a category that counts among a family's axes
JOINED: Final = (Signal.INPUT, Signal.CATEGORY, Signal.EMBEDDING, Signal.OUTPUT)
MOST_AXES: Final = {Signal.EMBEDDING: 40, Signal.OUTPUT: 24, Signal.INPUT: 16, Signal.CATEGORY: 16}


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A stream's channels over some days: (T, C) counts, and means in scales, NaN of none."""

    counts: Array
    values: Array


def scaled(one: Series, ground: Ground) -> Read:
    """The channels of a ground."""
    counts, values = reading.read(one, ground.channels, ground.basis)
    return Read(counts, values / np.array([c.scale for c in ground.channels]))


def bare(one: Read, ground: Ground, base: Array, days: Sequence[dt.date]) -> Array:
    """(T, C) values less a site's (2, C) means of workdays and days off, over its `slopes`."""
    made: Array = (one.values - baseline.design(days, 2) @ base) / slopes(ground, base)
    return made


def slopes(ground: Ground, base: Array) -> Array:
    """(C,) by how much a site's scaled share moves with its log odds; 1 for what is no share.

    What is common to all sites moves odds alike: a rare finding's share less than a frequent one's.
    """
    scale = np.array([c.scale for c in ground.channels])
    share = np.array([c.share for c in ground.channels], bool)
    mean = np.clip(base[0] * scale, 0.0, 1.0)
    return np.where(share, np.maximum(mean * (1 - mean), channels.LEAST_SCALE) / scale, 1.0)


def grounded(series: Mapping[str, Series], days: Sequence[dt.date]) -> Ground:
    """The ground of some sites' days."""
    pool = added(series.values())
    basis = _embedding(series, days)
    known = following.found(pool, basis)
    ground = Ground(known, basis, {}, tuple(sorted(series)), np.zeros((0, 2, len(known))))
    reads = {site: scaled(series[site], ground) for site in ground.sites}
    bases = np.stack(
        [baseline.fit(days, one.values, one.counts, columns=2)[0].plain for one in reads.values()]
    )
    ground = dataclasses.replace(ground, bases=rounded(bases))
    return dataclasses.replace(ground, axes=_axes(ground, reads, days))


def _embedding(series: Mapping[str, Series], days: Sequence[dt.date]) -> Array:
    residuals, counts = [], []
    for one in series.values():
        n = one.volumes[:, 3]
        if not n.any():
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(n[:, None] > 0, one.features / n[:, None], np.nan)
        wide = np.broadcast_to(n[:, None], means.shape)
        made, _ = baseline.fit(days, means, wide, columns=2)
        residuals.append(means - made.at(days))
        counts.append(n)
    if not residuals:
        return np.zeros((FEATURES, 0))
    return rounded(whitening(residuals, counts, MOST_AXES[Signal.EMBEDDING]))


def _axes(
    ground: Ground, reads: Mapping[str, Read], days: Sequence[dt.date]
) -> dict[Signal, Array]:
    made: dict[Signal, Array] = {}
    for signal in JOINED:
        where = channels.places(ground.channels, signal)
        if not len(where):
            continue
        if signal is Signal.EMBEDDING:
            made[signal] = np.eye(len(where))
            continue
        counts = [one.counts[:, where].max(axis=1) for one in reads.values()]
        lefts = [
            parts(bare(one, ground, base, days)[:, where], one.counts[:, where])
            for one, base in zip(reads.values(), ground.bases, strict=True)
        ]
        common = np.array([ground.channels[at].scale >= COMMON for at in where])
        if signal is Signal.CATEGORY:  # sums of squares of rare categories are no chi-square
            lefts = [np.where(common, left, 0.0) for left in lefts]
        made[signal] = rounded(whitening(lefts, counts, MOST_AXES[signal]))
    return made


def nothing() -> Ground:
    """The ground of no site."""
    return Ground((), np.zeros((FEATURES, 0)), {}, (), np.zeros((0, 2, 0)))
