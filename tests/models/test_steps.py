import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.manifest import Manifest, Pad, PercentileWindow, Resize, Standardise, Window
from models.steps import Image, prepare

sides = st.integers(8, 400)


def steps(size: int) -> tuple[Resize, Pad]:
    return Resize(op="resize", size=(size, size)), Pad(op="pad", size=(size, size))


@given(rows=sides, columns=sides, size=st.integers(16, 128))
def test_a_point_comes_back_from_the_input(rows: int, columns: int, size: int) -> None:
    ready = prepare(Image(np.zeros((rows, columns), np.float32)), steps(size))
    assert ready.tensor.shape == (1, 1, size, size)
    corners = np.array([[0, 0], [columns, 0], [columns / 3, rows / 2], [columns, rows]])
    there = ready.geometry.to_input(corners)
    assert there.min() >= -1e-6
    assert there.max() <= size + 1e-6
    np.testing.assert_allclose(ready.geometry.to_original(there), corners, atol=1e-6)


@given(row=st.integers(2, 117), column=st.integers(2, 77))
def test_a_bright_spot_stays_where_the_geometry_says(row: int, column: int) -> None:
    pixels = np.zeros((120, 80), np.float32)
    pixels[row, column] = 1
    ready = prepare(Image(pixels), steps(60))
    found = np.unravel_index(int(ready.tensor[0, 0].argmax()), (60, 60))
    wanted = ready.geometry.to_input(np.array([[column + 0.5, row + 0.5]]))[0]
    assert abs(found[1] + 0.5 - wanted[0]) <= 1
    assert abs(found[0] + 0.5 - wanted[1]) <= 1


def test_windows_map_to_0_and_1() -> None:
    pixels = np.linspace(0, 100, 101, dtype=np.float32).reshape(1, -1)
    whole = prepare(Image(pixels), [PercentileWindow(op="percentile_window", low=0, high=100)])
    np.testing.assert_allclose(whole.tensor.ravel(), pixels.ravel() / 100, atol=1e-6)
    part = prepare(Image(pixels), [Window(op="window", low=40, high=60)]).tensor.ravel()
    assert part[40] == 0
    assert part[50] == pytest.approx(0.5)
    assert part[60:].min() == 1


def test_standardise_takes_the_own_mean_where_none_is_given() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensor = prepare(Image(pixels), [Standardise(op="standardise")]).tensor
    assert tensor.mean() == pytest.approx(0, abs=1e-6)
    assert tensor.std() == pytest.approx(1, abs=1e-5)


def test_an_even_image_and_one_with_holes_are_finite(chest: Manifest) -> None:
    even = np.full((50, 40), 7, np.float32)
    holes = even.copy()
    holes[3, 4], holes[5, 6] = np.nan, np.inf
    for pixels in (even, holes):
        tensor = prepare(Image(pixels), chest.input.step).tensor
        assert tensor.shape == (1, 1, 384, 384)
        assert np.isfinite(tensor).all()


def test_an_image_too_large_to_pad_is_refused() -> None:
    with pytest.raises(ValueError, match="resize it first"):
        prepare(Image(np.zeros((9, 9), np.float32)), [Pad(op="pad", size=(4, 4))])
