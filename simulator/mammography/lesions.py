# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Lesions and their look-alikes, put into the tissue of one view.

A mass is gland-like matter in the soft tissue (`Tissue.gland`, cm); a calcification is a speck
of calcium (row mm, column mm, diameter mm, density 0..1) for the finer grid of the detector.
Every function gives the box (left, top, right, bottom) in mm of the view's window.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.mammography import texture
from simulator.mammography.tissue import Tissue
from simulator.mammography.truth import Box, Lesion

Specks = list[tuple[float, float, float, float]]
Spot = tuple[float, float]
Floats = NDArray[np.float32]

HARMONICS: Final = {"round": 0.03, "oval": 0.04, "lobulated": 0.13, "spiculated": 0.12}


def mass(seen: Tissue, lesion: Lesion, spot: Spot, rng: np.random.Generator) -> Box:
    """Put a mass at `spot` (row, column), mm; spiculated ones pull the tissue round them."""
    radius = 0.5 * lesion.size_mm * rng.uniform(0.94, 1.04)
    strength = 1.3 - 0.5 * lesion.subtlety + rng.normal(0, 0.05)
    reach = radius * (3.2 if lesion.shape == "spiculated" else 1.5) + 3
    patch, row, column = _patch(seen, spot, reach)
    if lesion.shape == "spiculated":
        pull = 0.4 - 0.2 * lesion.subtlety
        seen.gland[patch] = _pulled(seen.gland[patch], row, column, radius, pull)
    edge = _edge(lesion.shape, row, column, radius, rng)
    far = np.hypot(row, column)
    chord = 0.2 * radius * np.sqrt(np.clip(1 - (far / edge) ** 2, 0, 1))
    margin = (
        rng.uniform(0.15, 0.4) + (0.5 if lesion.shape == "spiculated" else 0.2) * lesion.subtlety
    )
    chord = ndimage.gaussian_filter(chord, margin / seen.step_mm)
    inner = np.clip(chord / (0.2 * radius), 0, 1)
    room = 1 - 0.45 * seen.dense[patch] * inner
    seen.gland[patch] += (strength * chord * room).astype(np.float32)
    if lesion.shape == "spiculated":
        middle = -float(row[0, 0]), -float(column[0, 0])
        seen.gland[patch] += strength * _spicules(row.shape, seen.step_mm, middle, radius, rng)
    across, down = (float((np.abs(axis) * (far < edge)).max()) for axis in (column, row))
    grow = 1.15 if lesion.shape == "spiculated" else 1.0
    return _box(spot, down * grow, across * grow)


def node(seen: Tissue, spot: Spot, size_mm: float, rng: np.random.Generator) -> None:
    """A lymph node: an oval with a fatty notch; a benign look-alike."""
    radius = 0.5 * size_mm
    patch, row, column = _patch(seen, spot, 1.6 * radius + 2)
    edge = _edge("oval", row, column, radius, rng)
    far = np.hypot(row, column) / edge
    turn = rng.uniform(0, 2 * np.pi)
    notch = np.hypot(row - 0.45 * radius * np.sin(turn), column - 0.45 * radius * np.cos(turn))
    chord = 0.2 * radius * np.sqrt(np.clip(1 - far**2, 0, 1))
    chord = chord * (1 - 0.85 * np.exp(-((notch / (0.5 * radius)) ** 2)))
    seen.gland[patch] += ndimage.gaussian_filter(chord, 0.3 / seen.step_mm).astype(np.float32)


def cluster(
    lesion: Lesion, spot: Spot, rng: np.random.Generator, inner: np.random.Generator
) -> tuple[Specks, Box]:
    """A cluster of microcalcifications; `inner` is the same generator in both views."""
    subtle = lesion.subtlety
    count = int(np.clip(inner.normal(20 - 9 * subtle, 5), 6, 30))
    axes = 0.5 * lesion.size_mm * np.array([1.0, inner.uniform(0.5, 0.9), inner.uniform(0.4, 0.8)])
    body = inner.standard_normal((count, 3))
    body *= (inner.random((count, 1)) ** 0.4) / np.linalg.norm(body, axis=1, keepdims=True)
    sizes = np.clip(inner.lognormal(np.log(0.44 - 0.15 * subtle), 0.35, count), 0.15, 0.8)
    density = np.clip(inner.normal(0.95 - 0.3 * subtle, 0.12, count), 0.3, 1.1)
    turn = _rotation(rng)
    flat = (body * axes) @ turn[:, :2]
    specks: Specks = []
    for (row, column), size, packed in zip(flat, sizes, density, strict=True):
        parts = int(rng.integers(1, 4))
        for _ in range(parts):
            shift = rng.normal(0, 0.3 * size, 2) * (parts > 1)
            specks.append((
                spot[0] + row + shift[0], spot[1] + column + shift[1],
                float(np.clip(size * rng.uniform(0.6, 1.0), 0.12, 0.8)), float(packed),
            ))  # fmt: skip
    low, high = flat.min(0) - 0.6, flat.max(0) + 0.6
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 2.0)
    return specks, _box((spot[0] + middle[0], spot[1] + middle[1]), half[0], half[1])


def vessel_specks(line: NDArray[np.float64], rng: np.random.Generator) -> Specks:
    """Calcified walls of a vessel: two parallel, broken rows of specks."""
    along = np.gradient(line, axis=0)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / texture.POINT_MM
    first = rng.integers(0, max(1, len(line) // 2))
    made: Specks = []
    for side in (-1, 1):
        for index in range(first, len(line) - 1):
            if rng.random() < 0.7:
                row, column = line[index] + side * 0.8 * normal[index] + rng.normal(0, 0.08, 2)
                made.append((row, column, float(rng.uniform(0.25, 0.5)), 0.5))
    return made


def draw(shape: tuple[int, int], pixel_mm: float, specks: Specks) -> Floats:
    """The specks' thickness in cm on the detector's grid: each a soft ball, its mass kept."""
    total = np.zeros(shape, np.float32)
    for row, column, size, packed in specks:
        sigma = 0.32 * size / pixel_mm
        half = int(np.ceil(3 * sigma)) + 1
        middle = row / pixel_mm, column / pixel_mm
        corner = int(middle[0]) - half, int(middle[1]) - half
        side = 2 * half + 1
        if min(corner) < 0 or corner[0] + side > shape[0] or corner[1] + side > shape[1]:
            continue
        wide = np.sqrt(sigma**2 + 1 / 12)
        down, across = (
            np.exp(-0.5 * ((np.arange(side) + start + 0.5 - mid) / wide) ** 2)
            for start, mid in zip(corner, middle, strict=True)
        )
        peak = 0.1 * size * packed * (sigma / wide) ** 2
        view = total[corner[0] : corner[0] + side, corner[1] : corner[1] + side]
        view += (peak * np.outer(down, across)).astype(np.float32)
    return total


def _patch(seen: Tissue, spot: Spot, reach: float) -> tuple[tuple[slice, slice], Floats, Floats]:
    """The part of the grid round `spot`, and its cells' (row, column) from there, mm."""
    ranges = []
    for middle, size in zip(spot, seen.gland.shape, strict=True):
        low, high = (middle + sign * reach for sign in (-1, 1))
        ranges.append(
            slice(max(0, int(low / seen.step_mm)), min(size, int(high / seen.step_mm) + 1))
        )
    row, column = (
        (np.arange(part.start, part.stop) + 0.5) * seen.step_mm - middle
        for part, middle in zip(ranges, spot, strict=True)
    )
    down, across = np.meshgrid(row.astype(np.float32), column.astype(np.float32), indexing="ij")
    return (ranges[0], ranges[1]), down, across


def _edge(
    shape: str, row: Floats, column: Floats, radius: float, rng: np.random.Generator
) -> Floats:
    """Distance of the mass' border from its middle in the direction of each cell, mm."""
    turn = rng.uniform(0, 2 * np.pi)
    angle = np.arctan2(row, column) - turn
    flat = {"round": 0.95, "oval": 0.68}.get(shape, rng.uniform(0.72, 0.95))
    border = radius / np.sqrt(np.cos(angle) ** 2 + (np.sin(angle) / flat) ** 2)
    for order in range(3, 9):
        size = HARMONICS[shape] * rng.standard_normal() / (order - 1) * 2
        border = border * (1 + size * np.cos(order * angle + rng.uniform(0, 6.3)))
    return np.asarray(np.maximum(border, 0.4 * radius))


def _spicules(
    shape: tuple[int, ...], step_mm: float, middle: Spot, radius: float, rng: np.random.Generator
) -> Floats:
    """Thin rays from the mass at `middle` of the patch, mm, into the tissue, cm."""
    count = int(rng.integers(14, 30))
    angle = rng.uniform(0, 2 * np.pi, count)
    way = np.column_stack([np.sin(angle), np.cos(angle)])
    start = np.array(middle) + 0.5 * radius * way
    end = np.array(middle) + radius * rng.uniform(1.4, 2.8, (count, 1)) * way
    points, each = texture.curves(start, end, rng.normal(0, 0.08, count), rng)
    weights = np.repeat(each * rng.uniform(0.5, 1.2, count), points.shape[1])
    lines = texture.strokes((shape[0], shape[1]), step_mm, points.reshape(-1, 2), weights, 0.5)
    return np.asarray(0.11 * lines)


def _pulled(gland: Floats, row: Floats, column: Floats, radius: float, strength: float) -> Floats:
    """Architectural distortion: what surrounds the mass is drawn towards it."""
    step = float(row[1, 0] - row[0, 0])
    swell = 1 + strength * np.exp(-((np.hypot(row, column) / (1.6 * radius)) ** 2))
    places = [(axis * swell - axis.flat[0]) / step for axis in (row, column)]
    return np.asarray(ndimage.map_coordinates(gland, places, order=1, mode="nearest"))


def _rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.linalg.qr(rng.standard_normal((3, 3)))[0])


def _box(spot: Spot, down: float, across: float) -> Box:
    row, column = float(spot[0]), float(spot[1])
    return column - across, row - down, column + across, row + down
