"""The preprocessing vocabulary: from an image's pixels to a network's input tensor.

Pure numpy. Points are (column, row) with 0,0 at the outer corner of the top left
pixel, as in `core.domain.finding.Region`; arrays are indexed (row, column).
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.manifest import Pad, PercentileWindow, Resize, Standardise, Step, Window
from models.resample import resample

Floats = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """One image as a model reads it.

    `pixels`: float32 (rows, columns) after the modality LUT, larger is brighter as on
    MONOCHROME2. `spacing`: mm between pixel centres (row, column), None where unknown.
    `ends`: the smallest and the largest value that a pixel could have, None where unknown.
    """

    pixels: Floats
    spacing: tuple[float, float] | None = None
    ends: tuple[float, float] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Geometry:
    """How points of the input tensor lie in the original image.

    input = original * `scale` + `offset`, each (column, row); `rows` and `columns`
    are those of the original image, in pixels.
    """

    rows: int
    columns: int
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def to_input(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 2) points (column, row) of the original image, in pixels of the input."""
        return np.asarray(points, np.float64) * self.scale + self.offset

    def to_original(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 2) points (column, row) of the input, in pixels of the original, not clipped."""
        return (np.asarray(points, np.float64) - self.offset) / self.scale


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """A tensor (1, 1, rows, columns) float32, and the way back from it."""

    tensor: NDArray[np.float32]
    geometry: Geometry


def prepare(image: Image, steps: Sequence[Step]) -> Prepared:
    """Apply `steps` in order. Values that are not finite count as the smallest finite one."""
    pixels = _finite(np.asarray(image.pixels, np.float32))
    geometry = Geometry(*pixels.shape)
    for step in steps:
        pixels, geometry = _apply(step, pixels, geometry)
    return Prepared(np.ascontiguousarray(pixels[None, None], np.float32), geometry)


def _apply(step: Step, pixels: Floats, geometry: Geometry) -> tuple[Floats, Geometry]:
    match step:
        case Resize():
            return _resize(step, pixels, geometry)
        case Pad():
            return _pad(step, pixels, geometry)
        case PercentileWindow():
            low, high = np.percentile(pixels, (step.low, step.high))
            return _window(pixels, float(low), float(high)), geometry
        case Window():
            return _window(pixels, step.low, step.high), geometry
        case Standardise():
            return _standardise(step, pixels), geometry


def _finite(pixels: Floats) -> Floats:
    if np.isfinite(pixels.sum(dtype=np.float64)):
        return pixels
    good = np.isfinite(pixels)
    lowest = pixels[good].min() if good.any() else np.float32(0)
    return np.where(good, pixels, lowest)


def _resize(step: Resize, pixels: Floats, geometry: Geometry) -> tuple[Floats, Geometry]:
    rows, columns = pixels.shape
    scale = min(step.size[0] / rows, step.size[1] / columns)
    size = max(1, round(rows * scale)), max(1, round(columns * scale))
    factors = (size[1] / columns, size[0] / rows)
    geometry = dataclasses.replace(
        geometry,
        scale=(geometry.scale[0] * factors[0], geometry.scale[1] * factors[1]),
        offset=(geometry.offset[0] * factors[0], geometry.offset[1] * factors[1]),
    )
    return resample(pixels, size), geometry


def _pad(step: Pad, pixels: Floats, geometry: Geometry) -> tuple[Floats, Geometry]:
    missing = [wanted - found for wanted, found in zip(step.size, pixels.shape, strict=True)]
    if min(missing) < 0:
        message = f"an image of {pixels.shape} cannot be padded to {step.size}: resize it first"
        raise ValueError(message)
    before = [gap // 2 for gap in missing]
    widths = [(first, gap - first) for first, gap in zip(before, missing, strict=True)]
    offset = (geometry.offset[0] + before[1], geometry.offset[1] + before[0])
    padded = np.pad(pixels, widths, constant_values=step.value)
    return padded, dataclasses.replace(geometry, offset=offset)


def _window(pixels: Floats, low: float, high: float) -> Floats:
    width = max(high - low, float(np.finfo(np.float32).eps) * max(1.0, abs(high)))
    return np.asarray(np.clip((pixels - np.float32(low)) / np.float32(width), 0, 1), np.float32)


def _standardise(step: Standardise, pixels: Floats) -> Floats:
    mean = float(pixels.mean()) if step.mean is None else step.mean
    std = float(pixels.std()) if step.std is None else step.std
    return (pixels - np.float32(mean)) / np.float32(std or 1.0)
