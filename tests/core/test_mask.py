"""Masks: back as they were, refused where they are not what they say."""

import zlib

import hypothesis.extra.numpy as st_numpy
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import mask

sizes = st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 17))
masks = sizes.flatmap(lambda shape: st_numpy.arrays(np.bool_, shape))


@given(voxels=masks)
def test_a_mask_comes_back_as_it_was(voxels: npt.NDArray[np.bool_]) -> None:
    assert np.array_equal(mask.unpack(mask.pack(voxels), voxels.shape), voxels)


@given(voxels=masks)
def test_planes_hold_a_slice_each(voxels: npt.NDArray[np.bool_]) -> None:
    slices, rows, columns = voxels.shape
    planes = mask.planes(mask.pack(voxels), (slices, rows, columns))
    assert planes.shape == (slices, (rows * columns + 7) // 8)
    bits = np.unpackbits(planes, axis=1)
    assert np.array_equal(bits[:, : rows * columns], voxels.reshape(slices, -1))
    assert not bits[:, rows * columns :].any()


def test_the_first_voxel_is_the_highest_bit() -> None:
    voxels = np.zeros((1, 1, 8), np.bool_)
    voxels[0, 0, 0] = True
    assert mask.planes(mask.pack(voxels), (1, 1, 8)).tolist() == [[128]]


@pytest.mark.parametrize("bits", [b"", b"no mask", zlib.compress(b"\0"), zlib.compress(b"")])
def test_what_is_no_mask_of_that_shape_is_refused(bits: bytes) -> None:
    for read in (mask.unpack, mask.planes):
        with pytest.raises(ValueError, match="the mask"):
            read(bits, (2, 8, 8))


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(b"\xff" * 50_000_000)
    assert mask.unpack(bomb, (1, 2, 4)).all()
