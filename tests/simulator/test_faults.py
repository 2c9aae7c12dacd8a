import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from simulator import dx
from simulator.faults import FAULTS, contrast, dead_lines, shifted_exposure, wrong_photometric
from tests.services.validators import dciodvfy

SIZE = 96


@pytest.fixture(scope="module", params=["fjell", "fjord"])
def image(request: Any) -> Dataset:
    """One image of each photometric interpretation."""
    (dataset,), _ = dx.study(3, scanner=request.param, size=SIZE)
    return dataset


def shown(dataset: Dataset) -> np.ndarray[Any, np.dtype[Any]]:
    """The pixels as they are looked at: larger is brighter."""
    pixels = dataset.pixel_array.astype(float)
    return 4095 - pixels if dataset.PhotometricInterpretation == "MONOCHROME1" else pixels


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_changes_a_copy_and_no_identity(name: str, image: Dataset, tmp_path: Path) -> None:
    before = copy.deepcopy(image)
    faulty = FAULTS[name](image)
    assert image == before
    assert faulty.SOPInstanceUID == image.SOPInstanceUID
    assert faulty.pixel_array.shape == image.pixel_array.shape
    assert not np.array_equal(shown(faulty), shown(image))
    assert FAULTS[name](image) == faulty
    path = tmp_path / "image.dcm"
    faulty.save_as(path, enforce_file_format=True)
    verdict = dciodvfy(path)
    assert verdict, verdict.output


@pytest.mark.parametrize("change", [-0.08, -0.2])
def test_contrast_falls_by_that_much(change: float, image: Dataset) -> None:
    spread, less = (np.std(shown(one)) for one in (image, contrast(image, change)))
    assert less / spread == pytest.approx(1 + change, abs=0.002)
    assert np.median(shown(contrast(image, change))) == pytest.approx(
        np.median(shown(image)), abs=1
    )


def test_dead_lines_are_white_columns_and_stay_where_they_are(image: Dataset) -> None:
    faulty = dead_lines(image)
    changed = (shown(faulty) != shown(image)).any(axis=0)
    assert 4 <= changed.sum() <= 10
    assert (shown(faulty)[:, changed] == 4095).all()
    (other,), _ = dx.study(
        10, scanner={"Fjell": "fjell", "Fjord": "fjord"}[image.Manufacturer.split()[0]], size=SIZE
    )
    if other.Columns == image.Columns:
        same = (shown(dead_lines(other)) == 4095).all(axis=0)
        assert same[changed].all()


def test_the_wrong_photometric_interpretation_inverts(image: Dataset) -> None:
    np.testing.assert_array_equal(shown(wrong_photometric(image)), 4095 - shown(image))
    assert wrong_photometric(wrong_photometric(image)) == image


def test_a_shifted_exposure_is_darker_and_stays_in_range(image: Dataset) -> None:
    faulty = shown(shifted_exposure(image, 0.1))
    assert faulty.min() >= 0
    inside = shown(image) > 0.12 * 4095
    np.testing.assert_allclose((shown(image) - faulty)[inside], 409.5, atol=1)
    assert shown(shifted_exposure(image, -0.1)).mean() > shown(image).mean()
