"""A country in memory, and what is known of one."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from monitoring.aggregates.aggregate import Aggregate
from simulator.country.algorithms import KINDS
from simulator.country.faults import EFFECTS, Fault
from simulator.country.places import BY_KEY, TRUST_OF
from simulator.country.sums import EVALUATED, Studies
from simulator.country.world import START, World

Tick = Callable[[float, str], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Country:
    """Histories in memory (algorithm, site, day), whose trust each site is, and the truth."""

    histories: Mapping[str, Mapping[str, Mapping[dt.date, Aggregate]]]
    trust_of: Mapping[str, str]
    truth: Mapping[str, Any]


class Performance:
    """Sums of what the algorithms truly did: all findings of a month at a site together."""

    def __init__(self) -> None:
        #: algorithm, site, month -> [true positive, false positive, false negative, true negative]
        self.counts: dict[str, dict[str, dict[str, list[int]]]] = {}

    def add(self, algorithm: str, site: str, day: dt.date, studies: Studies) -> None:
        """The evaluated studies of a month."""
        kept = studies.end < EVALUATED
        truth, called = studies.present[kept], studies.called[kept]
        cells = (truth & called, ~truth & called, truth & ~called, ~truth & ~called)
        months = self.counts.setdefault(algorithm, {}).setdefault(site, {})
        months[f"{day:%Y-%m}"] = [int(np.count_nonzero(one)) for one in cells]


def generate(
    seed: int,
    years: float = 2.0,
    faults: Sequence[Fault] = (),
    *,
    start: dt.date = START,
    sites: Sequence[str] = tuple(BY_KEY),
    algorithms: Sequence[str] = tuple(KINDS),
    tick: Tick | None = None,
) -> Country:
    """A country in memory: about 150 MB for an algorithm, two years and all sites."""
    world = World(seed, years=years, start=start, sites=sites, algorithms=algorithms)
    performance = Performance()
    world.check(faults)
    histories: dict[str, dict[str, dict[dt.date, Aggregate]]] = {}
    pairs = [(a, s) for a in algorithms for s in sites if world.has(s, a)]
    for number, (algorithm, site) in enumerate(pairs):
        if tick:
            tick(number / len(pairs), f"{algorithm} {site}")
        noted = functools.partial(performance.add, algorithm, site)
        histories.setdefault(algorithm, {})[site] = world.history(site, algorithm, faults, noted)
    if tick:
        tick(1.0, "")
    told = truth(world, faults, performance)
    return Country(histories, {site: TRUST_OF[site] for site in sites}, told)


def truth(world: World, faults: Sequence[Fault], performance: Performance) -> dict[str, Any]:
    """What is known of the country, as plain JSON; `performance` as `Performance.counts`."""
    return {
        "seed": world.seed,
        "from": world.days[0].isoformat(),
        "to": world.days[-1].isoformat(),
        "sites": {key: {"size": BY_KEY[key].size, "trust": TRUST_OF[key]} for key in world.sites},
        "faults": [
            {
                "kind": one.kind, "site": one.site, "from": one.day.isoformat(),
                "algorithm": one.algorithm, "days": one.days,
                "effect": dataclasses.asdict(EFFECTS[one.kind]) if one.kind in EFFECTS else None,
            }
            for one in faults
        ],
        "performance": performance.counts,
    }  # fmt: skip
