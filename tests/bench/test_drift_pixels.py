"""Drift from pixels: one site's wrists through the real fracture model, one fault of each kind.

Days are drawn from the pools of `pixel_pools`: volume, weekends and prevalence as at a site. The
first year is the reference, the fault begins six weeks later, and the site is alone (own chart).
"""

import datetime as dt
import statistics
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from core.domain.watch import Standing
from core.sections import Watch
from monitoring.aggregates.aggregate import Aggregate, total
from monitoring.drift import engine
from monitoring.performance.wilson import wilson
from tests.bench.pixel_pools import NEW_SCANNER, Read, confusion, pools
from tests.bench.table import told

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

STUDIES = 300
RUNS = 12
FIRST = dt.date(2024, 1, 1)
REFERENCE, BEFORE, AFTER = 364, 42, 60
WEEKDAY, WEEKEND = 60.0, 27.0
WITHIN = 30

Pools = Mapping[str, Sequence[Read]]
Draw = Callable[[np.random.Generator, float], Read]


def pick(reads: Sequence[Read], rng: np.random.Generator) -> Read:
    return reads[int(rng.integers(len(reads)))]


def drawing(found: Pools, kind: str) -> Draw:
    """How one study of a site with that fault is drawn; the argument is the day's prevalence."""
    ill = [one for one in found["ordinary"] if one.fractured]
    well = [one for one in found["ordinary"] if not one.fractured]
    adults = {True: [x for x in ill if not x.child], False: [x for x in well if not x.child]}
    children = {True: [x for x in ill if x.child], False: [x for x in well if x.child]}
    both = {True: ill, False: well}
    share = statistics.mean(one.child for one in found["ordinary"])
    flat = {True: [x for x in found["contrast"] if x.fractured],
            False: [x for x in found["contrast"] if not x.fractured]}  # fmt: skip
    new = {True: [x for x in found["scanner"] if x.fractured],
           False: [x for x in found["scanner"] if not x.fractured]}  # fmt: skip
    old = {key: [x for x in reads if x.scanner != "fjord"] for key, reads in both.items()}

    def draw(rng: np.random.Generator, prevalence: float) -> Read:
        if kind == "prevalence x1.5":
            prevalence = min(1.5 * prevalence, 0.95)
        fractured = bool(rng.random() < prevalence)
        if kind == "contrast -20 %":
            return pick(flat[fractured], rng)
        if kind == "scanner change":
            return pick((new if rng.random() < 0.5 else old)[fractured], rng)
        if kind == "subtler findings":
            return pick(found["subtler"] if fractured else well, rng)
        if kind == "subgroup shift":
            group = children if rng.random() < 2 * share else adults
            return pick(group[fractured], rng)
        return pick(both[fractured], rng)

    return draw


def stream(found: Pools, kind: str, seed: int) -> dict[dt.date, Aggregate]:
    """Every day's sum: the fault from day REFERENCE + BEFORE on."""
    rng = np.random.default_rng([seed, len(kind)])
    usual, faulty = drawing(found, "none"), drawing(found, kind)
    wave, made = 0.0, {}
    for number in range(REFERENCE + BEFORE + AFTER):
        day = FIRST + dt.timedelta(days=number)
        wave = 0.7 * wave + rng.normal(0, 0.15 * np.sqrt(1 - 0.7**2))
        prevalence = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + wave)))
        count = rng.poisson(WEEKEND if day.weekday() > 4 else WEEKDAY)
        draw = faulty if number >= REFERENCE + BEFORE else usual
        made[day] = total(draw(rng, prevalence).aggregate for _ in range(count))
    return made


def alarms(history: Mapping[dt.date, Aggregate]) -> list[int]:
    """Days after the reference on which the own chart is an alarm."""
    watch = Watch()
    days = sorted(history)
    first, last = days[0], days[REFERENCE - 1]
    sites = {"site": history}
    reference = engine.learn(sites, "site", first, last, watch, trust_of={"site": "trust"})
    found = engine.evaluate(
        sites, {"site": (1, reference)}, days[REFERENCE:], watch,
        trust_of={"site": "trust"}, algorithm="fracture",
    )  # fmt: skip
    return [
        (one.day - last).days
        for one in found
        if one.stream.site == "site"
        and any(point.standing is Standing.OUTSIDE for point in one.points)
    ]


FAULTS = (
    "contrast -20 %", "scanner change", "prevalence x1.5", "subtler findings", "subgroup shift",
)  # fmt: skip


def test_faults_in_the_pixels_are_found() -> None:
    found = pools(STUDIES, seed=70_000)
    quality(found)
    quiet = [day for n in range(RUNS) for day in alarms(stream(found, "none", n))]
    years = RUNS * (BEFORE + AFTER) / 365
    told("no fault, pixels", ours=f"{len(quiet)} days of alarm in {years:.1f} site-years", peer="–",
         ratio="–")  # fmt: skip
    for kind in FAULTS:
        delays = []
        for n in range(RUNS):
            after = [day - BEFORE for day in alarms(stream(found, kind, 100 + n)) if day > BEFORE]
            delays.append(min(after, default=AFTER + 1))
        within = sum(delay <= WITHIN for delay in delays) / RUNS
        told(f"{kind}, pixels", ours=f"{within:.0%} within {WITHIN} days, "
             f"median {statistics.median(delays):g} days", peer="–", ratio="–")  # fmt: skip


def quality(found: Pools) -> None:
    """What each fault does to the model, by the truth of the simulation."""
    groups = {
        "ordinary": found["ordinary"],
        "contrast -20 %": found["contrast"],
        f"scanner {NEW_SCANNER}": found["scanner"],
        "subtler": [*found["subtler"], *(x for x in found["ordinary"] if not x.fractured)],
        "children": [x for x in found["ordinary"] if x.child],
        "adults": [x for x in found["ordinary"] if not x.child],
    }
    for name, reads in groups.items():
        tp, fp, fn, tn = confusion(reads)
        told(f"fracture on {name}, pixels", ours=f"sensitivity {share(tp, tp + fn)}, "
             f"specificity {share(tn, tn + fp)}", peer="–", ratio="–")  # fmt: skip


def share(hits: int, count: int) -> str:
    estimate = wilson(hits, count)
    assert estimate
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"
