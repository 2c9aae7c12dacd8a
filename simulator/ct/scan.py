"""What a scanner makes of a body: slices with a thickness, a kernel's sharpness and noise."""

import dataclasses
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.ct.grid import Floats, Grid
from simulator.ct.scanners import KERNELS, Kernel, Scanner

AIR: Final = -1000.0
PADDING: Final = -3024  #: HU of what lies outside a round field of view
PROFILE: Final = 5  #: samples through the thickness of a tilted slice
WATER_PER_MM: Final = 0.0095  #: half the attenuation of water: what its thickness does to noise
TYPICAL_MM: Final = 280.0  #: of water, for which a scanner's noise is given


@dataclasses.dataclass(frozen=True, slots=True)
class Geometry:
    """How the slices lie. Pixel centres are at `origin` + slice * `step` + row * `down` +
    column * `right`, all LPS in mm.
    """

    origin: NDArray[np.float64]
    step: NDArray[np.float64]
    down: NDArray[np.float64]
    right: NDArray[np.float64]
    shape: tuple[int, int, int]  #: slices, rows, columns
    thickness: float
    tilt: float  #: of the gantry, degrees

    @property
    def spacing(self) -> tuple[float, float]:
        """Between rows and between columns, mm."""
        return float(np.linalg.norm(self.down)), float(np.linalg.norm(self.right))


def lay(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    pixel: float,
    size: int,
    thickness: float,
    increment: float,
    tilt: float = 0.0,
    mirrored: tuple[bool, bool] = (False, False),
) -> Geometry:
    """Slices of `size` x `size` pixels that cover z from `low` to `high` in the middle of the body.

    The gantry turns by `tilt` degrees about x; the table moves along z, so tilted slices are
    shifted against each other. `mirrored`: rows run to the front, columns to the right.
    """
    angle = np.deg2rad(tilt)
    middle = (low + high) / 2
    down = pixel * np.array([0.0, np.cos(angle), np.sin(angle)]) * (-1 if mirrored[0] else 1)
    right = pixel * np.array([-1.0 if mirrored[1] else 1.0, 0.0, 0.0])
    count = int((high[2] - low[2]) / increment) + 1
    first = np.array([middle[0], middle[1], low[2]])
    origin = first - (size - 1) / 2 * (down + right)
    step = np.array([0.0, 0.0, increment])
    return Geometry(origin, step, down, right, (count, size, size), thickness, tilt)


def slices(
    field: Floats,
    grid: Grid,
    geometry: Geometry,
    kernel: Kernel | None = None,
    outside: float = AIR,
) -> Iterator[Floats]:
    """`field` on `grid`, slice by slice (rows, columns): averaged over the slice's thickness,
    and blurred as `kernel` says.
    """
    across = _line(geometry, grid, 0, kernel)
    down = _line(geometry, grid, 1, kernel)
    for number in range(geometry.shape[0]):
        corner = geometry.origin + number * geometry.step
        if geometry.tilt:
            plane = _tilted(field, grid, geometry, corner, outside)
        else:
            plane = _flat(field, grid, corner[2], geometry.thickness, outside)
            plane = np.asarray(outside + down @ (plane - outside), np.float32)
        yield np.asarray(outside + (plane - outside) @ across.T, np.float32)


def _flat(field: Floats, grid: Grid, z: float, thickness: float, outside: float) -> Floats:
    """The mean of (y, x) planes over a slice at height z, each with its share of the slice."""
    place = (z - grid.low[2]) / grid.spacing
    half = max(thickness / grid.spacing, 1.0) / 2
    first, last = int(np.floor(place - half)), int(np.ceil(place + half)) + 1
    index = np.arange(first, last + 1)
    cover = np.minimum(index + 0.5, place + half) - np.maximum(index - 0.5, place - half)
    weights = np.clip(cover, 0, None) / (2 * half)
    plane = np.zeros(field.shape[1:], np.float32)
    for n, weight in zip(index, weights, strict=True):
        inside = 0 <= n < len(field)
        plane += np.float32(weight) * (field[n] if inside else np.float32(outside))
    return plane


def _tilted(
    field: Floats, grid: Grid, geometry: Geometry, corner: NDArray[np.float64], outside: float
) -> Floats:
    """(rows, x): the mean through the thickness of a slice that is tilted about x."""
    rows = np.arange(geometry.shape[1])
    angle = np.deg2rad(geometry.tilt)
    total = np.zeros((len(rows), field.shape[2]), np.float32)
    for part in (np.arange(PROFILE) + 0.5) / PROFILE - 0.5:
        off = part * geometry.thickness
        y = (corner[1] + rows * geometry.down[1] - off * np.sin(angle) - grid.low[1]) / grid.spacing
        z = (corner[2] + rows * geometry.down[2] + off * np.cos(angle) - grid.low[2]) / grid.spacing
        total += _between(field, z, y, outside)
    return np.asarray(total / PROFILE, np.float32)


def _between(
    field: Floats, z: NDArray[np.float64], y: NDArray[np.float64], outside: float
) -> Floats:
    """Rows of `field` at heights z and depths y (indices), linear between its points."""
    low_z, low_y = np.floor(z).astype(int), np.floor(y).astype(int)
    total = np.zeros((len(z), field.shape[2]), np.float32)
    for up in (0, 1):
        for back in (0, 1):
            weight = np.abs(1 - up - (z - low_z)) * np.abs(1 - back - (y - low_y))
            a, b = low_z + up, low_y + back
            good = (a >= 0) & (a < field.shape[0]) & (b >= 0) & (b < field.shape[1])
            rows = np.full_like(total, outside)
            rows[good] = field[a[good], b[good]]
            total += weight[:, None].astype(np.float32) * rows
    return total


def _line(geometry: Geometry, grid: Grid, axis: int, kernel: Kernel | None) -> Floats:
    """(pixels, grid points): linear interpolation along x (0) or y (1), blurred and sharpened."""
    first = geometry.origin[axis]
    step = (geometry.right if axis == 0 else geometry.down)[axis]
    count = geometry.shape[2 - axis]
    points = grid.low[axis] + grid.spacing * np.arange(grid.shape[2 - axis])
    pixels = first + step * np.arange(count)
    gap = np.abs(pixels[:, None] - points) / grid.spacing
    linear = np.clip(1 - gap, 0, None)
    if kernel is None:
        return np.asarray(linear, np.float32)
    wide = np.hypot(kernel.blur_mm, 0.25 * geometry.spacing[0])
    blurred = _gauss(gap * grid.spacing, wide, grid.spacing)
    if kernel.edge:
        blurred = (1 + kernel.edge) * blurred - kernel.edge * _gauss(
            gap * grid.spacing, 2.5 * wide + 0.5, grid.spacing
        )
    total = blurred.sum(1, keepdims=True)
    whole = total > 0.9  # noqa: PLR2004 - the points of the grid reach around the pixel
    return np.asarray(blurred / np.where(whole, total, 1), np.float32)


def _gauss(gap: NDArray[np.float64], width: float, spacing: float) -> NDArray[np.float64]:
    """Weights of points `spacing` apart that sum to 1 far from the ends."""
    wide = np.hypot(width, 0.35 * spacing)
    scale = spacing / (wide * np.sqrt(2 * np.pi))
    return np.asarray(scale * np.exp(-0.5 * (gap / wide) ** 2))


def image(
    field: Floats,
    grid: Grid,
    geometry: Geometry,
    scanner: Scanner,
    *,
    seed: int,
    kernel: str = "",
) -> Iterator[NDArray[np.int16]]:
    """The scanner's slices in HU; `kernel` overrides its own one."""
    rng = np.random.default_rng([seed, 60])
    used = KERNELS[kernel or scanner.kernel]
    before = _grain(geometry, used, rng)
    overlap = max(0.0, 1 - float(np.linalg.norm(geometry.step)) / geometry.thickness)
    view = _round(geometry) if scanner.round_view else None
    for plane in slices(field, grid, geometry, used):
        fresh = _grain(geometry, used, rng)
        grain = (fresh + overlap * before) / np.hypot(1, overlap)
        before = fresh
        hu = plane + grain * np.float32(level(plane, geometry, scanner, used))
        if view is not None:
            hu[view] = PADDING
        yield np.rint(np.clip(hu, PADDING, 3071)).astype(np.int16)


def level(plane: Floats, geometry: Geometry, scanner: Scanner, kernel: Kernel) -> float:
    """Standard deviation of the noise in HU: by dose, slice, sharpness and size of the body."""
    water = float(np.clip(plane / 1000 + 1, 0, 2).sum()) * np.prod(geometry.spacing)
    across = 2 * np.sqrt(water / np.pi)
    size = np.exp(WATER_PER_MM * (across - TYPICAL_MM))
    dose = np.sqrt(100 / scanner.mas * 1.25 / geometry.thickness)
    sharp = (kernel.fall / KERNELS["standard"].fall) ** 1.5
    return float(scanner.noise * size * dose * sharp)


def _grain(geometry: Geometry, kernel: Kernel, rng: np.random.Generator) -> Floats:
    """Noise of unit variance (rows, columns) with the spectrum of filtered back-projection."""
    _, rows, columns = geometry.shape
    white = np.fft.rfft2(rng.standard_normal((rows, columns), np.float32))
    v = np.fft.fftfreq(rows, geometry.spacing[0])[:, None]
    u = np.fft.rfftfreq(columns, geometry.spacing[1])
    f = np.hypot(u, v)
    power = (f / kernel.peak) * np.exp(-((f / kernel.fall) ** 2)) + 0.02
    grain = np.fft.irfft2(white * np.sqrt(power), (rows, columns))
    return np.asarray(grain / grain.std(), np.float32)


def _round(geometry: Geometry) -> NDArray[np.bool_]:
    _, rows, columns = geometry.shape
    row, column = np.ogrid[:rows, :columns]
    far = np.hypot((row - (rows - 1) / 2) / rows, (column - (columns - 1) / 2) / columns)
    return np.asarray(far > 0.5)  # noqa: PLR2004 - the circle that just fits
