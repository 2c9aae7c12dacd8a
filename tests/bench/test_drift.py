"""Drift alarms on the simulated country: ours and those of other methods, on the same streams.

`BENCH_DRIFT=1` seeds fewer for a first look; the bounds are then not asserted.
"""

import collections
import os
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from simulator.country.algorithms import KINDS
from tests.bench.drift_detectors import DETECTORS
from tests.bench.drift_trial import (
    STATISTICS,
    WATCHED,
    Case,
    Stream,
    delay,
    episodes,
    trial,
    watch,
)
from tests.bench.table import told

pytestmark = [pytest.mark.bench, pytest.mark.timeout(5400)]
#: Nothing was tuned on these seeds: the engine was on those below 1000, its budget on 1001 to 1005.
FIRST = 2001
SEEDS = int(os.environ.get("BENCH_DRIFT", "5"))
WITH_FAULTS = 1
FAULTS = ("contrast_20", "scanner", "prevalence", "subtler", "subgroup")
YEARS = (WATCHED[1] - WATCHED[0]) / 365
OURS = "Varde"
USUAL = {"KS, Bonferroni": -np.log10(0.05), "PSI": 0.2, "MMD, bootstrap": 1.0}
SECOND = {"KS, Bonferroni": 3.0, "PSI": 0.1, "MMD, bootstrap": 1.2}
Alarms = Callable[[Stream | Case], set[int]]


def test_false_alarms_and_faults_found() -> None:
    streams, cases, short = _trials()
    sites = len({(seed, one.site) for seed, one in streams})
    plain, short_plain = [one for _, one in streams], [one for _, one in short]
    ours, from_short = _rate(plain, _ours), _rate(short_plain, _ours)
    told(f"{len(streams)} streams, no fault", ours=f"{sites * YEARS:.0f} site-years", peer="–",
         ratio="–")  # fmt: skip
    for name, rate in (
        ("a year's reference, every chart", ours),
        ("a year's reference, own chart", _rate(plain, lambda one: one.ours["own"])),
        ("126 days, peers' chart", from_short),
    ):
        each = f"a site-year with all its algorithms: {rate * len(streams) / sites:.3f}"
        told(f"false alarms a stream-year, {name}", ours=f"{rate:.3f}", peer=each, ratio="–")
    rows = _rows(plain, ours)
    for name, rate, alarms in rows:
        _told(name, rate, cases, alarms)
    for kind in ("large", "medium", "small"):
        some = [case for case in cases if case.stream.kind == kind]
        for name, rate, alarms in [row for row in rows if "usual" not in row[0]]:
            _told(f"{kind} sites, {name}", rate, some, alarms)
    if SEEDS < 5:
        return
    assert sites * YEARS >= 200
    assert ours <= 0.1
    assert from_short <= 0.2
    mean = {name: np.mean([_share(cases, f, alarms) for f in FAULTS]) for name, _, alarms in rows}
    matched = {name: one for name, one in mean.items() if "matched" in name}
    assert mean[OURS] >= max(matched.values())


def _trials() -> tuple[list[tuple[int, Stream]], list[Case], list[tuple[int, Stream]]]:
    streams, cases, short = [], [], []
    for seed in range(FIRST, FIRST + SEEDS):
        for algorithm in KINDS:
            faults = FAULTS if seed < FIRST + WITH_FAULTS else ()
            made = trial(seed, algorithm, faults)
            watch(made)
            streams += [(seed, one) for one in made.streams]
            short += [(seed, one) for one in made.short]
            cases += made.cases
    return streams, cases, short


def _rows(streams: Sequence[Stream], ours: float) -> list[tuple[str, float, Alarms]]:
    """(name, false alarms a stream-year, alarms) of each method at each setting."""
    rows: list[tuple[str, float, Alarms]] = [(OURS, ours, _ours)]
    for name in STATISTICS:
        for word, limit in (("usual", USUAL[name]), ("second", SECOND[name])):
            alarms = _above(name, limit)
            rows.append((f"{name}, {word} ({limit:.3g})", _rate(streams, alarms), alarms))
        limit = _matched(streams, name, ours)
        alarms = _above(name, limit)
        rows.append((f"{name}, matched ({limit:.3g})", _rate(streams, alarms), alarms))
    for name, (_, settings) in DETECTORS.items():
        rates = {word: _rate(streams, _detected(name, word)) for word in settings}
        first = next(iter(settings))
        rows.append((f"{name}, usual ({first})", rates[first], _detected(name, first)))
        quiet = [word for word, rate in rates.items() if rate <= ours]
        best = max(quiet, key=rates.__getitem__) if quiet else min(rates, key=rates.__getitem__)
        rows.append((f"{name}, matched ({best})", rates[best], _detected(name, best)))
    return rows


def _matched(streams: Sequence[Stream], name: str, ours: float) -> float:
    """The lowest limit with no more false alarms than ours: to the advantage of the method."""
    seen = np.concatenate([one.statistics[name][slice(*WATCHED)] for one in streams])
    limits = np.quantile(seen[np.isfinite(seen)], 1 - np.geomspace(0.2, 1e-5, 80))
    return float(
        next((x for x in limits if _rate(streams, _above(name, float(x))) <= ours), limits[-1])
    )


def _ours(one: Stream | Case) -> set[int]:
    return one.ours["any"]


def _above(name: str, limit: float) -> Alarms:
    def alarms(one: Stream | Case) -> set[int]:
        start = one.begins if isinstance(one, Case) else 0
        return {start + int(n) for n in np.flatnonzero(one.statistics[name] > limit)}

    return alarms


def _detected(name: str, setting: str) -> Alarms:
    return lambda one: one.detections[name, setting]


def _rate(streams: Sequence[Stream], alarms: Alarms) -> float:
    """False alarms a stream-year."""
    return sum(len(episodes(alarms(one), *WATCHED)) for one in streams) / len(streams) / YEARS


def _delays(cases: Sequence[Case], fault: str, alarms: Alarms) -> list[float]:
    return [
        delay(alarms(one.stream), alarms(one), one.begins) for one in cases if one.fault == fault
    ]


def _share(cases: Sequence[Case], fault: str, alarms: Alarms) -> float:
    return float(np.mean(np.isfinite(_delays(cases, fault, alarms))))


def _told(name: str, rate: float, cases: Sequence[Case], alarms: Alarms) -> None:
    """Share found and median delay of each fault; – where fewer than half are found."""
    words = []
    for fault in FAULTS:
        found = _delays(cases, fault, alarms)
        middle = float(np.median(found))
        words.append(f"{_share(cases, fault, alarms):.2f} / "
                     + (f"{middle:.0f}" if np.isfinite(middle) else "–"))  # fmt: skip
    number = collections.Counter(one.fault for one in cases)[FAULTS[0]]
    told(f"{name} ({number} cases a fault)", ours=f"{rate:.3f}", peer=" | ".join(words), ratio="–")
