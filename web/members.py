"""The numbers within a signal: which of them are shown, and each as a figure. Pure."""

import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from core.domain.watch import Chart, Evaluation, Member, Point, Signal, Standing
from web import names
from web.charts import trend
from web.charts.frame import Mark
from web.charts.trend import Dot, Line, Trend
from web.words import Words

SHOWN: Final = 3  #: members of a signal, unless all of them are asked for
NAMELESS: Final = frozenset({Signal.EMBEDDING})  #: their members mean nothing to a reader
BAD: Final = frozenset({Standing.OUTSIDE, Standing.WATCHED})
Told = Sequence[tuple[dt.date, Point]]  #: one signal on one chart, day by day


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """The evaluations of a stream over the days that are shown."""

    first: dt.date
    last: dt.date
    evaluations: Sequence[Evaluation]
    marks: tuple[Mark, ...] = ()
    findings: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def newest(self) -> Evaluation | None:
        """The latest of them."""
        return self.evaluations[-1] if self.evaluations else None

    @property
    def until(self) -> dt.date:
        """The day of the latest."""
        return self.newest.day if self.newest else self.last


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A member as a figure, and where it stands on the last day if it was kept then."""

    key: str
    name: str
    drawn: Markup
    now: Member | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Members:
    """The members of a signal that are shown, how many are not, and on which chart they are."""

    figures: tuple[Figure, ...]
    more: int
    chart: Chart | None


def of_signal(
    series: Series, signal: Signal, by_chart: Mapping[Chart, Told], words: Words, *,
    everything: bool,
) -> Members:  # fmt: skip
    """Those that lead first. Of an embedding none unless all are asked for."""
    newest = {chart: told[-1][1] for chart, told in by_chart.items()
              if told[-1][0] == series.until}  # fmt: skip
    chart = _chart(by_chart, newest)
    told = by_chart[chart] if chart else ()
    found = _by_name(told)
    leading = _leading(newest)

    def order(name: str) -> tuple[int, bool, float, str]:
        day, member = found[name][-1]
        out = -member.score if math.isfinite(member.score) else 0.0
        place = leading.get(name, len(leading))
        return place, day != series.until, out, names.member(name, series.findings, words)

    ordered = sorted(found, key=order)
    few = 0 if signal in NAMELESS else SHOWN
    shown = ordered if everything else ordered[:few]
    known = tuple(day for day, point in told if point.score is not None)
    figures = tuple(_figure(series, name, found[name], known, words) for name in shown)
    return Members(figures, len(ordered) - len(shown), chart)


def _chart(by_chart: Mapping[Chart, Told], newest: Mapping[Chart, Point]) -> Chart | None:
    """The chart whose members are shown: that with most of them, one that is outside if equal."""

    def rank(chart: Chart) -> tuple[int, bool]:
        kept = sum(len(point.members) for _, point in by_chart[chart])
        return kept, chart in newest and newest[chart].standing in BAD

    held = [chart for chart in Chart if chart in by_chart and rank(chart)[0]]
    return max(held, key=rank, default=None)


def _leading(newest: Mapping[Chart, Point]) -> dict[str, int]:
    """The members of the charts that are outside, by place: they are shown first."""
    bad = sorted(
        (point for point in newest.values() if point.standing in BAD),
        key=lambda point: -(point.score or 0.0),
    )
    led = [one.name for point in bad for one in point.members if one.score > 1.0]
    return {name: place for place, name in enumerate(dict.fromkeys(led))}


def _by_name(told: Told) -> dict[str, list[tuple[dt.date, Member]]]:
    """The days of each member."""
    found: dict[str, list[tuple[dt.date, Member]]] = {}
    for day, point in told:
        for member in point.members:
            found.setdefault(member.name, []).append((day, _possible(member)))
    return found


def _possible(member: Member) -> Member:
    """A share with as much of its band as a share can be: none is below 0 or above 1."""
    if not names.is_share(member.name):
        return member
    low, high = (min(max(bound, 0.0), 1.0) for bound in (member.low, member.high))
    return dataclasses.replace(member, low=low, high=high)


def _figure(
    series: Series, key: str, told: Sequence[tuple[dt.date, Member]], known: tuple[dt.date, ...],
    words: Words,
) -> Figure:  # fmt: skip
    """A member in its own unit with its normal band.

    Evaluations keep the members that were farthest out: on the other `known` days there is no
    line, and no gap either.
    """
    name = names.member(key, series.findings, words)
    dots = tuple(_dot(day, one) for day, one in told if math.isfinite(one.value))
    description = words.text(
        "watch.member_desc", first=words.date(series.first), last=words.date(series.last),
        outside=words.number(sum(dot.outside for dot in dots)),
    )  # fmt: skip
    bare = tuple(dataclasses.replace(mark, label="") for mark in series.marks)
    figure = Trend(
        name, description, series.first, series.last, (Line(name, dots),), bare, height=100.0,
        gap=words.text("watch.gap"), known=known, unit=_unit(key, words),
    )  # fmt: skip
    day, last = told[-1]
    now = last if day == series.until and math.isfinite(last.value) else None
    return Figure(key, name, trend.draw(figure, words), now)


def _dot(day: dt.date, one: Member) -> Dot:
    """A member's day with its band; without one where the band cannot be read."""
    known = math.isfinite(one.low) and math.isfinite(one.high)
    low, high = (one.low, one.high) if known else (None, None)
    return Dot(day, one.value, low, high, outside=one.score > 1.0)


def _unit(key: str, words: Words) -> Callable[[float, int], str]:
    if names.is_share(key):
        return lambda value, digits: words.share(value, max(digits - 2, 0))
    return lambda value, digits: words.number(value, digits).replace("-", "\N{MINUS SIGN}")
