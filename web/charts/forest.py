"""A share and its interval as one row of a table: all rows of a table share the axis."""

from markupsafe import Markup

from web.charts import svg
from web.charts.scale import Linear, digits, ticks
from web.charts.shares import percents
from web.words import Words

WIDTH, HEIGHT, AIR = 240.0, 20.0, 8.0


def axis(low: float, high: float, words: Words) -> Markup:
    """The head of the column: the named shares."""
    x = Linear(low, high, AIR + 8, WIDTH - AIR - 8)
    named = ticks(low, high, 4)
    write, count = percents(words), digits(named)
    parts = [
        svg.element("path", d=f"M{x(value):.1f} 14v6", class_="axis")
        + svg.element("text", write(value, count), x=x(value), y=10.0, class_="tick middle")
        for value in named
    ]
    return svg.element(
        "svg",
        *parts,
        class_="chart forest",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        aria_hidden="true",
    )


def row(
    value: float, interval: tuple[float, float], axis_range: tuple[float, float], told: str, *,
    pale: bool = False, reference: float | None = None,
) -> Markup:  # fmt: skip
    """A dot with its interval; `pale` where it cannot be told from `reference`, a thin line."""
    x = Linear(*axis_range, AIR + 8, WIDTH - AIR - 8)
    middle, (low, high) = HEIGHT / 2, interval
    parts = [
        svg.element("path", d=f"M{x(one):.1f} 0V{HEIGHT:g}", class_="rule")
        for one in ticks(*axis_range, 4)
    ]
    if reference is not None:
        parts.append(svg.element("path", d=f"M{x(reference):.1f} 0V{HEIGHT:g}", class_="centre"))
    parts.append(
        svg.element("path", d=f"M{x(low):.1f} {middle:g}H{x(high):.1f}m0 -3v6M{x(low):.1f} 7v6",
                    class_="interval")
    )  # fmt: skip
    parts.append(svg.element("circle", cx=x(value), cy=middle, r="4", class_="dot"))
    return svg.element(
        "svg", svg.title(told), *parts, class_="chart forest pale" if pale else "chart forest",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}", role="img", aria_label=told,
    )  # fmt: skip
