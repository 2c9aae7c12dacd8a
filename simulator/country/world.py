"""A country with a seed: its sites, its days, and the studies of each as sums."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.equipment import Equipment
from core.domain.errors import NotFoundError
from core.domain.watch import NATIONAL
from monitoring.aggregates.aggregate import Aggregate
from simulator.country import reading, seasons
from simulator.country.algorithms import KINDS
from simulator.country.faults import DATA, EFFECTS, LATE_DAYS, NEW_VERSION, Fault
from simulator.country.places import BY_KEY
from simulator.country.scanners import Machine
from simulator.country.settings_of import Common, new_setting, place_of
from simulator.country.studies import Setting
from simulator.country.sums import Studies, summed

Noted = Callable[[dt.date, Studies], None]
START: Final = dt.date(2024, 1, 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """One day of one version on one piece of equipment at one site."""

    site: str
    algorithm: str
    version: str
    equipment: Equipment
    modality: str
    day: dt.date
    aggregate: Aggregate


class World:
    """Every study of `years` years from `start` on, of `sites`, drawn anew whenever asked for.

    The same seed, start and years give the same studies, whichever sites and months are asked
    for and in whatever order; a fault changes nothing before its day and nothing elsewhere.
    """

    def __init__(
        self,
        seed: int,
        *,
        years: float = 2.0,
        start: dt.date = START,
        sites: Sequence[str] = tuple(BY_KEY),
        algorithms: Sequence[str] = tuple(KINDS),
    ) -> None:
        _check(sites, BY_KEY)
        _check(algorithms, KINDS)
        self.seed = seed
        self.days = [start + dt.timedelta(n) for n in range(round(years * seasons.YEAR))]
        self.sites = tuple(sites)
        self.algorithms = tuple(algorithms)
        self._common = Common.of(seed, self.days)
        self._settings: dict[tuple[str, str], Setting] = {}

    def check(self, faults: Sequence[Fault]) -> None:
        """Raise `NotFoundError` for a fault at a site or in an algorithm that is not there."""
        _check([one.site for one in faults if one.site != NATIONAL], dict.fromkeys(self.sites))
        _check([x.algorithm for x in faults if x.algorithm], dict.fromkeys(self.algorithms))

    def has(self, site: str, algorithm: str) -> bool:
        """Whether the site is large enough for the algorithm."""
        return BY_KEY[site].size >= KINDS[algorithm].smallest

    def months(self) -> list[tuple[int, int]]:
        """(first, past the last) places in `days`, a calendar month each."""
        starts = [n for n, day in enumerate(self.days) if n == 0 or day.day == 1]
        return list(zip(starts, [*starts[1:], len(self.days)], strict=True))

    def studies(
        self, site: str, algorithm: str, span: tuple[int, int], faults: Sequence[Fault] = ()
    ) -> Studies:
        """The studies of one of `months`; `Studies.day` counts from its first day."""
        setting = self._cut(site, algorithm, span, faults)
        where = [self.seed, place_of(site), list(KINDS).index(algorithm), span[0]]
        made = reading.read(KINDS[algorithm], setting, np.random.default_rng(where))
        mine = [one for one in faults if one.kind == "silence" and one.at(site, algorithm)]
        silent = _lasting(mine, self.days[slice(*span)])
        return made.those(~silent[made.day]) if silent.any() else made

    def _cut(
        self, site: str, algorithm: str, span: tuple[int, int], faults: Sequence[Fault]
    ) -> Setting:
        """The site's setting in these days, with the faults that change studies."""
        whole = self._setting(site, algorithm)
        days = self.days[slice(*span)]
        mine = [one for one in faults if one.at(site, algorithm)]
        return dataclasses.replace(
            whole,
            mean=whole.mean[slice(*span)],
            logits=whole.logits[slice(*span)],
            mobile=whole.mobile[slice(*span)],
            effects=tuple(
                (EFFECTS[one.kind], _lasting([one], days)) for one in mine if one.kind in EFFECTS
            ),
        )

    def _setting(self, site: str, algorithm: str) -> Setting:
        key = (site, algorithm)
        if key not in self._settings:
            self._settings[key] = new_setting(self._common, BY_KEY[site], KINDS[algorithm])
        return self._settings[key]

    def machines(self, site: str, algorithm: str) -> tuple[Machine, ...]:
        """The scanners of the site for the algorithm; the last is the one that a fault brings."""
        return self._setting(site, algorithm).machines

    def history(
        self,
        site: str,
        algorithm: str,
        faults: Sequence[Fault] = (),
        noted: Noted | None = None,
    ) -> dict[dt.date, Aggregate]:
        """The sums over equipment by day, data faults included: a day without studies is absent.

        `noted` is called with the first day of every month and its studies.
        """
        found: dict[dt.date, Aggregate] = {}
        codes = [one.code for one in KINDS[algorithm].labels]
        for span in self.months():
            days = self.days[slice(*span)]
            one = self.studies(site, algorithm, span, faults)
            if noted:
                noted(days[0], one)
            made = summed(one, codes, one.day, len(days))
            found |= {d: a for d, a in zip(days, made, strict=True) if a.studies}
        for fault in faults:
            if fault.at(site, algorithm) and fault.kind in DATA:
                found = damaged(found, fault)
        return found

    def by_equipment(
        self, site: str, algorithm: str, span: tuple[int, int], faults: Sequence[Fault] = ()
    ) -> tuple[list[Day], Studies]:
        """A month as it is stored, and its studies; data faults are left to whoever stores it."""
        kind = KINDS[algorithm]
        one = self.studies(site, algorithm, span, faults)
        known = self.machines(site, algorithm)
        days = self.days[slice(*span)]
        group = one.day * len(known) + one.machine
        made = summed(one, [x.code for x in kind.labels], group, len(days) * len(known))
        return [
            Day(
                site, algorithm, version(algorithm, site, days[place // len(known)], faults),
                known[place % len(known)].equipment, kind.modality,
                days[place // len(known)], aggregate,
            )
            for place, aggregate in enumerate(made) if aggregate.studies
        ], one  # fmt: skip


def _check(names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            message = f"«{name}» is not in the simulated country: {', '.join(known)}"
            raise NotFoundError(message)


def _lasting(faults: Sequence[Fault], days: Sequence[dt.date]) -> NDArray[np.bool_]:
    return np.array([any(one.on(day) for one in faults) for day in days], bool)


def version(algorithm: str, site: str, day: dt.date, faults: Sequence[Fault]) -> str:
    """Which version read that day."""
    told = KINDS[algorithm].version
    newer = any(x.kind == "version" and x.at(site, algorithm) and x.on(day) for x in faults)
    return told + NEW_VERSION if newer else told


def damaged(days: dict[dt.date, Aggregate], fault: Fault) -> dict[dt.date, Aggregate]:
    """What can be read of the days in the night after the last of them."""
    if fault.kind == "duplicated":
        return {d: a + a if fault.on(d) else a for d, a in days.items()}
    if fault.kind in {"missing", "corrupt"}:
        return {d: a for d, a in days.items() if not fault.on(d)}
    if fault.kind == "late":
        last = max(days)
        return {d: a for d, a in days.items() if not fault.on(d) or (last - d).days >= LATE_DAYS}
    return days
