import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.wrist import dx, radiograph
from simulator.wrist.fractures import SITES
from simulator.wrist.radiograph import VIEWS, make
from simulator.wrist.scanners import FOR_TRAINING, HELD_OUT, SCANNERS
from tests.services.validators import dciodvfy

SIZE = 128


def corrected(dataset: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """The pixels with bone white."""
    pixels: np.ndarray[Any, np.dtype[Any]] = dataset.pixel_array
    return 4095 - pixels if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels


def test_the_same_seed_gives_the_same_image_and_truth() -> None:
    first, second = (make(5, scanner="fjell", size=SIZE) for _ in range(2))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.truth == second.truth
    assert not np.array_equal(first.pixels, make(6, scanner="fjell", size=SIZE).pixels)


def test_another_salt_gives_other_uids_and_the_same_pixels() -> None:
    one, truth = dx.study(5, scanner="skog", salt="a", size=SIZE)
    same, _ = dx.study(5, scanner="skog", salt="a", size=SIZE)
    other, other_truth = dx.study(5, scanner="skog", salt="b", size=SIZE)
    assert one == same
    assert truth == other_truth
    for mine, theirs in zip(one, other, strict=True):
        assert mine.PixelData == theirs.PixelData
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            assert mine[keyword].value != theirs[keyword].value


@pytest.mark.parametrize("scanner", SCANNERS)
def test_a_study_is_two_sound_radiographs_of_one_wrist(scanner: str, tmp_path: Path) -> None:
    datasets, truth = dx.study(11, scanner=scanner, size=SIZE)
    assert [image.view for image in truth.images] == ["PA", "LL"]
    for number, dataset in enumerate(datasets, start=1):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
        assert dataset.InstanceNumber == number
        assert dataset.ImageLaterality == truth.side
        assert int(dataset.PatientAge[:3]) == truth.age
        assert dataset.BodyPartExamined == "WRIST"
    assert len({dataset.StudyInstanceUID for dataset in datasets}) == 1
    assert len({dataset.SOPInstanceUID for dataset in datasets}) == 2
    assert datasets[0].ViewPosition == "PA"
    assert datasets[1].ViewPosition == ("LL" if truth.side == "L" else "RL")


def test_both_photometric_interpretations_show_bone_white() -> None:
    assert {SCANNERS[name].photometric for name in ("fjell", "fjord")} == {
        "MONOCHROME1",
        "MONOCHROME2",
    }
    for scanner in ("fjell", "fjord"):
        made = make(4, scanner=scanner, size=SIZE, prevalence=0)
        pixels = corrected(dx.instance(made, SCANNERS[scanner], seed=4))
        bone = pixels[made.bone > 4]
        rest = pixels[(made.bone == 0) & (pixels > 0)]
        assert np.median(bone) > 1.5 * np.median(rest)


def test_no_tag_tells_the_truth() -> None:
    for seed in range(5):
        datasets, truth = dx.study(seed, scanner="fjell", size=SIZE, prevalence=1)
        for dataset in datasets:
            del dataset.PixelData
            told = dataset.to_json().lower()
            assert "fracture" not in told
            for finding in truth.findings:
                assert finding.name.replace("_", " ") not in told


def test_the_truth_is_plain_data_and_its_boxes_lie_in_the_image() -> None:
    seen: set[str] = set()
    for seed in range(45):
        view = VIEWS[seed % 3]
        image = make(seed, scanner=FOR_TRAINING[seed % 5], view=view, size=SIZE, prevalence=1)
        json.dumps(dataclasses.asdict(image.truth))
        rows, columns = image.pixels.shape
        for finding in image.truth.findings:
            left, top, right, bottom = finding.box
            assert 0 <= left < right <= columns
            assert 0 <= top < bottom <= rows
            assert finding.contrast >= 0.3
            assert finding.kind
        seen |= image.truth.names
    assert seen == set(SITES)


def test_prevalence_and_subtlety_are_as_asked() -> None:
    healthy = [make(seed, scanner="elv", size=SIZE, prevalence=0).truth for seed in range(8)]
    assert not any(truth.findings or truth.hidden for truth in healthy)
    subtle = [
        make(seed, scanner="elv", size=SIZE, prevalence=1, subtler=0.7).truth for seed in range(8)
    ]
    found = [finding.subtlety for truth in subtle for finding in truth.findings]
    assert found
    assert min(found) >= 0.7


def test_about_half_of_all_images_show_no_fracture() -> None:
    found = [bool(make(seed, scanner="skog", size=96).truth.findings) for seed in range(60)]
    assert 0.3 < np.mean(found) < 0.65


def test_two_views_are_of_one_patient_with_one_injury() -> None:
    both = 0
    for seed in range(12):
        images = [
            make(seed, scanner="vidde", view=view, size=SIZE, prevalence=1).truth
            for view in ("PA", "LL")
        ]
        assert len({(truth.age, truth.sex, truth.side) for truth in images}) == 1
        injuries = [
            {(one.name, one.bone, one.kind, one.subtlety) for one in truth.findings + truth.hidden}
            for truth in images
        ]
        assert len(injuries[0] | injuries[1]) <= 2
        both += bool(images[0].names & images[1].names)
    assert both >= 4  # most fractures are to be seen in either view


def test_the_same_patient_at_another_pixel_size() -> None:
    coarse, fine = (make(8, scanner="fjell", size=size) for size in (128, 256))
    assert coarse.spacing_mm == pytest.approx(2 * fine.spacing_mm)
    width = min(fine.pixels.shape[1] // 2, coarse.pixels.shape[1])
    halved = fine.pixels[:, : 2 * width].reshape(128, 2, width, 2).mean(axis=(1, 3))
    assert np.corrcoef(halved.ravel(), coarse.pixels[:, :width].ravel())[0, 1] > 0.95
    assert [one.name for one in coarse.truth.findings] == [one.name for one in fine.truth.findings]


def test_scanners_differ() -> None:
    images = {name: make(3, scanner=name, size=SIZE).pixels for name in SCANNERS}
    curves = {name: np.percentile(pixels, range(5, 100, 10)) for name, pixels in images.items()}
    names = list(curves)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            assert np.abs(curves[one] - curves[other]).max() > 10
    assert len(FOR_TRAINING) >= 4
    assert len(HELD_OUT) == 2


def test_cast_and_metal_are_said_and_change_the_image() -> None:
    truths = [make(seed, scanner="elv", size=64).truth for seed in range(60)]
    assert any(truth.has_cast for truth in truths)
    assert any(truth.has_metal for truth in truths)
    assert np.mean([truth.has_cast for truth in truths]) + 0.1 > radiograph.CAST
