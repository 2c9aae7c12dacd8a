# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""The four views of a screening study, pixels and truth, from a seed."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.mammography import breast, exposure, lesions, texture
from simulator.mammography.breast import Woman
from simulator.mammography.outline import Outline, outline
from simulator.mammography.scanners import FOR_TRAINING, SCANNERS, Scanner
from simulator.mammography.tissue import Tissue, tissue
from simulator.mammography.truth import POSITIONS, SIDES, Box, Lesion, Truth

Floats = NDArray[np.float32]

PREVALENCE: Final = 0.35


@dataclasses.dataclass(frozen=True, slots=True)
class Mammogram:
    """One view as delivered: 12 bits, dense is bright; `boxes` in its pixels, by lesion."""

    pixels: NDArray[np.uint16]
    pixel_mm: float
    side: str
    position: str
    mirrored: bool  #: the chest wall is on the right
    thickness_mm: float
    kvp: float
    boxes: Mapping[str, Box]
    nipple_mm: Mapping[str, float]


@dataclasses.dataclass(frozen=True, slots=True)
class FourViews:
    """Views in the order L CC, R CC, L MLO, R MLO."""

    views: tuple[Mammogram, ...]
    truth: Truth


@dataclasses.dataclass(frozen=True, slots=True)
class Take:
    """One view to be taken: of which breast, how, by whom, in pixels of what size."""

    seed: int
    side: str
    position: str
    maker: Scanner
    pixel_mm: float

    def rng(self, purpose: int) -> np.random.Generator:
        """A generator of this view's own for each purpose."""
        # from 1: a generator's trailing zeros do not tell it from a shorter seed
        number = SIDES.index(self.side) + 1, POSITIONS.index(self.position) + 1
        return np.random.default_rng([self.seed, purpose, *number])


def make(
    seed: int,
    *,
    scanner: str | None = None,
    prevalence: float = PREVALENCE,
    subtler: float = 0.0,
    density: str | None = None,
    pixel_mm: float | None = None,
    sides: tuple[str, ...] = SIDES,
    positions: tuple[str, ...] = POSITIONS,
) -> FourViews:
    """A study of `sides` times `positions`; all else equal, each view is the same in any choice.

    `prevalence`: share of studies with a lesion. `subtler`: 0 draws the lesions' subtlety
    evenly, 1 mostly near 1. `pixel_mm`: of the delivered images; None is the maker's own.
    """
    name = FOR_TRAINING[seed % len(FOR_TRAINING)] if scanner is None else scanner
    maker = SCANNERS[name]
    body, found = planned(seed, prevalence=prevalence, subtler=subtler, density=density)
    step = pixel_mm or maker.pixel_mm
    views = tuple(
        view(Take(seed, side, position, maker, step), body, found)
        for position in positions
        for side in sides
    )
    told = tuple(_told(one, views) for one in found if one.side in sides)
    truth = Truth(seed, body.age, "F", body.density, round(body.thickness, 1), name, told)
    return FourViews(views, truth)


def planned(
    seed: int, *, prevalence: float, subtler: float = 0.0, density: str | None = None
) -> tuple[Woman, list[Lesion]]:
    """The woman, and her lesions as they will be: without boxes.

    At most two lesions of one breast; in a tenth of the studies with any, also in the other.
    """
    body = breast.woman(np.random.default_rng([seed, 1]), density)
    rng = np.random.default_rng([seed, 2])
    if rng.random() >= prevalence:
        return body, []
    first = SIDES[int(rng.integers(2))]
    found = breast.lesions(rng, body, first, prevalence=1, subtler=subtler, most=2)
    other = SIDES[1 - SIDES.index(first)]
    more = breast.lesions(rng, body, other, prevalence=0.1, subtler=subtler, most=1)
    return body, found + more


def view(take: Take, body: Woman, found: Sequence[Lesion]) -> Mammogram:
    """One view of one breast with those of the lesions that are its own."""
    seen = outline(take.position, body, take.maker.rows_mm, take.rng(2))
    stuff = tissue(seen, body, 2 * take.pixel_mm, take.rng(3))
    rng = take.rng(4)
    places, specks = {}, []
    for order, one in enumerate(lesion for lesion in found if lesion.side == take.side):
        spot = _inside(seen.seen_at(one.place, rng), stuff)
        if one.name == "mass":
            box = lesions.mass(stuff, one, spot, rng)
        else:
            same = np.random.default_rng([take.seed, 5, order + 1])
            made, box = lesions.cluster(one, spot, rng, same)
            specks.extend(made)
        away = float(np.hypot(spot[0] - seen.nipple[0], spot[1] - seen.nipple[1]))
        places[one.id] = (box, round(away, 1))
    specks += _distractors(take, body, seen, stuff)
    np.clip(stuff.gland, 0, np.maximum(stuff.height - stuff.muscle, 0), out=stuff.gland)
    kvp = round(take.maker.kvp + 0.06 * (seen.thickness - 50), 1)
    pixels = _imaged(stuff, specks, seen.thickness, kvp, take)
    return _delivered(pixels, seen, take, kvp, places)


def _inside(spot: tuple[float, float], stuff: Tissue) -> tuple[float, float]:
    """The place, moved towards the chest wall until it lies 8 mm under the skin."""
    row, column = spot
    limit = stuff.distance.shape
    row = float(np.clip(row, 9, limit[0] * stuff.step_mm - 9))
    while column > 9 and stuff.distance[
        int(row / stuff.step_mm), min(int(column / stuff.step_mm), limit[1] - 1)
    ] < 8:  # fmt: skip
        column -= 2
    return row, column


def _distractors(take: Take, body: Woman, seen: Outline, stuff: Tissue) -> lesions.Specks:
    """Benign: single round calcifications, calcified vessels (more with age), lymph nodes."""
    same = np.random.default_rng([take.seed, 6, SIDES.index(take.side) + 1])
    rng = take.rng(7)
    specks: lesions.Specks = []
    for _ in range(same.poisson(0.9)):
        spot = _anywhere(stuff, rng)
        specks.append((*spot, float(same.uniform(0.3, 1.6)), float(same.uniform(0.3, 0.9))))
    if same.random() < np.clip((body.age - 50) / 120, 0.01, 0.3):
        for line in stuff.vessels[:2]:
            specks.extend(lesions.vessel_specks(line, rng))
    if seen.position == "MLO" and same.random() < 0.35:
        spot = rng.uniform(0.06, 0.35) * seen.rows, rng.uniform(0.15, 0.6) * seen.nipple[1]
        lesions.node(stuff, _inside(spot, stuff), float(rng.uniform(6, 14)), rng)
    return specks


def _anywhere(stuff: Tissue, rng: np.random.Generator) -> tuple[float, float]:
    rows, columns = (size * stuff.step_mm for size in stuff.distance.shape)
    return _inside((rng.uniform(10, rows - 10), rng.uniform(5, columns)), stuff)


def _imaged(
    stuff: Tissue, specks: lesions.Specks, thickness_mm: float, kvp: float, take: Take
) -> NDArray[np.uint16]:
    """The window's pixels: the soft tissue's grid is twice as coarse as the detector's."""
    inside = texture.doubled(np.clip(stuff.distance / stuff.step_mm + 0.5, 0, 1))
    missing = texture.doubled(np.clip(0.1 * thickness_mm - stuff.height, 0, None))
    beam = exposure.Beam(take.maker, kvp, take.pixel_mm)
    soft = texture.doubled(exposure.line_integral(stuff, kvp))
    calcium = lesions.draw(soft.shape, take.pixel_mm, specks)
    signal = exposure.expose(soft, calcium, inside, beam, take.rng(8))
    return exposure.present(signal, missing, inside, beam)


def _delivered(
    pixels: NDArray[np.uint16],
    seen: Outline,
    take: Take,
    kvp: float,
    places: Mapping[str, tuple[Box, float]],
) -> Mammogram:
    """The window on the detector, with the marker of the view; right breasts mirrored or not."""
    maker, pixel_mm = take.maker, take.pixel_mm
    rows, columns = (round(size / pixel_mm) for size in (maker.rows_mm, maker.columns_mm))
    whole = np.zeros((rows, columns), np.uint16)
    top, cut = round(max(seen.top, 0) / pixel_mm), round(max(-seen.top, 0) / pixel_mm)
    part = pixels[cut : cut + rows - top, :columns]
    whole[top : top + part.shape[0], : part.shape[1]] = part
    _marker(whole, pixel_mm, take.rng(9))
    mirrored = take.side == "R" and not maker.flips_right
    if mirrored:
        whole = np.ascontiguousarray(whole[:, ::-1])
    boxes = {
        key: _in_pixels(box, (top - cut) * pixel_mm, pixel_mm, columns if mirrored else None)
        for key, (box, _) in places.items()
    }
    away = {key: distance for key, (_, distance) in places.items()}
    thickness = round(seen.thickness, 1)
    return Mammogram(
        whole, pixel_mm, take.side, seen.position, mirrored, thickness, kvp, boxes, away
    )


def _in_pixels(box: Box, top_mm: float, pixel_mm: float, width: int | None) -> Box:
    left, top, right, bottom = (
        round(float(value) / pixel_mm, 1)
        for value in (box[0], box[1] + top_mm, box[2], box[3] + top_mm)
    )
    return (
        (left, top, right, bottom) if width is None else (width - right, top, width - left, bottom)
    )


def _marker(whole: NDArray[np.uint16], pixel_mm: float, rng: np.random.Generator) -> None:
    """Letters of lead in the upper corner off the breast, in the rough: bright bars."""
    unit = max(1, round(1.2 / pixel_mm))
    row, column = round(6 / pixel_mm), whole.shape[1] - round(rng.uniform(16, 22) / pixel_mm)
    for letter in range(int(rng.integers(1, 4))):
        left = column + letter * 4 * unit
        whole[row : row + 6 * unit, left : left + unit] = exposure.LARGEST
        height = row + int(rng.integers(0, 6)) * unit
        whole[height : height + unit, left : left + 3 * unit] = exposure.LARGEST


def _told(one: Lesion, views: tuple[Mammogram, ...]) -> Lesion:
    """The lesion with where each view shows it."""
    own = [view for view in views if view.side == one.side]
    return dataclasses.replace(
        one,
        boxes={view.position: view.boxes[one.id] for view in own},
        nipple_mm={view.position: view.nipple_mm[one.id] for view in own},
    )
