import datetime as dt

import numpy as np
import pytest
from scipy.signal import lfilter
from statsmodels.regression.linear_model import WLS
from statsmodels.tsa.stattools import acovf

from monitoring.drift import baseline
from monitoring.drift.calendars import offs
from monitoring.drift.series import days_of

DAYS = days_of(dt.date(2025, 1, 1), dt.date(2025, 12, 30))


def test_the_baseline_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(40, (len(DAYS), 1)).astype(float)
    values = 3 - offs(DAYS)[:, None] * 1.0 + rng.normal(0, 0.2, (len(DAYS), 1))
    values[7] = np.nan
    found, leverage = baseline.fit(DAYS, values, counts, columns=6)
    there = np.isfinite(values[:, 0])
    weights = counts[there, 0] / (counts[there, 0] + np.median(counts[there, 0]))
    expected = WLS(values[there, 0], baseline.design(DAYS, 6)[there], weights=weights).fit()
    np.testing.assert_allclose(found.plain[:, 0], expected.params, atol=0.03)  # a ridge of a day
    assert found.plain[0, 0] == pytest.approx(3.0, abs=0.05)
    assert found.plain[1, 0] == pytest.approx(-1.0, abs=0.05)
    # Six parameters of a year's days: the month's mean is as uncertain as that of 100 to 364 days.
    assert 1 / 364 < leverage[0] < 1 / 60


def test_weekdays_that_differ_are_learned_and_those_that_do_not_are_shrunk() -> None:
    rng = np.random.default_rng(2)
    counts = np.full((len(DAYS), 2), 50.0)
    values = rng.normal(0, 0.1, (len(DAYS), 2))
    values[:, 0] += [1.0 if day.weekday() == 1 and not off else 0.0
                     for day, off in zip(DAYS, offs(DAYS), strict=True)]  # fmt: skip
    found, _ = baseline.fit(DAYS, values, counts, columns=2)
    assert found.weekday[1, 0] == pytest.approx(0.8, abs=0.1)
    assert np.abs(found.weekday[:, 1]).max() < 0.03
    tuesday, sunday = DAYS.index(dt.date(2025, 9, 2)), DAYS.index(dt.date(2025, 9, 7))
    expected = found.at(DAYS)
    assert expected[tuesday, 0] == pytest.approx(1.0, abs=0.06)
    assert expected[sunday, 0] == pytest.approx(0.0, abs=0.06)


def test_where_there_are_no_days_off_they_are_expected_to_be_workdays() -> None:
    counts = np.where(offs(DAYS)[:, None], 0.0, 30.0)
    values = np.where(counts > 0, 2.0, np.nan)
    found, leverage = baseline.fit(DAYS, values, counts, columns=2)
    np.testing.assert_allclose(found.at(DAYS)[:, 0], 2.0, atol=1e-6)
    assert leverage[0] < 1 / 100


def test_the_noise_of_an_autoregression_is_found_again() -> None:
    rng = np.random.default_rng(3)
    size, channels = 3000, 8
    walk = lfilter([1], [1, -0.7], rng.normal(0, np.sqrt(0.04 * 0.51), (size, channels)), axis=0)
    counts = rng.poisson(50, (size, channels)).astype(float)
    values = walk + rng.normal(0, 1, (size, channels)) / np.sqrt(counts)
    found = baseline.noise(values, counts, np.ones(channels), np.full(channels, 1 / size))
    assert found.slow.mean() == pytest.approx(0.04, rel=0.15)
    assert found.phi.mean() == pytest.approx(0.7, abs=0.06)
    assert found.white.mean() < 0.004
    whole = found.slow + found.white + 1 / 50
    np.testing.assert_allclose(whole, [acovf(v, nlag=0)[0] for v in values.T], rtol=0.1)


def test_variance_between_studies_is_found_from_days_of_different_size() -> None:
    rng = np.random.default_rng(4)
    counts = rng.choice([5.0, 80.0], (2000, 30))
    values = rng.normal(0, 1, (2000, 30)) * np.sqrt(2.0 / counts + 0.05)
    found = baseline.noise(values, counts, np.full(30, np.nan), np.zeros(30))
    assert found.within.mean() == pytest.approx(2.0, rel=0.2)
    assert (found.white + found.slow).mean() == pytest.approx(0.05, rel=0.4)


def test_one_odd_day_teaches_little() -> None:
    rng = np.random.default_rng(5)
    counts = np.full((364, 1), 40.0)
    values = rng.normal(0, 1, (364, 1)) / np.sqrt(40)
    calm = baseline.noise(values, counts, np.ones(1), np.zeros(1))
    values[100] = 30.0
    odd = baseline.noise(values, counts, np.ones(1), np.zeros(1))
    assert calm.white[0] + calm.slow[0] < 0.005
    assert odd.white[0] + odd.slow[0] < 6 * values[100, 0] ** 2 / 30
