"""How often intervals hold the truth: by enumeration where it is exact, else by simulation.

The nominal level is 95 % everywhere. Enumeration adds up the probabilities of the outcomes whose
interval holds the true value, so nothing here is left to chance but where a seed is named.
"""

import functools
import itertools
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from scipy.special import expit

from monitoring.performance.audit import audited
from monitoring.performance.clopper_pearson import upper_bound
from monitoring.performance.confusion import Confusion
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


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "prevalence"), [(0.9, 0.92, 0.10), (0.97, 0.85, 0.3)]
)
def test_an_audit_covers_95_percent_of_both(
    sensitivity: float, specificity: float, prevalence: float
) -> None:
    """Exact: all outcomes of 60 readings of those called and 120 of the others, of 10,000."""
    called = prevalence * sensitivity + (1 - prevalence) * (1 - specificity)
    yes = prevalence * sensitivity / called
    no = prevalence * (1 - sensitivity) / (1 - called)
    n, m = 60, 120
    weights = [scipy.stats.binom.pmf(range(k + 1), k, p) for k, p in ((n, yes), (m, no))]

    @functools.cache
    def holds(x: int, y: int) -> tuple[bool, bool]:
        found = audited(
            Confusion(x, n - x, y, m - y), round(10_000 * called), round(10_000 * (1 - called))
        )
        assert found is not None
        one, other = found.sensitivity, found.specificity
        assert one is not None
        assert other is not None
        return one.low <= sensitivity <= one.high, other.low <= specificity <= other.high

    likely = [
        (x, y)
        for x, y in itertools.product(range(n + 1), range(m + 1))
        if weights[0][x] * weights[1][y] > 3e-5
    ]
    mass = sum(weights[0][x] * weights[1][y] for x, y in likely)
    assert mass > 0.98
    for which in (0, 1):
        found = sum(weights[0][x] * weights[1][y] * holds(x, y)[which] for x, y in likely) / mass
        assert 0.935 < found < 0.985


def test_a_plain_table_of_a_weighted_sample_is_wrong_where_the_weighted_one_is_right() -> None:
    """Half the readings of those called, 2 % of the others: verification bias, and its cure."""
    sample = Confusion(true_positive=225, false_positive=40, false_negative=1, true_negative=180)
    assert sample.sensitivity is not None
    assert sample.sensitivity.value > 0.99
    found = audited(sample, 530, 9050)
    assert found is not None
    assert found.sensitivity is not None
    assert found.specificity is not None
    assert found.sensitivity.value == pytest.approx(450 / (450 + 50), abs=1e-9)
    assert found.specificity.value == pytest.approx(9000 / (9000 + 80), abs=1e-9)
    assert found.prevalence == pytest.approx(500 / 9580, abs=1e-9)
    assert found.sensitivity.low < 0.8
    assert found.sensitivity.high > 0.9


def test_the_interval_of_an_audit_is_that_of_a_million_draws() -> None:
    """Seeded: the same posterior by Monte Carlo, to its own error."""
    random = np.random.default_rng(4)
    right = 530 * random.beta(225.5, 40.5, 1_000_000)
    wrong = 9050 * random.beta(1.5, 180.5, 1_000_000)
    low, high = np.quantile(right / (right + wrong), [0.025, 0.975])
    found = audited(Confusion(225, 40, 1, 180), 530, 9050)
    assert found is not None
    assert found.sensitivity is not None
    assert found.sensitivity.low == pytest.approx(low, abs=2e-3)
    assert found.sensitivity.high == pytest.approx(high, abs=2e-3)


def test_what_was_not_read_is_not_told() -> None:
    assert audited(Confusion(true_positive=5), 10, 100) is None
    assert audited(Confusion(), 0, 0) is None
    none = audited(Confusion(true_negative=40), 0, 100)
    assert none is not None
    assert none.sensitivity is None
    assert none.specificity is not None
    assert (none.specificity.value, none.specificity.high) == (1.0, 1.0)


def test_a_funnel_of_chance_calls_three_in_a_thousand_outside() -> None:
    """Seeded: 20 sites of 1000 studies at 10 %, 500 times over."""
    random = np.random.default_rng(6)
    outside = 0
    for hits in random.binomial(1000, 0.1, (500, 20)).tolist():
        found = funnel({str(i): (hit, 1000) for i, hit in enumerate(hits)})
        assert found is not None
        outside += sum(place.outside for place in found.places)
    assert outside / 10_000 < 0.005
