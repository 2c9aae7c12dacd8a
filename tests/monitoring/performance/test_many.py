"""Many groups, sites and periods: corrections, shrinkage, gaps, charts, funnels."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mstats
from statsmodels.stats import meta_analysis, multitest, proportion

from monitoring.performance import subgroups
from monitoring.performance.benjamini_hochberg import adjusted
from monitoring.performance.confusion import Confusion
from monitoring.performance.funnel import dispersion, funnel
from monitoring.performance.newcombe import difference
from monitoring.performance.p_chart import TAIL, laney, p_chart, share_chart
from monitoring.performance.shrinkage import _spread, shrunken
from monitoring.performance.subgroups import FEW, Measure
from monitoring.performance.wilson import wilson


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_adjusted_p_values_are_those_of_statsmodels_and_of_scipy(values: list[float]) -> None:
    ours = adjusted(values)
    assert ours == pytest.approx(multitest.multipletests(values, method="fdr_bh")[1], abs=1e-6)
    assert ours == pytest.approx(scipy.stats.false_discovery_control(values), abs=1e-6)


def test_no_test_needs_no_adjustment_and_what_is_no_p_value_is_refused() -> None:
    assert adjusted([]) == ()
    with pytest.raises(ValueError, match="p-value"):
        adjusted([0.1, 1.1])


HITS, COUNTS = [48, 90, 28, 61, 33], [50, 100, 40, 70, 60]


def log_odds() -> tuple[np.ndarray, np.ndarray]:
    x, n = np.array(HITS), np.array(COUNTS)
    return np.log((x + 0.5) / (n - x + 0.5)), 1 / (x + 0.5) + 1 / (n - x + 0.5)


def test_the_variance_between_groups_is_that_of_statsmodels() -> None:
    y, own = log_odds()
    theirs = meta_analysis.combine_effects(y, own, method_re="dl")
    ours = _spread(y, own)
    assert ours.between == pytest.approx(theirs.tau2, abs=1e-6)
    assert ours.mean == pytest.approx(theirs.mean_effect_re, abs=1e-6)


def test_shrunken_shares_lie_between_their_own_and_the_common_one() -> None:
    y, own = log_odds()
    common = scipy.special.expit(_spread(y, own).mean)
    for one, hits, count in zip(shrunken(HITS, COUNTS), HITS, COUNTS, strict=True):
        raw = (hits + 0.5) / (count + 1)
        assert min(raw, common) <= one.value <= max(raw, common)
        assert one.low < one.value < one.high
        whole = wilson(hits, count)
        assert whole is not None
        assert one.count == count


def test_three_groups_are_not_shrunken() -> None:
    for one, hits, count in zip(shrunken(HITS[:3], COUNTS[:3]), HITS, COUNTS, strict=False):
        assert one.value == pytest.approx((hits + 0.5) / (count + 1), abs=1e-12)


def groups() -> dict[str, Confusion]:
    return {
        "sex:F": Confusion(270, 60, 30, 940),
        "sex:M": Confusion(225, 40, 75, 960),
        "age:18-39": Confusion(20, 10, 5, 300),
        "age:40-64": Confusion(180, 30, 20, 700),
        "age:65-79": Confusion(170, 30, 30, 600),
        "age:80+": Confusion(120, 30, 50, 300),
        "age:0-17": Confusion(60, 5, 5, 100),
    }


def test_a_gap_is_to_the_others_of_its_dimension() -> None:
    by_name = {one.subgroup: one for one in subgroups.gaps(groups())}
    women, old = by_name["sex:F"], by_name["age:80+"]
    assert women.gap == difference(270, 300, 225, 300)
    assert women.share == wilson(270, 300)
    assert old.gap == difference(120, 170, 20 + 180 + 170 + 60, 25 + 200 + 200 + 65)
    assert women.differs
    assert old.differs
    assert not by_name["age:40-64"].few


def test_fewer_than_fifty_positives_are_few_and_nothing_is_claimed() -> None:
    one = {gap.subgroup: gap for gap in subgroups.gaps(groups())}["age:18-39"]
    assert (one.few, one.count) == (True, 25)
    assert (one.gap, one.shrunken, one.adjusted, one.differs) == (None, None, None, False)
    assert one.share == wilson(20, 25)
    assert FEW == 50


def test_the_p_values_of_gaps_are_those_of_statsmodels_adjusted_together() -> None:
    told = [one for one in subgroups.gaps(groups(), Measure.SPECIFICITY) if not one.few]
    raw = []
    for one in told:
        rest = sum(
            (
                other
                for name, other in groups().items()
                if name != one.subgroup and name[:3] == one.subgroup[:3]
            ),
            Confusion(),
        )
        mine = groups()[one.subgroup]
        raw.append(
            proportion.proportions_ztest(
                [mine.true_negative, rest.true_negative], [mine.negatives, rest.negatives]
            )[1]
        )
    expected = multitest.multipletests(raw, method="fdr_bh")[1]
    assert [one.adjusted for one in told] == pytest.approx(expected, abs=1e-6)


def test_all_three_measures_are_told() -> None:
    (women, *_), (also, *_) = (
        subgroups.gaps(groups(), Measure.CALLED),
        subgroups.gaps(groups(), Measure.SPECIFICITY),
    )
    assert women.share == wilson(330, 1300)
    assert also.share == wilson(940, 1000)


def test_groups_without_a_difference_have_a_p_value_of_one() -> None:
    same = {"sex:F": Confusion(true_positive=60), "sex:M": Confusion(true_positive=80)}
    assert [one.adjusted for one in subgroups.gaps(same)] == [1.0, 1.0]
    assert subgroups.gaps({}) == ()


def test_a_p_chart_leaves_three_deviations_beyond_each_limit_at_the_most() -> None:
    bars = p_chart([4, 6, 30, 0, 0], [100, 120, 110, 80, 0])
    centre = 40 / 410
    for bar in bars[:4]:
        assert bar.centre == pytest.approx(centre)
        below = scipy.stats.binom.cdf(round(bar.low * bar.count) - 1, bar.count, centre)
        above = scipy.stats.binom.sf(round(bar.high * bar.count), bar.count, centre)
        assert max(below, above) <= TAIL
    assert [bar.outside for bar in bars] == [False, False, True, True, False]
    assert bars[-1].value is None


def test_a_chart_of_nothing_has_no_line_out_of_place() -> None:
    assert p_chart([], []) == ()
    assert [bar.outside for bar in p_chart([0, 0], [0, 0])] == [False, False]
    assert [bar.outside for bar in laney([0], [0])] == [False]


def test_laney_widens_by_the_moving_range_of_the_z_scores() -> None:
    """Laney (2002): limits p +- 3 sigma_i sigma_z, sigma_z = mean |z_i - z_i-1| / 1.128."""
    random = np.random.default_rng(7)
    counts = random.integers(5000, 20000, 30)
    hits = random.binomial(counts, np.clip(random.normal(0.10, 0.01, 30), 0, 1))
    centre = hits.sum() / counts.sum()
    sigma = np.sqrt(centre * (1 - centre) / counts)
    spread = np.abs(np.diff((hits / counts - centre) / sigma)).mean() / 1.128
    assert spread > 2
    bars = laney(hits.tolist(), counts.tolist())
    for bar, own in zip(bars, sigma, strict=True):
        assert bar.low == pytest.approx(centre - 3 * own * spread, abs=1e-9)
        assert bar.high == pytest.approx(centre + 3 * own * spread, abs=1e-9)
    # What a p-chart calls outside nearly always, though nothing has happened:
    assert sum(bar.outside for bar in p_chart(hits.tolist(), counts.tolist())) > 5
    assert not any(bar.outside for bar in bars)
    assert share_chart(hits.tolist(), counts.tolist()) == bars
    assert share_chart([4, 6], [100, 120]) == p_chart([4, 6], [100, 120])


def twenty(seed: int, spread: float) -> dict[str, tuple[int, int]]:
    random = np.random.default_rng(seed)
    counts = random.integers(200, 3000, 20)
    shares = scipy.special.expit(-2.0 + random.normal(0, spread, 20))
    shares[7] = 0.27  # the one that really differs
    hits = random.binomial(counts, shares)
    return {f"s{i}": (int(h), int(n)) for i, (h, n) in enumerate(zip(hits, counts, strict=True))}


def test_the_spread_of_a_funnel_is_that_of_winsorised_z_scores() -> None:
    z = np.random.default_rng(3).normal(0, 1.5, 20)
    drawn = np.asarray(mstats.winsorize(z, limits=(0.1, 0.1)))
    assert dispersion(z.tolist()) == pytest.approx(float((drawn**2).mean()), abs=1e-9)


def test_a_funnel_for_over_dispersion_leaves_the_true_one_outside() -> None:
    """Section 5: sites with real spread are not each called outside, the outlier is."""
    shares = twenty(11, 0.15)
    found = funnel(shares)
    assert found is not None
    assert found.dispersion > 1.5
    assert [place.site for place in found.places if place.outside] == ["s7"]
    naive = [place for place in found.places if abs(place.z) * math.sqrt(found.dispersion) > 3]
    assert len(naive) > 1
    low, high = found.limits(shares["s7"][1])
    assert not low <= 0.27 <= high


def test_a_funnel_of_chance_alone_is_not_widened() -> None:
    shares = {f"s{i}": (100 + i % 3, 1000) for i in range(20)}
    found = funnel(shares)
    assert found is not None
    assert found.dispersion == 1.0
    assert not any(place.outside for place in found.places)
    assert funnel({"s": (0, 0)}) is None
    none = funnel({"s": (0, 10), "t": (0, 5)})
    assert none is not None
    assert [place.z for place in none.places] == [0.0, 0.0]
