"""The figures of one stream: a panel for each signal, its score first, then its members. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from core.domain.watch import Chart, Point, Signal, Standing, of_signal
from web import members
from web.charts import trend
from web.charts.trend import Dot, Line, Trend
from web.members import BAD, Members, Series
from web.words import Words

PERIODS: Final = (28, 90, 365)
CEILING: Final = 3.0  #: scores above it are drawn at it, as triangles


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """A signal: how it stands, the score on every chart, its members."""

    signal: Signal
    standing: Standing
    newest: Mapping[Chart, Point]
    score: Markup
    members: Members

    @property
    def highest(self) -> float:
        """The highest of its scores now."""
        return max((one.score or 0.0 for one in self.newest.values()), default=0.0)


def window(latest: dt.date | None, due: dt.date, days: int) -> tuple[dt.date, dt.date]:
    """The days shown: up to the one that is due, yet never mostly empty for being late."""
    last = due if latest is None else max(latest, min(due, latest + dt.timedelta(days // 4)))
    return last - dt.timedelta(days - 1), last


def panels(series: Series, words: Words, *, only: str = "") -> list[Panel]:
    """A panel for every signal that was ever evaluated in these days, the worst first."""
    told = _by_signal(series)
    found = [
        _panel(series, signal, told[signal], words, everything=only == signal.value)
        for signal in Signal
        if signal in told and only in {"", signal.value}
    ]
    bad = [panel for panel in found if panel.standing in BAD]
    rest = [panel for panel in found if panel.standing not in BAD]
    return sorted(bad, key=lambda panel: -panel.highest) + rest


def _by_signal(series: Series) -> dict[Signal, dict[Chart, list[tuple[dt.date, Point]]]]:
    found: dict[Signal, dict[Chart, list[tuple[dt.date, Point]]]] = {}
    for one in series.evaluations:
        for point in one.points:
            by_chart = found.setdefault(point.signal, {})
            by_chart.setdefault(point.chart, []).append((one.day, point))
    return found


def _panel(
    series: Series, signal: Signal, by_chart: Mapping[Chart, list[tuple[dt.date, Point]]],
    words: Words, *, everything: bool,
) -> Panel:  # fmt: skip
    newest = {chart: told[-1][1] for chart, told in by_chart.items()
              if told[-1][0] == series.until}  # fmt: skip
    return Panel(
        signal, of_signal(newest.values()), newest,
        _score(series, signal, by_chart, words),
        members.of_signal(series, signal, by_chart, words, everything=everything),
    )  # fmt: skip


def _score(
    series: Series, signal: Signal, by_chart: Mapping[Chart, list[tuple[dt.date, Point]]],
    words: Words,
) -> Markup:  # fmt: skip
    """The score on every chart against the limit at 1, with the normal band under the first."""
    lines: list[Line] = []
    for chart in Chart:
        if told := by_chart.get(chart):
            band = None if lines else (0.0, 1.0)
            dots = (_dot(day, one, band) for day, one in told if one.score is not None)
            lines.append(Line(words.text(f"chart.{chart}"), tuple(dots), chart.value))
    description = words.text(
        "watch.score_desc", first=words.date(series.first), last=words.date(series.last),
        outside=words.number(sum(dot.outside for line in lines for dot in line.dots)),
    )  # fmt: skip
    figure = Trend(
        words.text("watch.score_name", signal=words.text(f"signal.{signal}")), description,
        series.first, series.last, tuple(lines), series.marks, limit=1.0, ceiling=CEILING,
        floor=0.0, least=1.3, height=136.0, gap=words.text("watch.gap"),
    )  # fmt: skip
    return trend.draw(figure, words)


def _dot(day: dt.date, point: Point, band: tuple[float, float] | None) -> Dot:
    low, high = band or (None, None)
    return Dot(
        day, point.score or 0.0, low, high,
        outside=point.standing is Standing.OUTSIDE, watched=point.standing is Standing.WATCHED,
    )  # fmt: skip
