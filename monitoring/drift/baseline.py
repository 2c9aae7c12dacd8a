"""What a channel is on an ordinary day of its kind: workday or not, weekday, time of the year."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.calendars import offs, phases
from monitoring.drift.ewma import Noise
from monitoring.drift.series import Array

YEAR: Final = 330  #: days from which a reference can tell the seasons
WEEKDAYS: Final = 5
LAGS: Final = 14  #: days back that the noise's memory is learned from
PHIS: Final = np.array([0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
SMOOTHED: Final = 28
RIDGE: Final = 1.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """`plain` (K, C): the effects of `design`; `weekday` (5, C): what each adds to a workday."""

    plain: Array
    weekday: Array

    def at(self, days: Sequence[dt.date]) -> Array:
        """(T, C) what is expected."""
        made: Array = design(days, len(self.plain)) @ self.plain
        return made + weekdays(days) @ self.weekday


def design(days: Sequence[dt.date], columns: int) -> Array:
    """(T, K) one, day off, and with six columns two waves a year."""
    off = offs(days).astype(np.float64)
    angle = phases(days)
    waves = (np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle))
    return np.stack([np.ones(len(days)), off, *waves[: columns - 2]], axis=1)


def weekdays(days: Sequence[dt.date]) -> Array:
    """(T, 5) which weekday each workday is; zeros on a day off."""
    made = np.zeros((len(days), WEEKDAYS))
    for at, (day, off) in enumerate(zip(days, offs(days), strict=True)):
        if not off:
            made[at, day.weekday()] = 1.0
    return made


def fit(
    days: Sequence[dt.date], values: Array, counts: Array, *, columns: int
) -> tuple[Baseline, Array]:
    """The baseline of (T, C) daily means, NaN where there was none, and its (C,) leverage.

    Days weigh n / (n + median n): half way between all days alike and all studies alike.
    Weekdays are shrunk towards no difference by the positive part of James and Stein (1961).
    `leverage` times a long-run variance of one day is the variance of the estimate over a window.
    """
    there = _there(counts, values)
    weights = _weights(counts, there)
    rows, filled = design(days, columns), np.where(there, values, 0.0)
    inverse, plain = _solved(rows, filled, weights)
    left = np.where(there, filled - rows @ plain, 0.0)
    baseline = Baseline(plain, _shrunk(days, left, weights))
    window = _smoothed(rows, np.asarray(there.any(axis=1), bool))
    leverage = np.einsum("tk,ckl,tl->c", window, inverse, window, optimize=True) / len(window)
    return baseline, leverage * np.einsum("tc,tc->c", weights, weights) / np.maximum(
        weights.sum(axis=0), 1e-9
    )


def _there(counts: Array, values: Array) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & np.isfinite(values), bool)


def _weights(counts: Array, there: NDArray[np.bool_]) -> Array:
    middle = np.array(
        [np.median(n[has]) if has.any() else 1.0 for n, has in zip(counts.T, there.T, strict=True)]
    )
    return np.where(there, counts / (counts + middle), 0.0)


def _solved(rows: Array, values: Array, weights: Array) -> tuple[Array, Array]:
    """(C, K, K) inverses and (K, C) coefficients of weighted least squares.

    A ridge of a day's weight on all but the mean: where there are no days off, they are workdays.
    """
    normal = np.einsum("tk,tc,tl->ckl", rows, weights, rows, optimize=True)
    ridge = np.diag([1e-9, *np.full(rows.shape[1] - 1, RIDGE)])
    inverse = np.linalg.inv(normal + ridge)
    right = np.einsum("tk,tc->ck", rows, weights * values, optimize=True)
    return inverse, np.einsum("ckl,cl->kc", inverse, right)


def _shrunk(days: Sequence[dt.date], left: Array, weights: Array) -> Array:
    which = weekdays(days)
    sums = which.T @ weights
    means = np.where(sums > 0, which.T @ (weights * left) / np.maximum(sums, 1e-9), 0.0)
    variance = (weights * left**2).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9)
    squares = (means**2 * sums).sum(axis=0) / np.maximum(variance, 1e-12)
    keep = np.clip(1.0 - (WEEKDAYS - 1 + 2) / np.maximum(squares, 1e-9), 0.0, 1.0)
    made: Array = means * keep
    return made


def _smoothed(rows: Array, there: NDArray[np.bool_]) -> Array:
    """Rows of days with studies, averaged over as many of them as a month has."""
    rows = rows[there] if there.any() else rows
    sums = np.cumsum(np.vstack([np.zeros((1, rows.shape[1])), rows]), axis=0)
    size = min(SMOOTHED, len(rows))
    made: Array = (sums[size:] - sums[:-size]) / size
    return made


def noise(residuals: Array, counts: Array, within: Array, leverage: Array) -> Noise:
    """What is left: sampling, white and lasting, from the autocovariances of residuals (T, C).

    `within` is NaN where sums do not tell it: then it is what goes with 1/n, by least squares.
    """
    there = _there(counts, residuals)
    weights = _weights(counts, there)
    left = np.where(there, residuals, 0.0) * weights
    spread = np.sqrt((left**2).sum(axis=0) / np.maximum((weights**2).sum(axis=0), 1e-9))
    left = np.clip(left, -6 * spread, 6 * spread)  # one odd day teaches little
    inverse = np.where(there, 1.0 / np.maximum(counts, 1e-9), 0.0)
    known = np.where(np.isfinite(within), within, _sampling(left, weights, inverse))
    gammas = np.stack([_gamma(left, weights, lag) for lag in range(LAGS + 1)])
    share = (weights**2 * inverse).sum(axis=0) / np.maximum((weights**2).sum(axis=0), 1e-9)
    slow, phi = _autoregression(gammas, leverage)
    slow = np.minimum(slow, gammas[0])
    white = np.maximum(gammas[0] - known * share - slow, 0.0)
    lasting = slow * (1 + phi) / (1 - phi) + white + known * share
    return Noise(known, white, slow, phi, leverage * lasting)


def _sampling(left: Array, weights: Array, inverse: Array) -> Array:
    """(C,) the part of r² that goes with 1/n, at least half of r² n on the whole."""
    squares, size = left**2, weights**2
    whole = np.maximum(size.sum(axis=0), 1e-9)
    mean, share = squares.sum(axis=0) / whole, (size * inverse).sum(axis=0) / whole
    apart = inverse - share
    slope = (squares * apart).sum(axis=0) / np.maximum((size * apart**2).sum(axis=0), 1e-12)
    top = mean / np.maximum(share, 1e-12)
    made: Array = np.clip(slope, 0.5 * top, top)
    return made


def _gamma(left: Array, weights: Array, lag: int) -> Array:
    """(C,) autocovariance at a lag of whole days."""
    end = len(left) - lag
    both = (weights[lag:] * weights[:end]).sum(axis=0)
    made: Array = (left[lag:] * left[:end]).sum(axis=0) / np.maximum(both, 1e-9)
    return made


def _autoregression(gammas: Array, leverage: Array) -> tuple[Array, Array]:
    """(C,) variance and phi of the AR(1) whose autocovariances fit best at lags from 1 on.

    Removing a mean makes every autocovariance too small by about the mean's own variance.
    """
    lags = np.arange(1, len(gammas))
    shapes = PHIS[:, None] ** lags  # (P, L)
    slow = np.maximum(shapes @ gammas[1:] / (shapes**2).sum(axis=1)[:, None], 0.0)
    errors = ((gammas[None, 1:] - shapes[:, :, None] * slow[:, None]) ** 2).sum(axis=1)
    best = np.argmin(errors, axis=0)
    columns = np.arange(gammas.shape[1])
    phi = PHIS[best]
    found = slow[best, columns]
    return found * (1.0 + leverage * (1 + phi) / (1 - phi)), phi
