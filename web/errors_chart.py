"""The Bernoulli CUSUM on errors as figures: a chart for each source and each way of being wrong."""

import dataclasses
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from core.domain.watch import Standing
from monitoring.performance.watching import Watched
from web.charts import trend
from web.charts.trend import Dot, Line, Trend
from web.over_time import Span
from web.words import Words

LIMIT: Final = 1.0  #: scores are shares of their limit


@dataclasses.dataclass(frozen=True, slots=True)
class Chart:
    """One of them; `drawn` is None while there is nothing to draw."""

    watched: Watched
    drawn: Markup | None
    errors: int = 0
    known: int = 0


def charts(watched: Iterable[Watched], span: Span, words: Words) -> list[Chart]:
    """Those of sources that have any truths at all, as far as they lie within the span."""
    return [
        _chart(one, span, words)
        for one in watched
        if one.chart or one.standing is not Standing.NO_DATA
    ]


def _chart(one: Watched, span: Span, words: Words) -> Chart:
    steps = [step for step in one.steps if span.first <= step.day <= span.last]
    if one.chart is None or not steps:
        return Chart(one, None)
    first, last = steps[0].day, span.last
    name = words.text(
        "quality.cusum_name", error=words.text(f"error.{one.error}"),
        source=words.text(f"against.{one.source}"),
    )  # fmt: skip
    dots = tuple(Dot(step.day, step.score, 0.0, LIMIT, outside=step.outside) for step in steps)
    figure = Trend(
        name, words.text("quality.cusum_desc", first=words.date(first), last=words.date(last)),
        first, last, (Line(name, dots),), span.marks, limit=LIMIT, floor=0.0, least=1.1 * LIMIT,
        height=130.0, gap=words.text("quality.no_truth"),
    )  # fmt: skip
    errors, known = (sum(getattr(step, key) for step in steps) for key in ("errors", "known"))
    return Chart(one, trend.draw(figure, words), errors, known)
