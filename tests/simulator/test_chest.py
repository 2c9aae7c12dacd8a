import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import chest, dx
from simulator.chest import FINDINGS
from simulator.scanners import FOR_TRAINING, HELD_OUT, SCANNERS
from tests.services.validators import dciodvfy

SIZE = 128


def corrected(dataset: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """The pixels with bone white."""
    pixels: np.ndarray[Any, np.dtype[Any]] = dataset.pixel_array
    return 4095 - pixels if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels


def test_the_same_seed_gives_the_same_image_and_truth() -> None:
    first, second = (chest.make(5, scanner="fjell", size=SIZE) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.truth == second.truth
    other = chest.make(6, scanner="fjell", size=SIZE)
    assert not np.array_equal(first.pixels, other.pixels)


def test_another_salt_gives_other_uids_and_the_same_pixels() -> None:
    (one,), truth = dx.study(5, scanner="skog", salt="a", size=SIZE)
    (same,), _ = dx.study(5, scanner="skog", salt="a", size=SIZE)
    (other,), other_truth = dx.study(5, scanner="skog", salt="b", size=SIZE)
    assert one == same
    assert truth == other_truth
    assert one.PixelData == other.PixelData
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert one[keyword].value != other[keyword].value


@pytest.mark.parametrize("scanner", SCANNERS)
def test_a_study_is_a_sound_digital_radiograph(scanner: str, tmp_path: Path) -> None:
    (dataset,), truth = dx.study(11, scanner=scanner, size=SIZE)
    path = tmp_path / "image.dcm"
    dataset.save_as(path, enforce_file_format=True)
    verdict = dciodvfy(path)
    assert verdict, verdict.output
    assert dataset.PhotometricInterpretation == SCANNERS[scanner].photometric
    assert truth.view == dataset.ViewPosition
    assert 18 <= int(dataset.PatientAge[:3]) == truth.age <= 95


def test_both_photometric_interpretations_show_bone_white() -> None:
    for scanner in ("fjell", "fjord"):
        (dataset,), _ = dx.study(4, scanner=scanner, size=SIZE)
        pixels = corrected(dataset)
        middle = pixels.shape[1] // 2
        spine, air = pixels[60:, middle - 2 : middle + 2], pixels[:8, :8]
        assert np.median(spine) > 2 * np.median(air)


def test_no_tag_tells_the_truth() -> None:
    for seed in range(4):
        (dataset,), truth = dx.study(seed, scanner="fjell", size=SIZE)
        del dataset.PixelData
        told = dataset.to_json().lower()
        for finding in truth.findings:
            assert finding.code not in told
            assert finding.name.replace("_", " ") not in told


def test_the_truth_is_plain_data_and_agrees_with_the_masks() -> None:
    seen: set[str] = set()
    for seed in range(16):
        image = chest.make(
            seed, scanner=FOR_TRAINING[seed % len(FOR_TRAINING)], size=SIZE, prevalence=0.6
        )
        json.dumps(dataclasses.asdict(image.truth))
        assert set(image.masks) == image.truth.names
        for name, mask in image.masks.items():
            boxes = np.zeros_like(mask)
            for finding in image.truth.findings:
                if finding.name == name:
                    left, top, right, bottom = finding.box
                    boxes[top:bottom, left:right] = True
                    assert finding.code == FINDINGS[name].value
                    assert 0 <= finding.subtlety <= 1
                    assert mask[top:bottom, left:right].any()
            assert mask.shape == image.pixels.shape
            assert not mask[~boxes].any()
        seen |= image.truth.names
    assert seen == set(FINDINGS)


def test_a_finding_lies_on_the_side_that_the_truth_names() -> None:
    only = {**dict.fromkeys(FINDINGS, 0.0), "pneumothorax": 1.0}
    sides = set()
    for seed in range(8):
        image = chest.make(seed, scanner="fjell", size=SIZE, prevalence=only)
        (finding,) = image.truth.findings
        place = (finding.box[0] + finding.box[2]) / 2 / image.pixels.shape[1]
        assert (place > 0.5) == (finding.side == "L")  # PatientOrientation is L\F
        sides.add(finding.side)
    assert sides == {"L", "R"}


def test_prevalence_and_subtlety_are_what_is_asked_for() -> None:
    assert not chest.make(3, scanner="fjell", size=SIZE, prevalence=0.0).truth.findings
    every = chest.make(3, scanner="fjell", size=SIZE, prevalence=1.0)
    assert {"pneumothorax", "pleural_effusion", "cardiomegaly"} <= every.truth.names
    subtler = chest.make(3, scanner="fjell", size=SIZE, prevalence=1.0, subtler=0.5)
    before, after = (
        {finding.name: finding.subtlety for finding in image.truth.findings}
        for image in (every, subtler)
    )
    for name in before.keys() & after.keys():
        assert after[name] == pytest.approx(0.5 + before[name] / 2, abs=0.002)
    areas = [image.masks["pleural_effusion"].sum() for image in (every, subtler)]
    assert areas[1] < areas[0]


def test_a_lateral_image_is_of_the_same_patient(tmp_path: Path) -> None:
    (frontal, lateral), truth = dx.study(8, scanner="skog", size=SIZE, lateral=True)
    assert frontal.ViewPosition == truth.view
    assert (lateral.ViewPosition, list(lateral.PatientOrientation)) == ("LL", ["P", "F"])
    for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"):
        assert frontal[keyword].value == lateral[keyword].value
    assert frontal.SOPInstanceUID != lateral.SOPInstanceUID
    path = tmp_path / "lateral.dcm"
    lateral.save_as(path, enforce_file_format=True)
    verdict = dciodvfy(path)
    assert verdict, verdict.output


def test_devices_are_metal_that_the_truth_names() -> None:
    named: set[str] = set()
    for seed in range(30, 42):
        image = chest.make(seed, scanner="fjell", size=SIZE, view="AP", prevalence=0.0)
        named |= set(image.truth.devices)
    assert len(named) >= 5


def test_the_same_patient_at_another_pixel_size() -> None:
    coarse, fine = (chest.make(8, scanner="fjell", size=size) for size in (128, 256))
    assert coarse.spacing_mm == 2 * fine.spacing_mm
    halved = fine.pixels.reshape(128, 2, -1, 2).mean(axis=(1, 3))
    width = min(halved.shape[1], coarse.pixels.shape[1])
    together = np.corrcoef(halved[:, :width].ravel(), coarse.pixels[:, :width].ravel())[0, 1]
    assert together > 0.97


def test_scanners_differ() -> None:
    images = {name: chest.make(3, scanner=name, size=SIZE).pixels for name in SCANNERS}
    curves = {name: np.percentile(pixels, range(5, 100, 10)) for name, pixels in images.items()}
    names = list(curves)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            assert np.abs(curves[one] - curves[other]).max() > 10
    assert len(FOR_TRAINING) >= 4
    assert len(HELD_OUT) == 2
