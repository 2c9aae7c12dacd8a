"""What a site is like for an algorithm: volumes, how often findings are there, scanners, people."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.country import seasons
from simulator.country.algorithms import KINDS, Kind
from simulator.country.places import PLACES, Place
from simulator.country.reading import scale_of
from simulator.country.scanners import machines
from simulator.country.studies import Setting

Floats = NDArray[np.float64]
MODALITIES: Final = ("DX", "MG", "CT")
#: How sites differ: log odds of a finding, years, standard deviations, shares, log volume.
SPREAD: Final = {"prevalence": 0.2, "older": 2.0, "body": 0.15, "women": 0.01, "volume": 0.12}
MORE: Final = 0.08  #: studies at an influenza of 1
OF_SITES, OF_MACHINES = 531_441, 59_049  # apart from the seeds of months


@dataclasses.dataclass(frozen=True, slots=True)
class Common:
    """What all sites have in common; (days,) each."""

    seed: int
    days: Sequence[dt.date]
    wave: Floats
    influenza: Floats
    off: NDArray[np.bool_]

    @classmethod
    def of(cls, seed: int, days: Sequence[dt.date]) -> "Common":
        """Of a seed."""
        off = np.array([seasons.off(day) for day in days])
        return cls(seed, days, seasons.wave(days), seasons.influenza(days, seed), off)


def place_of(site: str) -> int:
    """Its place in `PLACES`, which is part of its seeds."""
    return [one.key for one in PLACES].index(site)


def new_setting(common: Common, place: Place, kind: Kind) -> Setting:
    """A site's setting for an algorithm over all days; the same seed gives the same."""
    where = [common.seed, place_of(place.key)]
    rng = np.random.default_rng([*where, list(KINDS).index(kind.key), OF_SITES])
    count = len(common.days)
    rows = np.array([[p.wave, p.influenza] for p in kind.points])
    logits = scale_of(kind.key).logits + rng.normal(0, SPREAD["prevalence"], len(kind.points))
    seasonal = np.outer(common.wave, rows[:, 0]) + np.outer(common.influenza, rows[:, 1])
    daily = seasons.autoregressive(count, rng)
    mobile = np.where(common.off, kind.mobile[1], kind.mobile[0]).clip(1e-9, 1)
    odds = mobile / (1 - mobile) * np.exp(seasons.autoregressive(count, rng))
    mean = place.size * kind.share * np.exp(rng.normal(0, SPREAD["volume"]))
    mean *= seasons.volumes(common.days, kind.weekend)
    if any(point.influenza for point in kind.points):
        mean *= 1 + MORE * common.influenza
    return Setting(
        machines=machines(place, kind, [*where, MODALITIES.index(kind.modality), OF_MACHINES]),
        mean=mean,
        logits=logits + seasonal + daily[:, None],
        mobile=odds / (1 + odds),
        older=float(rng.normal(0, SPREAD["older"])),
        body=float(rng.normal(0, SPREAD["body"])),
        women=float(np.clip(kind.women + rng.normal(0, SPREAD["women"]), 0, 1)),
        finding=kind.doubled,
    )
