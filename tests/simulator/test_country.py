"""The simulated country: the same seed gives the same, sums add, rates are what was asked for."""

import datetime as dt
import json

import numpy as np
import pytest

from core.domain.errors import NotFoundError
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, total
from simulator.country import Fault, World, generate
from simulator.country.algorithms import KINDS
from simulator.country.places import PLACES, REGIONS, TRUSTS
from simulator.country.points import ratio
from simulator.country.seasons import PHI, SD, autoregressive, easter, influenza, off, volumes
from simulator.country.sums import EVALUATED

SMALL = ("polar-nes", "polar-vik")


def same(one: Aggregate, other: Aggregate) -> bool:
    return wire.dump(one) == wire.dump(other)


@pytest.mark.parametrize("algorithm", KINDS)
def test_the_same_seed_gives_the_same_and_another_another(algorithm: str) -> None:
    site = "elg-aas"
    first, second = (World(3, years=0.2).history(site, algorithm) for _ in range(2))
    other = World(4, years=0.2).history(site, algorithm)
    assert first.keys() == second.keys()
    assert all(same(first[day], second[day]) for day in first)
    assert not all(same(first[day], other[day]) for day in first.keys() & other.keys())


def test_whichever_sites_are_asked_for_a_site_is_the_same() -> None:
    alone = generate(5, 0.2, sites=["polar-vik"], algorithms=["chest_xray"])
    both = generate(5, 0.2, sites=SMALL, algorithms=["fracture", "chest_xray"])
    one, other = (c.histories["chest_xray"]["polar-vik"] for c in (alone, both))
    assert one.keys() == other.keys()
    assert all(same(one[day], other[day]) for day in one)


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_day_is_the_sum_of_its_equipment(algorithm: str) -> None:
    world = World(6, years=0.2)
    whole = world.history("furu-storby", algorithm)
    parts, studies = world.by_equipment("furu-storby", algorithm, world.months()[0])
    january = {day: one for day, one in whole.items() if day.month == 1}
    assert {one.day for one in parts} == january.keys()
    for day, one in january.items():
        added = total(part.aggregate for part in parts if part.day == day)
        assert (added.outcomes, added.groups, added.categories) == (
            one.outcomes, one.groups, one.categories,
        )  # fmt: skip
        assert all((added.outputs[code] == counts).all() for code, counts in one.outputs.items())
        np.testing.assert_allclose(added.features.total, one.features.total, atol=1e-9)
        for name, moments in one.numbers.items():
            assert added.numbers[name].count == moments.count
            assert added.numbers[name].squares == pytest.approx(moments.squares)
    assert sum(one.studies for one in january.values()) == len(studies.day)


@pytest.mark.parametrize("algorithm", KINDS)
def test_an_aggregate_is_one_that_the_wire_takes(algorithm: str) -> None:
    history = World(7, years=0.1).history("elg-aas", algorithm)
    kind = KINDS[algorithm]
    for one in history.values():
        wire.load(wire.dump(one))
        if one.evaluated:
            assert one.outputs.keys() == set(kind.codes)
            assert {"kvp", "mas", "age_years", "pixel_mean", "pixel_gradient"} <= one.numbers.keys()
            assert (
                sum(n for name, (n, _) in one.groups.items() if name[:3] == "sex") == one.evaluated
            )
            assert (
                sum(n for name, (n, _) in one.groups.items() if name[:3] == "age") == one.evaluated
            )
    assert all(one.pairs == {} for one in history.values())


@pytest.mark.parametrize("algorithm", KINDS)
def test_sensitivity_and_specificity_are_those_of_the_card(algorithm: str) -> None:
    world, kind = World(8, years=0.7), KINDS[algorithm]
    # One site is not the average: five large ones are nearly.
    made = [
        world.studies(place.key, algorithm, span)
        for place in PLACES[:5]
        for span in world.months()[:6]
    ]
    truth = np.concatenate([one.present[one.end < EVALUATED] for one in made])
    called = np.concatenate([one.called[one.end < EVALUATED] for one in made])
    scores = np.concatenate([one.scores[one.end < EVALUATED] for one in made])
    for place, label in enumerate(kind.labels):
        point, there = label.point, truth[:, place]
        assert called[there, place].mean() == pytest.approx(point.sensitivity, abs=0.035)
        assert 1 - called[~there, place].mean() == pytest.approx(point.specificity, abs=0.03)
        assert area(scores[there, place], scores[~there, place]) == pytest.approx(
            point.auc, abs=0.03
        )
        assert 0.5 < there.mean() / point.prevalence < 1.7


def area(positive: np.ndarray, negative: np.ndarray) -> float:
    """AUC as the share of pairs in the right order (Mann and Whitney 1947)."""
    ranks = np.searchsorted(np.sort(negative), positive, side="left")
    return float(ranks.mean() / len(negative))


def test_the_ratio_of_spreads_gives_the_area() -> None:
    from scipy.stats import norm  # noqa: PLC0415

    for sens, spec, auc in ((0.91, 0.909, 0.967), (0.735, 0.848, 0.886), (0.95, 0.9, 0.977)):
        r = ratio(sens, spec, auc)
        found = norm.cdf((norm.ppf(spec) + r * norm.ppf(sens)) / np.hypot(1, r))
        assert found == pytest.approx(auc, abs=2e-4)


def test_twenty_sites_in_four_regions_of_every_size() -> None:
    assert len(PLACES) == 20
    assert {one.trust for one in PLACES} == TRUSTS.keys()
    assert {region for _, region in TRUSTS.values()} == REGIONS.keys()
    assert {one.kind for one in PLACES} == {"large", "medium", "small"}
    assert (min(x.size for x in PLACES), max(x.size for x in PLACES)) == (4, 200)
    world = World(1, years=0.1)
    assert sum(world.has(x.key, a) for x in PLACES for a in KINDS) == 67
    with pytest.raises(NotFoundError, match="oslo"):
        World(1, sites=["oslo"])


def test_days_off_are_those_of_norway() -> None:
    assert easter(2024) == dt.date(2024, 3, 31)
    assert easter(2025) == dt.date(2025, 4, 20)
    for day in ("2024-05-17", "2024-03-28", "2025-04-21", "2024-12-25", "2025-06-09", "2024-06-01"):
        assert off(dt.date.fromisoformat(day))
    assert not off(dt.date(2024, 6, 3))
    days = [dt.date(2024, 1, 8) + dt.timedelta(n) for n in range(200)]
    by_day = dict(zip(days, volumes(days, 0.5), strict=True))
    assert by_day[dt.date(2024, 7, 10)] < 0.8 < by_day[dt.date(2024, 6, 12)]
    assert by_day[dt.date(2024, 6, 15)] == pytest.approx(by_day[dt.date(2024, 6, 14)] / 2, abs=0.01)


def test_prevalence_is_autocorrelated_as_asked() -> None:
    series = autoregressive(20_000, np.random.default_rng(1))
    assert series.std() == pytest.approx(SD, rel=0.05)
    assert np.corrcoef(series[:-1], series[1:])[0, 1] == pytest.approx(PHI, abs=0.03)


def test_influenza_is_one_for_the_country_and_of_its_own_height_each_winter() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(1096)]
    found = influenza(days, 3)
    peaks = [max(x for d, x in zip(days, found, strict=True) if d.year == y) for y in (2025, 2026)]
    assert all(0.3 < peak < 1.5 for peak in peaks)
    assert peaks[0] != pytest.approx(peaks[1], abs=0.01)
    assert max(x for d, x in zip(days, found, strict=True) if d.month in {7, 8}) < 0.01


def test_the_truth_is_plain_json_and_counts_every_finding() -> None:
    fault = Fault.parse("subtler@polar-nes@2024-02-10@fracture")
    told = generate(9, 0.2, [fault], sites=SMALL, algorithms=["fracture"]).truth
    again = json.loads(json.dumps(told))
    assert again["faults"][0]["kind"] == "subtler"
    assert again["faults"][0]["effect"]["severity"] < 0
    months = again["performance"]["fracture"]["polar-nes"]
    assert list(months) == ["2024-01", "2024-02", "2024-03"]
    assert all(sum(cells) % 4 == 0 for cells in months.values())  # four findings a study
