"""The trial: the same streams through our engine and through the other methods.

A stream is one algorithm at one site. Everything is learned on the first year and watched for
two more. A fault begins on a day drawn for the stream and is followed for `FOLLOWED` days.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.domain.watch import Chart, Evaluation, Standing
from core.sections import Watch
from monitoring.aggregates.aggregate import Aggregate
from monitoring.drift import engine
from monitoring.drift.reference import Reference
from simulator.country.faults import Fault
from simulator.country.places import BY_KEY, TRUST_OF
from simulator.country.world import World
from tests.bench import drift_peers as peers
from tests.bench.drift_detectors import Runs
from tests.bench.drift_streams import Floats, Raw, collected, edges

YEARS = 3.0
REFERENCE = (0, 364)  # places of days, the second not included
SHORT = (238, 364)  # 126 days
WATCHED = (364, 1094)  # two years
FOLLOWED = 30
QUIET = 14  # days after which an episode is closed
WATCH = Watch()
STATISTICS = {"KS, Bonferroni": peers.ks, "PSI": peers.psi, "MMD, bootstrap": peers.mmd}


@dataclasses.dataclass(slots=True)
class Stream:
    """One stream without a fault: a daily number of each method, and our own alarms."""

    site: str
    algorithm: str
    statistics: dict[str, Floats]  # (days,)
    detections: dict[tuple[str, str], set[int]]
    ours: dict[str, set[int]] = dataclasses.field(default_factory=dict)  # by chart, or `any`

    @property
    def kind(self) -> str:
        """Large, medium or small."""
        return BY_KEY[self.site].kind


@dataclasses.dataclass(slots=True)
class Case:
    """One stream with a fault from the day `begins`: the same from that day on."""

    stream: Stream
    fault: str
    begins: int
    statistics: dict[str, Floats]  # (FOLLOWED,)
    detections: dict[tuple[str, str], set[int]]
    ours: dict[str, set[int]] = dataclasses.field(default_factory=dict)


def episodes(days: set[int], first: int, last: int) -> list[int]:
    """The days on which an episode began: one ends after `QUIET` days without an alarm."""
    begun, before = [], -QUIET - 1
    for day in sorted(days):
        if day - before > QUIET and first <= day < last:
            begun.append(day)
        before = day
    return begun


def delay(quiet: set[int], faulty: set[int], begins: int) -> float:
    """Days to the first episode that begins with the fault, its first day counted; infinite: none.

    An alarm that stood already when the fault began says nothing new.
    """
    days = {day for day in quiet if day < begins} | faulty
    begun = episodes(days, begins, begins + FOLLOWED)
    return begun[0] - begins + 1 if begun else np.inf


@dataclasses.dataclass(slots=True)
class Trial:
    """One algorithm in one country: what every method is given, and what the others said.

    `histories` by site; `variants` are those of the faulty months, in the order of `cases`.
    """

    world: World
    algorithm: str
    histories: dict[str, Mapping[dt.date, Aggregate]]
    streams: list[Stream]
    cases: list[Case]
    variants: list[Mapping[dt.date, Aggregate]]
    short: list[Stream]  #: the same streams with a reference of 126 days


def trial(seed: int, algorithm: str, faults: Sequence[str]) -> Trial:
    """Draw the streams and ask the other methods."""
    world = World(seed, years=YEARS, algorithms=(algorithm,))
    made = Trial(world, algorithm, {}, [], [], [], [])
    for number, site in enumerate(site for site in world.sites if world.has(site, algorithm)):
        bounds = edges(world, site, algorithm)
        raw = collected(world, site, algorithm, bounds)
        rng = np.random.default_rng([seed, number, len(algorithm)])
        begins = int(rng.integers(WATCHED[0] + 60, WATCHED[1] - FOLLOWED - 31))
        runs = Runs(raw, begins, REFERENCE[1])
        stream = Stream(site, algorithm, _statistics(raw), runs.found)
        made.histories[site] = raw.history
        made.streams.append(stream)
        made.short.append(Stream(site, algorithm, {}, {}))
        for fault in faults:
            one = _changed(world, stream, bounds, fault, begins)
            said = runs.further(one, FOLLOWED)
            made.cases.append(Case(stream, fault, begins, _followed(raw, one, begins), said))
            made.variants.append(one.history)
    return made


def watch(made: Trial) -> None:
    """Ask our engine about the same streams."""
    references = _references(made, REFERENCE)
    _ours(made, references, made.streams)
    for case, variant in zip(made.cases, made.variants, strict=True):
        _ours_of(made, references, case, variant)
    _ours(made, _references(made, SHORT), made.short)


def _changed(
    world: World, stream: Stream, bounds: Mapping[str, Any], fault: str, begins: int
) -> Raw:
    """The months of the fault, with it."""
    months = [n for n, (a, b) in enumerate(world.months()) if b > begins and a < begins + FOLLOWED]
    told = Fault(fault, stream.site, world.days[begins])
    where = slice(months[0], months[-1] + 1)
    return collected(world, stream.site, stream.algorithm, bounds, [told], where)


def _statistics(raw: Raw) -> dict[str, Floats]:
    return {name: made(raw, slice(*REFERENCE)) for name, made in STATISTICS.items()}


def _followed(raw: Raw, made: Raw, begins: int) -> dict[str, Floats]:
    """(FOLLOWED,) each: the reference, the days before the fault, and those with it, as one."""
    before = range(begins - peers.WINDOW, begins)
    places = [*range(*REFERENCE), *before]
    after = slice(begins - made.first, begins - made.first + FOLLOWED)
    joined = dataclasses.replace(
        raw,
        counts=np.concatenate([raw.counts[places], made.counts[after]]),
        features=np.concatenate([raw.features[places], made.features[after]]),
        evaluated=np.concatenate([raw.evaluated[places], made.evaluated[after]]),
    )
    return {name: one[-FOLLOWED:] for name, one in _statistics(joined).items()}


def _references(made: Trial, span: tuple[int, int]) -> dict[str, tuple[int, Reference]]:
    days = made.world.days[slice(*span)]
    sites = sorted(made.histories)
    found = engine.learn_many(
        made.histories, sites, days[0], days[-1], WATCH, trust_of=TRUST_OF
    )  # fmt: skip
    return {site: (1, one) for site, one in found.items()}


def _ours(
    made: Trial, references: Mapping[str, tuple[int, Reference]], streams: Sequence[Stream]
) -> None:
    """Our own alarms without a fault."""
    found = engine.evaluate(
        made.histories, references, made.world.days[slice(*WATCHED)], WATCH,
        trust_of=TRUST_OF, algorithm=made.algorithm, members=False,
    )  # fmt: skip
    for stream in streams:
        mine = (one for one in found if one.stream.site == stream.site)
        stream.ours = _alarms(mine, made.world.days[0])


def _ours_of(
    made: Trial,
    references: Mapping[str, tuple[int, Reference]],
    case: Case,
    variant: Mapping[dt.date, Aggregate],
) -> None:
    """Our own alarms from the day of the fault on."""
    site, days = case.stream.site, made.world.days
    start = days[case.begins]
    here = {d: a for d, a in made.histories[site].items() if d < start}
    here |= {d: a for d, a in variant.items() if d >= start}
    found = engine.evaluate(
        {**made.histories, site: here}, {site: references[site]},
        days[case.begins : case.begins + FOLLOWED], WATCH,
        trust_of=TRUST_OF, algorithm=made.algorithm, members=False,
    )  # fmt: skip
    case.ours = _alarms((one for one in found if one.stream.site == site), days[0])


def _alarms(evaluations: Iterator[Evaluation], start: dt.date) -> dict[str, set[int]]:
    """Places of the days in alarm: on any chart, and on each."""
    found: dict[str, set[int]] = {"any": set(), Chart.OWN.value: set(), Chart.PEERS.value: set()}
    for one in evaluations:
        for point in one.points:
            if point.standing is Standing.OUTSIDE:
                place = (one.day - start).days
                found["any"].add(place)
                found.setdefault(point.chart.value, set()).add(place)
    return found
