import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from simulator.mammography import dicom, four_views
from simulator.mammography.scanners import FOR_TRAINING, HELD_OUT, SCANNERS
from simulator.mammography.truth import DENSITIES, POSITIONS, SIDES
from tests.services.validators import dciodvfy

COARSE = 0.4  #: mm: quick, and fine enough for what is no calcification


def test_the_same_seed_gives_the_same_study_and_truth() -> None:
    first, second = (four_views.make(5, prevalence=1, pixel_mm=COARSE) for _ in range(2))
    for one, other in zip(first.views, second.views, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
    assert first.truth == second.truth
    json.dumps(dataclasses.asdict(first.truth))
    third = four_views.make(6, prevalence=1, pixel_mm=COARSE)
    assert third.truth != first.truth
    assert not np.array_equal(first.views[0].pixels, third.views[0].pixels)


def test_a_view_is_the_same_in_any_choice_of_views() -> None:
    whole = four_views.make(8, prevalence=1, pixel_mm=COARSE)
    alone = four_views.make(8, prevalence=1, pixel_mm=COARSE, sides=("R",), positions=("MLO",))
    np.testing.assert_array_equal(alone.views[0].pixels, whole.views[3].pixels)


def test_another_salt_gives_other_uids_and_the_same_pixels() -> None:
    first, truth = dicom.study(5, scanner="skog", salt="a", pixel_mm=COARSE)
    second, other_truth = dicom.study(5, scanner="skog", salt="b", pixel_mm=COARSE)
    assert truth == other_truth
    for one, other in zip(first, second, strict=True):
        assert one.PixelData == other.PixelData
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            assert one[keyword].value != other[keyword].value
    assert len({one.SOPInstanceUID for one in first}) == 4


@pytest.mark.parametrize("scanner", SCANNERS)
def test_a_study_is_four_sound_mammograms(scanner: str, tmp_path: Path) -> None:
    study, truth = dicom.study(11, scanner=scanner, pixel_mm=COARSE)
    assert [(one.ImageLaterality, one.ViewPosition) for one in study] == [
        (side, position) for position in POSITIONS for side in SIDES
    ]
    for number, dataset in enumerate(study):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
        assert dataset.PhotometricInterpretation == SCANNERS[scanner].photometric
        assert dataset.PatientSex == truth.sex == "F"
        assert float(dataset.BodyPartThickness) == pytest.approx(truth.thickness_mm, rel=0.08)


def test_two_makers_are_held_out() -> None:
    assert len(HELD_OUT) == 2
    assert not set(HELD_OUT) & set(FOR_TRAINING)
    assert {four_views.make(n, pixel_mm=0.8, sides=("L",), positions=("CC",)).truth.scanner
            for n in range(8)} == set(FOR_TRAINING)  # fmt: skip


def test_makers_differ_in_how_they_store_right_breasts() -> None:
    for name, maker in SCANNERS.items():
        study, _ = dicom.study(3, scanner=name, pixel_mm=COARSE)
        for dataset in study:
            right = dataset.ImageLaterality == "R" and not maker.flips_right
            assert chest_wall_on_right(dataset) is right
            assert dataset.PatientOrientation[0] == ("P" if right else "A")
            assert ("L" in dataset.PatientOrientation[1]) is (dataset.ImageLaterality == "R")


def chest_wall_on_right(dataset: Dataset) -> bool:
    """Whether there is more breast in the right half of the image."""
    pixels = corrected(dataset)
    half = pixels.shape[1] // 2
    return bool((pixels[:, half:] > 40).sum() > (pixels[:, :half] > 40).sum())


def corrected(dataset: Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """The pixels with dense tissue white."""
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint16]] = dataset.pixel_array
    return 4095 - pixels if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels


def test_no_lesion_and_one_in_each_study_as_the_prevalence_says() -> None:
    assert not any(four_views.planned(seed, prevalence=0)[1] for seed in range(50))
    assert all(four_views.planned(seed, prevalence=1)[1] for seed in range(50))
    some = [bool(four_views.planned(seed, prevalence=0.35)[1]) for seed in range(600)]
    assert 0.29 < np.mean(some) < 0.41


def test_subtler_lesions_where_they_are_asked_for() -> None:
    def mean(subtler: float) -> float:
        drawn = (four_views.planned(n, prevalence=1, subtler=subtler)[1] for n in range(300))
        return float(np.mean([one.subtlety for found in drawn for one in found]))

    assert mean(0) == pytest.approx(0.5, abs=0.06)
    assert mean(1) > 0.7


def test_density_is_drawn_by_age_or_given() -> None:
    drawn = [four_views.planned(seed, prevalence=0)[0] for seed in range(1200)]
    young = np.mean([one.density in {"c", "d"} for one in drawn if one.age < 52])
    old = np.mean([one.density in {"c", "d"} for one in drawn if one.age > 63])
    assert young > old + 0.1
    assert {one.density for one in drawn} == set(DENSITIES)
    assert four_views.planned(1, prevalence=0, density="d")[0].density == "d"
