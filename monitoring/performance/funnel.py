"""Sites side by side without a ranking: a funnel with limits for over-dispersion."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from monitoring.performance.estimate import checked

TRIMMED: Final = 0.1  #: of the z-scores at each end are drawn in before the spread is measured
INNER, OUTER = 2.0, 3.0  #: standard deviations of the two limits


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A site in the funnel. `z` is in standard deviations after over-dispersion."""

    site: str
    hits: int
    count: int
    z: float

    @property
    def value(self) -> float:
        """Its share."""
        return self.hits / self.count

    @property
    def outside(self) -> bool:
        """Beyond the outer limit: look for an explanation."""
        return abs(self.z) > OUTER


@dataclasses.dataclass(frozen=True, slots=True)
class Funnel:
    """`target` is the share of all; `dispersion` (phi) 1 where chance explains the spread."""

    target: float
    dispersion: float
    places: tuple[Place, ...]

    def limits(self, count: int, deviations: float = OUTER) -> tuple[float, float]:
        """(low, high) for a site of `count` studies."""
        spread = math.sqrt(self.dispersion * self.target * (1 - self.target) / count)
        return (
            max(0.0, self.target - deviations * spread),
            min(1.0, self.target + deviations * spread),
        )


def funnel(shares: Mapping[str, tuple[int, int]]) -> Funnel | None:
    """Of (hits, count) by site; sites without a study are left out, None where all are.

    Spiegelhalter (2005): z-scores against the share of all, winsorised, give a multiplicative
    over-dispersion that widens the limits; it is taken as 1 unless it is larger than
    1 + 2 sqrt(2 / sites), which chance alone rarely gives.
    """
    kept = {site: one for site, one in shares.items() if one[1]}
    for hits, count in kept.values():
        checked(hits, count)
    if not kept:
        return None
    target = sum(hits for hits, _ in kept.values()) / sum(count for _, count in kept.values())
    z = [_z(hits, count, target) for hits, count in kept.values()]
    phi = dispersion(z)
    phi = phi if phi > 1 + 2 * math.sqrt(2 / len(z)) else 1.0
    places = tuple(
        Place(site, hits, count, one / math.sqrt(phi))
        for (site, (hits, count)), one in zip(kept.items(), z, strict=True)
    )
    return Funnel(target, phi, places)


def dispersion(z: Sequence[float]) -> float:
    """The mean square of z-scores, the outermost `TRIMMED` at each end drawn in to the next."""
    ordered = np.sort(np.asarray(z, dtype=np.float64))
    cut = int(TRIMMED * len(ordered))
    drawn = np.clip(ordered, ordered[cut], ordered[len(ordered) - 1 - cut])
    return float((drawn**2).mean())


def _z(hits: int, count: int, target: float) -> float:
    """0 where all sites have none, or all."""
    size = math.sqrt(target * (1 - target) / count)
    return (hits / count - target) / size if size else 0.0
