"""The simulated chest CT as DICOM: complete, clean, and lying where it says."""

import dataclasses
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.ct import body, dicom
from simulator.ct.dicom import Wanted, study
from tests.services.validators import dciodvfy

QUICK: dict[str, Any] = {
    "scanner": "vidde",
    "size": 96,
    "phantom_mm": 4.0,
    "thickness": 5.0,
    "increment": 10.0,
    "wanted": Wanted(nodules=(24.0,), effusions=(0.0, 0.0)),
}


@pytest.fixture(autouse=True, scope="module")
def _bodies_are_made_once() -> Iterator[None]:
    """A body is the same for the same arguments: making it once is enough here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "build", functools.cache(body.build))
        yield


def brightest(datasets: list[Any], near: tuple[float, float, float]) -> float:
    """The HU of the voxel nearest to an LPS point, by the header of the slices alone."""
    best = min(datasets, key=lambda one: _distance(one, near))
    column, row = _pixel(best, near)
    return float(best.pixel_array[round(row), round(column)]) * float(best.RescaleSlope) + float(
        best.RescaleIntercept
    )


def _pixel(dataset: Any, point: tuple[float, float, float]) -> tuple[float, float]:
    axes = np.array(dataset.ImageOrientationPatient, float)
    gap = np.subtract(point, np.array(dataset.ImagePositionPatient, float))
    column = float(gap @ axes[:3]) / float(dataset.PixelSpacing[1])
    return column, float(gap @ axes[3:]) / float(dataset.PixelSpacing[0])


def _distance(dataset: Any, point: tuple[float, float, float]) -> float:
    axes = np.array(dataset.ImageOrientationPatient, float)
    normal = np.cross(axes[:3], axes[3:])
    return abs(float(np.subtract(point, np.array(dataset.ImagePositionPatient, float)) @ normal))


WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "mirrored": {"mirrored": (True, True)},
    "feet first": {"feet_first": True},
    "tilted": {"tilt": 15.0},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_nodule_is_where_the_headers_and_the_truth_say(way: str) -> None:
    datasets, truth = study(12, **QUICK, **WAYS[way])
    assert len(truth.nodules) == 1
    assert brightest(datasets, truth.nodules[0].centre) > -250


def test_a_tilted_series_says_so_and_is_sheared() -> None:
    datasets, _ = study(12, **QUICK, tilt=15.0)
    first, second = datasets[:2]
    assert float(first.GantryDetectorTilt) == 15
    step = np.subtract(second.ImagePositionPatient, first.ImagePositionPatient)
    assert np.allclose(np.abs(step), [0, 0, 10], atol=1e-3)
    axes = np.array(first.ImageOrientationPatient, float)
    assert abs(np.cross(axes[:3], axes[3:])[2]) == pytest.approx(np.cos(np.radians(15)), abs=1e-4)


def test_feet_first_slices_come_from_the_feet() -> None:
    head, feet = (study(12, **QUICK, feet_first=one)[0] for one in (False, True))
    assert head[0].PatientPosition == "HFS"
    assert head[0].ImagePositionPatient[2] > head[-1].ImagePositionPatient[2]
    assert feet[0].PatientPosition == "FFS"
    assert feet[0].ImagePositionPatient[2] < feet[-1].ImagePositionPatient[2]


def test_missing_slices_are_missing() -> None:
    whole, _ = study(12, **QUICK)
    some, truth = study(12, **QUICK, missing=(3, 7))
    assert truth.missing == (3, 7)
    gone = {one.SOPInstanceUID for one in whole} - {one.SOPInstanceUID for one in some}
    assert gone == {whole[len(whole) - 1 - n].SOPInstanceUID for n in (3, 7)}


def test_another_kernel_changes_the_noise_and_nothing_else() -> None:
    soft, truth = study(12, **QUICK, kernel="soft")
    sharp, other = study(12, **QUICK, kernel="sharp")
    assert truth.kernel == "soft"
    assert dataclasses.replace(other, kernel="soft") == truth
    assert soft[0].ConvolutionKernel != sharp[0].ConvolutionKernel
    middle = len(soft) // 2
    smooth, rough = (np.diff(one[middle].pixel_array.astype(float)).std() for one in (soft, sharp))
    assert rough > 1.1 * smooth


def test_seed_and_salt_decide_everything() -> None:
    (one, *_), truth = study(13, **QUICK)
    (same, *_), again = study(13, **QUICK)
    (salted, *_), _ = study(13, **QUICK, salt="b")
    assert one.SOPInstanceUID == same.SOPInstanceUID
    assert one.PixelData == same.PixelData
    assert truth == again
    assert salted.SOPInstanceUID != one.SOPInstanceUID
    assert salted.PixelData == one.PixelData


def test_the_truth_is_plain_data_and_not_in_the_headers() -> None:
    datasets, truth = study(12, **QUICK)
    assert json.loads(json.dumps(dataclasses.asdict(truth)))["nodules"][0]["long_mm"] > 10
    assert "nodule" not in str(datasets[0]).lower()


@pytest.mark.parametrize("way", ["plain", "tilted"])
@pytest.mark.parametrize("scanner", ["vidde", "isbre"])
def test_the_validator_finds_no_error(tmp_path: Path, scanner: str, way: str) -> None:
    datasets, _ = study(12, **{**QUICK, "scanner": scanner}, **WAYS[way])
    path = tmp_path / "one.dcm"
    datasets[0].save_as(path, enforce_file_format=True)
    verdict = dciodvfy(path)
    assert verdict, verdict.output


def test_voxels_are_hounsfield_units_with_signed_pixels() -> None:
    datasets, _ = study(12, **QUICK)
    hu = np.stack([one.pixel_array + float(one.RescaleIntercept) for one in datasets])
    assert hu.min() == pytest.approx(-1000, abs=250)
    assert 300 < hu.max() < 3072
    assert datasets[0].PixelRepresentation == 1
    assert float(datasets[0].RescaleIntercept) == dicom.INTERCEPT
