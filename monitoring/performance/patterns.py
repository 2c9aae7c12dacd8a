"""Three algorithms for one purpose: their patterns, and how far each two agree."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.estimate import Estimate
from monitoring.performance.kappa import kappa, negative_agreement, positive_agreement

Pair = NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """Two algorithms on the same studies; `one` is the rows of `Aggregate.pairs`."""

    one: str
    other: str
    studies: int
    only_one: int
    only_other: int
    kappa: Estimate | None
    positive: Estimate | None
    negative: Estimate | None


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """Studies that exactly these algorithms called positive: `low` to `high` of them.

    Where the studies were counted three at a time the two are the same. From pairs alone the
    number that all three called is known only between two bounds, and so is every other.
    """

    called: tuple[bool, bool, bool]
    low: int
    high: int


def agreement(one: str, other: str, pair: Pair) -> Agreement:
    """From `Aggregate.pairs` of `one`: [[neither, only the other], [only this, both]]."""
    (neither, only_other), (only_one, both) = np.asarray(pair, dtype=np.int64).tolist()
    return Agreement(
        one,
        other,
        neither + only_other + only_one + both,
        only_one,
        only_other,
        kappa(pair),
        positive_agreement(both, only_one, only_other),
        negative_agreement(neither, only_one, only_other),
    )


def counted(calls: Mapping[tuple[bool, bool, bool], int]) -> tuple[Pattern, ...]:
    """The eight patterns of studies that were counted three at a time."""
    both = (True, False)
    order = [(one, two, three) for one in both for two in both for three in both]
    return tuple(Pattern(one, calls.get(one, 0), calls.get(one, 0)) for one in order)


def from_pairs(first_second: Pair, first_third: Pair, second_third: Pair) -> tuple[Pattern, ...]:
    """The eight patterns as far as three pairs of the same studies tell (Fréchet's bounds).

    Seven numbers are known (all, each one's, each two's), eight are wanted. ValueError where
    the pairs are not of the same studies: their margins differ.
    """
    ab, ac, bc = (
        np.asarray(one, dtype=np.int64) for one in (first_second, first_third, second_third)
    )
    n, a, b, c = int(ab.sum()), int(ab[1].sum()), int(ab[:, 1].sum()), int(ac[:, 1].sum())
    same = int(ac[1].sum()) == a and int(bc[1].sum()) == b and int(bc[:, 1].sum()) == c
    if not same or {int(ac.sum()), int(bc.sum())} != {n}:
        message = "the three pairs are not of the same studies"
        raise ValueError(message)
    x, y, z = int(ab[1, 1]), int(ac[1, 1]), int(bc[1, 1])
    low = max(0, x + y - a, x + z - b, y + z - c)
    high = min(x, y, z, n - a - b - c + x + y + z)
    if low > high:
        message = "the three pairs are not of the same studies"
        raise ValueError(message)
    ends = [_eight(n, (a, b, c), (x, y, z), all_three) for all_three in (low, high)]
    return tuple(
        Pattern(one, min(end[one] for end in ends), max(end[one] for end in ends))
        for one in ends[0]
    )


def _eight(
    n: int, single: tuple[int, int, int], double: tuple[int, int, int], triple: int
) -> dict[tuple[bool, bool, bool], int]:
    """By inclusion and exclusion, where `triple` studies are called by all."""
    (a, b, c), (x, y, z), t = single, double, triple
    return {
        (True, True, True): t,
        (True, True, False): x - t,
        (True, False, True): y - t,
        (True, False, False): a - x - y + t,
        (False, True, True): z - t,
        (False, True, False): b - x - z + t,
        (False, False, True): c - y - z + t,
        (False, False, False): n - a - b - c + x + y + z - t,
    }
