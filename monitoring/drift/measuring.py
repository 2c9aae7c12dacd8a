"""A chart over many days at once: averages, how far out they are, and what that is made of."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.watch import Signal
from monitoring.drift import channels, limits, proportions
from monitoring.drift.axes import turn
from monitoring.drift.channels import Channel
from monitoring.drift.ewma import Certainty, Noise, average, certainty, faded
from monitoring.drift.grounding import Read
from monitoring.drift.reference import Charted, Ground
from monitoring.drift.series import Array

LENGTH: Final = 120  #: days that an average reaches back
CLIP: Final = 8.0  #: a day counts as at most so many of its standard deviations
RARE: Final = 0.02  #: p(1-p) below which a share is a rare one
MISFIT: Final = 0.2  #: of what all sites see, that may be otherwise at one of them
MONTH: Final = 28
LEAST: Final = 30.0  #: studies in a month, for a family to be judged
SHOWN: Final = 1  #: the scale that members are shown at, unless another one is outside


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A family on a chart: (T,) scores, 1 at the limit, and NaN where there is none.

    `fresh` (T,) whether the day has studies of its own, `month` (T,) how many 28 days had.
    `names` (M,); `members` (T, M, 4): value, low, high, score in natural units.
    """

    score: Array
    fresh: NDArray[np.bool_]
    month: Array
    names: tuple[str, ...]
    members: Array


def measured(
    ground: Ground,
    charted: Charted,
    one: Read,
    *,
    natural: Array,
    expected: Array,
    scales: Sequence[float],
    common: Array | None = None,
) -> Mapping[Signal, Family]:
    """Every family of a chart.

    `one` (T, C) is what the chart follows, in scales, and its counts; `natural` (T, C) the
    stream's own means in natural units; `expected` (T, C) what is expected of `one`. Of
    `common` (T, C), what peers saw and was taken off, a part may not be alike here.
    """
    left = one.values - expected
    counts = np.where(np.isfinite(left), one.counts, 0.0)
    noise = charted.channels
    days = certainty(counts, noise)
    unit = np.array([c.scale for c in ground.channels])
    share = np.array([c.share for c in ground.channels], bool)
    clipped = _clipped(
        left, days, noise, np.where(share, RARE / unit**2, 0.0) / np.maximum(counts, 1.0)
    )
    doubt = np.zeros_like(clipped) if common is None else MISFIT * np.nan_to_num(common)
    ordinary = np.nan_to_num(natural - left * unit)
    z, value, low, high = [], [], [], []
    tops = _tops(ground.channels, charted.levels)
    for at, scale in enumerate(scales):
        found = average(clipped, days, noise, scale, length=LENGTH, doubt=doubt)
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = faded(days.weights * ordinary, 1 - scale, LENGTH) / found.whole
            made = found.value / found.sd
        sd, shift = found.sd * unit, found.value * unit
        made[:, share] = proportions.share((usual + shift)[:, share], usual[:, share], sd[:, share])
        z.append(made)
        value.append(usual + shift)
        low.append(usual - tops[at] * sd)
        high.append(usual + tops[at] * sd)
    stacked = tuple(np.stack(rows) for rows in (z, value, low, high))
    return {
        signal: _family(
            ground,
            charted,
            signal,
            left=left,
            counts=counts,
            doubt=doubt,
            stacked=stacked,
            scales=scales,
        )
        for signal in charted.levels
    }


def _clipped(left: Array, days: Certainty, noise: Noise, least: Array | float = 0.0) -> Array:
    """(T, C) residuals of at most `CLIP` standard deviations; 0 where there are none.

    `least` is a variance that the deviation is taken from at least: of a share that is hardly
    ever there, a day of it is many of its own deviations.
    """
    bound = CLIP * np.sqrt(np.maximum(days.white + noise.slow, least))
    made: Array = np.clip(np.where(days.weights > 0, np.nan_to_num(left), 0.0), -bound, bound)
    return made


def _tops(known: Sequence[Channel], levels: Mapping[Signal, Array]) -> Array:
    """(scales, C) how many standard deviations each channel may be out."""
    return np.array([levels[one.signal][0] for one in known]).T


def _family(
    ground: Ground,
    charted: Charted,
    signal: Signal,
    *,
    left: Array,
    counts: Array,
    doubt: Array,
    stacked: tuple[Array, ...],
    scales: Sequence[float],
) -> Family:
    where = channels.places(ground.channels, signal)
    z, value, low, high = (rows[:, :, where] for rows in stacked)
    levels = charted.levels[signal]
    each = np.abs(z) / levels[0][:, None, None]
    scores = [_most(each)]
    if signal in ground.axes:
        noise = charted.axes[signal]
        along, many = turn(left[:, where], counts[:, where], ground.axes[signal])
        unsure, _ = turn(doubt[:, where], counts[:, where], ground.axes[signal])
        days = certainty(many, noise)
        along = _clipped(along, days, noise)
        for at, scale in enumerate(scales):
            made = average(along, days, noise, scale, length=LENGTH, doubt=unsure)
            out = (made.value / made.sd) ** 2
            scale_of, freedom = charted.shapes[signal]
            joint = limits.gaussian(np.nansum(out, axis=1) / scale_of, freedom)
            scores.append(np.where(np.isfinite(out).any(axis=1), joint / levels[1][at], np.nan))
    many = counts[:, where].max(axis=1, initial=0.0)
    month = np.convolve(many, np.ones(MONTH))[: len(many)]
    return Family(
        np.maximum(np.fmax.reduce(scores), 0.0),
        many > 0,
        month,
        tuple(ground.channels[at].name for at in where),
        _members(each, value, low, high),
    )


def _most(each: Array) -> Array:
    """(T,) the largest of (scales, T, M), NaN where all are."""
    if each.shape[2] == 0:
        return np.full(each.shape[1], np.nan)
    most = np.where(np.isfinite(each), each, -1.0).max(axis=(0, 2))
    made: Array = np.where(most >= 0, most, np.nan)
    return made


def _members(each: Array, value: Array, low: Array, high: Array) -> Array:
    """(T, M, 4) at the scale that is shown, or the one that is furthest outside."""
    filled = np.where(np.isfinite(each), each, -1.0)
    shown = min(SHOWN, len(each) - 1)
    worst = filled.argmax(axis=0)
    top = filled.max(axis=0)
    which = np.where((top > 1) & (filled[shown] <= 1), worst, shown)[None]
    rows = [np.take_along_axis(part, which, axis=0)[0] for part in (value, low, high)]
    return np.stack([*rows, np.where(top >= 0, top, np.nan)], axis=-1)
