"""Exponentially weighted moving averages (Roberts 1959) of irregular, unequally certain days."""

import dataclasses
from typing import Final

import numpy as np
from scipy.signal import lfilter

from monitoring.drift.series import Array

FAINT: Final = 1e-6  #: of the weight of a day with one study: a window that has less has none


def faded(values: Array, keep: float, length: int) -> Array:
    """(T, ...) sums of the last `length` days, each a `keep` of the weight of the one after it.

    Days before the first count as nothing, so that what lies further back than `length` days
    changes no sum.
    """
    if values.size == 0:
        return np.array(values, np.float64)
    made: Array = lfilter([1.0], [1.0, -keep], values, axis=0)
    older = np.zeros_like(made)
    older[length:] = made[: max(0, len(made) - length)]
    return made - keep**length * older


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """What a channel's daily mean varies by, when nothing happens; all (C,).

    `within`: variance between studies, which a day of n studies has 1/n of. `white`: from day to
    day beyond that. `slow` and `phi`: the variance and the correlation from one day to the next
    of what lasts, a first order autoregression. `base`: variance of the baseline's own estimate.
    """

    within: Array
    white: Array
    slow: Array
    phi: Array
    base: Array


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Certainty:
    """How much each day says: all (T, C).

    `weights` are 1 over the variance of a day, 0 of one without studies; `white` the part of that
    variance which the next day has anew.
    """

    weights: Array
    white: Array


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Average:
    """Averages over faded windows: all (T, C); NaN where nothing was there.

    `value` of the residuals, `sd` its standard deviation when nothing happens, `whole` the sum
    of weights, for averages of other things over the same window.
    """

    value: Array
    sd: Array
    whole: Array


def certainty(counts: Array, noise: Noise) -> Certainty:
    """Of days with (T, C) `counts` studies."""
    there = counts > 0
    white = np.where(there, noise.within / np.maximum(counts, 1e-9) + noise.white, 0.0)
    return Certainty(np.where(there, 1.0 / np.maximum(white + noise.slow, 1e-12), 0.0), white)


def average(
    values: Array,
    days: Certainty,
    noise: Noise,
    weight: float,
    *,
    length: int,
    doubt: Array | None = None,
) -> Average:
    """Average residuals (T, C), finite where days have a weight, the newest weighing `weight`.

    `doubt` (T, C) is by how much all of a window may be wrong in one direction, each day.
    """
    keep = 1.0 - weight
    squares = days.weights**2
    whole = faded(days.weights, keep, length)
    variance = faded(
        squares * (days.white + noise.slow * lasting(noise.phi, keep)), keep**2, length
    )
    usable = whole > FAINT / np.maximum(noise.within + noise.white + noise.slow, 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(usable, faded(days.weights * values, keep, length) / whole, np.nan)
        sure = variance / whole**2 + noise.base
        if doubt is not None:
            sure += (faded(days.weights * doubt, keep, length) / whole) ** 2
        sd = np.where(usable, np.sqrt(sure), np.nan)
    return Average(value, sd, whole)


def lasting(phi: Array, keep: float) -> Array:
    """How much more an average of an AR(1) varies than of independent days of equal variance.

    Of the sum of keep^k u_t-k: (1 + phi keep) / (1 - phi keep) (Schmid 1997).
    """
    made: Array = (1.0 + phi * keep) / (1.0 - phi * keep)
    return made
