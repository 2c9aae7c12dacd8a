"""Two periods side by side: what differs is told first and in its own unit."""

import math

import numpy as np
import pytest
from scipy import stats

from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import histogram
from monitoring.aggregates.random_features import features
from monitoring.drift.periods import Difference, compared


def period(seed: int, *, bright: float = 0.5, ill: float = 0.3, count: int = 4000) -> Aggregate:
    """Some studies, `ill` of them positive, of images that are so bright."""
    rng = np.random.default_rng(seed)
    positive = rng.random(count) < ill
    scores = np.where(positive, rng.beta(8, 2, count), rng.beta(1, 9, count))
    embedding = rng.standard_normal((count, 6)) / np.sqrt(6) + (bright - 0.5)
    return Aggregate(
        studies=count, evaluated=count, positives=int(positive.sum()),
        outcomes={"findings": int(positive.sum()), "nothing_found": int((~positive).sum())},
        outputs={"1": histogram(scores)},
        numbers={"pixel_mean": Moments.of(rng.normal(bright, 0.1, count))},
        categories={"view": {"PA": int(0.6 * count), "AP": count - int(0.6 * count)}},
        features=Features(count, features(embedding).sum(0)),
    )  # fmt: skip


def by_name(found: list[Difference]) -> dict[str, Difference]:
    return {one.name: one for one in found}


def test_alike_periods_hardly_differ() -> None:
    found = by_name(compared(period(1), period(2)))
    assert set(found) == {"positive", "refused", "pixel_mean", "score:1", "view:PA", "embedding"}
    assert all(one.unlikely is None or one.unlikely > 0.001 for one in found.values())
    assert found["embedding"].distance < 0.02
    assert found["view:PA"].distance == pytest.approx(0, abs=1e-9)


def test_a_brighter_detector_is_told_in_its_own_unit() -> None:
    found = by_name(compared(period(1), period(2, bright=0.55)))
    moved = found["pixel_mean"]
    assert (moved.before, moved.after) == pytest.approx((0.5, 0.55), abs=0.01)
    assert moved.distance == pytest.approx(0.5, abs=0.1)
    assert moved.unlikely is not None
    assert moved.unlikely < 1e-50
    assert found["embedding"].distance > 0.05
    assert found["positive"].unlikely is not None
    assert found["positive"].unlikely > 0.001


def test_more_findings_are_told_as_statsmodels_would() -> None:
    one, other = period(1), period(2, ill=0.4)
    found = by_name(compared(one, other))["positive"]
    table = [[other.positives, other.evaluated - other.positives],
             [one.positives, one.evaluated - one.positives]]  # fmt: skip
    chi, tail, _, _ = stats.chi2_contingency(table, correction=False)
    assert found.distance**2 == pytest.approx(chi, rel=1e-9)
    assert found.unlikely == pytest.approx(tail, rel=1e-6)


def test_what_one_period_lacks_is_left_out() -> None:
    found = compared(period(1), Aggregate(studies=3, outcomes={"failed": 3}))
    assert [one.name for one in found] == ["refused"]
    assert math.isclose(found[0].after, 1.0)
    assert compared(Aggregate(), Aggregate()) == []
