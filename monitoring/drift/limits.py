"""How far out is too far: limits that a Gaussian stream crosses a known number of times a year.

The share of days on which a stationary Gaussian sequence with correlation rho from one day to the
next goes from below h to above it is 2 T(h, a), a = sqrt((1 - rho) / (1 + rho)), T being Owen's
function (Owen 1956). That the alarm asks for two evaluations in a row is left as a reserve.
"""

import functools

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, owens_t, stdtrit

from monitoring.drift.series import Array

DAYS = 365.25


def crossings(level: float, rho: float) -> float:
    """How often a year a standard Gaussian sequence goes above `level`."""
    return float(2.0 * DAYS * owens_t(level, np.sqrt((1.0 - rho) / (1.0 + rho))))


@functools.lru_cache(maxsize=4096)
def level(rate: float, rho: float) -> float:
    """The level that is crossed upwards `rate` times a year."""
    if rate >= crossings(0.0, rho):
        return 0.0
    return float(brentq(lambda h: crossings(h, rho) - rate, 0.0, 40.0, xtol=1e-10))


def widened(of: float, freedom: float) -> float:
    """The same tail for a variance that was estimated with `freedom` degrees (Student 1908)."""
    return float(-stdtrit(freedom, ndtr(-of)))


def gaussian(squares: Array, freedom: float) -> Array:
    """Sums of `freedom` squared standard normals as a standard normal (Wilson, Hilferty 1931)."""
    spread = 2.0 / (9.0 * freedom)
    made: Array = (np.cbrt(squares / freedom) - 1.0 + spread) / np.sqrt(spread)
    return made
