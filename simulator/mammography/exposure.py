# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""From thicknesses to a mammogram: Beer–Lambert, scatter, quanta, blur, and the maker's processing.

Attenuation per cm at 20 keV after Hammerstein et al. (Radiology 130, 1979): fat 0.456, gland
0.802; calcification about that of hydroxyapatite with pores.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.mammography import texture
from simulator.mammography.scanners import Scanner
from simulator.mammography.tissue import Tissue

Floats = NDArray[np.float32]

FAT: Final = 0.456
GLAND: Final = 0.802
SKIN: Final = 0.80
MUSCLE: Final = 0.82
CALCIUM: Final = 12.0
METAL: Final = 60.0
SCATTER_REACH_MM: Final = 12.0
LARGEST: Final = 4095  #: 12 bits
REFERENCE_KV: Final = 28.0


def line_integral(seen: Tissue, kvp: float) -> Floats:
    """Attenuation of the soft tissue along each ray of the tissue's own grid."""
    fall, steeper = (REFERENCE_KV / kvp) ** 0.9, (REFERENCE_KV / kvp) ** 1.3
    fat = np.clip(seen.height - seen.gland - seen.muscle - seen.skin, 0, None)
    heavy = GLAND * seen.gland + MUSCLE * seen.muscle + SKIN * seen.skin
    return np.asarray(FAT * fall * fat + steeper * heavy, np.float32)


@dataclasses.dataclass(frozen=True, slots=True)
class Beam:
    """What a view is taken with."""

    scanner: Scanner
    kvp: float
    pixel_mm: float  #: of the detector


def expose(
    soft: Floats, calcium: Floats, inside: Floats, beam: Beam, rng: np.random.Generator
) -> Floats:
    """The logarithm of the detected signal's reciprocal, on the detector's grid.

    `soft`: line integral, `calcium`: cm of it, both (rows, columns) of the beam's pixels;
    `inside`: 1 in the breast. Scatter is a share of the blurred primary; the quanta of a
    pixel are many (above 100), so that Poisson's law is a normal one of the same variance.
    """
    scanner, pixel_mm = beam.scanner, beam.pixel_mm
    hard = CALCIUM * (REFERENCE_KV / beam.kvp) ** 2.2
    primary = np.exp(-(soft + hard * calcium))
    share = scanner.scatter / (1 - scanner.scatter)
    detected = primary + share * _spread(primary, inside, pixel_mm)
    typical = float(np.median(detected[::8, ::8][inside[::8, ::8] > 0.5]))
    quanta = scanner.quanta_per_mm2 * pixel_mm**2 / typical
    noise = rng.standard_normal(detected.shape, np.float32)
    counted = detected + noise * np.sqrt(detected / quanta)
    blurred = _near(counted, scanner.blur_mm / pixel_mm)
    return np.asarray(-np.log(np.maximum(blurred, 1e-5)), np.float32)


def present(signal: Floats, missing: Floats, inside: Floats, beam: Beam) -> NDArray[np.uint16]:
    """The maker's For Presentation image, 12 bits, dense is bright, air is 0.

    `missing`: cm of tissue that the rim lacks of the full thickness: peripheral
    equalisation adds a share of it as fat; then edges are enhanced and a tone curve set.
    """
    scanner, pixel_mm = beam.scanner, beam.pixel_mm
    even = signal + scanner.equalise * FAT * missing
    sharp = even + scanner.edge * (even - _smooth(even, 0.5, pixel_mm))
    some = sharp[::4, ::4][(inside[::4, ::4] > 0.5) & (missing[::4, ::4] < 1.0)]
    low, high = np.percentile(some, (1.0, 99.5))
    reach = float(np.clip(high - low, 0.35, 1.2))
    scale = LARGEST / (1.19 * reach)
    level = np.clip((sharp - (float(low) - 0.14 * reach)) * scale, 0, LARGEST).astype(np.uint16)
    return np.asarray(_tone(scanner)[level] * inside + 0.5).astype(np.uint16)


def _tone(scanner: Scanner) -> Floats:
    """The tone curve of all 12-bit levels: a power, then a sigmoid through both ends."""
    share = np.linspace(0, 1, LARGEST + 1) ** scanner.gamma
    if scanner.slope:
        ends = 1 / (1 + np.exp(scanner.slope / 2))
        share = (1 / (1 + np.exp(-scanner.slope * (share - 0.5))) - ends) / (1 - 2 * ends)
    return np.asarray(share * LARGEST, np.float32)


def _near(plane: Floats, sigma: float) -> Floats:
    """Blurred by three taps with a Gaussian's variance, `sigma` pixels (below 1)."""
    side = np.float32(min(sigma, 0.8) ** 2 / 2)
    out = np.array(plane)
    out[1:-1] += side * (plane[:-2] + plane[2:] - 2 * plane[1:-1])
    blurred = np.array(out)
    blurred[:, 1:-1] += side * (out[:, :-2] + out[:, 2:] - 2 * out[:, 1:-1])
    return blurred


def _halved(plane: Floats) -> Floats:
    """Means of two by two pixels."""
    return np.asarray(
        0.25 * (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2])
    )


def _smooth(plane: Floats, sigma_mm: float, pixel_mm: float) -> Floats:
    """Blurred on a grid of twice the step: what is left has no finer detail."""
    blurred = ndimage.gaussian_filter(_halved(plane), sigma_mm / pixel_mm / 2, truncate=2.5)
    return texture.doubled(blurred)


def _spread(primary: Floats, inside: Floats, pixel_mm: float) -> Floats:
    """Scatter: `primary` in the breast, blurred over `SCATTER_REACH_MM`, on a coarse grid."""
    factor = 16
    rows, columns = (size // factor * factor for size in primary.shape)
    blocks = (primary * inside)[:rows, :columns].reshape(rows // factor, factor, -1, factor)
    coarse = ndimage.gaussian_filter(
        blocks.mean((1, 3)), SCATTER_REACH_MM / pixel_mm / factor, mode="nearest"
    )
    for _ in range(4):
        coarse = texture.doubled(coarse)
    gap = [(0, want - have) for want, have in zip(primary.shape, coarse.shape, strict=True)]
    return np.pad(coarse, gap, mode="edge")
