"""How often intervals hold the truth: by enumeration where it is exact, else by simulation.

The nominal level is 95 % everywhere. Enumeration adds up the probabilities of the outcomes whose
interval holds the true value, so nothing here is left to chance but where a seed is named.
"""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from scipy.special import expit

from monitoring.performance.clopper_pearson import upper_bound
from monitoring.performance.estimate import Estimate
from monitoring.performance.funnel import funnel
from monitoring.performance.kappa import kappa, positive_agreement
from monitoring.performance.newcombe import difference
from monitoring.performance.shrinkage import shrunken
from monitoring.performance.wilson import wilson

SHARES = np.linspace(0.005, 0.995, 199)


def covered(
    ends: Callable[[int], tuple[float, float]], count: int, shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(shares,) exact coverage of an interval of a binomial share."""
    low, high = np.array([ends(hits) for hits in range(count + 1)]).T
    weights = scipy.stats.binom.pmf(np.arange(count + 1)[:, None], count, shares[None, :])
    holds = (low[:, None] <= shares + 1e-12) & (shares - 1e-12 <= high[:, None])
    result: NDArray[np.float64] = (weights * holds).sum(axis=0)
    return result


def ends_of(estimate: Estimate | None) -> tuple[float, float]:
    assert estimate is not None
    return estimate.low, estimate.high


@pytest.mark.parametrize("count", [20, 50, 100, 226, 774])
def test_wilson_covers_95_percent_on_the_average_and_never_much_less(count: int) -> None:
    found = covered(lambda hits: ends_of(wilson(hits, count)), count, SHARES)
    assert 0.945 < found.mean() < 0.965
    # Its dips are at shares of a few per cent of few studies (Brown, Cai and DasGupta 2001).
    inner = (count * SHARES >= 5) & (count * (1 - SHARES) >= 5)
    assert found[inner].min() > 0.92
    assert found.min() > 0.83


@pytest.mark.parametrize("count", [1, 20, 300, 1000])
def test_the_exact_bound_covers_95_percent_of_every_share(count: int) -> None:
    shares = np.concatenate([np.geomspace(1e-4, 0.5, 150), SHARES])
    found = covered(lambda hits: (0.0, upper_bound(hits, count)), count, shares)
    assert found.min() >= 0.95 - 1e-9


@pytest.mark.parametrize(("one", "other"), [(30, 30), (50, 200), (60, 15)])
def test_newcombe_covers_95_percent(one: int, other: int) -> None:
    table = [
        [ends_of(difference(x, one, y, other)) for y in range(other + 1)] for x in range(one + 1)
    ]
    low, high = np.moveaxis(np.array(table), 2, 0)
    found = []
    for p, q in itertools.product(np.linspace(0.03, 0.97, 21), repeat=2):
        weights = np.outer(
            scipy.stats.binom.pmf(range(one + 1), one, p),
            scipy.stats.binom.pmf(range(other + 1), other, q),
        )
        found.append(weights[(low <= p - q + 1e-12) & (p - q - 1e-12 <= high)].sum())
    assert 0.945 < np.mean(found) < 0.97
    assert min(found) > 0.90  # 30 with 30, at a difference of hardly anything


@pytest.mark.parametrize("shares", [(0.02, 0.05, 0.02, 0.91), (0.2, 0.05, 0.05, 0.7)])
def test_kappa_and_agreement_cover_95_percent(shares: tuple[float, float, float, float]) -> None:
    """Seeded: 3000 samples of 400 studies; the standard error of a coverage is 0.4 %."""
    both, one, other, neither = shares
    a, b = both + one, both + other
    expected = a * b + (1 - a) * (1 - b)
    truth = (both + neither - expected) / (1 - expected)
    agreement = 2 * both / (2 * both + one + other)
    random = np.random.default_rng(1)
    holds = []
    for x, y, z, rest in random.multinomial(400, shares, 3000).tolist():
        found, positive = kappa(((rest, z), (y, x))), positive_agreement(x, y, z)
        assert positive is not None
        hit = found is not None and found.low <= truth <= found.high
        holds.append((hit, positive.low <= agreement <= positive.high))
    # Where some eight studies are called by both, kappa's standard error is a little small.
    assert 0.925 < np.mean([one for one, _ in holds]) < 0.965
    assert 0.935 < np.mean([other for _, other in holds]) < 0.97


@pytest.mark.parametrize("groups", [5, 10])
@pytest.mark.parametrize("between", [0.0, 0.3, 0.8])
def test_shrunken_intervals_cover_95_percent_over_groups(groups: int, between: float) -> None:
    """Seeded: 600 sets of groups of 50 to 400 studies, log odds normal about 2."""
    random = np.random.default_rng(2)
    holds, own, raw = [], [], []
    for _ in range(600):
        shares = expit(2 + between * random.normal(size=groups))
        counts = random.integers(50, 400, groups)
        hits = random.binomial(counts, shares)
        found = shrunken(hits.tolist(), counts.tolist())
        holds += [one.low <= p <= one.high for one, p in zip(found, shares, strict=True)]
        own += [one.value - p for one, p in zip(found, shares, strict=True)]
        raw += (hits / counts - shares).tolist()
    assert np.mean(holds) > 0.935  # more where groups do not differ at all
    # And what it is for: the shrunken share is nearer the truth than the raw one.
    assert np.square(own).mean() < np.square(raw).mean()


def test_a_funnel_of_chance_calls_three_in_a_thousand_outside() -> None:
    """Seeded: 20 sites of 1000 studies at 10 %, 500 times over."""
    random = np.random.default_rng(6)
    outside = 0
    for hits in random.binomial(1000, 0.1, (500, 20)).tolist():
        found = funnel({str(i): (hit, 1000) for i, hit in enumerate(hits)})
        assert found is not None
        outside += sum(place.outside for place in found.places)
    assert outside / 10_000 < 0.005
