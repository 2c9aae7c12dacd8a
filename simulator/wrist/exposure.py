"""From thicknesses to an extremity radiograph: the physics at 50 to 60 kV, and the processing.

Arrays are (rows, columns) float32; thicknesses are in mm along the beam.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.wrist.scanners import Scanner
from simulator.wrist.solids import Floats

REFERENCE_KEV: Final = 35.0  #: effective energy to which the coefficients below belong
#: Attenuation per mm: what falls slowly with energy (scattering) and as E⁻³ (photo effect).
TISSUE: Final = (0.0195, 0.0115)
BONE: Final = (0.034, 0.135)
METAL: Final = (0.08, 1.9)
SCATTER_REACH_MM: Final = 14.0
LARGEST: Final = 4095  #: 12 bits
SHUTTER: Final = 0.5  #: what gets less of the beam than this is made black
LEAK: Final = 0.012  #: transmission of the collimator's jaws


@dataclasses.dataclass(frozen=True, slots=True)
class Thickness:
    """What the beam goes through, in mm of each material, (rows, columns) each."""

    tissue: Floats
    bone: Floats
    metal: Floats


def effective_kev(kvp: float) -> float:
    """The effective energy behind a limb of a beam of so many kV."""
    return 12.0 + 0.42 * kvp


def line_integral(through: Thickness, kvp: float) -> Floats:
    """The exponent of Beer–Lambert's law, dimensionless."""
    ratio = REFERENCE_KEV / effective_kev(kvp)
    slow, fast = ratio**0.4, ratio**3
    total = np.zeros_like(through.tissue)
    for (scattering, photo), matter in (
        (TISSUE, through.tissue), (BONE, through.bone), (METAL, through.metal),
    ):  # fmt: skip
        total += np.float32(scattering * slow + photo * fast) * matter
    return total


def expose(
    through: Thickness,
    beam: Floats,
    scanner: Scanner,
    spacing_mm: float,
    rng: np.random.Generator,
    *,
    dose: float = 1.0,
) -> Floats:
    """The detected signal as the logarithm of its reciprocal: larger behind more matter.

    `beam` is the share of the primary beam that the collimator lets to each pixel.
    """
    primary = beam * np.exp(-line_integral(through, scanner.kvp))
    share = scanner.scatter / (1 - scanner.scatter)
    detected = primary + share * _spread(primary, SCATTER_REACH_MM / spacing_mm)
    quanta = scanner.quanta_per_mm2 * spacing_mm**2 * dose
    mean = np.maximum(detected * quanta, 0.0)
    # many quanta a pixel: Poisson's law is the normal one
    counted = mean + np.sqrt(mean) * rng.standard_normal(mean.shape, np.float32)
    blurred = ndimage.gaussian_filter(counted, np.hypot(scanner.blur_mm / spacing_mm, 0.35))
    return np.asarray(-np.log(np.maximum(blurred, 1.0) / quanta), np.float32)


def present(
    signal: Floats, beam: Floats, scanner: Scanner, spacing_mm: float
) -> NDArray[np.uint16]:
    """The maker's For Presentation image, 12 bits, larger is brighter: bone is white."""
    field = beam > SHUTTER
    level = float(np.median(signal[::4, ::4][field[::4, ::4]]))
    calm = np.asarray(np.minimum(signal, level + 2.5), np.float32)
    slow = _spread(calm - level, 7.0 / spacing_mm)
    fine = signal - ndimage.gaussian_filter(signal, 0.9 / spacing_mm)
    sharp = signal - scanner.equalise * slow + scanner.edge * np.clip(fine, -0.4, 0.4)
    low, high = np.percentile(sharp[::3, ::3][field[::3, ::3]], (0.5, 99.6))
    share = np.clip((sharp - low) / max(high - low, 1e-3), 0, 1) ** np.float32(scanner.gamma)
    pixels = np.round(_tone(share, scanner.slope) * LARGEST).astype(np.uint16)
    pixels[~field] = 0
    return pixels


def _spread(plane: Floats, sigma: float) -> Floats:
    """`plane` blurred by many pixels, on a coarser grid: it has no detail."""
    step = max(1, int(sigma / 2.5))
    rows, columns = (-(-size // step) * step for size in plane.shape)
    padded = np.pad(plane, ((0, rows - plane.shape[0]), (0, columns - plane.shape[1])), "edge")
    coarse = padded.reshape(rows // step, step, columns // step, step).mean(axis=(1, 3))
    blurred = ndimage.gaussian_filter(coarse, sigma / step, mode="nearest")
    fine = ndimage.zoom(blurred, step, order=1, grid_mode=True, mode="nearest")
    return np.asarray(fine[: plane.shape[0], : plane.shape[1]], np.float32)


def _tone(share: Floats, slope: float) -> Floats:
    """A sigmoid from 0 to 1 through (0.5, 0.5), or a straight line."""
    if not slope:
        return share
    ends = 1 / (1 + np.exp(slope / 2))
    curve = 1 / (1 + np.exp(-slope * (share - 0.5)))
    return np.asarray((curve - ends) / (1 - 2 * ends), np.float32)
