"""A thorax with its findings: healthy anatomy, then fluid, ground glass, scars and nodules."""

import dataclasses

import numpy as np

from simulator.ct import findings, nodules, thorax
from simulator.ct.findings import Effusion, GroundGlass
from simulator.ct.grid import Floats
from simulator.ct.nodules import LARGEST, SMALLEST, Lesion
from simulator.ct.thorax import Thorax

MOST: int = 4  #: nodules of one patient


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What to put in. `nodules`: diameters in mm, drawn where None; `effusions`: mL left and
    right, drawn where None; `prevalence` of each kind of finding; `subtler` 0..1 makes the
    drawn nodules smaller.
    """

    nodules: tuple[float, ...] | None = None
    effusions: tuple[float, float] | None = None
    prevalence: float = 0.5
    subtler: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """The thorax as it lies in the scanner, and the truth."""

    thorax: Thorax
    nodules: tuple[Lesion, ...]
    effusions: tuple[Effusion, ...]
    ground_glass: tuple[GroundGlass, ...]
    fluid: Floats  #: share of each voxel


def build(seed: int, wanted: Wanted, spacing: float) -> Body:
    """The patient of `seed` with the findings `wanted`."""
    body = thorax.build(seed, spacing)
    rng = np.random.default_rng([seed, 45])
    fluid = np.zeros(body.grid.shape, np.float32)
    effusions = []
    for side, amount in zip((1, -1), _amounts(wanted, rng), strict=True):
        if amount:
            found, more = findings.effuse(body, side, amount, rng)
            fluid += more
            effusions += [found] if found else []
    haze = findings.haze(body, rng) if rng.random() < 0.3 * wanted.prevalence else None
    findings.blemish(body, rng)
    lesions = _lesions(body, _sizes(wanted, rng), rng)
    return Body(body, tuple(lesions), tuple(effusions), (haze,) if haze else (), fluid)


def _amounts(wanted: Wanted, rng: np.random.Generator) -> tuple[float, float]:
    """ML left and right: from 40 to 1,200."""
    if wanted.effusions is not None:
        return wanted.effusions
    left, right = (
        float(np.exp(rng.uniform(np.log(40), np.log(1200))))
        if rng.random() < 0.4 * wanted.prevalence
        else 0.0
        for _ in range(2)
    )
    return left, right


def _sizes(wanted: Wanted, rng: np.random.Generator) -> tuple[float, ...]:
    if wanted.nodules is not None:
        return wanted.nodules
    if rng.random() >= wanted.prevalence:
        return ()
    top = np.log(LARGEST) - wanted.subtler * np.log(LARGEST / 6)
    low = np.log(SMALLEST + 1)
    return tuple(float(np.exp(rng.uniform(low, top))) for _ in range(int(rng.integers(1, MOST))))


def _lesions(body: Thorax, sizes: tuple[float, ...], rng: np.random.Generator) -> list[Lesion]:
    """Nodules that do not touch each other; one for which no place is found is left out."""
    placed: list[Lesion] = []
    for size in sizes:
        for _ in range(12):
            one = nodules.draw(rng, size, contrast=body.patient.contrast)
            spot = nodules.place(body, one, rng)
            lesion = nodules.truth(body, one, *spot) if spot else None
            if spot is None or lesion is None or lesion.long_mm < SMALLEST:
                continue
            if all(
                np.linalg.norm(np.subtract(lesion.centre, other.centre))
                > 0.8 * (lesion.long_mm + other.long_mm)
                for other in placed
            ):
                room = body.left + body.right
                nodules.insert(body.hu, body.grid, room, one, spot[0])
                placed.append(lesion)
                break
    return placed
