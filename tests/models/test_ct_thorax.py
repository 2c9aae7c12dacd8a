"""How a chest CT is read, with the weights of the folder, on simulated scans."""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from core import mask
from core.domain.codes import LEFT, NODULE, PLEURAL_EFFUSION, RIGHT
from core.domain.finding import Finding
from core.domain.reason import ReasonCode
from models import hooks as loading
from models import registry
from models.ct_thorax import candidates, evaluate, hooks, lungs, measure, scoring
from models.ct_thorax.candidates import Candidate
from models.ct_thorax.lungs import Lungs
from models.grid import Grid
from models.manifest import Manifest
from models.reading import Reading
from models.volume import Networks, Volume
from simulator.ct import dicom, elsewhere, scan
from simulator.ct.dicom import Acquired, Wanted

FOLDER = Path(evaluate.__file__).parent
REAL = Path(__file__).parents[3] / "shared" / "data" / "ct_chest_lidc_0001"
SEED = 95_000_003


def contract() -> Manifest:
    """The folder's manifest with low thresholds: where and how large is asked, not how often."""
    return evaluate._open(evaluate.contract())


@pytest.fixture(scope="module")
def networks() -> Networks:
    return evaluate.sessions(evaluate.contract(), threads=1)


@pytest.fixture(scope="module")
def made() -> Acquired:
    return scanned()


def scanned(tilt: float = 0.0) -> Acquired:
    """A chest with two nodules and fluid, of which the slices about the larger nodule are kept."""
    made = dicom.acquire(
        SEED, scanner="fjell", size=256, phantom_mm=1.5, thickness=2.5, increment=2.5,
        wanted=Wanted(nodules=(20.0, 13.0), effusions=(0.0, 400.0)), tilt=tilt,
    )  # fmt: skip
    geometry = made.geometry
    centres = np.array([one.centre for one in made.truth.nodules])
    places = evaluate.volume(made).to_index(centres)[:, 0]
    middle = round(float(places[0]))
    first = max(0, min(middle - 20, len(made.voxels) - 40))
    voxels = made.voxels[first : first + 40]
    there = tuple(
        one
        for one, place in zip(made.truth.nodules, places, strict=True)
        if first + 5 < place < first + 34
    )
    cut = dataclasses.replace(
        geometry, origin=geometry.origin + first * geometry.step, shape=voxels.shape
    )
    truth = dataclasses.replace(made.truth, nodules=there)
    return dataclasses.replace(made, voxels=voxels, geometry=cut, truth=truth)


@pytest.fixture(scope="module")
def volume(made: Acquired) -> Volume:
    return evaluate.volume(made)


@pytest.fixture(scope="module")
def reading(volume: Volume, networks: Networks) -> Reading:
    return hooks.read(volume, networks, contract())


def present(reading: Reading, code: object) -> list[Finding]:
    return [one for one in reading.findings if one.code == code and one.present]


def near(reading: Reading, centre: tuple[float, float, float]) -> Finding:
    gaps = [
        float(np.linalg.norm(np.subtract(one.position or (0, 0, 0), centre)))
        for one in present(reading, NODULE)
    ]
    assert gaps
    assert min(gaps) < 4
    return present(reading, NODULE)[int(np.argmin(gaps))]


def test_the_folder_is_an_algorithm_whose_hooks_are_found() -> None:
    algorithm = registry.read(FOLDER)
    assert [one.name for one in algorithm.manifest.weights] == ["lungs", "nodules"]
    assert loading.load(FOLDER) is hooks.read


def test_nodules_are_found_where_they_are_and_as_large_as_they_are(
    made: Acquired, reading: Reading
) -> None:
    for one in made.truth.nodules:
        found = near(reading, one.centre)
        long, short, size = (m.value for m in found.measurements)
        assert long == pytest.approx(one.long_mm, abs=max(2.5, 0.2 * one.long_mm))
        assert short <= long
        assert size == pytest.approx(one.volume_mm3, rel=0.45)


def test_a_nodules_region_lies_on_its_slice(
    volume: Volume, made: Acquired, reading: Reading
) -> None:
    for one in made.truth.nodules:
        found = near(reading, one.centre)
        assert found.region is not None
        assert found.region.sop_uid == found.sop_uid
        left, top, right, bottom = found.region.box
        number = volume.sop_uids.index(found.sop_uid)
        index = volume.to_index(np.array([one.centre]))[0]
        assert abs(number - index[0]) <= one.long_mm / volume.spacing[0] / 2 + 1
        assert left - 3 < index[2] < right + 3
        assert top - 3 < index[1] < bottom + 3


def test_both_lungs_are_marked_each_on_its_side(made: Acquired, reading: Reading) -> None:
    body = made.body.thorax
    sides = {RIGHT: body.right, LEFT: body.left}
    assert {one.laterality for one in reading.segments} == set(sides)
    for segment in reading.segments:
        assert segment.laterality is not None
        field = sides[segment.laterality]
        slices = scan.slices(field, body.grid, made.geometry, outside=0.0)
        truth = np.stack([plane > 0.5 for plane in slices])
        found = mask.unpack(segment.bits, segment.shape)
        other = LEFT if segment.laterality == RIGHT else RIGHT
        across = np.stack(
            [p > 0.5 for p in scan.slices(sides[other], body.grid, made.geometry, outside=0.0)]
        )
        assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.8
        assert (found & across).sum() < 0.02 * found.sum()
        cell = made.geometry.spacing[0] ** 2 * 2.5 / 1000
        assert segment.measurements[0].value == pytest.approx(found.sum() * cell, rel=1e-3)


def test_fluid_is_asked_for_on_both_sides_and_seen_where_it_is(reading: Reading) -> None:
    found = {one.laterality: one for one in reading.findings if one.code == PLEURAL_EFFUSION}
    assert set(found) == {LEFT, RIGHT}
    assert found[RIGHT].probability > found[LEFT].probability


def turned(volume: Volume, way: str) -> Volume:
    """The same patient with slices that lie another way."""
    voxels, origin, steps = volume.voxels, volume.origin, volume.steps.copy()
    uids = volume.sop_uids
    if way == "feet first":
        origin, steps = origin + (len(voxels) - 1) * steps[0], steps * [[-1], [1], [1]]
        return Volume(voxels[::-1], origin, steps, uids[::-1])
    far = (voxels.shape[1] - 1) * steps[1] + (voxels.shape[2] - 1) * steps[2]
    mirrored, turn = voxels[:, ::-1, ::-1].transpose(0, 2, 1), steps * [[1], [-1], [-1]]
    return Volume(mirrored, origin + far, turn[[0, 2, 1]], uids)


@pytest.mark.parametrize("way", ["feet first", "mirrored"])
def test_however_the_slices_lie_the_patient_is_the_same(
    volume: Volume, networks: Networks, made: Acquired, reading: Reading, way: str
) -> None:
    other = hooks.read(turned(volume, way), networks, contract())
    for one in made.truth.nodules:
        here, there = near(reading, one.centre), near(other, one.centre)
        assert here.position is not None
        assert there.position == pytest.approx(here.position, abs=1.0)
        assert there.measurements[0].value == pytest.approx(here.measurements[0].value, abs=1.6)
        assert there.laterality == here.laterality
    volumes = [
        {s.laterality: s.measurements[0].value for s in r.segments} for r in (reading, other)
    ]
    for side in (LEFT, RIGHT):
        assert volumes[1][side] == pytest.approx(volumes[0][side], rel=0.01)


def test_a_tilted_gantry_gives_the_same_places(networks: Networks) -> None:
    made = scanned(tilt=12.0)
    reading = hooks.read(evaluate.volume(made), networks, contract())
    for one in made.truth.nodules:
        near(reading, one.centre)


@pytest.mark.parametrize("kind", elsewhere.KINDS)
def test_what_holds_no_lungs_is_declined(networks: Networks, kind: str) -> None:
    hu = elsewhere.build(97, kind, (60, 100, 120), 3.0).astype(np.int16)
    volume = Volume(hu, np.zeros(3), np.eye(3)[::-1] * 3.0, ("1",) * 60)
    reading = hooks.read(volume, networks, evaluate.contract())
    assert reading.reason is not None
    assert reading.reason.code is ReasonCode.NOT_THIS_REGION
    assert not reading.findings
    assert reading.read == volume.sop_uids


@pytest.mark.parametrize(("apart", "count"), [(8.0, 40), (2.0, 10)])
def test_slices_that_are_too_thick_or_too_few_are_declined(apart: float, count: int) -> None:
    steps = np.diag([apart, 1.0, 1.0])[:, ::-1]
    volume = Volume(np.zeros((count, 8, 8), np.int16), np.zeros(3), steps, ("1",) * count)
    reading = hooks.read(volume, {}, evaluate.contract())
    assert reading.reason is not None
    assert reading.reason.code in {ReasonCode.SLICE_SPACING, ReasonCode.TOO_SHORT}


def test_a_scan_that_cuts_the_lungs_off_says_so(reading: Reading) -> None:
    assert ReasonCode.CUT_OFF in [one.code for one in reading.remarks]


def ball(radius: float, *, gap: float = 0.0, vessel: bool = False) -> tuple[Volume, Lungs]:
    """A ball of 30 HU in lung of -850 HU whose wall lies `gap` mm beside its middle (0: far)."""
    z, y, x = np.indices((48, 64, 64)) - np.array([24, 32, 32])[:, None, None, None]
    z, y, x = z * 1.0, y * 0.7, x * 0.7
    hu = np.full(z.shape, -850.0)
    inside = np.sqrt(x**2 + y**2 + z**2) < radius
    hu[inside | (vessel & (np.hypot(y, z) < 1.3))] = 30
    wall = x > gap if gap else np.zeros_like(inside)
    hu[wall] = 40
    hu = ndimage.gaussian_filter(hu, 0.6)
    steps = np.array([[0, 0, 1.0], [0, 0.7, 0], [0.7, 0, 0]])
    volume = Volume(hu.astype(np.int16), np.array([-22.4, -22.4, -24.0]), steps, ("1",) * 48)
    grid = Grid.covering(volume, 1.0)
    place = grid.to_patient(np.indices(grid.shape).reshape(3, -1).T)
    share = (place[:, 0] < gap if gap else np.ones(len(place))).reshape(grid.shape)
    side, hull = np.ones(grid.shape, np.uint8), share.astype(np.float32)
    return volume, Lungs(grid, hull, hull, np.zeros(grid.shape, np.float32), side)


@pytest.mark.parametrize("radius", [4.0, 6.0, 9.0])
@pytest.mark.parametrize("vessel", [False, True])
def test_a_ball_is_measured_without_the_vessel_through_it(radius: float, vessel: bool) -> None:
    volume, lung = ball(radius, vessel=vessel)
    found = measure.measure(volume, lung, Candidate(np.array([0.4, 0.3, 0.2]), 2.2 * radius, 1.0))
    assert found is not None
    stump = 1.2 if vessel else 0.0  # of the vessel, 33 mm of which run through the volume
    assert found.long == pytest.approx(2 * radius, abs=1.1 + stump)
    assert found.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.3)
    assert np.allclose(found.centre, 0, atol=0.7)


def test_a_ball_at_the_wall_is_cut_off_at_the_lungs_hull() -> None:
    volume, lung = ball(6.0, gap=2.0)
    found = measure.measure(volume, lung, Candidate(np.array([-1.0, 0.0, 0.0]), 11.0, 1.0))
    assert found is not None
    depth = 8.0  # of the cap within the lung
    assert found.volume == pytest.approx(np.pi * depth**2 * (3 * 6.0 - depth) / 3, rel=0.3)
    assert found.long == pytest.approx(12, abs=1.2)


def test_the_packed_masks_are_what_core_packs(volume: Volume, networks: Networks) -> None:
    found = lungs.find(volume, networks["lungs"])
    packed = lungs.pack(volume, found)
    shape = volume.voxels.shape
    for one in packed.values():
        marked = mask.unpack(one.bits, (shape[0], shape[1], shape[2]))
        assert mask.unpack(mask.pack(marked), marked.shape).sum() == marked.sum() > 0


def test_no_network_sees_more_than_a_window_of_a_long_scan() -> None:
    """Memory is bounded whatever the number of slices: by what is given to the networks."""
    seen: list[int] = []

    def lung(image: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        seen.append(image.size)
        share = np.zeros((1, 4, *image.shape[2:]), np.float32)
        share[0, 1, :, 30:80, 30:60], share[0, 2, :, 30:80, 70:100] = 1, 1
        return {"share": share}

    def nodule(image: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
        seen.append(image.size)
        heat = np.zeros((1, 1, *(side // 2 for side in image.shape[2:])), np.float32)
        return {"heat": heat, "diameter": heat + 5}

    voxels = np.broadcast_to(np.int16(-850), (1500, 512, 512))
    steps = np.array([[0, 0, 0.4], [0, 0.7, 0], [0.7, 0, 0]])
    long = Volume(voxels, np.zeros(3), steps, ("1",) * 1500)
    found = lungs.find(long, lung)
    assert not candidates.find(long, found, nodule)
    assert max(seen) <= lungs.LONGEST * 128 * 128
    assert found.lung.nbytes < 60e6


def test_a_finding_counts_as_right_only_near_a_nodule() -> None:
    uid, position = "1", (10.0, 0.0, 0.0)
    one = Finding(NODULE, 0.9, 0.5, uid, position=position)
    one = dataclasses.replace(one, measurements=hooks._sizes(8.0, 6.0, 200.0))
    assert scoring.nodules([one], [(13.0, 0.0, 0.0)], [5.0])[0].match == 0
    assert scoring.nodules([one], [(16.0, 0.0, 0.0)], [5.0])[0].match == -1
    assert scoring.nodules([one], [(16.0, 0.0, 0.0)], [20.0])[0].match == 0


def test_the_readers_nodule_of_a_real_scan_is_among_the_first_three(networks: Networks) -> None:
    if not REAL.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("the real scan is missing")
        pytest.skip("the real scan is not here")
    reading = evaluate.real(REAL, networks, evaluate.contract())
    first = [one.position for one in present(reading, NODULE)[:3]]
    gaps = [
        float(np.linalg.norm(np.subtract(one or (0, 0, 0), (56.0, 86.3, -116.3)))) for one in first
    ]
    assert min(gaps) < 8
    assert json.loads(evaluate.told(reading))["reason"] is None
    litres = {one.laterality: one.measurements[0].value / 1000 for one in reading.segments}
    assert 1.2 < litres[RIGHT] < 3.5
    assert 1.2 < litres[LEFT] < 3.5
