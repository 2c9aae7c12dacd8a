"""How long a Bernoulli CUSUM runs before it signals: exactly, as a Markov chain."""

import dataclasses
import functools
import math
from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import brentq
from scipy.sparse.linalg import spsolve

FINEST: Final = 8  #: steps that the small weight is cut into
MOST_STATES: Final = 4000
LARGEST_LIMIT: Final = 30.0
_PRECISION: Final = 0.005  # of a limit
_START: Final = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Weights:
    """What one study adds to the sum of log-likelihood ratios: an error, or none."""

    error: float
    right: float  #: negative

    @classmethod
    def of(cls, in_control: float, out_of_control: float) -> "Weights":
        """For the two shares of errors that are told apart (Reynolds and Stoumbos 1999)."""
        if not 0 < in_control < out_of_control < 1:
            message = f"0 < {in_control} < {out_of_control} < 1 does not hold"
            raise ValueError(message)
        return cls(
            math.log(out_of_control / in_control),
            math.log((1 - out_of_control) / (1 - in_control)),
        )


def run_length(weights: Weights, limit: float, rate: float) -> float:
    """Studies until the sum reaches `limit`, on the average, from 0 and at a true share `rate`.

    Brook and Evans (1972), on a grid that `weights.right` is a whole number of steps of, so
    that only `weights.error` is rounded: by less than 1 % at shares below a fifth.
    """
    if limit <= 0 or not 0 < rate < 1:
        message = f"a limit of {limit} or a share of {rate} has no run length"
        raise ValueError(message)
    down, up, states = _grid(weights, limit)
    here = np.arange(states)
    higher = here[: max(0, states - up)]
    lower = np.maximum(here - down, 0)
    moves = sparse.coo_matrix(
        (
            np.concatenate([np.full(higher.size, rate), np.full(states, 1 - rate)]),
            (np.concatenate([higher, here]), np.concatenate([higher + up, lower])),
        ),
        shape=(states, states),
    )
    lengths = spsolve((sparse.identity(states) - moves).tocsc(), np.ones(states))
    return float(np.atleast_1d(lengths)[0])


@functools.lru_cache(maxsize=4096)
def limit_for(weights: Weights, in_control: float, wanted: float) -> float:
    """The smallest limit, to 0.01, with at least `wanted` studies to a false alarm.

    At most `LARGEST_LIMIT`, which no error share within reason comes to by chance.
    """

    def short(limit: float) -> float:
        """Below zero where the run length is; nearly a straight line."""
        return math.log(run_length(weights, limit, in_control) / wanted)

    high = _START
    while short(high) < 0 and high < LARGEST_LIMIT:
        high = min(high + _START, LARGEST_LIMIT)
    if short(high) < 0:
        return high
    low = high - _START
    if not low and short(_PRECISION) >= 0:
        return _PRECISION
    found = float(brentq(short, low or _PRECISION, high, xtol=_PRECISION))
    while short(found) < 0:
        found += _PRECISION
    return found


def _grid(weights: Weights, limit: float) -> tuple[int, int, int]:
    """(steps down, steps up, states below the limit)."""
    finest = max(1, min(FINEST, int(MOST_STATES * -weights.right / limit)))

    def off(parts: int) -> float:
        steps = weights.error * parts / -weights.right
        return abs(steps - round(steps)) / steps

    parts = min(range(1, finest + 1), key=off)
    width = -weights.right / parts
    return parts, max(1, round(weights.error / width)), max(1, math.ceil(limit / width - 1e-9))
