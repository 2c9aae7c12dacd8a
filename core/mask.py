"""The mask of a segment, packed into few bytes and back."""

import zlib

import numpy as np
from numpy.typing import NDArray

LEVEL = 6
BITS = 8


def pack(mask: NDArray[np.bool_]) -> bytes:
    """`mask` (slices, rows, columns): a bit a voxel in C order, the first one highest; zlib."""
    return zlib.compress(np.packbits(mask).tobytes(), LEVEL)


def unpack(bits: bytes, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """What `pack` packed; `ValueError` where it does not hold a mask of that shape."""
    count = shape[0] * shape[1] * shape[2]
    voxels = np.unpackbits(_inflated(bits, shape), count=count)
    return voxels.view(np.bool_).reshape(shape)


def planes(bits: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """(slices, bytes) of what `pack` packed, without making a byte of every voxel.

    Every slice begins a byte of its own and is filled up with zeros, the first voxel of a
    byte highest. `ValueError` as `unpack`.
    """
    if shape[1] * shape[2] % BITS == 0:
        return _inflated(bits, shape).reshape(shape[0], -1)
    flat = unpack(bits, shape).reshape(shape[0], -1)
    return np.packbits(flat, axis=1)


def _inflated(bits: bytes, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """The bytes within `bits`, as many as `shape` takes and never more."""
    limit = (shape[0] * shape[1] * shape[2] + BITS - 1) // BITS
    try:
        data = zlib.decompressobj().decompress(bits, limit) if limit else b""  # 0 is no limit
    except zlib.error as error:
        message = f"the mask cannot be unpacked: {error}"
        raise ValueError(message) from error
    if len(data) != limit:
        message = f"the mask holds {len(data)} bytes, {shape} needs {limit}"
        raise ValueError(message)
    return np.frombuffer(data, np.uint8)
