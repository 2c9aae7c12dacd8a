# ruff: noqa: PLR2004 - shares of what is varied, each used once
"""What a scanner makes of a stored case, drawn anew every time: slices, kernel, noise, window."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from models.ct_thorax.window import scaled

Floats = NDArray[np.float32]
LEAST = 0.8  #: voxels between slices: thinner ones are averaged anyway


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """One acquisition: millimetres along z and in the slice, noise in HU."""

    thickness: float
    increment: float
    phase: float
    blur: float
    noise: float
    grain: float  #: width of the noise's grain in the slice, mm; negative: a sharp kernel
    gain: float
    offset: float


def draw(rng: np.random.Generator) -> Scan:
    """From thin slices to thick ones, from smooth kernels to sharp ones."""
    thickness = float(
        rng.choice([rng.uniform(0.6, 1.6), rng.uniform(1.6, 3.2), rng.uniform(3.2, 5.2)])
    )
    increment = thickness * float(rng.choice([1.0, rng.uniform(0.5, 1.0)]))
    return Scan(
        thickness, increment, float(rng.random()), float(abs(rng.normal(0, 0.7))),
        float(np.exp(rng.uniform(np.log(4), np.log(75)))), float(rng.uniform(-0.8, 1.6)),
        float(rng.normal(1, 0.04)), float(rng.normal(0, 14)),
    )  # fmt: skip


def scanned(
    volume: NDArray[np.uint8], spacing: float, scan: Scan, rng: np.random.Generator
) -> Floats:
    """Grey levels `(HU + 1024) / 6` (z, y, x) as a network's input 0..1 of the same shape."""
    hu = volume.astype(np.float32) * np.float32(6) - np.float32(1024)
    count, rows, columns = hu.shape
    take, give = slicing(
        count, scan.thickness / spacing, max(scan.increment / spacing, LEAST), scan.phase
    )
    slices = (take @ hu.reshape(count, -1)).reshape(-1, rows, columns)
    if scan.blur > 0.25 * spacing:
        slices = _filtered(slices, scan.blur / spacing)
    slices = slices * np.float32(scan.gain) + np.float32(scan.offset)
    slices = slices + _noise(slices.shape, scan, spacing, rng)
    return scaled((give @ slices.reshape(len(slices), -1)).reshape(hu.shape))


def slicing(count: int, thickness: float, increment: float, phase: float) -> tuple[Floats, Floats]:
    """(slices, count) averages over each slice, and (count, slices) linear between the slices.

    All in voxels; thin slices average at least one voxel.
    """
    places = np.arange(-1 + phase * increment - increment, count + 2 * increment, increment)
    half = max(thickness, 1.0) / 2
    voxels = np.arange(count)
    low = np.maximum(voxels[None] - 0.5, places[:, None] - half)
    high = np.minimum(voxels[None] + 0.5, places[:, None] + half)
    take = np.clip(high - low, 0, None)
    good = take.sum(1) > 0.3 * half
    take, places = take[good] / take[good].sum(1, keepdims=True), places[good]
    where = np.clip((voxels - places[0]) / increment, 0, len(places) - 1)
    below = np.minimum(where.astype(int), max(len(places) - 2, 0))
    give = np.zeros((count, len(places)))
    give[voxels, below] += 1 - (where - below)
    give[voxels, np.minimum(below + 1, len(places) - 1)] += where - below
    return take.astype(np.float32), give.astype(np.float32)


def _gauss(count: int, sigma: float) -> Floats:
    gap = np.arange(count)[:, None] - np.arange(count)
    weights = np.exp(-0.5 * (gap / max(sigma, 0.15)) ** 2)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


def _filtered(slices: Floats, sigma: float) -> Floats:
    _, rows, columns = slices.shape
    return np.asarray(_gauss(rows, sigma) @ slices @ _gauss(columns, sigma).T, np.float32)


def _noise(shape: tuple[int, ...], scan: Scan, spacing: float, rng: np.random.Generator) -> Floats:
    white = rng.standard_normal(shape, dtype=np.float32)
    width = abs(scan.grain) / spacing
    if width > 0.2:
        soft = _filtered(white, width)
        white = soft if scan.grain > 0 else white - soft
    sd = max(float(white[: min(4, len(white))].std()), 1e-3)
    level = scan.noise / np.sqrt(max(scan.thickness, spacing) / 1.25)
    return np.asarray(white * np.float32(level / sd), np.float32)
