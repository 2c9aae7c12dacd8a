"""A value day by day: the line, its normal band, and what lies outside by shape and colour."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from markupsafe import Markup

from web.charts import svg
from web.charts.frame import Frame, Mark, axes, flags, frame, gaps
from web.charts.scale import extent
from web.words import Words

_RADIUS: Final = 3.4  #: of a mark


@dataclasses.dataclass(frozen=True, slots=True)
class Dot:
    """One day's value. `low` and `high`: the normal band; `outside`: drawn as a diamond."""

    day: dt.date
    value: float
    low: float | None = None
    high: float | None = None
    outside: bool = False
    watched: bool = False  #: drawn as a ring


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A named line; `kind` is its class: `own`, `peers`."""

    name: str
    dots: tuple[Dot, ...]
    kind: str = "own"


@dataclasses.dataclass(frozen=True, slots=True)
class Trend:
    """A figure over `first`..`last`. Where `ceiling` is set, values above it are drawn at it."""

    name: str
    description: str
    first: dt.date
    last: dt.date
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    limit: float | None = None
    ceiling: float | None = None
    floor: float | None = None
    least: float | None = None  #: a value that the axis reaches in any case
    height: float = 150.0
    gap: str = ""  #: what a day without a value is called
    known: tuple[dt.date, ...] = ()  #: days that have a value somewhere else: no gap there
    unit: Callable[[float, int], str] | None = None


def draw(trend: Trend, words: Words) -> Markup:
    """The figure."""
    made = _frame(trend)
    days = [*trend.known, *(dot.day for line in trend.lines for dot in line.dots)]
    parts = [gaps(made, days, trend.gap)]
    parts += [_band(made, run) for line in trend.lines for run in runs(line.dots) if _banded(run)]
    parts.append(axes(made, words, unit=trend.unit))
    if trend.limit is not None:
        here = svg.place(made.y(trend.limit))
        parts.append(svg.element("path", d=f"M{made.x.start:g} {here}H{made.x.end:g}",
                                 class_="limit"))  # fmt: skip
    parts.append(flags(made, trend.marks))
    parts += [_line(made, line) for line in trend.lines]
    parts += [_shapes(made, line, words, trend) for line in trend.lines]
    return svg.picture(
        360, trend.height, *parts, name=trend.name, description=trend.description, kind="trend"
    )


def _frame(trend: Trend) -> Frame:
    dots = [dot for line in trend.lines for dot in line.dots]
    values = [
        value for dot in dots for value in (dot.value, dot.low, dot.high) if value is not None
    ]
    values += [one for one in (trend.limit, trend.floor, trend.least) if one is not None]
    low, high = extent(values)
    if trend.floor is not None:
        low = trend.floor
    if trend.ceiling is not None:
        high = min(high, trend.ceiling)
    return frame(trend.first, trend.last, low, high, height=trend.height, marks=trend.marks)


def runs(dots: Sequence[Dot]) -> Iterator[list[Dot]]:
    """Dots on consecutive days together: a line never crosses a day without a value."""
    run: list[Dot] = []
    for dot in sorted(dots, key=lambda one: one.day):
        if run and (dot.day - run[-1].day).days != 1:
            yield run
            run = []
        run.append(dot)
    if run:
        yield run


def _banded(run: Sequence[Dot]) -> bool:
    return all(dot.low is not None and dot.high is not None for dot in run)


def _band(made: Frame, run: Sequence[Dot]) -> Markup:
    """The normal band of a run of days, half a day wider at its ends."""
    half = made.x.step / 2
    at = [made.x(dot.day) for dot in run]
    at[0], at[-1] = at[0] - half, at[-1] + half
    if len(run) == 1:
        at, run = [made.x(run[0].day) - half, made.x(run[0].day) + half], [run[0], run[0]]
    upper = [(x, made.y(dot.high or 0.0)) for x, dot in zip(at, run, strict=True)]
    lower = [(x, made.y(dot.low or 0.0)) for x, dot in zip(at, run, strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
    return svg.element("polygon", points=path, class_="band")


def _line(made: Frame, line: Line) -> Markup:
    """The runs as one path; a day alone between two gaps as a dot."""
    pieces, alone = [], []
    for run in runs(line.dots):
        if len(run) == 1:
            alone.append(
                svg.element("circle", cx=made.x(run[0].day), cy=made.y(run[0].value), r="1.6",
                            class_=f"alone {line.kind}")
            )  # fmt: skip
            continue
        pieces.append(
            "M" + "L".join(f"{made.x(dot.day):.1f} {made.y(dot.value):.1f}" for dot in run)
        )
    path = svg.element("path", d="".join(pieces), class_=f"line {line.kind}") if pieces else ""
    return Markup("").join([path, *alone])


def _shapes(made: Frame, line: Line, words: Words, trend: Trend) -> Markup:
    """A diamond for each day outside, a triangle at the top where it is beyond the figure."""
    drawn = []
    for dot in line.dots:
        if not (dot.outside or dot.watched):
            continue
        told = svg.title(f"{words.date(dot.day)}: {_value(dot.value, words, trend)}")
        x, y = made.x(dot.day), made.y(dot.value)
        if dot.watched and not dot.outside:
            drawn.append(svg.element("circle", told, cx=x, cy=y, r="2.8", class_="watched"))
            continue
        beyond = dot.value > made.y.high
        drawn.append(svg.element("path", told, d=_triangle(x, y) if beyond else diamond(x, y),
                                 class_="outside beyond" if beyond else "outside"))  # fmt: skip
    return Markup("").join(drawn)


def _value(value: float, words: Words, trend: Trend) -> str:
    return trend.unit(value, 1) if trend.unit else words.figure(value)


def diamond(x: float, y: float, radius: float = _RADIUS) -> str:
    """A square on its corner."""
    return f"M{x:.1f} {y - radius:.1f}l{radius} {radius} {-radius} {radius} {-radius} {-radius}z"


def _triangle(x: float, y: float) -> str:
    """It points upwards: what it stands for lies beyond."""
    return f"M{x:.1f} {y - 3.5:.1f}l4 6.5h-8z"
