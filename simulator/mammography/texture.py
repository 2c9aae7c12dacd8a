"""Random fields and lines that tissue is made of, on a grid (rows, columns) of equal steps."""

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats = NDArray[np.float32]

COARSEST_MM: Final = 60.0  #: a power law is flat for waves longer than this
POINT_MM: Final = 0.5  #: between the points of a line


def power_law(
    shape: tuple[int, int], step_mm: float, beta: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Two independent fields of power spectrum 1/f^`beta`, mean 0 and deviation 1."""
    return _fields(shape, _power_filter(_fast(shape), step_mm, beta), rng)


def band(
    shape: tuple[int, int],
    step_mm: float,
    wave_mm: float,
    rng: np.random.Generator,
    *,
    angle: float = 0.0,
    stretch: float = 1.0,
) -> tuple[Floats, Floats]:
    """Two independent fields whose waves are about `wave_mm` long, mean 0 and deviation 1.

    They are `stretch` times longer along `angle`, radians from the columns' axis downwards.
    """
    return _fields(shape, _band_filter(_fast(shape), step_mm, wave_mm, angle, stretch), rng)


def doubled(field: Floats) -> Floats:
    """The field at half the step, linear between the centres: (2 rows, 2 columns)."""
    tall = np.empty((2 * field.shape[0], field.shape[1]), np.float32)
    near, far = 0.75 * field, 0.25 * field
    np.add(near[1:], far[:-1], out=tall[2::2])
    np.add(near[:-1], far[1:], out=tall[1:-1:2])
    tall[0], tall[-1] = field[0], field[-1]
    out = np.empty((tall.shape[0], 2 * tall.shape[1]), np.float32)
    near, far = 0.75 * tall, 0.25 * tall
    np.add(near[:, 1:], far[:, :-1], out=out[:, 2::2])
    np.add(near[:, :-1], far[:, 1:], out=out[:, 1:-1:2])
    out[:, 0], out[:, -1] = tall[:, 0], tall[:, -1]
    return out


def strokes(
    shape: tuple[int, int],
    step_mm: float,
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    width_mm: float,
) -> Floats:
    """Soft lines: 1 in the middle of a line `width_mm` wide of strength 1.

    `points`: (n, 2) of (row, column) in mm along the lines; `weights`: each point's
    strength times the length that it stands for, mm.
    """
    drawn = splat(shape, points / step_mm, weights)
    sigma = max(width_mm / 2.4, 0.25 * step_mm) / step_mm
    scale = 1 / step_mm / (sigma * np.sqrt(2 * np.pi))
    return np.asarray(ndimage.gaussian_filter(drawn, sigma, truncate=2.5) * scale, np.float32)


def splat(
    shape: tuple[int, int], points: NDArray[np.float64], weights: NDArray[np.float64]
) -> Floats:
    """Weights added to the four cells round each point (row, column) in cells."""
    base = np.floor(points - 0.5).astype(int)
    part = points - 0.5 - base
    total = np.zeros(shape[0] * shape[1])
    for down in (0, 1):
        for across in (0, 1):
            row, column = base[:, 0] + down, base[:, 1] + across
            share = np.abs(1 - down - part[:, 0]) * np.abs(1 - across - part[:, 1])
            inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
            index = (row * shape[1] + column)[inside]
            total += np.bincount(index, (share * weights)[inside], minlength=total.size)
    return total.reshape(shape).astype(np.float32)


def curves(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    bends: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lines from `starts` to `ends` (n, 2), mm, that swing out by `bends` of their length.

    Returns their points (n, points, 2), no more than about `POINT_MM` apart, and the length
    in mm that each point of a line stands for (n,).
    """
    way = ends - starts
    length = np.hypot(way[:, 0], way[:, 1])
    count = max(int(length.max(initial=1.0) / POINT_MM), 2)
    t = np.linspace(0, 1, count)[None]
    wobble = rng.standard_normal((len(starts), 2, 1))
    swing = bends[:, None] * np.sin(np.pi * t) + 0.012 * wobble[:, 0] * np.sin(3 * np.pi * t)
    swing = swing + 0.004 * wobble[:, 1] * np.sin(7 * np.pi * t + 6 * wobble[:, 0])
    normal = np.stack([-way[:, 1], way[:, 0]], 1)
    points = starts[:, None] + t[..., None] * way[:, None] + swing[..., None] * normal[:, None]
    return points, length / count


def _fast(shape: tuple[int, int]) -> tuple[int, int]:
    return fft.next_fast_len(shape[0]), fft.next_fast_len(shape[1])


def _fields(
    shape: tuple[int, int], weight: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The real and the imaginary part of one transform are two fields."""
    noise = rng.standard_normal((*weight.shape, 2), np.float32).view(np.complex64)[..., 0]
    made = fft.ifft2(noise * weight, overwrite_x=True)[: shape[0], : shape[1]]
    return _unit(made.real), _unit(made.imag)


def _unit(field: Floats) -> Floats:
    """Mean 0 and deviation 1, judged on every fourth cell."""
    some = field[::4, ::4]
    return np.asarray((field - some.mean()) / max(float(some.std()), 1e-9), np.float32)


@functools.lru_cache(maxsize=64)
def _power_filter(shape: tuple[int, int], step_mm: float, beta: float) -> Floats:
    frequency = np.maximum(_frequency(shape, step_mm), 1 / COARSEST_MM)
    weight = frequency ** (-beta / 2)
    weight[0, 0] = 0
    return np.asarray(weight / weight.max(), np.float32)


@functools.lru_cache(maxsize=64)
def _band_filter(
    shape: tuple[int, int], step_mm: float, wave_mm: float, angle: float, stretch: float
) -> Floats:
    down, across = _axes(shape, step_mm)
    along = stretch * (across * np.cos(angle) + down * np.sin(angle))
    aside = down * np.cos(angle) - across * np.sin(angle)
    octaves = np.log2(np.maximum(np.hypot(along, aside), 1e-6) * wave_mm)
    return np.asarray(np.exp(-0.5 * (octaves / 0.45) ** 2), np.float32)


def _frequency(shape: tuple[int, int], step_mm: float) -> NDArray[np.float64]:
    """Cycles per mm of each cell of the transform."""
    down, across = _axes(shape, step_mm)
    return np.asarray(np.hypot(down, across))


def _axes(
    shape: tuple[int, int], step_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    down, across = (fft.fftfreq(size, step_mm) for size in shape)
    return down[:, None], across[None]
