"""Limits: the crossings that a stream may have in a year, shared over all that is looked at."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from core.domain.watch import Chart, Signal
from monitoring.drift import baseline, channels, limits
from monitoring.drift.reference import Ground, rounded
from monitoring.drift.series import Array

BUDGET: Final = 3.0  #: alarms of a stream a year before the margin, over all families and charts
CHARTS: Final = {Chart.OWN: 1 / 3, Chart.PEERS: 2 / 3, Chart.NATIONAL: 1 / 3}  #: of the budget
SHARES: Final = {  #: of the budget: more where a fault shows less
    Signal.POSITIVE: 4.0, Signal.EMBEDDING: 3.0, Signal.INPUT: 1.5, Signal.OUTPUT: 0.6,
    Signal.DISAGREEMENT: 1.0, Signal.CATEGORY: 0.5, Signal.REFUSED: 0.5,
}  # fmt: skip
SEASONS: Final = {
    Chart.OWN: 1.0,
    Chart.PEERS: 1.0,
    Chart.NATIONAL: 2.0,
}  #: wider for want of a year
FREEDOM: Final = 4.0  #: days of a reference for one degree of freedom of its variances


def levels(
    ground: Ground,
    chart: Chart,
    present: Array,
    *,
    scales: Sequence[float],
    margin: float,
    days: int,
) -> dict[Signal, Array]:
    """By family (2, scales): how far out a channel, and all axes together, may be; margin within.

    `present` (C,) says which channels the stream has.
    """
    families = sorted({c.signal for c in ground.channels})
    whole = sum(SHARES[signal] for signal in families)
    part = CHARTS[chart]
    made = {}
    for signal in families:
        where = channels.places(ground.channels, signal)
        members = int(present[where].sum())
        # One site far out moves the median of all a little on every axis: together that is much.
        joined = signal in ground.axes and chart is not Chart.NATIONAL
        rate = BUDGET * part / len(scales) * SHARES[signal] / whole
        each = rate / 2 if joined else rate
        rows = []
        for scale in scales:
            keep = 1 - scale
            single = limits.level(each / 2 / max(members, 1), keep)
            joint = limits.level(each, keep**2) if joined else np.inf
            freedom = max(6.0, days / FREEDOM)
            rows.append(
                (limits.widened(single, freedom) * margin if members else np.inf, joint * margin)
            )
        wider = SEASONS[chart] if days < baseline.YEAR else 1.0
        made[signal] = _finite(np.array(rows).T * wider)
    return made


def _finite(levels: Array) -> Array:
    return rounded(np.where(np.isfinite(levels), levels, 1e9))
