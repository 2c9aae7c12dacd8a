import dataclasses

import numpy as np
import pytest

from simulator.wrist import anatomy, exposure, fractures, placing
from simulator.wrist import person as persons
from simulator.wrist.exposure import Thickness
from simulator.wrist.person import Person
from simulator.wrist.pieces import STEP_MM, Shaft
from simulator.wrist.radiograph import paint
from simulator.wrist.scanners import SCANNERS
from simulator.wrist.solids import Cut, End, Floats, Motion, Texture, View

PIXEL = 0.3


def tube() -> Shaft:
    """100 mm of bone, 20 mm wide, with 2 mm of cortex and half as dense inside."""
    row = np.array([10, 10, 0, 0, 2, 0.5], np.float32)
    table = np.tile(row, (int(100 / STEP_MM), 1))
    flat = Texture(np.zeros((8, 8), np.float32), 0.5)
    return Shaft(
        name="tube", origin=(0, 0, 0), axis=(0, 1, 0), texture=flat, table=table, top=End(100)
    )


def plane() -> tuple[Floats, Floats]:
    """Across and up of 150 mm by 40 mm."""
    across = np.arange(-20, 20, PIXEL, dtype=np.float32)[None]
    up = np.arange(-20, 130, PIXEL, dtype=np.float32)[:, None]
    whole = np.zeros((up.size, across.size), np.float32)
    return across + whole, up + whole


def person(age: int) -> Person:
    return Person(age, "M", "L", 0.9 if age < 18 else 1.0, float(age), 1.0, 1.0)


@pytest.mark.parametrize("name", SCANNERS)
def test_behind_thicker_bone_the_image_is_brighter(name: str) -> None:
    scanner = dataclasses.replace(SCANNERS[name], equalise=0.0)
    steps = np.repeat(np.linspace(0, 14, 8), 24).astype(np.float32)
    bone = np.tile(steps, (96, 1))
    tissue = np.full_like(bone, 40) - bone
    beam = np.ones_like(bone)
    through = Thickness(tissue, bone, np.zeros_like(bone))
    rng = np.random.default_rng(1)
    pixels = exposure.present(exposure.expose(through, beam, scanner, 0.2, rng), beam, scanner, 0.2)
    seen = [np.median(pixels[20:-20, n * 24 + 8 : n * 24 + 16]) for n in range(8)]
    assert np.all(np.diff(seen) > 0)


def test_more_energy_lowers_the_contrast_of_bone_more_than_that_of_tissue() -> None:
    one, none = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    bone = [exposure.line_integral(Thickness(none, one, none), kvp).item() for kvp in (50, 60)]
    tissue = [exposure.line_integral(Thickness(one, none, none), kvp).item() for kvp in (50, 60)]
    assert bone[1] / bone[0] < tissue[1] / tissue[0] < 1
    # water about 0.31 and compact bone about 1.7 per cm at 35 keV
    kvp = (exposure.REFERENCE_KEV - 12) / 0.42
    assert exposure.line_integral(Thickness(one, none, none), kvp).item() == pytest.approx(
        0.031, rel=0.05
    )
    assert exposure.line_integral(Thickness(none, one, none), kvp).item() == pytest.approx(
        0.169, rel=0.05
    )


def test_noise_falls_with_dose() -> None:
    flat = np.full((128, 128), 40, np.float32)
    none, beam = np.zeros_like(flat), np.ones_like(flat)
    spread = [
        exposure.expose(
            Thickness(flat, none, none), beam, SCANNERS["fjell"], 0.2,
            np.random.default_rng(0), dose=dose,
        )[20:-20, 20:-20].std()
        for dose in (1.0, 4.0)
    ]  # fmt: skip
    assert spread[0] == pytest.approx(2 * spread[1], rel=0.1)


def test_a_tube_is_as_thick_as_its_ellipse_says_in_every_view() -> None:
    across, up = plane()
    middle = up.shape[0] // 2
    for angle in (0.0, 0.7, np.pi / 2):
        bone = tube().thickness(across, up, View(angle, PIXEL))
        centre = int(np.argmin(np.abs(across[middle])))
        assert bone[middle, centre] == pytest.approx(4 + 0.5 * 16, rel=0.02)
        assert bone[up < -1].max() == 0
        assert bone[up > 101].max() == 0


def test_a_fracture_lowers_the_thickness_along_its_line_and_nowhere_else() -> None:
    across, up = plane()
    view = View(0.0, PIXEL)
    cut = Cut(50.0, 0.3, 0.0, 1.2, np.zeros(600, np.float32))
    whole, broken = tube(), dataclasses.replace(tube(), cuts=[cut])
    lost = whole.thickness(across, up, view) - broken.thickness(across, up, view)
    line = np.abs(up - 50 - 0.3 * across)
    inside = np.abs(across) < 8
    assert lost.min() >= -1e-3
    assert (lost[inside & (line < 0.3)] > 0.9 * 6).all()
    assert np.abs(lost[line > 1.2]).max() < 1e-3


def test_a_partial_fracture_leaves_the_other_side_whole() -> None:
    across, up = plane()
    cut = Cut(50.0, 0.0, 0.0, 1.2, np.zeros(600, np.float32), None, (-1e3, 0.0))
    broken = dataclasses.replace(tube(), cuts=[cut])
    bone = broken.thickness(across, up, View(0.0, PIXEL))
    row = int(np.argmin(np.abs(up[:, 0] - 50)))
    assert bone[row, across[row] < -2].max() < 0.1
    assert bone[row, np.abs(across[row] - 5) < 1].min() > 5


@pytest.mark.parametrize("shift", [(0.0, 3.0, 0.0), (4.0, 0.0, 0.0), (2.0, -4.0, 3.0)])
def test_a_displaced_fragment_keeps_its_matter(shift: tuple[float, float, float]) -> None:
    across, up = plane()
    view = View(0.0, PIXEL)
    motion = Motion((0.0, 50.0, 0.0), 0.15, 0.1, shift)
    cut = Cut(50.0, 0.1, 1.0, 0.0, np.zeros(600, np.float32), motion)
    broken = dataclasses.replace(tube(), cuts=[cut])
    before, after = (bone.thickness(across, up, view) for bone in (tube(), broken))
    assert after.sum() == pytest.approx(before.sum(), rel=0.02)
    assert np.abs(after - before).max() > 2


def test_a_motion_and_its_way_back_are_one() -> None:
    motion = Motion((1.0, 50.0, -2.0), 0.2, -0.3, (1.0, -3.0, 2.0))
    view = View(0.6, PIXEL)
    points = np.array([[3.0, 70.0], [-8.0, 55.0]])
    moved = motion.forth(points, view)
    back = np.column_stack(motion.back(moved[:, 0], moved[:, 1], view))
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_children_have_open_growth_plates_and_adults_have_none() -> None:
    least = {}
    for age in (10, 30):
        pieces = anatomy.skeleton(person(age), np.random.default_rng(2))
        radius = [piece for piece in pieces if piece.name.startswith("radius")]
        up = np.arange(-14, 2, 0.1, dtype=np.float32)[:, None]
        across = np.zeros_like(up)
        view = View(0.0, 0.1)
        bone = sum(piece.thickness(across, up, view) for piece in radius)
        assert isinstance(bone, np.ndarray)
        least[age] = float(bone[20:-60].min() / np.median(bone))
    assert least[10] < 0.1
    assert least[30] > 0.5


def test_bones_ossify_with_age() -> None:
    names = {
        age: {piece.name for piece in anatomy.skeleton(person(age), np.random.default_rng(1))}
        for age in (2, 8, 30)
    }
    assert "capitate" in names[2]
    assert "scaphoid" not in names[2]
    assert {"scaphoid", "radius epiphysis"} <= names[8]
    assert "pisiform" not in names[8]
    assert "pisiform" in names[30]
    assert not any("epiphysis" in name for name in names[30])


def test_a_box_holds_what_a_line_changes() -> None:
    checked = 0
    for seed in range(60):
        who = persons.person(np.random.default_rng(seed))
        pieces = anatomy.skeleton(who, np.random.default_rng(seed))
        place = placing.placing(who, "PA", 256, np.random.default_rng(seed))
        limb = place.limb()
        before = paint(pieces, place, limb)
        broken = fractures.fracture(who, pieces, np.random.default_rng(seed), 0.65)
        if [one.motion for one in broken] != [None] or broken[0].cut is None:
            continue
        changed = np.abs(paint(pieces, place, limb) - before) > 0.5
        ends = place.pixels(broken[0].outline(place.view))
        rows, columns = np.nonzero(changed)
        if not rows.size:
            continue
        margin = 2.5 * who.size / place.spacing
        low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
        assert low[0] <= columns.min() <= columns.max() + 1 <= high[0]
        assert low[1] <= rows.min() <= rows.max() + 1 <= high[1]
        checked += 1
    assert checked >= 3
