"""Confusion counts and kappa."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats import inter_rater, proportion

from core.domain.feedback import Truth
from monitoring.performance.confusion import Confusion, total
from monitoring.performance.estimate import Estimate
from monitoring.performance.kappa import kappa, negative_agreement, positive_agreement

#: The sample calculation of section 5.
SAMPLE = Confusion(212, 61, 14, 713)

counts = st.integers(0, 400)


def percent(estimate: Estimate | None) -> tuple[float, float, float]:
    assert estimate is not None
    return (
        round(100 * estimate.value, 1),
        round(100 * estimate.low, 1),
        round(100 * estimate.high, 1),
    )


def test_the_sample_calculation_comes_out() -> None:
    assert percent(SAMPLE.sensitivity) == (93.8, 89.9, 96.3)
    assert percent(SAMPLE.specificity) == (92.1, 90.0, 93.8)
    assert percent(SAMPLE.positive_value) == (77.7, 72.4, 82.2)
    assert percent(SAMPLE.negative_value) == (98.1, 96.8, 98.8)
    found = kappa(SAMPLE.table)
    assert found is not None
    assert (round(found.value, 2), round(found.low, 2), round(found.high, 2)) == (0.80, 0.76, 0.84)


@pytest.mark.parametrize(
    ("called", "truth", "expected"),
    [
        (True, Truth.PRESENT, Confusion(true_positive=1)),
        (True, Truth.ABSENT, Confusion(false_positive=1)),
        (False, Truth.PRESENT, Confusion(false_negative=1)),
        (False, Truth.ABSENT, Confusion(true_negative=1)),
        (True, Truth.UNCERTAIN, Confusion(unknown=1)),
        (False, Truth.UNKNOWN, Confusion(unknown=1)),
    ],
)
def test_a_study_is_counted_where_it_belongs(
    called: bool, truth: Truth, expected: Confusion
) -> None:
    assert Confusion.of(called, truth) == expected


def test_counts_add_and_take_away() -> None:
    assert total([SAMPLE, Confusion(unknown=7), SAMPLE]) - SAMPLE == Confusion(212, 61, 14, 713, 7)
    assert (SAMPLE.positives, SAMPLE.negatives, SAMPLE.known, SAMPLE.studies) == (
        226,
        774,
        1000,
        1000,
    )
    with pytest.raises(ValueError, match="negative"):
        Confusion() - SAMPLE


def test_of_nothing_nothing_is_told_and_never_a_perfect_share() -> None:
    only_unknown = Confusion(unknown=5)
    assert only_unknown.sensitivity is None
    assert only_unknown.specificity is None
    assert only_unknown.positive_value is None
    assert only_unknown.negative_value is None
    assert kappa(only_unknown.table) is None
    share = only_unknown.unknown_share
    assert share is not None
    assert (share.value, share.high, share.count) == (1.0, 1.0, 5)
    assert share.low == pytest.approx(0.5655, abs=1e-4)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(counts, counts, counts, counts)
def test_kappa_is_that_of_statsmodels(a: int, b: int, c: int, d: int) -> None:
    table = ((a, b), (c, d))
    ours = kappa(table)
    if not (a + b and c + d and a + c and b + d):
        assert ours is None
        return
    assert ours is not None
    if not b + c:
        assert (ours.value, ours.high) == (1.0, 1.0)
        assert ours.low < 1
        return
    theirs = inter_rater.cohens_kappa(np.asarray(table))
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-6)
    low, high = max(-1.0, theirs.kappa_low), min(1.0, theirs.kappa_upp)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-6)
    # The variance itself, where no end was cut.
    if ours.low > -1 and ours.high < 1:
        assert ((ours.high - ours.low) / 2 / 1.959963985) ** 2 == pytest.approx(
            theirs.var_kappa, abs=1e-6
        )


def test_kappa_of_three_answers_is_that_of_statsmodels() -> None:
    table = np.array([[40, 5, 2], [6, 30, 9], [1, 8, 55]])
    ours, theirs = kappa(table), inter_rater.cohens_kappa(table)
    assert ours is not None
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-6)
    assert (ours.low, ours.high) == pytest.approx((theirs.kappa_low, theirs.kappa_upp), abs=1e-6)


def test_a_table_of_agreement_is_square() -> None:
    with pytest.raises(ValueError, match="square"):
        kappa([[1, 2, 3], [4, 5, 6]])


def test_agreements_are_shares_of_what_either_calls() -> None:
    positive, negative = positive_agreement(212, 61, 14), negative_agreement(713, 61, 14)
    assert positive is not None
    assert negative is not None
    assert positive.value == pytest.approx(2 * 212 / (2 * 212 + 61 + 14), abs=1e-12)
    assert negative.value == pytest.approx(2 * 713 / (2 * 713 + 61 + 14), abs=1e-12)
    low, high = proportion.proportion_confint(212, 287, method="wilson")
    assert (positive.low, positive.high) == pytest.approx(
        (2 * low / (1 + low), 2 * high / (1 + high)), abs=1e-6
    )
    assert positive_agreement(0, 0, 0) is None
