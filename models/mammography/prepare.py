"""From a mammogram as delivered to the network's input, and the way back.

The breast is found in the pixels, mirrored where its chest wall is on the right, cut out,
and brought to `PIXEL_MM`. Two channels: the area average, and how far the brightest finer
pixel rises above its surroundings, so that specks smaller than a pixel are not lost.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.resample import resample
from models.steps import Image

Floats = NDArray[np.float32]

PIXEL_MM: Final = 0.25  #: of the network's input
ROWS: Final = 832
COLUMNS: Final = 512
FINER: Final = 2  #: the second channel is made of pixels this much smaller
COARSE_MM: Final = 2.0  #: of the grid on which the breast is found
MARGIN_MM: Final = 3.0
SMALLEST_MM2: Final = 1500.0  #: what is smaller is no breast
AROUND: Final = 9  #: pixels of the input: the surroundings of a speck
SPECK_GAIN: Final = 4.0
UNKNOWN_HEIGHT_MM: Final = 230.0  #: of an image that does not tell its pixels' size
RISE: Final = 0.04  #: of the whole range, by which the breast is brighter than air
EDGES: Final = (0.01, 0.995)  #: quantiles of the breast that become nearly 0 and nearly 1


@dataclasses.dataclass(frozen=True, slots=True)
class Placing:
    """How the input lies in the original image.

    `left`, `top`: of the cut-out part in original pixels, after mirroring; `scale`: input
    pixels an original pixel; `mm`: the size of an input pixel in the patient's plane.
    """

    columns: int  #: of the original image
    mirrored: bool
    left: float
    top: float
    scale: float
    mm: float

    def to_original(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (n, 4) of the input, (left, top, right, bottom), in original pixels."""
        out: NDArray[np.float64] = np.asarray(boxes, np.float64) / self.scale
        out = out + np.array([self.left, self.top, self.left, self.top])
        if self.mirrored:
            out[:, [0, 2]] = self.columns - out[:, [2, 0]]
        return out

    def to_input(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes (n, 4) of the original image in pixels of the input."""
        out: NDArray[np.float64] = np.array(boxes, np.float64).reshape(-1, 4)
        if self.mirrored:
            out[:, [0, 2]] = self.columns - out[:, [2, 0]]
        return np.asarray((out - [self.left, self.top, self.left, self.top]) * self.scale)


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """`tensor` (1, 2, 832, 512) float32 in 0..1; `breast` (832, 512): where the breast is."""

    tensor: Floats
    breast: NDArray[np.bool_]
    placing: Placing


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """The breast on a grid of `COARSE_MM`, and the highest value of air."""

    mask: NDArray[np.bool_]
    air: float


def prepare(image: Image) -> Prepared | None:
    """The network's input; None where no breast can be found in the image."""
    pixels = _finite(np.asarray(image.pixels, np.float32))
    spacing = image.spacing[0] if image.spacing else UNKNOWN_HEIGHT_MM / pixels.shape[0]
    ratio = image.spacing[1] / image.spacing[0] if image.spacing else 1.0
    if abs(ratio - 1) > 1e-3:  # noqa: PLR2004 - pixels that are not square
        return None
    found = _breast(pixels, spacing)
    if found is None:
        return None
    half = found.mask.shape[1] // 2
    mirrored = bool(found.mask[:, :half].sum() < found.mask[:, half:].sum())
    if mirrored:  # found again, so that a mirrored image gives the same tensor to the last bit
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        found = _breast(pixels, spacing) or found
    return _ready(pixels, found, spacing, mirrored=mirrored)


def _finite(pixels: Floats) -> Floats:
    if np.isfinite(pixels.sum(dtype=np.float64)):
        return pixels
    good = np.isfinite(pixels)
    lowest = pixels[good].min() if good.any() else np.float32(0)
    return np.where(good, pixels, lowest)


def _breast(pixels: Floats, spacing: float) -> Found | None:
    """The largest connected part that is brighter than air."""
    size = tuple(max(8, round(length * spacing / COARSE_MM)) for length in pixels.shape)
    small = pixels[:: max(1, round(0.4 / spacing)), :: max(1, round(0.4 / spacing))]
    coarse = resample(small, (min(size[0], small.shape[0]), min(size[1], small.shape[1])))
    low, high = np.percentile(coarse, (2, 98))
    if high - low <= 0:
        return None
    air = float(low + RISE * (high - low))
    parts, count = ndimage.label(coarse > air)
    sizes = np.bincount(parts.ravel())[1:]
    if not count or sizes.max() * COARSE_MM**2 < SMALLEST_MM2:
        return None
    whole = ndimage.binary_fill_holes(parts == 1 + int(sizes.argmax()))
    return Found(np.asarray(whole), air)


def _cut(
    mask: NDArray[np.bool_], cell: tuple[float, float], shape: tuple[int, ...], margin: float
) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the breast in pixels, from the chest wall's edge on."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top = max(0, int(rows[0] * cell[0] - margin))
    bottom = min(shape[0], int((rows[-1] + 1) * cell[0] + margin))
    left = max(0, int(columns[0] * cell[1]))
    return top, bottom, left, min(shape[1], int((columns[-1] + 1) * cell[1] + margin))


def _ready(pixels: Floats, found: Found, spacing: float, *, mirrored: bool) -> Prepared:
    """The breast on the network's grid, from its upper left corner on."""
    cell = pixels.shape[0] / found.mask.shape[0], pixels.shape[1] / found.mask.shape[1]
    top, bottom, left, right = _cut(found.mask, cell, pixels.shape, MARGIN_MM / spacing)
    part = pixels[top:bottom, left:right]
    fit = min(
        1.0,
        ROWS * PIXEL_MM / (part.shape[0] * spacing),
        COLUMNS * PIXEL_MM / (part.shape[1] * spacing),
    )
    scale = fit * spacing / PIXEL_MM
    rows, columns = (
        min(limit, max(8, round(length * scale)))
        for length, limit in zip(part.shape, (ROWS, COLUMNS), strict=True)
    )
    breast = _looked_up(found.mask, cell, (top, left), scale, (rows, columns))
    fine = _windowed(resample(part, (FINER * rows, FINER * columns)), breast, found.air)
    tensor = np.zeros((1, 2, ROWS, COLUMNS), np.float32)
    tensor[0, :, :rows, :columns] = channels(fine)
    whole = np.zeros((ROWS, COLUMNS), bool)
    whole[:rows, :columns] = breast
    return Prepared(
        tensor, whole, Placing(pixels.shape[1], mirrored, left, top, scale, PIXEL_MM / fit)
    )


def channels(fine: Floats) -> Floats:
    """(2, rows, columns) of twice as many finer pixels in 0..1: average, and speck."""
    four = fine[::2, ::2], fine[1::2, ::2], fine[::2, 1::2], fine[1::2, 1::2]
    mean = 0.25 * (four[0] + four[1] + four[2] + four[3])
    top = np.maximum(np.maximum(four[0], four[1]), np.maximum(four[2], four[3]))
    around = ndimage.uniform_filter(mean, AROUND, mode="nearest")
    return np.stack([mean, np.clip(SPECK_GAIN * (top - around), 0, 1)])


def _looked_up(
    mask: NDArray[np.bool_], cell: tuple[float, float], corner: tuple[int, int], scale: float,
    size: tuple[int, int],
) -> NDArray[np.bool_]:  # fmt: skip
    """The coarse mask at the middle of each pixel of the input."""
    rows, columns = (
        np.minimum(((np.arange(count) + 0.5) / scale + first) / step, limit - 1).astype(int)
        for count, first, step, limit in zip(size, corner, cell, mask.shape, strict=True)
    )
    return mask[np.ix_(rows, columns)]


def _windowed(fine: Floats, breast: NDArray[np.bool_], air: float) -> Floats:
    """Air to 0, and the breast's own quantiles to 0.06 and 0.9; what is brighter, up to 1."""
    some = fine[::8, ::8]
    inside = some[breast[::4, ::4] & (some > air)]
    low, high = np.quantile(inside, EDGES) if inside.size else (0.0, 1.0)
    width = max(float(high - low), 1e-6)
    share = np.clip(0.06 + (fine - np.float32(low)) * np.float32(0.84 / width), 0, 1)
    return np.asarray(share * (fine > air), np.float32)
