"""The mask of a segment, packed into few bytes and back."""

import zlib

import numpy as np
from numpy.typing import NDArray

LEVEL = 6


def pack(mask: NDArray[np.bool_]) -> bytes:
    """`mask` (slices, rows, columns): a bit a voxel in C order, the first one highest; zlib."""
    return zlib.compress(np.packbits(mask).tobytes(), LEVEL)


def unpack(bits: bytes, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """What `pack` packed; `ValueError` where it does not hold a mask of that shape."""
    count = shape[0] * shape[1] * shape[2]
    limit = (count + 7) // 8
    try:
        data = zlib.decompressobj().decompress(bits, limit)
    except zlib.error as error:
        message = f"the mask cannot be unpacked: {error}"
        raise ValueError(message) from error
    if len(data) != limit:
        message = f"the mask holds {len(data)} bytes, {shape} needs {limit}"
        raise ValueError(message)
    return np.unpackbits(np.frombuffer(data, np.uint8), count=count).astype(bool).reshape(shape)
