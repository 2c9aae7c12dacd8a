"""The detectors of river, per study or per day, at several settings, over streams with faults."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench import drift_peers as peers
from tests.bench.drift_streams import Floats, Raw

#: Detectors of river: per study or per day, with settings from the usual to the strictest.
DETECTORS: Mapping[str, tuple[bool, Mapping[str, Any]]] = {
    "ADWIN per study": (
        False,
        {f"δ={d:g}": peers.adwin(d) for d in (0.002, 1e-4, 1e-7, 1e-12, 1e-20, 1e-40)},
    ),
    "ADWIN per day": (
        True,
        {f"δ={d:g}": peers.adwin(d, clock=1) for d in (0.002, 1e-4, 1e-6, 1e-9)},
    ),
    "Page-Hinkley per study": (
        False,
        {f"λ={t:g}": peers.page_hinkley(t, 0.005) for t in (50, 200, 800, 3200)},
    ),
    "Page-Hinkley per day": (
        True,
        {f"λ={t:g}": peers.page_hinkley(t, 0.25) for t in (50, 10, 20, 30, 70)},
    ),
}


class Runs:
    """The detectors of river over one stream, kept as they were when the faults begin."""

    def __init__(self, raw: Raw, begins: int, learned: int) -> None:
        """`learned`: the days before it give the daily mean its scale."""
        self._begins = begins
        daily, days = peers.daily_means(raw)
        known = days < learned
        self._centre, self._spread = daily[known].mean(), daily[known].std() or 1.0
        self._kept: dict[tuple[str, str], Any] = {}
        self.found: dict[tuple[str, str], set[int]] = {}
        for name, (each_day, settings) in DETECTORS.items():
            values, days = self._values(raw, each_day=each_day)
            old = days < begins
            for setting, make in settings.items():
                detector = make()
                before = peers.streaming(detector, values[old], days[old])
                self._kept[name, setting] = copy.deepcopy(detector)
                after = peers.streaming(detector, values[~old], days[~old])
                self.found[name, setting] = before | after

    def further(self, made: Raw, followed: int) -> dict[tuple[str, str], set[int]]:
        """What each says from that day on, of `made` in place of the stream."""
        said = {}
        for name, (each_day, settings) in DETECTORS.items():
            values, days = self._values(made, each_day=each_day)
            new = (days >= self._begins) & (days < self._begins + followed)
            for setting in settings:
                detector = copy.deepcopy(self._kept[name, setting])
                said[name, setting] = peers.streaming(detector, values[new], days[new])
        return said

    def _values(self, raw: Raw, *, each_day: bool) -> tuple[Floats, NDArray[np.int64]]:
        if not each_day:
            return raw.scores, raw.day
        daily, days = peers.daily_means(raw)
        return (daily - self._centre) / self._spread, days
