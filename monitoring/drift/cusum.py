"""Cumulative sums (Page 1954), on both sides, that start anew when told to."""

import numpy as np
from numpy.typing import NDArray

from monitoring.drift.series import Array


def cusum(
    values: Array, slack: float, *, start: float = 0.0, reset: NDArray[np.bool_] | None = None
) -> tuple[Array, Array]:
    """(T, ...) upper and lower sums of standardised values: max(0, before + x - slack), and so on.

    `slack` is half the shift that matters; NaN adds nothing; before days of `reset` (T,) both
    sums are put back to `start`.
    """
    upper, lower = np.empty_like(values, np.float64), np.empty_like(values, np.float64)
    up = np.full(values.shape[1:], start)
    down = up.copy()
    for at, value in enumerate(values):
        if reset is not None and reset[at]:
            up, down = np.full_like(up, start), np.full_like(down, start)
        there = np.isfinite(value)
        up = np.where(there, np.maximum(0.0, up + np.nan_to_num(value) - slack), up)
        down = np.where(there, np.maximum(0.0, down - np.nan_to_num(value) - slack), down)
        upper[at], lower[at] = up, down
    return upper, lower


def run_length(slack: float, limit: float) -> float:
    """Average length of a one-sided run of independent standard normals until beyond `limit`.

    Siegmund's (1985) approximation.
    """
    drift, height = -slack, limit + 1.166
    if abs(drift) < 1e-9:  # noqa: PLR2004
        return height**2
    return float((np.exp(-2 * drift * height) + 2 * drift * height - 1) / (2 * drift**2))
