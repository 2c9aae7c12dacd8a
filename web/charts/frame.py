"""The frame of a figure over days: axes with named ticks, gaps, and events as numbered flags."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from markupsafe import Markup

from web.charts import svg
from web.charts.scale import Days, Linear, day_ticks, digits, ticks
from web.words import Words

WIDTH: Final = 360.0  #: user units; about CSS pixels where figures stand side by side
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 20.0
FLAG: Final = 13.0  #: height of a row of flags
NEAR: Final = 13.0  #: flags closer than this stand in two rows
APART: Final = 17.0  #: at least, between two named values


@dataclasses.dataclass(frozen=True, slots=True)
class Mark:
    """An event on its day: `label` is what the flag says (a number), `told` the whole of it."""

    day: dt.date
    label: str
    told: str


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Where things are drawn."""

    x: Days
    y: Linear
    height: float
    top: float

    @property
    def floor(self) -> float:
        """The y of the x axis."""
        return self.height - BOTTOM


def frame(
    first: dt.date, last: dt.date, low: float, high: float, *,
    height: float = 150.0, marks: Sequence[Mark] = (),
) -> Frame:  # fmt: skip
    """A frame for `first`..`last` and `low`..`high`, with room for flags where there are any."""
    x = Days(first, last, LEFT, WIDTH - RIGHT)
    rows = max((row for mark, row in _rows(x, marks) if mark.label), default=-1) + 1
    top = TOP + rows * FLAG
    return Frame(x, Linear(low, high, height - BOTTOM, top), height, top)


def axes(made: Frame, words: Words, *, unit: Callable[[float, int], str] | None = None) -> Markup:
    """Lines and names of the ticks. `unit` writes a value with so many decimals."""
    room = max(int((made.floor - made.top) / APART), 2)
    named = ticks(made.y.low, made.y.high, room)
    count = digits(named)
    write = unit or words.number
    across = [
        svg.element("path", d=f"M{svg.place(LEFT)} {svg.place(made.y(value))}H{WIDTH - RIGHT:g}",
                    class_="rule")
        + svg.element("text", write(value, count), x=LEFT - 6, y=made.y(value) + 3.5,
                      class_="tick end")
        for value in named
    ]  # fmt: skip
    return Markup("").join([*across, *_days(made, words)])


def _days(made: Frame, words: Words) -> list[Markup]:
    """The named days, without any that would touch its neighbour's name or leave the frame."""
    drawn, free = [], 0.0
    for day in day_ticks(made.x.first, made.x.last):
        here, told = made.x(day), words.short_day(day)
        half = 3.1 * len(told)
        drawn.append(svg.element("path", d=f"M{here:.1f} {made.floor:g}v4", class_="axis"))
        if here - half >= max(free, LEFT - 14) and here + half <= WIDTH:
            free = here + half + 6
            drawn.append(svg.element("text", told, x=here, y=made.height - 5, class_="tick middle"))
    base = f"M{svg.place(LEFT)} {made.floor:g}H{WIDTH - RIGHT:g}"
    return [svg.element("path", d=base, class_="axis"), *drawn]


def gaps(made: Frame, days: Sequence[dt.date], told: str) -> Markup:
    """A pale column for every run of days without a value: said, never joined, never zero."""
    have, drawn = set(days), []
    start: dt.date | None = None
    for number in range((made.x.last - made.x.first).days + 2):
        day = made.x.first + dt.timedelta(number)
        absent = day <= made.x.last and day not in have
        if absent and start is None:
            start = day
        elif not absent and start is not None:
            left, right = made.x(start) - made.x.step / 2, made.x(day) - made.x.step / 2
            drawn.append(
                svg.element("rect", svg.title(told), x=left, y=made.top, width=right - left,
                            height=made.floor - made.top, class_="gap")
            )  # fmt: skip
            start = None
    return Markup("").join(drawn)


def flags(made: Frame, marks: Sequence[Mark]) -> Markup:
    """Every event as a dashed line, with a flag at its top where it has a label."""
    drawn = []
    for mark, row in _rows(made.x, marks):
        here, top = made.x(mark.day), TOP + row * FLAG
        if not mark.label:
            line = svg.element("path", d=f"M{here:.1f} {made.top:g}V{made.floor:g}")
            drawn.append(svg.element("g", svg.title(mark.told), line, class_="event"))
            continue
        half = 4 + 2.9 * len(mark.label)
        left = min(max(here - half, 0.0), WIDTH - 2 * half)
        drawn.append(
            svg.element(
                "g", svg.title(mark.told),
                svg.element("path", d=f"M{here:.1f} {top + 6:g}V{made.floor:g}"),
                svg.element("rect", x=left, y=top - 6, width=2 * half, height=12.0, rx="2"),
                svg.element("text", mark.label, x=left + half, y=top + 3.5, class_="middle"),
                class_="event",
            )
        )  # fmt: skip
    return Markup("").join(drawn)


def _rows(x: Days, marks: Sequence[Mark]) -> list[tuple[Mark, int]]:
    """Each mark within the days with its row, so that flags do not cover each other."""
    placed: list[tuple[Mark, int]] = []
    ends: list[float] = []
    for mark in sorted(marks, key=lambda one: (one.day, one.label)):
        if not x.first <= mark.day <= x.last:
            continue
        here, width = x(mark.day), NEAR + 3 * (len(mark.label) - 1)
        row = next((n for n, end in enumerate(ends) if here - end >= width), len(ends))
        ends[row : row + 1] = [here]
        placed.append((mark, row))
    return placed
