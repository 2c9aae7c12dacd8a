import numpy as np
import pytest

from models.windows import windows


@pytest.mark.parametrize("shape", [(10, 10, 10), (33, 8, 50), (1, 1, 1), (16, 16, 17)])
def test_the_cores_cover_everything_once(shape: tuple[int, int, int]) -> None:
    count = np.zeros(shape, int)
    for window in windows(shape, (16, 12, 16), (4, 2, 0)):
        count[window.place] += 1
    assert (count == 1).all()


def test_what_is_kept_lies_a_margin_within_the_window() -> None:
    for window in windows((40, 40, 40), (16, 16, 16), (3, 4, 5)):
        for kept, rim, size in zip(window.kept, (3, 4, 5), window.size, strict=True):
            assert kept.start == rim
            assert kept.stop <= size - rim


def test_stitched_windows_are_the_whole() -> None:
    whole = np.random.default_rng(3).random((30, 21, 44))
    padded = np.pad(whole, 16)
    made = np.zeros_like(whole)
    for window in windows((30, 21, 44), (16, 16, 16), (4, 4, 4)):
        part = padded[
            tuple(slice(n + 16, n + 16 + s) for n, s in zip(window.start, window.size, strict=True))
        ]
        made[window.place] = part[window.kept]
    assert np.array_equal(made, whole)


def test_windows_without_a_core_are_refused() -> None:
    with pytest.raises(ValueError, match="no core"):
        list(windows((9, 9, 9), (8, 8, 8), (4, 0, 0)))
