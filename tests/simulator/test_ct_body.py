"""The chest before it is scanned: lungs, nodules, fluid, and their truth."""

import numpy as np
import pytest

from simulator.ct import body, elsewhere, findings, nodules, thorax
from simulator.ct.body import Wanted
from simulator.ct.thorax import Thorax


@pytest.fixture(scope="module")
def chest() -> Thorax:
    return thorax.build(5, 2.0, lungs_only=True)


def fresh(seed: int = 5) -> Thorax:
    return thorax.build(seed, 3.0, lungs_only=True)


def test_lungs_hold_air_and_are_of_human_size(chest: Thorax) -> None:
    for room in (chest.left, chest.right):
        litres = float(room.sum()) * chest.grid.spacing**3 / 1e6
        assert 0.7 < litres < 4.5
        assert -930 < np.median(chest.hu[room > 0.99]) < -780


def test_left_is_where_x_grows(chest: Thorax) -> None:
    x = np.arange(chest.grid.shape[2])
    left, right = ((room.sum((0, 1)) * x).sum() / room.sum() for room in (chest.left, chest.right))
    assert left > right


def test_what_lies_behind_is_denser(chest: Thorax) -> None:
    deep = chest.depth > 6
    half = np.arange(chest.grid.shape[1]) > chest.grid.index(np.zeros((1, 3)))[0, 1]
    before, behind = (chest.hu[deep & side[None, :, None]] for side in (~half, half))
    assert np.median(behind) > np.median(before) + 5


def test_vessels_take_a_few_per_cent_of_the_lungs(chest: Thorax) -> None:
    inside = chest.depth > 3
    assert 0.02 < chest.vessels[inside].mean() < 0.2


def test_the_same_seed_gives_the_same_chest() -> None:
    one, other, third = fresh(), fresh(), fresh(6)
    assert np.array_equal(one.hu, other.hu)
    assert one.hu.shape != third.hu.shape or not np.array_equal(one.hu, third.hu)


@pytest.mark.parametrize("diameter", [6.0, 14.0])
def test_the_volume_of_a_nodule_is_what_it_adds_to_the_image(diameter: float) -> None:
    rng = np.random.default_rng(int(diameter))
    chest = thorax.build(5, 1.25, lungs_only=True) if diameter < 10 else fresh()
    one = nodules.draw(rng, diameter)
    while one.kind != "solid" or one.margin == "spiculated" or one.calcium:
        one = nodules.draw(rng, diameter)
    inside = np.argwhere((chest.depth > diameter) & (chest.vessels < 0.01))
    spot = chest.grid.point(inside[len(inside) // 2][None])[0]
    centre = (float(spot[0]), float(spot[1]), float(spot[2]))
    lesion = nodules.truth(chest, one, centre, "parenchymal")
    assert lesion is not None
    blank = np.zeros_like(chest.hu)
    nodules.insert(blank, chest.grid, np.ones_like(blank), one, centre)
    added = float(blank.sum()) / one.value * chest.grid.spacing**3
    assert added == pytest.approx(lesion.volume_mm3, rel=0.1)
    assert lesion.short_mm <= lesion.long_mm < 1.8 * diameter


def test_only_what_lies_in_the_lung_counts_of_a_nodule_at_the_pleura(chest: Thorax) -> None:
    rng = np.random.default_rng(3)
    one = nodules.draw(rng, 12.0)
    near = np.argwhere(np.abs(chest.depth) < 0.5)
    spot = chest.grid.point(near[len(near) // 2][None])[0]
    deep = np.argwhere(chest.depth > 14)
    middle = chest.grid.point(deep[len(deep) // 2][None])[0]
    half, whole = (
        nodules.truth(chest, one, (float(p[0]), float(p[1]), float(p[2])), "juxtapleural")
        for p in (spot, middle)
    )
    assert half is not None
    assert whole is not None
    assert 0.2 < half.volume_mm3 / whole.volume_mm3 < 0.8


def test_axes_of_a_disc_and_of_a_bar() -> None:
    row, column = np.ogrid[:60, :60]
    disc = (row - 30) ** 2 + (column - 30) ** 2 <= 20**2
    assert nodules.axes(disc, 0.5) == pytest.approx((20.5, 20.5), abs=0.6)
    bar = np.zeros((60, 60), bool)
    bar[20:24, 10:50] = True
    long, short = nodules.axes(bar, 0.5)
    assert long == pytest.approx(20, abs=0.6)
    assert 2 <= short < 4  # across the diagonal, which is the longest


@pytest.mark.parametrize(("side", "name"), [(1, "left"), (-1, "right")])
def test_fluid_lies_behind_and_has_the_volume_asked_for(side: int, name: str) -> None:
    chest = fresh()
    before = float(chest.left.sum() + chest.right.sum())
    told, fluid = findings.effuse(chest, side, 250.0, np.random.default_rng(1))
    assert told is not None
    assert told.side == name
    assert told.volume_ml == pytest.approx(250, rel=0.15)
    cell = chest.grid.spacing**3 / 1000
    after = float(chest.left.sum() + chest.right.sum())
    assert (before - after) * cell == pytest.approx(told.volume_ml, rel=0.02)
    y = chest.grid.axes()[1]
    assert float((fluid * y).sum() / fluid.sum()) > 20
    assert -10 < np.median(chest.hu[fluid > 0.99]) < 30


def test_more_fluid_than_there_is_room_is_no_fluid() -> None:
    told, fluid = findings.effuse(fresh(), 1, 9000.0, np.random.default_rng(1))
    assert told is None
    assert not fluid.any()


def test_subtler_findings_are_smaller() -> None:
    rng = np.random.default_rng(0)
    plain = [s for _ in range(200) for s in body._sizes(Wanted(prevalence=1), rng)]
    subtle = [s for _ in range(200) for s in body._sizes(Wanted(prevalence=1, subtler=1), rng)]
    assert np.median(subtle) < 0.7 * np.median(plain)
    assert body._sizes(Wanted(prevalence=0), rng) == ()


@pytest.mark.parametrize("kind", elsewhere.KINDS)
def test_elsewhere_there_are_no_lungs(kind: str) -> None:
    hu = elsewhere.build(3, kind, (24, 60, 80), 5.0)
    assert hu.shape == (24, 60, 80)
    assert hu.min() >= -1100
    assert (hu > -500).any()
