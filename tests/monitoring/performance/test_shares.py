"""Shares, bounds and differences against statsmodels and scipy."""

import itertools

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import proportion

from monitoring.performance.clopper_pearson import audits_needed, upper_bound
from monitoring.performance.newcombe import difference
from monitoring.performance.wilson import wilson

CLOSE = 1e-6
PAIRS = [(0, 1), (1, 1), (0, 7), (3, 10), (50, 50), (212, 226), (1, 100_000), (4, 1_000_003)]

shares = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("hits", "count"), PAIRS)
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_is_that_of_statsmodels_and_of_scipy(hits: int, count: int, level: float) -> None:
    ours = wilson(hits, count, level)
    assert ours is not None
    assert ours.value == hits / count
    theirs = proportion.proportion_confint(hits, count, alpha=1 - level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=CLOSE)
    scipys = scipy.stats.binomtest(hits, count).proportion_ci(level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((scipys.low, scipys.high), abs=CLOSE)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(shares)
def test_wilson_holds_its_share_and_mirrors(share: tuple[int, int]) -> None:
    hits, count = share
    ours, other = wilson(hits, count), wilson(count - hits, count)
    assert ours is not None
    assert other is not None
    assert 0 <= ours.low <= ours.value <= ours.high <= 1
    mirrored = other.complement
    assert (mirrored.low, mirrored.high) == pytest.approx((ours.low, ours.high), abs=1e-12)


def test_a_share_of_nothing_cannot_be_told() -> None:
    assert wilson(0, 0) is None
    assert difference(0, 0, 3, 4) is None
    assert upper_bound(0, 0) == 1.0


@pytest.mark.parametrize(("hits", "count"), [(-1, 3), (4, 3), (1, 0)])
def test_what_is_no_share_is_refused(hits: int, count: int) -> None:
    for refuse in (wilson, upper_bound):
        with pytest.raises(ValueError, match="no share"):
            refuse(hits, count)


@pytest.mark.parametrize(("hits", "count"), PAIRS)
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_bound_is_that_of_statsmodels_and_of_scipy(hits: int, count: int, level: float) -> None:
    # Their two-sided interval at 2 alpha has our one-sided bound as its upper end.
    theirs = proportion.proportion_confint(hits, count, alpha=2 * (1 - level), method="beta")[1]
    assert upper_bound(hits, count, level) == pytest.approx(theirs, abs=CLOSE)
    scipys = scipy.stats.binomtest(hits, count, alternative="less").proportion_ci(level, "exact")
    assert upper_bound(hits, count, level) == pytest.approx(scipys.high, abs=CLOSE)


@pytest.mark.parametrize(
    ("hits", "count", "percent"),
    [
        (0, 300, 0.99),
        (0, 600, 0.50),
        (0, 1000, 0.30),
        (0, 3000, 0.10),
        (1, 1000, 0.47),
        (3, 3000, 0.26),
    ],
)
def test_the_bounds_of_the_rule_out_audit(hits: int, count: int, percent: float) -> None:
    assert round(100 * upper_bound(hits, count), 2) == percent


@pytest.mark.parametrize("limit", [0.005, 0.001])
@pytest.mark.parametrize("misses", [0, 1, 2, 3])
def test_as_many_audits_as_it_takes_and_not_one_less(misses: int, limit: float) -> None:
    needed = audits_needed(misses, limit)
    assert upper_bound(misses, needed) <= limit < upper_bound(misses, needed - 1)
    exact = scipy.stats.binom.cdf(misses, [needed - 1, needed], limit)
    assert exact[1] <= 0.05 < exact[0]


def test_the_audits_needed_are_those_of_the_tail_itself() -> None:
    """0.995 ** n <= 0.05 at n = 598; the next three were searched, not approximated."""
    assert [audits_needed(misses, 0.005) for misses in range(4)] == [598, 947, 1258, 1549]
    assert [audits_needed(misses, 0.001) for misses in range(4)] == [2995, 4742, 6294, 7752]


@pytest.mark.parametrize(
    ("one", "other"),
    list(itertools.product([(0, 10), (5, 10), (56, 70), (300, 5000)], [(0, 20), (48, 80), (7, 7)])),
)
def test_newcombe_is_that_of_statsmodels(one: tuple[int, int], other: tuple[int, int]) -> None:
    ours = difference(*one, *other)
    assert ours is not None
    theirs = proportion.confint_proportions_2indep(*one, *other, method="newcomb", compare="diff")
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=CLOSE)
    assert ours.value == pytest.approx(one[0] / one[1] - other[0] / other[1], abs=1e-12)


def test_newcombe_gives_the_example_of_his_paper() -> None:
    """Newcombe (1998), table II: 56/70 - 48/80 is 0.0524 to 0.3339 by method 10."""
    ours = difference(56, 70, 48, 80)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
