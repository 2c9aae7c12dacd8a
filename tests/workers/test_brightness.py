import numpy as np
import pytest

from models.steps import Image
from simulator import faults, studies
from tests.workers.instances import image, ramp
from workers import brightness, pixels
from workers.brightness import of_image, of_volume

RANGE = (0.0, 4095.0)


def test_shares_of_the_range_that_the_bits_can_hold() -> None:
    values = np.linspace(0, 4095, 1024 * 300, dtype=np.float32).reshape(1024, 300)
    found = of_image(Image(values, ends=RANGE))
    assert found["pixel_mean"] == pytest.approx(0.5, abs=4e-3)
    assert found["pixel_sd"] == pytest.approx(1 / np.sqrt(12), abs=1e-3)
    assert found["pixel_p5"] == pytest.approx(0.05, abs=4e-3)
    assert found["pixel_p95"] == pytest.approx(0.95, abs=4e-3)
    assert found["pixel_gradient"] == pytest.approx(1 / (1024 * 300), rel=0.01)


def test_the_same_picture_says_the_same_in_either_photometric_interpretation() -> None:
    values = ramp(40, 60) // 3
    one = of_image(pixels.read(image(values, stored=12)))
    other = of_image(pixels.read(image(4095 - values, stored=12, photometric="MONOCHROME1")))
    assert one == pytest.approx(other, abs=1e-6)
    assert one["pixel_mean"] < 0.2


def test_window_and_bits_of_the_header_do_not_confuse_the_range() -> None:
    values = ramp(40, 60)
    twelve = of_image(pixels.read(image(values, stored=12)))
    windowed = image(values, stored=12, tags={"WindowCenter": "500", "WindowWidth": "100"})
    assert of_image(pixels.read(windowed)) == twelve
    fourteen = of_image(pixels.read(image(values, stored=14)))
    assert fourteen["pixel_mean"] == pytest.approx(twelve["pixel_mean"] / 4, rel=0.01)


def test_a_rescale_moves_the_range_with_the_pixels() -> None:
    values = ramp(40, 60)
    plain = of_image(pixels.read(image(values, stored=12)))
    for slope, intercept in (("2", "-1000"), ("0.5", "7")):
        scaled = image(
            values, stored=12, tags={"RescaleSlope": slope, "RescaleIntercept": intercept}
        )
        assert of_image(pixels.read(scaled)) == pytest.approx(plain, abs=1e-5)
    turned = image(values, stored=12, tags={"RescaleSlope": "-1", "RescaleIntercept": "4095"})
    assert of_image(pixels.read(turned))["pixel_mean"] == pytest.approx(0.5, abs=0.01)


def test_a_subsample_says_what_the_whole_image_says() -> None:
    (dataset,), _ = studies.study("chest", 3, scanner="fjell", size=1024)
    whole = pixels.read(dataset)
    found = of_image(whole)
    shares = whole.pixels / 4095
    assert found["pixel_mean"] == pytest.approx(shares.mean(), abs=0.003)
    assert found["pixel_sd"] == pytest.approx(shares.std(), abs=0.003)
    gradient = np.abs(np.diff(shares, axis=1)).mean()
    assert found["pixel_gradient"] == pytest.approx(gradient, rel=0.03)


def test_a_change_of_contrast_shows_though_the_model_does_not_see_it() -> None:
    (dataset,), _ = studies.study("chest", 3, scanner="fjell", size=512)
    before = of_image(pixels.read(dataset))
    after = of_image(pixels.read(faults.contrast(dataset, -0.2)))
    assert after["pixel_sd"] == pytest.approx(0.8 * before["pixel_sd"], rel=0.01)
    assert after["pixel_gradient"] == pytest.approx(0.8 * before["pixel_gradient"], rel=0.02)
    darker = of_image(pixels.read(faults.shifted_exposure(dataset)))
    assert darker["pixel_mean"] == pytest.approx(before["pixel_mean"] - 0.12, abs=0.02)


def test_a_volume_is_in_thousands_of_hu_without_padding_and_metal() -> None:
    voxels = np.full((40, 64, 64), 50, np.int16)
    voxels[:, :, 32:] = -3000
    voxels[:, :2] = 30_000
    found = of_volume(voxels)
    assert found["pixel_p5"] == pytest.approx(-1.024)
    assert found["pixel_p95"] == pytest.approx(0.05)
    edge = 1.074 * 62 / 64 / 63 + 4.095 * 2 / 64 / 63 * (3.071 + 1.024 > 4)
    assert found["pixel_gradient"] <= edge


def test_what_has_no_range_or_no_numbers_says_nothing() -> None:
    assert of_image(Image(np.zeros((4, 4), np.float32))) == {}
    assert of_image(Image(np.zeros((4, 4), np.float32), ends=(1.0, 1.0))) == {}
    assert of_image(Image(np.full((4, 4), np.nan, np.float32), ends=RANGE)) == {}
    one = of_image(Image(np.ones((1, 1), np.float32), ends=RANGE))
    assert set(one) == {"pixel_mean", "pixel_sd", "pixel_p5", "pixel_p95"}


def test_several_images_of_a_study_are_averaged_name_by_name() -> None:
    assert brightness.mean([{"a": 1.0, "b": 2.0}, {"a": 3.0}]) == {"a": 2.0, "b": 2.0}
    assert brightness.mean([]) == {}
