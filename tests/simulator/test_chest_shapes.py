"""The chest's geometry: what the beam goes through has the volume that it has in space."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from simulator import xray
from simulator.chest import body as bodies
from simulator.chest import lungs, person, shapes, tubes, visible
from simulator.chest.person import Grid, Person


def someone(view: person.View = "PA", **changed: Any) -> Person:
    """An upright patient of size 1 in the middle of the detector."""
    made = person.person(np.random.default_rng(1), view=view, enlarged=None)
    return dataclasses.replace(made, size=1.0, turn=0.0, shift=(0.0, 0.0), **changed)


def grid(view: person.View, rows: int = 215) -> Grid:
    """43 cm by 43 cm."""
    return person.grid(someone(view), rows, rows, 430 / rows)


@pytest.mark.parametrize("view", ["PA", "LL"])
@pytest.mark.parametrize("radius", [0.05, 0.3, 0.62])
def test_a_tube_has_its_volume_in_every_view(view: person.View, radius: float) -> None:
    where = grid(view)
    path = tubes.curve([(-6, -8, -4), (0, 0, 1), (5, 9, 3)])
    drawn = tubes.thickness(where, [(path, radius, 1.0)])
    volume = drawn.sum() * (where.spacing_mm / 10) ** 2
    length = len(path) * tubes.STEP
    assert volume == pytest.approx(np.pi * radius**2 * length, rel=0.02)


def test_a_tube_across_the_beam_is_as_thick_as_it_is_wide() -> None:
    where = grid("PA", 860)
    path = tubes.curve([(0, -10, 0), (0, 10, 0)])
    drawn = tubes.thickness(where, [(path, 0.5, 1.0)])
    row = drawn[430]
    assert row.max() == pytest.approx(1.0, rel=0.02)
    assert (row > 0.05).sum() * where.spacing_mm == pytest.approx(10, abs=1)


@pytest.mark.parametrize("view", ["PA", "LL"])
def test_an_ellipsoid_has_its_volume_in_every_view(view: person.View) -> None:
    where = grid(view)
    drawn = shapes.ellipsoid(where, (1, 2, -1), (3, 4, 5), 0.0)
    volume = drawn.sum() * (where.spacing_mm / 10) ** 2
    assert volume == pytest.approx(4 / 3 * np.pi * 3 * 4 * 5, rel=0.02)


def test_a_lung_has_the_same_volume_from_the_front_and_from_the_side() -> None:
    form = lungs.shape(someone(), -1, np.random.default_rng(2))
    volumes = []
    for view in ("PA", "LL"):
        where = grid(view)
        volumes.append(lungs.lung(form, where).air.sum() * (where.spacing_mm / 10) ** 2)
    rng = np.random.default_rng(3)
    low, high = np.array([-15, -15, -13]), np.array([0, 15, 13])
    points = rng.uniform(low, high, (200_000, 3))
    volumes.append(form.holds(points).mean() * (high - low).prod())
    assert volumes[0] == pytest.approx(volumes[1], rel=0.05)
    assert volumes[0] == pytest.approx(volumes[2], rel=0.05)
    assert 1000 < volumes[0] < 4500  # ml


def test_points_of_the_patient_lie_where_the_grid_says() -> None:
    where = person.grid(dataclasses.replace(someone(), turn=0.1, size=1.2), 100, 80, 4.0)
    point = np.array([3.0, -5.0, 0.0])
    column, row = where.pixels(point[None])[0]
    dx, dy = where.from_axis(point)
    nearest = np.unravel_index(int(np.hypot(dx, dy).argmin()), where.shape)
    assert nearest == (round(row), round(column))


def test_lungs_are_the_darkest_part_and_bones_the_brightest_of_a_chest() -> None:
    who = someone(fat=1.0)
    made = bodies.body(who, grid("PA"), 5)
    shadow = visible.shadow(made)
    lung = made.lungs[0].inside & (made.lungs[0].air > 8)
    chest = made.outer > 10
    assert shadow[lung].mean() < 0.7 * shadow[chest & ~lung].mean()
    spine = np.abs(made.grid.across) < 0.8
    assert shadow[chest & spine].mean() > 1.3 * shadow[lung].mean()


def test_only_what_stands_out_can_be_seen() -> None:
    made = bodies.body(someone(fat=1.0), grid("PA", visible.ROWS), 5)
    before = visible.shadow(made)
    free = made.lungs[1].inside & (made.lungs[1].air > 10)
    row, column = np.argwhere(free)[free.sum() // 2]
    down, right = np.indices(made.grid.shape)
    mask = np.hypot(down - row, right - column) < 8
    ratios = []
    for share in (0.0, 0.3, 1.0):
        made.lungs[1].density = np.where(
            mask, made.lungs[1].density + 0.12 * share, made.lungs[1].density
        )
        ratios.append(visible.ratio(before, visible.shadow(made), mask, free))
    assert ratios[0] == 0
    assert ratios[2] > 2 * ratios[1] > 0
    made.metal[mask] = 1
    assert not visible.seen("nodule", made, before, mask)


def test_bone_and_metal_stop_more_than_tissue() -> None:
    plane = np.ones((8, 8), np.float32)
    none = np.zeros_like(plane)
    lines = [
        xray._line_integral(xray.Thickness(*layers), 120)[0, 0]
        for layers in ((plane, none, none), (none, plane, none), (none, none, plane))
    ]
    assert lines[0] < lines[1] < lines[2]
