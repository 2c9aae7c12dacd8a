import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from monitoring.drift import peers

VALUES = st.floats(-5, 5) | st.just(float("nan"))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 7), st.just(3), st.just(2)), elements=VALUES))
def test_medians_are_numpys(residuals: np.ndarray) -> None:
    found = peers.median(residuals, least=1)
    there = np.isfinite(residuals).any(axis=0)
    expected = np.full(there.shape, np.nan)
    for place in zip(*np.nonzero(there), strict=True):
        expected[place] = np.nanmedian(residuals[(slice(None), *place)])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 7), st.just(3), st.just(2)), elements=VALUES),
    st.integers(1, 4),
)
def test_the_others_of_each_site_leave_it_out(residuals: np.ndarray, least: int) -> None:
    found = peers.medians(residuals, least)
    for site in range(len(residuals)):
        without = np.delete(residuals, site, axis=0)
        np.testing.assert_allclose(found[site], peers.median(without, least), atol=1e-12)


def test_order_of_sites_and_a_faulty_minority_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    residuals = rng.normal(0, 1, (9, 20, 3))
    np.testing.assert_array_equal(peers.median(residuals), peers.median(residuals[::-1]))
    faulty = residuals.copy()
    faulty[:3] += 50
    assert np.abs(peers.median(faulty)).max() < np.abs(residuals[3:]).max()
    common = residuals + 2.5
    np.testing.assert_allclose(peers.median(common), peers.median(residuals) + 2.5)


def test_too_few_peers_are_none() -> None:
    residuals = np.full((5, 2, 1), np.nan)
    residuals[:2, 0] = 1.0
    residuals[:3, 1] = 2.0
    assert np.isnan(peers.median(residuals)[0, 0])
    assert peers.median(residuals)[1, 0] == pytest.approx(2.0)
    assert np.isnan(peers.median(np.zeros((0, 2, 1)))).all()
