"""Shares by period: with their intervals, or against the limits of a p-chart."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Sequence

from markupsafe import Markup

from web.charts import svg
from web.charts.frame import Frame, Mark, axes, flags, frame
from web.charts.scale import extent
from web.charts.trend import diamond
from web.words import Words


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A period's share in 0..1 of `n`, drawn at `day`.

    `low` and `high`: its interval, or on a p-chart the limits for so many.
    """

    day: dt.date
    value: float
    n: int
    low: float
    high: float
    outside: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Shares:
    """A figure of shares. With a `centre` it is a p-chart, else each has its interval."""

    name: str
    description: str
    first: dt.date
    last: dt.date
    shares: tuple[Share, ...]
    centre: float | None = None
    marks: tuple[Mark, ...] = ()
    height: float = 170.0
    least: float = 0.1  #: of the range that is shown


def draw(figure: Shares, words: Words) -> Markup:
    """The figure. A period without anything has no dot."""
    values = [value for one in figure.shares for value in (one.value, one.low, one.high)]
    values += [] if figure.centre is None else [figure.centre]
    low, high = extent(values, least=figure.least)
    made = frame(figure.first, figure.last, max(low, 0.0), min(max(high, 0.02), 1.0),
                 height=figure.height, marks=figure.marks)  # fmt: skip
    parts = [axes(made, words, unit=percents(words))]
    if figure.centre is None:
        parts += [_interval(made, one) for one in figure.shares]
    else:
        parts += _limits(made, figure.shares, figure.centre)
    parts.append(flags(made, figure.marks))
    parts += [_dot(made, one, words) for one in figure.shares]
    return svg.picture(
        360, figure.height, *parts, name=figure.name, description=figure.description, kind="shares"
    )


def percents(words: Words) -> Callable[[float, int], str]:
    """Writes a share with `digits` decimals of it as per cent."""
    return lambda value, digits: words.share(value, max(digits - 2, 0))


def _interval(made: Frame, one: Share) -> Markup:
    x, low, high = made.x(one.day), made.y(one.low), made.y(one.high)
    return svg.element("path", d=f"M{x:.1f} {low:.1f}V{high:.1f}m-2.5 0h5m-5 {low - high:.1f}h5",
                       class_="interval")  # fmt: skip


def _limits(made: Frame, shares: Sequence[Share], centre: float) -> list[Markup]:
    """The limits as steps, wider where there are fewer; the centre as a line."""
    across = f"M{made.x.start:g} {made.y(centre):.1f}H{made.x.end:g}"
    half = _half(made, shares)
    drawn = [svg.element("path", d=across, class_="centre")]
    for side in ("low", "high"):
        steps = "".join(
            f"M{made.x(one.day) - half:.1f} {made.y(getattr(one, side)):.1f}h{2 * half:.1f}"
            for one in shares
        )
        if steps:
            drawn.append(svg.element("path", d=steps, class_="limit"))
    return drawn


def _half(made: Frame, shares: Sequence[Share]) -> float:
    """Half the way between two neighbours."""
    places = sorted(made.x(one.day) for one in shares)
    apart = [b - a for a, b in itertools.pairwise(places) if b > a]
    return min([*apart, 30.0]) / 2


def _dot(made: Frame, one: Share, words: Words) -> Markup:
    told = svg.title(
        f"{words.date(one.day)}: {words.share(one.value, 1)} (n = {words.number(one.n)})"
    )
    x, y = made.x(one.day), made.y(one.value)
    if one.outside:
        return svg.element("path", told, d=diamond(x, y, 4.6), class_="outside")
    return svg.element("circle", told, cx=x, cy=y, r="3", class_="dot")
