"""From thicknesses of materials to a radiograph: the physics, and the maker's processing.

Arrays are (rows, columns) float32; thicknesses are in cm along the beam.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.scanners import Scanner

Floats = NDArray[np.float32]

#: Linear attenuation per cm at the effective energy of 120 kV behind a patient (about 60 keV).
TISSUE: Final = 0.205
BONE: Final = 0.50
METAL: Final = 4.0
SCATTER_REACH_MM: Final = 40.0
COARSE: Final = 40  #: the scatter is computed on about this many rows
LARGEST: Final = 4095  #: 12 bits


@dataclasses.dataclass(frozen=True, slots=True)
class Thickness:
    """What the beam goes through, in cm of each material, (rows, columns) each."""

    tissue: Floats
    bone: Floats
    metal: Floats


def expose(
    through: Thickness, scanner: Scanner, spacing_mm: float, rng: np.random.Generator
) -> Floats:
    """The detected signal as the logarithm of its reciprocal: larger behind more matter.

    Beer–Lambert for the primary beam; scatter as a share of the blurred primary; Poisson
    noise of the quanta that a pixel of `spacing_mm` detects; the detector's blur.
    """
    primary = np.exp(-_line_integral(through, scanner.kvp))
    share = scanner.scatter / (1 - scanner.scatter)
    detected = primary + share * _spread(primary, spacing_mm)
    quanta = scanner.quanta_per_mm2 * spacing_mm**2
    counted = rng.poisson(detected * quanta).astype(np.float32)
    blurred = ndimage.gaussian_filter(counted, scanner.blur_mm / spacing_mm)
    return np.asarray(-np.log(np.maximum(blurred, 0.5) / quanta), np.float32)


def present(signal: Floats, scanner: Scanner, spacing_mm: float) -> NDArray[np.uint16]:
    """The maker's For Presentation image, 12 bits, larger is brighter: bone is white."""
    fine = signal - ndimage.gaussian_filter(signal, 2.5 / spacing_mm)
    sharp = signal + scanner.edge * fine
    low, high = np.percentile(sharp[::2, ::2], (0.5, 99.5))
    share = np.clip((sharp - low) / max(high - low, 1e-3), 0, 1) ** scanner.gamma
    return np.round(_tone(share, scanner.slope) * LARGEST).astype(np.uint16)


def _line_integral(through: Thickness, kvp: float) -> Floats:
    """Attenuation falls with energy, that of bone and metal (photo effect) faster."""
    soft, hard = (120 / kvp) ** 0.25, (120 / kvp) ** 0.9
    total = TISSUE * soft * through.tissue + BONE * hard * through.bone
    return np.asarray(total + METAL * hard * through.metal, np.float32)


def _spread(primary: Floats, spacing_mm: float) -> Floats:
    """`primary` blurred over `SCATTER_REACH_MM`, on a coarse grid: it has no detail."""
    factor = COARSE / primary.shape[0]
    coarse = ndimage.zoom(primary, factor, order=1, grid_mode=True, mode="nearest")
    blurred = ndimage.gaussian_filter(coarse, SCATTER_REACH_MM / spacing_mm * factor)
    shape = [size / small for size, small in zip(primary.shape, blurred.shape, strict=True)]
    return np.asarray(ndimage.zoom(blurred, shape, order=1, grid_mode=True, mode="nearest"))


def _tone(share: Floats, slope: float) -> Floats:
    """A sigmoid from 0 to 1 through (0.5, 0.5), or a straight line."""
    if not slope:
        return share
    ends = 1 / (1 + np.exp(slope / 2))
    curve = 1 / (1 + np.exp(-slope * (share - 0.5)))
    return np.asarray((curve - ends) / (1 - 2 * ends), np.float32)
