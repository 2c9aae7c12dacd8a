# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""One woman's breasts: size, composition, and the lesions that are put in them.

Lengths in mm. A breast's own frame has its origin at the nipple (`truth.Place`).
"""

import dataclasses
from typing import Final

import numpy as np

from simulator.mammography.truth import DENSITIES, SHAPES, Lesion, Place

#: Share of the projected breast that is dense, lowest and highest, by category.
DENSE: Final = {"a": (0.02, 0.09), "b": (0.13, 0.28), "c": (0.36, 0.55), "d": (0.66, 0.88)}
#: How common the categories are below 50 years and above 65; linear between.
YOUNG: Final = np.array((0.08, 0.32, 0.42, 0.18))
OLD: Final = np.array((0.24, 0.46, 0.25, 0.05))


@dataclasses.dataclass(frozen=True, slots=True)
class Woman:
    """What both breasts share."""

    age: int
    density: str  #: a to d
    dense: float  #: share of the projected breast that is dense
    depth: float  #: from the chest wall's edge of the image to the nipple
    half: float  #: half the height of the breast, craniocaudal view
    thickness: float  #: compressed


def woman(rng: np.random.Generator, density: str | None = None) -> Woman:
    """A woman of screening age, or a little younger or older."""
    age = int(np.clip(rng.normal(58, 9), 40, 84))
    weights = YOUNG + (OLD - YOUNG) * np.clip((age - 50) / 15, 0, 1)
    letter = density or str(rng.choice(DENSITIES, p=weights / weights.sum()))
    low, high = DENSE[letter]
    size = rng.normal()
    return Woman(
        age=age,
        density=letter,
        dense=float(rng.uniform(low, high)),
        depth=float(np.clip(86 + 13 * size + rng.normal(0, 5), 55, 118)),
        half=float(np.clip(74 + 10 * size + rng.normal(0, 5), 52, 100)),
        thickness=float(np.clip(55 + 9 * size + rng.normal(0, 5), 28, 80)),
    )


def lesions(
    rng: np.random.Generator,
    body: Woman,
    side: str,
    *,
    prevalence: float,
    subtler: float,
    most: int,
) -> list[Lesion]:
    """None with probability 1 - `prevalence`, else one (mostly) up to `most`, apart."""
    if rng.random() >= prevalence:
        return []
    count = 1 if rng.random() < 0.8 else int(rng.integers(1, most + 1))
    made: list[Lesion] = []
    for number in range(count):
        name = "mass" if rng.random() < 0.58 else "calcifications"
        subtlety = float(rng.random() ** (1 / (1 + 3 * subtler)))
        spot = _free(rng, body, made)
        shape, size = _look(rng, name, subtlety)
        made.append(
            Lesion(f"{side}{number + 1}", name, shape, side, subtlety, size, spot)  # type: ignore[arg-type]
        )
    return made


def _free(rng: np.random.Generator, body: Woman, others: list[Lesion]) -> Place:
    """A place that both views show, at least 30 mm from every other lesion."""
    spot = _spot(rng, body)
    for _ in range(20):
        if all(abs(spot.depth - one.place.depth) + abs(spot.lateral - one.place.lateral) > 30
               and abs(spot.depth - one.place.depth) + abs(upper(spot) - upper(one.place)) > 30
               for one in others):  # fmt: skip
            break
        spot = _spot(rng, body)
    return spot


def _spot(rng: np.random.Generator, body: Woman) -> Place:
    """More often lateral and cranial, as cancers are; inside the cone of the breast."""
    depth = float(rng.uniform(0.2, 0.82)) * body.depth
    reach = 0.78 * body.half * np.sqrt(depth / body.depth) - 6
    lateral = float(np.clip(rng.normal(0.22, 0.42), -0.85, 0.85)) * reach
    cranial = float(np.clip(rng.normal(0.15, 0.42), -0.85, 0.85)) * reach
    return Place(depth, float(lateral), float(cranial))


def upper(spot: Place) -> float:
    """How far above the nipple a mediolateral oblique view at 45° shows the place."""
    return float((spot.lateral + spot.cranial) / np.sqrt(2))


def _look(rng: np.random.Generator, name: str, subtlety: float) -> tuple[str, float]:
    """Shape and longest diameter; subtle lesions are smaller."""
    if name == "calcifications":
        return "cluster", float(rng.uniform(6, 18) - 3 * subtlety)
    size = float(rng.uniform(9, 24) * (1 - 0.28 * subtlety))
    return str(rng.choice(SHAPES, p=(0.18, 0.22, 0.22, 0.38))), max(size, 8.0)
