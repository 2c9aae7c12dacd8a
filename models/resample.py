"""Another number of pixels for the same image, without aliasing, in numpy alone."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def resample(pixels: Floats, size: tuple[int, int]) -> Floats:
    """`pixels` (rows, columns) as float32 of `size` (rows, columns).

    Each axis that shrinks is averaged over exact areas, also of parts of pixels; one
    that grows is interpolated linearly between pixel centres. Outer edges stay in place.
    """
    rows = _axis0(np.asarray(pixels, np.float32), size[0])
    return np.ascontiguousarray(_axis0(rows.T, size[1]).T)


def _axis0(pixels: Floats, size: int) -> Floats:
    if size == pixels.shape[0]:
        return pixels
    return _average(pixels, size) if size < pixels.shape[0] else _interpolate(pixels, size)


def _average(pixels: Floats, size: int) -> Floats:
    """Area average along axis 0: whole pixels by `reduceat`, then the parts at both edges."""
    count = pixels.shape[0]
    edges = np.arange(size + 1) * (count / size)
    whole = np.minimum(edges.astype(np.intp), count - 1)
    parts = (edges - whole).astype(np.float32)[:, None]
    sums = np.add.reduceat(pixels, whole[:-1], axis=0)
    shares = pixels[whole] * parts
    # the last cell of `reduceat` runs to the end: its edge is a whole pixel already counted
    shares[-1] = 0
    return np.asarray((sums - shares[:-1] + shares[1:]) * np.float32(size / count), np.float32)


def _interpolate(pixels: Floats, size: int) -> Floats:
    """Linear interpolation along axis 0 at the new pixel centres; edges are repeated."""
    count = pixels.shape[0]
    centres = np.clip((np.arange(size) + 0.5) * (count / size) - 0.5, 0, count - 1)
    first = np.minimum(centres.astype(np.intp), max(count - 2, 0))
    share = (centres - first).astype(np.float32)[:, None]
    second = np.minimum(first + 1, count - 1)
    return np.asarray(pixels[first] * (1 - share) + pixels[second] * share, np.float32)
