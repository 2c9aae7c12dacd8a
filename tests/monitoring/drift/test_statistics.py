"""Each statistic against scipy or statsmodels, on the studies behind the counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.proportion import proportions_ztest

from monitoring.aggregates import random_features
from monitoring.aggregates.aggregate import Features
from monitoring.aggregates.bins import BINS, MIDDLES
from monitoring.drift import categories, kolmogorov, limits, mmd, proportions, wasserstein

PAIRS = [
    (np.array(one, float), np.array(other, float))
    for one, other in (
        ([3, 0, 5, 2], [1, 4, 4, 9]),
        ([100, 200, 50, 7], [90, 210, 45, 9]),
        ([1, 0, 0, 0], [0, 0, 0, 1]),
    )
]


def expanded(counts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(counts), dtype=float), counts.astype(int))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_kolmogorov_smirnov_is_scipys_on_expanded_counts(
    one: np.ndarray, other: np.ndarray
) -> None:
    found = float(kolmogorov.statistic(one, other))
    assert found == pytest.approx(
        stats.ks_2samp(expanded(one), expanded(other)).statistic, abs=1e-12
    )


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_kolmogorov_smirnov_and_wasserstein_of_any_histogram(data: st.DataObject) -> None:
    counts = st.lists(st.integers(0, 30), min_size=BINS, max_size=BINS).filter(any)
    one = np.array(data.draw(counts), float)
    other = np.array(data.draw(counts), float)
    assert float(kolmogorov.statistic(one, other)) == pytest.approx(
        stats.ks_2samp(expanded(one), expanded(other)).statistic, abs=1e-9
    )
    assert float(wasserstein.distance(one, other, MIDDLES)) == pytest.approx(
        stats.wasserstein_distance(MIDDLES, MIDDLES, one, other), abs=1e-9
    )


def test_the_tail_of_kolmogorov_smirnov_is_near_the_exact_one() -> None:
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.2, 0.4):
        found = stats.ks_2samp(rng.normal(0, 1, 200), rng.normal(shift, 1, 150), method="exact")
        tail = kolmogorov.tail(np.array(found.statistic), np.array(200.0), np.array(150.0))
        assert float(tail) == pytest.approx(found.pvalue, rel=0.15, abs=1e-4)


def test_distances_of_nothing_are_not_numbers() -> None:
    one, none = np.ones(4), np.zeros(4)
    assert np.isnan(kolmogorov.statistic(one, none))
    assert np.isnan(wasserstein.distance(none, one, np.arange(4.0)))
    assert np.isnan(categories.jensen_shannon(one, none))
    assert categories.chi_square(one, none) == (0.0, 3, 1.0)
    assert categories.chi_square(np.array([5.0, 0.0]), np.array([9.0, 0.0])) == (0.0, 0, 1.0)


@pytest.mark.parametrize(("one", "other"), PAIRS[:2])
def test_chi_square_is_scipys(one: np.ndarray, other: np.ndarray) -> None:
    expected = stats.chi2_contingency(np.stack([one, other]), correction=False)
    assert categories.chi_square(one, other) == pytest.approx(
        (expected.statistic, expected.dof, expected.pvalue), abs=1e-9
    )


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_jensen_shannon_is_scipys(one: np.ndarray, other: np.ndarray) -> None:
    found = float(categories.jensen_shannon(one, other))
    assert found == pytest.approx(jensenshannon(one, other, 2), abs=1e-9)


def test_two_shares_are_those_of_statsmodels() -> None:
    expected, _ = proportions_ztest([30, 55], [200, 240])
    found = proportions.two_shares(*(np.array(float(n)) for n in (30, 200, 55, 240)))
    assert float(found) == pytest.approx(expected, abs=1e-9)


def test_two_means_are_welchs() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, 40), rng.normal(0.4, 2, 60)
    found = proportions.two_means(
        (one.mean(), other.mean()), (one.var(ddof=1), other.var(ddof=1)),
        (np.array(40.0), np.array(60.0)),
    )  # fmt: skip
    expected = stats.ttest_ind(one, other, equal_var=False).statistic
    assert float(found) == pytest.approx(expected, abs=1e-9)


def test_a_share_of_many_is_pearsons_and_of_few_has_the_tails_of_counts() -> None:
    many = proportions.share(np.array([0.32]), np.array([0.3]), np.array([0.01]))
    assert many[0] == pytest.approx(2.0, abs=0.06)
    for expected, hits in ((0.5, 4), (2.0, 9), (1.0, 6)):
        trials = 10_000.0
        sd = np.sqrt(expected * (1 - expected / trials)) / trials
        found = proportions.share(
            np.array([hits / trials]), np.array([expected / trials]), np.array([sd])
        )
        exact = stats.norm.isf(stats.poisson.sf(hits - 1, expected))
        assert found[0] < exact + 0.35  # never much further out than the count is
        assert found[0] > 0.6 * exact
    below = proportions.share(np.array([0.0]), np.array([8e-4]), np.array([np.sqrt(8) / 1e4]))
    assert abs(below[0]) < stats.norm.isf(stats.poisson.cdf(0, 8))


def test_levels_are_crossed_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    keep, level = 0.85, 2.0
    noise = rng.normal(0, np.sqrt(1 - keep**2), (400, 4000))
    state, above, crossings = rng.normal(0, 1, 4000), np.zeros(4000, bool), 0
    above = state > level
    for row in noise:
        state = keep * state + row
        crossings += int(((state > level) & ~above).sum())
        above = state > level
    expected = limits.crossings(level, keep) / limits.DAYS * noise.size
    assert crossings == pytest.approx(expected, rel=0.05)
    assert limits.level(limits.crossings(level, keep), keep) == pytest.approx(level, abs=1e-6)
    assert limits.level(1e6, keep) == 0.0


def test_estimated_variances_widen_and_sums_of_squares_become_gaussian() -> None:
    assert limits.widened(3.0, 10.0) == pytest.approx(stats.t.isf(stats.norm.sf(3.0), 10))
    assert limits.widened(3.0, 1e6) == pytest.approx(3.0, abs=1e-3)
    for freedom in (5.0, 12.0, 40.0):
        for z in (0.0, 2.0, 4.0):
            squares = stats.chi2.isf(stats.norm.sf(z), freedom)
            found = float(limits.gaussian(np.array(squares), freedom))
            assert found == pytest.approx(z, abs=0.1)


def test_mmd_of_features_is_that_of_the_kernel() -> None:
    rng = np.random.default_rng(3)
    size = 8
    one = rng.normal(0, 1, (300, size)) / np.sqrt(size)
    other = rng.normal(0.5, 1, (250, size)) / np.sqrt(size)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        made: np.ndarray = np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / 2)
        return made

    def unbiased(a: np.ndarray) -> float:
        inner = kernel(a, a)
        return float((inner.sum() - np.trace(inner)) / (len(a) * (len(a) - 1)))

    direct = unbiased(one) + unbiased(other) - 2 * float(kernel(one, other).mean())
    made, theirs = random_features.features(one), random_features.features(other)
    found = mmd.squared(
        Features(300, made.sum(0)), Features(250, theirs.sum(0)),
        float((made**2).sum(1).mean()), float((theirs**2).sum(1).mean()),
    )  # fmt: skip
    # 128 features: the error of one kernel value is about 1/sqrt(128), that of the means less.
    assert found == pytest.approx(direct, rel=0.35)
    # The same features, every pair of studies one by one: equal but for rounding.
    inner, outer = made @ made.T, theirs @ theirs.T
    pairs = (
        (inner.sum() - np.trace(inner)) / (300 * 299)
        + (outer.sum() - np.trace(outer)) / (250 * 249)
        - 2 * (made @ theirs.T).mean()
    )
    assert found == pytest.approx(float(pairs), abs=1e-9)


def test_mmd_of_alike_samples_is_about_nothing_on_average() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(500):
        made = random_features.features(rng.normal(0, 1, (40, 6)) / np.sqrt(6))
        norm = float((made**2).sum(1).mean())
        halves = (Features(20, made[:20].sum(0)), Features(20, made[20:].sum(0)))
        found.append(mmd.squared(*halves, norm, norm))
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(500)
    assert min(found) < 0 < max(found)
    assert np.isnan(mmd.squared(Features(1, np.ones(128)), Features(9, np.ones(128)), 1.0, 1.0))
    assert mmd.fraction(-0.1) == 0.0
    assert mmd.fraction(0.25) == 0.5
