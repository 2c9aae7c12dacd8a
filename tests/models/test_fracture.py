import os
from pathlib import Path

import numpy as np
import pytest

from models import golden, heads
from models import manifest as manifests
from models.fracture import evaluate
from models.fracture.cases import FOLDER, SITES, SIZE, ready, stored
from models.fracture.settle import run, session
from models.heads import Place
from models.manifest import Manifest
from models.steps import Image, prepare
from simulator import chest
from simulator.scanners import SCANNERS as CHEST_SCANNERS
from simulator.wrist import radiograph
from simulator.wrist.scanners import HELD_OUT

REAL = Path(__file__).parents[3] / "shared" / "data" / "wrist_radiographs"


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return manifests.read(FOLDER)


def test_the_golden_case_is_exact(manifest: Manifest) -> None:
    (case,) = golden.read(FOLDER, manifest).values()
    outputs = run(session(), case.tensor(manifest))
    assert case.agrees(outputs), case.differences(outputs)
    assert case.tensors["scores"].max() > 0.5  # there is a fracture in it


def test_another_image_gives_another_answer(manifest: Manifest) -> None:
    (case,) = golden.read(FOLDER, manifest).values()
    mirrored = prepare(Image(case.given[:, ::-1].astype(np.float32)), manifest.input.step)
    assert not case.agrees(run(session(), mirrored.tensor))


def test_outputs_have_the_shapes_that_the_head_reads(manifest: Manifest) -> None:
    assert manifest.output is not None
    assert len(manifest.output.label) == len(SITES)
    outputs = run(session(), np.zeros((1, 1, SIZE, SIZE), np.float32))
    count = outputs["boxes"].shape[1]
    assert outputs["boxes"].shape == (1, count, 4)
    assert outputs["scores"].shape == (1, count, len(SITES))
    assert outputs["probability"].shape == (1, len(SITES))
    assert outputs["region"].shape == (1, 1)
    for name in ("scores", "probability", "region"):
        assert 0 <= outputs[name].min() <= outputs[name].max() <= 1
    # a box is of one site
    assert ((outputs["scores"][0] > 0).sum(axis=1) <= 1).all()


def test_boxes_lie_in_the_image_and_obvious_fractures_are_found(manifest: Manifest) -> None:
    network, found = session(), []
    for seed in range(2_900_000, 2_900_016):
        image = radiograph.make(seed, scanner=HELD_OUT[seed % 2], prevalence=1)
        prepared = ready(image.pixels, manifest)
        findings = heads.findings(
            run(network, prepared.tensor), manifest, Place("1", prepared.geometry)
        )
        rows, columns = image.pixels.shape
        for box, _, probability in evaluate.boxes(findings):
            assert 0 <= box[0] < box[2] <= columns
            assert 0 <= box[1] < box[3] <= rows
            assert 0 <= probability <= 1
        read = evaluate.reading(image.pixels, image.truth, network, manifest)
        found += [
            hit
            for hit, one in zip(read.found, image.truth.findings, strict=True)
            if one.subtlety < 0.4
        ]
    assert len(found) >= 4
    assert np.mean(found) >= 0.7


def test_the_region_check_takes_wrists_and_declines_chests(manifest: Manifest) -> None:
    network = session()
    for seed in range(2_800_000, 2_800_006):
        view = radiograph.VIEWS[seed % 3]
        wrist = radiograph.make(seed, scanner=HELD_OUT[seed % 2], view=view)
        outputs = run(network, ready(wrist.pixels, manifest).tensor)
        assert heads.decline(outputs, manifest) is None
        scanner = tuple(CHEST_SCANNERS)[seed % len(CHEST_SCANNERS)]
        other = chest.make(seed, scanner=scanner, size=256)
        outputs = run(network, ready(other.pixels, manifest).tensor)
        assert heads.decline(outputs, manifest) is not None


def test_a_stored_case_has_its_boxes_in_pixels_of_the_tensor(manifest: Manifest) -> None:
    pixels = np.zeros((1024, 512), np.uint16)
    pixels[200:400, 100:300] = 4000
    case = stored(ready(pixels, manifest), [("scaphoid", (100, 200, 300, 400))])
    left, top, right, bottom, site = case["boxes"][0]
    assert site == SITES.index("scaphoid")
    inside = case["image"][round(top) : round(bottom), round(left) : round(right)]
    assert inside.mean() > 250
    assert case["image"].sum() == pytest.approx(inside.sum(), rel=0.05)
    assert (case["boxes"][1:] == -1).all()
    np.testing.assert_allclose(case["frame"], (128, 0, 384, 512))


@pytest.mark.skipif(not REAL.is_dir() and not os.environ.get("CI"), reason="no real wrists here")
def test_real_wrists_are_taken_for_wrists() -> None:
    told = evaluate.real(REAL)
    assert len(told) == 3
    assert all(one["region"] >= 0.5 for one in told)
