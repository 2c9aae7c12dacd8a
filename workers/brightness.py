"""How bright images are, before a model's preprocessing makes them alike.

For radiographs in shares of the range that their stored bits can hold, after the modality
LUT and turned so that larger is brighter: 0 is the darkest possible value, 1 the brightest,
whatever the window of the header and whether it is MONOCHROME1. For CT in HU / 1000, after
values outside of -1024..3071 (padding, metal) are cut off. The gradient is the mean absolute
difference of two neighbours in a row, in the same unit per pixel of the image as it came.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.steps import Image

ROWS, COLUMNS = 128, 256  #: of an image, evenly spaced, at most about
SLICES: Final = 16  #: that are looked at in a volume
PART: Final = 4  #: one in so many of the rows is taken whole, for the gradient
LOWEST, HIGHEST, THOUSAND = -1024.0, 3071.0, 1000.0  #: HU
SHARES: Final = (5.0, 95.0)  #: percentiles


def of_image(image: Image) -> dict[str, float]:
    """`pixel_mean`, `_sd`, `_p5`, `_p95`, `_gradient` of a radiograph; nothing without a range."""
    if image.ends is None or not image.ends[0] < image.ends[1]:
        return {}
    low, high = image.ends
    points, lines = ((one - low) / (high - low) for one in _thinned(image.pixels, ROWS))
    return _told(points, lines)


def of_volume(voxels: NDArray[Any]) -> dict[str, float]:
    """The same of (slices, rows, columns) of HU."""
    chosen = np.linspace(0, len(voxels) - 1, min(SLICES, len(voxels))).round().astype(int)
    parts = [_thinned(voxels[n], ROWS // PART) for n in chosen]
    points, lines = (
        np.clip(np.concatenate([part[k] for part in parts]), LOWEST, HIGHEST) / THOUSAND
        for k in (0, 1)
    )
    return _told(points, lines)


def mean(several: list[Mapping[str, float]]) -> dict[str, float]:
    """Name by name, over those that have it."""
    names = {name for one in several for name in one}
    found = {name: [one[name] for one in several if name in one] for name in sorted(names)}
    return {name: float(np.mean(values)) for name, values in found.items()}


def _thinned(pixels: NDArray[Any], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points evenly over `count` rows of the image (n,), and some of these rows (rows, columns).

    The latter are for the gradient: neighbours must stay neighbours.
    """
    down, across = (
        max(1, round(size / most))
        for size, most in zip(pixels.shape, (count, COLUMNS), strict=True)
    )
    rows = pixels[down // 2 :: down]
    points = rows[:, across // 2 :: across].astype(np.float64).ravel()
    return points, rows[::PART].astype(np.float64)


def _told(points: NDArray[np.float64], lines: NDArray[np.float64]) -> dict[str, float]:
    """Points without a number are left out; nothing where none is left."""
    points = points[np.isfinite(points)]
    if not len(points):
        return {}
    low, high = np.percentile(points, SHARES)
    found = {
        "pixel_mean": points.mean(), "pixel_sd": points.std(),
        "pixel_p5": low, "pixel_p95": high,
    }  # fmt: skip
    if lines.shape[-1] > 1:
        found["pixel_gradient"] = np.abs(np.diff(lines, axis=-1)).mean()
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}
