"""EWMA and CUSUM against independent recursions and published run lengths."""

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from scipy.signal import lfilter
from statsmodels.tsa.arima_process import arma_acovf

from monitoring.drift import ewma


def test_ewma_is_another_recursion() -> None:
    values = np.random.default_rng(1).normal(0, 1, (50, 3))
    expected = lfilter([0.1], [1, -0.9], values, axis=0)
    np.testing.assert_allclose(0.1 * ewma.faded(values, 0.9, 50), expected, atol=1e-12)
    frame = pd.DataFrame(values).ewm(alpha=0.1, adjust=True).mean().to_numpy()
    weights = ewma.faded(np.ones_like(values), 0.9, 50)
    np.testing.assert_allclose(ewma.faded(values, 0.9, 50) / weights, frame, atol=1e-12)


def test_ewma_run_length_is_the_published_one() -> None:
    """Lucas and Saccucci 1990, table 3: weight 0.1, limit 2.814 standard deviations: 500."""
    values = np.random.default_rng(2).normal(0, 1, (3500, 1500))
    state = 0.1 * ewma.faded(values, 0.9, 3500)
    beyond = np.abs(state) > 2.814 * np.sqrt(0.1 / 1.9)
    lengths = np.where(beyond.any(axis=0), beyond.argmax(axis=0) + 1, 3500)
    assert lengths.mean() == pytest.approx(500, rel=0.06)


def test_faded_sums_know_nothing_from_before_their_window() -> None:
    values = np.random.default_rng(3).normal(0, 1, (60, 2))
    found = ewma.faded(values, 0.8, 20)
    expected = [
        sum(0.8**k * values[t - k] for k in range(min(20, t + 1))) for t in range(len(values))
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    other = np.vstack([np.full((30, 2), 1e3), values])
    np.testing.assert_allclose(ewma.faded(other, 0.8, 20)[-1], found[-1], atol=1e-9)
    assert ewma.faded(np.zeros((0, 2)), 0.8, 20).shape == (0, 2)


def test_the_standard_deviation_of_an_average_of_an_autoregression() -> None:
    """By the double sum of autocovariances of statsmodels, and by simulation."""
    phi, slow, within, keep, days = 0.7, 0.4, 6.0, 0.9, 400
    noise = ewma.Noise(*(np.array([x]) for x in (within, 0.1, slow, phi, 0.0)))
    counts = np.full((days, 1), 20.0)
    found = ewma.average(
        np.zeros((days, 1)), ewma.certainty(counts, noise), noise, 1 - keep, length=120
    )
    weights = keep ** np.arange(120) / (keep ** np.arange(120)).sum()
    autocovariance = arma_acovf([1, -phi], [1], 120, sigma2=slow * (1 - phi**2))
    lags = np.abs(np.subtract.outer(np.arange(120), np.arange(120)))
    exact = weights @ autocovariance[lags] @ weights + (within / 20 + 0.1) * (weights**2).sum()
    assert found.sd[-1, 0] ** 2 == pytest.approx(exact, rel=1e-6)


def test_days_without_studies_change_nothing_and_no_days_give_nothing() -> None:
    rng = np.random.default_rng(4)
    noise = ewma.Noise(*(np.array([x]) for x in (1.0, 0.0, 0.1, 0.5, 0.01)))
    values, counts = rng.normal(0, 1, (40, 1)), np.full((40, 1), 10.0)
    counts[-3:] = 0
    found = ewma.average(values, ewma.certainty(counts, noise), noise, 0.15, length=30)
    assert found.value[-1, 0] == pytest.approx(found.value[-4, 0], rel=0.02)
    doubted = ewma.average(
        values, ewma.certainty(counts, noise), noise, 0.15, length=30, doubt=values * 0 + 0.3
    )
    assert doubted.sd[30, 0] ** 2 == pytest.approx(found.sd[30, 0] ** 2 + 0.09)
    empty = ewma.average(values * 0, ewma.certainty(counts * 0, noise), noise, 0.15, length=30)
    assert np.isnan(empty.value).all()
    assert np.isnan(empty.sd).all()
