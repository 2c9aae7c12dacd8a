"""Learning a reference: what is ordinary, and how far out is too far."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.domain.watch import NATIONAL, TRUST, Chart
from core.sections import Watch
from monitoring.drift import baseline, budget, channels, reading
from monitoring.drift.axes import turn
from monitoring.drift.calendars import weekday
from monitoring.drift.comparing import compared
from monitoring.drift.ewma import Noise, certainty
from monitoring.drift.grounding import Read, grounded, nothing, scaled
from monitoring.drift.reference import Charted, Ground, Reference, rounded
from monitoring.drift.series import Array, History, Series, added, days_of, read

SCALES: Final = (0.5, 0.15, 0.055)  #: weights of the newest day: about 3, 12 and 35 days
SLOW: Final = (0.07, 0.04)  #: of a small stream: about 28 and 49 days
THIN: Final = 200  #: studies in a reference, for a mean of them to be as good as Gaussian
LEAST_WITHIN: Final = 0.2  #: of an axis, where the average site has 1
MEDIAN: Final = np.pi / 2  #: variance of a median of many, against that of their mean


def learn_many(
    histories: Mapping[str, History],
    sites: Sequence[str],
    first: dt.date,
    last: dt.date,
    watch: Watch,
    *,
    trust_of: Mapping[str, str],
) -> dict[str, Reference]:
    """References of many scopes over the same days, for little more than the work of one."""
    days = days_of(first, last)
    series = {name: read(history, days) for name, history in sorted(histories.items())}
    series = {name: one for name, one in series.items() if one.studies.any()}
    ground = grounded(series, days) if series else nothing()
    return {
        site: learned(
            series,
            ground,
            site,
            days,
            watch=watch,
            members=members_of(site, list(series), trust_of),
        )
        for site in sites
    }


def learned(
    series: Mapping[str, Series],
    ground: Ground,
    site: str,
    days: Sequence[dt.date],
    *,
    watch: Watch,
    members: frozenset[str],
) -> Reference:
    """The reference of `site`, whose studies are those of `members`."""
    own = added(series[name] for name in sorted(members)) if members else None
    studies = np.zeros(len(days)) if own is None else own.studies
    small = studies.mean() < watch.few_a_day
    scales = SLOW if small else SCALES
    charts = {}
    if own is not None:
        inputs = compared(series, ground, site, days, members=members, own=scaled(own, ground))
        charts = {
            chart: _charted(ground, chart, one, own, days=days, scales=scales, margin=watch.margin)
            for chart, one in inputs.items()
        }
    return Reference(
        site, days[0], days[-1], int((studies > 0).sum()), int(studies.sum()),
        rounded(_volumes(studies, days)), scales, ground, charts,
    )  # fmt: skip


def _charted(
    ground: Ground,
    chart: Chart,
    one: Read,
    own: Series,
    *,
    days: Sequence[dt.date],
    scales: Sequence[float],
    margin: float,
) -> Charted:
    whole = len(days) >= baseline.YEAR
    columns = 6 if whole and chart is not Chart.PEERS else 2
    made, leverage = baseline.fit(days, one.values, one.counts, columns=columns)
    thin = ~np.array([c.share for c in ground.channels], bool) & (one.counts.sum(axis=0) < THIN)
    plain = np.where(thin, np.nan, made.plain)  # nothing is expected of it, and nothing said
    made = baseline.Baseline(rounded(plain), rounded(made.weekday))
    left = one.values - made.at(days)
    scale = np.array([c.scale for c in ground.channels])
    counts, natural = reading.read(own, ground.channels, ground.basis)
    means = np.nansum(counts * np.nan_to_num(natural), 0) / np.maximum(counts.sum(0), 1)
    within = reading.within(own, ground.channels, means) / scale**2
    if chart is Chart.NATIONAL:
        within *= MEDIAN
    noise = baseline.noise(left, one.counts, within, leverage)
    axes, shapes = {}, {}
    for signal, turned in ground.axes.items():
        where = channels.places(ground.channels, signal)
        along, counts = turn(left[:, where], one.counts[:, where], turned)
        unknown = np.full(turned.shape[1], np.nan)
        lever = np.full(turned.shape[1], leverage[where].mean())
        noisy = baseline.noise(along, counts, unknown, lever)
        noisy = dataclasses.replace(noisy, within=np.maximum(noisy.within, LEAST_WITHIN))
        axes[signal] = _rounded(noisy)
        shapes[signal] = rounded(_shape(along, counts, axes[signal]))
    present = (
        np.isfinite(left).sum(axis=0)
        >= channels.LEAST_COVERAGE * np.isfinite(left).any(axis=1).sum()
    )
    levels = budget.levels(ground, chart, present, scales=scales, margin=margin, days=len(days))
    return Charted(made, _rounded(noise), axes, shapes, levels)


def _shape(along: Array, counts: Array, noise: Noise) -> Array:
    """(2,) scale and degrees of freedom of the sum of squares of (T, r) axes' deviations."""
    weights = certainty(counts, noise).weights
    standard = along * np.sqrt(weights)
    days = int((weights[:, :1] > 0).sum())
    if days <= along.shape[1] or not along.any():
        return np.array([1.0, float(max(along.shape[1], 1))])
    alike = standard.T @ standard / days
    whole = float(np.trace(alike))
    squares = float((alike**2).sum()) - whole**2 / days  # that much is there by chance
    squares = max(squares, whole**2 / along.shape[1])
    return np.array([max(squares / whole, 1.0), whole**2 / squares])


def _rounded(noise: Noise) -> Noise:
    return Noise(
        **{field.name: rounded(getattr(noise, field.name)) for field in dataclasses.fields(noise)}
    )


def _volumes(studies: Array, days: Sequence[dt.date]) -> Array:
    """(7,) mean studies of each weekday; holidays count as Sundays."""
    which = np.array([weekday(day) for day in days])
    return np.array(
        [studies[which == day].mean() if (which == day).any() else 0.0 for day in range(7)]
    )


def members_of(site: str, known: Sequence[str], trust_of: Mapping[str, str]) -> frozenset[str]:
    """The sites that a scope sums."""
    if site == NATIONAL:
        return frozenset(known)
    if site.startswith(TRUST):
        return frozenset(one for one in known if trust_of.get(one) == site.removeprefix(TRUST))
    return frozenset({site} & set(known))
