"""What each chart of a scope follows: itself, itself less its peers, or the median of all."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from core.domain.watch import NATIONAL, Chart
from monitoring.drift import peers
from monitoring.drift.grounding import Read, bare, scaled, slopes
from monitoring.drift.reference import Ground
from monitoring.drift.series import Array, Series


def compared(
    series: Mapping[str, Series],
    ground: Ground,
    site: str,
    days: Sequence[dt.date],
    *,
    members: frozenset[str],
    own: Read,
) -> dict[Chart, Read]:
    """What each chart of a scope follows: itself, itself less its peers, the median of all."""
    lefts = {
        name: bare(scaled(series[name], ground), ground, base, days)
        for name, base in zip(ground.sites, ground.bases, strict=True)
        if name in series and (site == NATIONAL or name not in members)
    }
    stack = np.stack(list(lefts.values())) if lefts else np.zeros((0, *own.values.shape))
    if site == NATIONAL:
        return {Chart.NATIONAL: Read(own.counts, peers.median(stack, least(ground)))}
    if len(stack) < peers.LEAST:
        return {Chart.OWN: own}
    middle = common(ground, members, peers.median(stack))
    return {Chart.OWN: own, Chart.PEERS: Read(own.counts, own.values - middle)}


def least(ground: Ground) -> int:
    """Sites that the median of all needs: in a country of one, that one."""
    return max(1, min(peers.LEAST, len(ground.sites)))


def common(ground: Ground, members: frozenset[str], middle: Array) -> Array:
    """(T, C) what the peers see, as it would be here; nothing of what is each site's own affair."""
    local = np.array([c.local for c in ground.channels], bool)
    here = [base for site, base in zip(ground.sites, ground.bases, strict=True) if site in members]
    slope = slopes(ground, np.mean(here, axis=0)) if here else np.ones(len(local))
    made: Array = np.where(local & np.isfinite(middle), 0.0, middle * slope)
    return made


class Shared:
    """What all references with one ground look at: each site's bare values."""

    def __init__(
        self, ground: Ground, series: Mapping[str, Series], days: Sequence[dt.date]
    ) -> None:
        self._sites = [site for site in ground.sites if site in series]
        bases = dict(zip(ground.sites, ground.bases, strict=True))
        rows = [
            bare(scaled(series[site], ground), ground, bases[site], days) for site in self._sites
        ]
        self._stack = np.stack(rows) if rows else np.zeros((0, len(days), len(ground.channels)))
        self._others: Array | None = None
        self._least = least(ground)

    @property
    def all(self) -> Array:
        """(T, C) the median of all sites."""
        return peers.median(self._stack, self._least)

    def without(self, members: frozenset[str]) -> Array:
        """(T, C) the median of all sites but these."""
        if len(members) == 1 and (site := next(iter(members))) in self._sites:
            if self._others is None:
                self._others = peers.medians(self._stack)
            found: Array = self._others[self._sites.index(site)]
            return found
        return peers.median(self._stack[[site not in members for site in self._sites]])
