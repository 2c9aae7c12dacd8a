"""The other methods are what they are called: equal to scipy, to their formulas, to river alone."""

from typing import Any

import numpy as np
import pytest
from river import drift
from scipy import stats

from simulator.country import World
from tests.bench import drift_peers as peers
from tests.bench.drift_streams import BINS, Raw, collected, edges
from tests.bench.drift_trial import delay, episodes

DAYS, MEMBERS, EACH = 40, 3, 30


def raw(shift: float = 0.0) -> tuple[Raw, np.ndarray]:
    """A stream of `EACH` studies a day whose first member moves by `shift` after 30 days."""
    rng = np.random.default_rng(3)
    values = rng.integers(0, BINS, (DAYS, MEMBERS, EACH))
    values[30:, 0] = np.clip(values[30:, 0] + shift, 0, BINS - 1)
    counts = np.array([[np.bincount(m, minlength=BINS) for m in day] for day in values])
    features = rng.normal(0, 1, (DAYS, 4))
    day = np.repeat(np.arange(DAYS), EACH)
    return Raw(
        0, counts, features, np.full(DAYS, EACH), rng.normal(0, 1, len(day)), day, {}
    ), values


@pytest.mark.parametrize("shift", [0, 4])
def test_kolmogorov_smirnov_is_that_of_scipy(shift: int) -> None:
    stream, values = raw(shift)
    found = peers.ks(stream, slice(0, 30))[39]
    pairs = ((values[33:40, m].ravel(), values[:30, m].ravel()) for m in range(MEMBERS))
    p = min(stats.ks_2samp(recent, known, method="asymp").pvalue for recent, known in pairs)
    apart = max(
        stats.ks_2samp(values[33:40, m].ravel(), values[:30, m].ravel()).statistic
        for m in range(MEMBERS)
    )
    effective = np.sqrt(210 * 900 / 1110)
    assert found == pytest.approx(-np.log10(MEMBERS * stats.kstwobign.sf(apart * effective)))
    # scipy's asymptotic p rounds the effective size to a whole number: not the same to the digit.
    assert found == pytest.approx(-np.log10(MEMBERS * p), abs=0.3)


def test_the_stability_index_is_its_formula_and_grows_with_the_shift() -> None:
    stream, values = raw(6)
    known = np.bincount(values[:30, 0].ravel(), minlength=BINS)
    tenth = np.minimum((known.cumsum() - known / 2) / known.sum() * 10, 9.99).astype(int)
    share = [
        np.bincount(tenth[part.ravel()], minlength=10) / part.size
        for part in (values[:30, 0], values[33:40, 0])
    ]
    e, s = (np.maximum(one, 1e-4) for one in share)
    assert peers.psi(stream, slice(0, 30))[39] == pytest.approx(
        float(((s - e) * np.log(s / e)).sum())
    )
    assert peers.psi(raw(0)[0], slice(0, 30))[39] < 0.1


def test_windows_are_the_last_seven_days() -> None:
    values = np.arange(20.0)
    wanted = [values[max(0, n - 6) : n + 1].sum() for n in range(20)]
    np.testing.assert_allclose(peers.windows(values), wanted)


def test_the_limit_of_mmd_is_passed_about_as_often_as_it_is_set_to() -> None:
    rng = np.random.default_rng(4)
    sums = rng.normal(0, np.sqrt(EACH), (4000, 6))
    none = np.zeros((4000, 1, BINS), np.int64)
    stream = Raw(0, none, sums, np.full(4000, EACH), np.zeros(1), np.zeros(1, np.int64), {})
    share = (peers.mmd(stream, slice(0, 2000))[2010:] > 1).mean()
    assert share == pytest.approx(1 / 365, abs=0.006)
    moved = Raw(0, none, sums + 15, np.full(4000, EACH), np.zeros(1), np.zeros(1, np.int64), {})
    known = Raw(0, none, np.concatenate([sums[:2000], moved.features[2000:]]), stream.evaluated,
                np.zeros(1), np.zeros(1, np.int64), {})  # fmt: skip
    assert (peers.mmd(known, slice(0, 2000))[2010:] > 1).mean() > 0.9


def test_a_detector_is_river_s_own_and_finds_a_step() -> None:
    values = np.concatenate([np.zeros(300), np.ones(300)]) + 0.1 * np.sin(np.arange(600))
    found = peers.streaming(peers.adwin(0.002)(), values, np.arange(600))
    make: Any = drift.ADWIN  # untyped
    own, alone = make(), set()
    for place, value in enumerate(values):
        own.update(float(value))
        alone |= {place} if own.drift_detected else set()
    assert found == alone
    assert min(found) >= 300


def test_an_episode_ends_after_fourteen_quiet_days() -> None:
    assert episodes({3, 4, 10, 24, 39, 40}, 0, 100) == [3, 39]
    assert episodes({3, 39}, 10, 39) == []


def test_an_alarm_that_stood_already_says_nothing_new() -> None:
    assert delay(set(), {102, 103}, 100) == 3
    assert delay({95}, {102, 103}, 100) == np.inf
    assert delay({80}, {102}, 100) == 3
    assert delay({110}, set(), 100) == np.inf  # without the fault it would have been false


def test_a_stream_s_raw_days_are_those_of_its_aggregates() -> None:
    world = World(12, years=0.3)
    stream = collected(world, "bre-oy", "fracture", edges(world, "bre-oy", "fracture"))
    history = world.history("bre-oy", "fracture")
    for place, day in enumerate(world.days):
        one = history.get(day)
        assert stream.evaluated[place] == (one.evaluated if one else 0)
        if one and one.evaluated:
            assert (stream.counts[place, 0] == one.outputs["125605004"]).all()
            np.testing.assert_allclose(stream.features[place], one.features.total)
            assert (stream.day == place).sum() == one.evaluated
