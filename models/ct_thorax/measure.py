"""A candidate outlined in the voxels of its slices, and measured.

The threshold lies between the nodule and the lung around it; of several such thresholds the
one counts whose nodule is as large as the network says. What lies beyond the lung's hull is
cut off, and so is what hangs on by a neck thinner than a share of the diameter: vessels.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.ct_thorax.candidates import Candidate
from models.ct_thorax.lungs import Lungs
from models.outline import outline
from models.volume import Volume

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEVELS: Final = (0.16, 0.3, 0.5, 0.65)  #: of the way from lung to nodule
HULL: Final = 0.42  #: share of lung (nodules in it count) that a nodule's voxel needs
NECK: Final = 0.22  #: of the diameter: half the width of what is cut off
WIDEST: Final = 2.5  #: mm, of the same: vessels at a nodule are no wider than twice that
HAZY: Final = 0.7  #: voxels over which noise is smoothed for the lowest level
SOLID_HU: Final = 60.0  #: calcium does not raise the thresholds
AGREED: Final = 0.3  #: of the logarithm: sizes that far apart are the same
LUNG_HU: Final = -500.0  #: what is brighter is no air-filled lung
ANGLES: Final = 60  #: directions in which a section is measured


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """Of one nodule: centre LPS, mm; axes in mm, volume in mm³, on slice number `slice`;
    `points` (n, 2) of its outline there, (column, row) as for a `Region`.
    """

    centre: NDArray[np.float64]
    long: float
    short: float
    volume: float
    slice: int
    points: NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class _Box:
    """A part of the volume around a candidate: its voxels, where it starts, mm to the centre."""

    hu: Floats
    start: NDArray[np.int_]
    away: Floats
    lung: Floats


def measure(volume: Volume, lungs: Lungs, candidate: Candidate) -> Measured | None:
    """The candidate's outline and size; None where nothing stands out from the lung."""
    box = _box(volume, lungs, candidate)
    if box is None:
        return None
    reach = 0.72 * candidate.diameter + 2.0
    allowed = (box.away < reach) & (box.lung > HULL)
    quiet = box.hu[(box.hu < LUNG_HU) & (box.lung > HULL)]
    ground = float(np.median(quiet)) if quiet.size else -850.0
    middle = box.hu[box.away < max(0.22 * candidate.diameter, 1.0)]
    middle = middle if middle.size else box.hu[box.away == box.away.min()]
    peak = min(float(np.percentile(middle, 60)), SOLID_HU)
    if peak < ground + 80:  # nothing that differs from the lung around it
        return None
    return _told(volume, *_sized(volume, box, candidate, allowed, (ground, peak)))


def _sized(
    volume: Volume, box: _Box, candidate: Candidate, allowed: Mask, ends: tuple[float, float]
) -> tuple[Mask, NDArray[np.int_]]:
    """The part above a threshold between `ends` whose size the network would agree with."""
    ground, peak = ends
    even = ndimage.gaussian_filter(box.hu, HAZY)
    cell = abs(float(np.linalg.det(volume.steps)))
    tried, gaps = [], []
    for level in LEVELS:
        hu = even if level == LEVELS[0] else box.hu
        found = (hu > ground + level * (peak - ground)) & allowed
        tried.append(_part(found, box.away, candidate, volume.spacing))
        size = (6 * float(tried[-1].sum()) * cell / np.pi) ** (1 / 3)
        gaps.append(abs(float(np.log(max(size, 0.5) / candidate.diameter))))
    half = LEVELS.index(0.5)
    best = half if gaps[half] < AGREED else int(np.argmin(gaps))
    return tried[best], box.start


def _box(volume: Volume, lungs: Lungs, candidate: Candidate) -> _Box | None:
    centre = volume.to_index(candidate.centre[None])[0]
    reach = (0.8 * candidate.diameter + 6) / np.array(volume.spacing)
    low = np.maximum(np.floor(centre - reach).astype(int), 0)
    high = np.minimum(np.ceil(centre + reach).astype(int) + 1, volume.voxels.shape)
    if (high <= low).any():
        return None
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    hu = volume.voxels[z, y, x].astype(np.float32)
    index = np.indices(hu.shape, np.float32).reshape(3, -1).T + low
    points = volume.to_patient(index)
    away = np.linalg.norm(points - candidate.centre, axis=1).reshape(hu.shape)
    at = lungs.grid.to_index(points).T
    lung = ndimage.map_coordinates(lungs.hull, at, np.float32, order=1).reshape(hu.shape)
    return _Box(hu, low, away.astype(np.float32), lung)


def _part(
    found: Mask, away: Floats, candidate: Candidate, sampling: tuple[float, float, float]
) -> Mask:
    """The part of `found` at the candidate's centre, without what hangs on by a thin neck."""
    neck = float(np.clip(NECK * candidate.diameter, 0.0, WIDEST))
    inner = ndimage.distance_transform_edt(np.pad(found, 1), sampling=sampling)[1:-1, 1:-1, 1:-1]
    core = _nearest(inner > neck, away)
    if not core.any():
        return _nearest(found, away)
    gap = ndimage.distance_transform_edt(~core, sampling=sampling)
    return np.asarray(found & (gap <= neck + 0.3 * min(sampling)))


def _nearest(found: Mask, away: Floats) -> Mask:
    """The connected part that comes nearest to the centre."""
    labels, count = ndimage.label(found)
    if not count:
        return found
    chosen = labels.ravel()[int(np.argmin(np.where(found, away, np.inf)))]
    return np.asarray(labels == chosen)


def _told(volume: Volume, found: Mask, start: NDArray[np.int_]) -> Measured | None:
    if not found.any():
        return None
    cell = abs(float(np.linalg.det(volume.steps)))
    areas = found.sum((1, 2))
    real = np.array([bool(volume.sop_uids[start[0] + n]) for n in range(len(areas))])
    best = int(np.argmax(np.where(real, areas, -1)))
    section = found[best] if areas[best] else found[int(np.argmax(areas))]
    _, rows, columns = volume.spacing
    long, short = axes(section, rows, columns)
    middle = np.argwhere(found).mean(0) + start
    points = outline(largest(section)) + start[[2, 1]]
    return Measured(
        volume.to_patient(middle[None])[0], long, short, float(found.sum()) * cell,
        int(start[0] + best), points,
    )  # fmt: skip


def largest(section: Mask) -> Mask:
    """The largest 8-connected part of a section (rows, columns)."""
    labels, count = ndimage.label(section, np.ones((3, 3)))
    if count < 2:  # noqa: PLR2004 - one part
        return section
    return np.asarray(labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:])))


def axes(section: Mask, row_mm: float, column_mm: float) -> tuple[float, float]:
    """The longest extent of a section (rows, columns) and the one across it, mm.

    Extents reach from the outer edges of the pixels, as seen along each direction, less half
    a pixel on both sides together: a border pixel is half full on average.
    """
    points = np.argwhere(section) * (row_mm, column_mm)
    angle = np.linspace(0, np.pi, ANGLES, endpoint=False)
    seen = points @ np.stack([np.sin(angle), np.cos(angle)])
    pixel = row_mm * np.abs(np.sin(angle)) + column_mm * np.abs(np.cos(angle))
    extent = seen.max(0) - seen.min(0) + 0.6 * pixel
    best = int(np.argmax(extent))
    return float(extent[best]), float(extent[(best + ANGLES // 2) % ANGLES])
