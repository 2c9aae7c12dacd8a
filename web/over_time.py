"""Quality month by month: figures with intervals, and the p-chart of what was not confirmed."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from core.domain.feedback import Source, Word
from core.store.watch.concordance import Counted
from core.store.watch.feedback import Words as Said
from monitoring.performance.p_chart import share_chart
from web.charts import shares
from web.charts.frame import Mark
from web.charts.shares import Share, Shares
from web.concord import MEASURES, added
from web.words import Words

WRONG: Final = frozenset({Word.DISAGREE, Word.CORRECT})  #: words that say no to a finding


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """The days that are shown, and what happened in them."""

    first: dt.date
    last: dt.date
    marks: tuple[Mark, ...] = ()

    def middle(self, month: dt.date) -> dt.date:
        """The fifteenth of a month, or the nearest day that is shown."""
        return min(max(month.replace(day=15), self.first), self.last)


@dataclasses.dataclass(frozen=True, slots=True)
class Monthly:
    """One measure by month; `n` are the studies that it is of."""

    measure: str
    drawn: Markup
    n: int


def monthly(
    found: Iterable[Counted], source: Source, measure: str, span: Span, words: Words
) -> Monthly:
    """A dot with its interval for each month against one source."""
    months: dict[dt.date, list[Counted]] = {}
    for one in found:
        if one.source is source:
            months.setdefault(one.day.replace(day=1), []).append(one)
    told = tuple(
        Share(span.middle(month), share.value, share.count, share.low, share.high)
        for month, parts in sorted(months.items())
        if (share := MEASURES[measure](added(parts)))
    )
    name = words.text(
        "quality.monthly_name", measure=words.text(f"measure.{measure}"),
        source=words.text(f"against.{source}"),
    )  # fmt: skip
    days = {"first": words.date(span.first), "last": words.date(span.last)}
    figure = Shares(
        name, words.text("quality.monthly_desc", **days), span.first, span.last, told,
        marks=span.marks, least=0.2,
    )  # fmt: skip
    return Monthly(measure, shares.draw(figure, words), sum(one.n for one in told))


@dataclasses.dataclass(frozen=True, slots=True)
class Month:
    """A month of findings that a role has answered on. `value` is None where there were none."""

    month: dt.date
    wrong: int
    said: int
    value: float | None
    low: float
    high: float
    outside: bool


@dataclasses.dataclass(frozen=True, slots=True)
class FalseFinds:
    """Findings that a role did not confirm, by month, on a p-chart."""

    drawn: Markup
    months: tuple[Month, ...]

    @property
    def wrong(self) -> int:
        """Those not confirmed."""
        return sum(one.wrong for one in self.months)

    @property
    def said(self) -> int:
        """Those answered on."""
        return sum(one.said for one in self.months)

    @property
    def outside(self) -> int:
        """Months outside the limits."""
        return sum(one.outside for one in self.months)


def false_finds(found: Iterable[Said], span: Span, words: Words) -> FalseFinds:
    """Of what the algorithm called: how much was not confirmed, month by month."""
    wrong: collections.Counter[dt.date] = collections.Counter()
    said: collections.Counter[dt.date] = collections.Counter()
    for one in found:
        if one.called:
            said[one.day.replace(day=1)] += one.count
            wrong[one.day.replace(day=1)] += one.count if one.word in WRONG else 0
    months = sorted(said)
    bars = share_chart([wrong[month] for month in months], [said[month] for month in months])
    told = tuple(
        Month(month, wrong[month], said[month], bar.value, bar.low, bar.high, bar.outside)
        for month, bar in zip(months, bars, strict=True)
    )
    centre = bars[0].centre if bars else 0.0
    return FalseFinds(shares.draw(_p_chart(told, centre, span, words), words), told)


def _p_chart(months: tuple[Month, ...], centre: float, span: Span, words: Words) -> Shares:
    dots = tuple(
        Share(span.middle(one.month), one.value, one.said, one.low, one.high, one.outside)
        for one in months
        if one.value is not None
    )
    description = words.text(
        "quality.ortho_desc", first=words.date(span.first), last=words.date(span.last),
        outside=words.number(sum(one.outside for one in dots)),
    )  # fmt: skip
    return Shares(
        words.text("quality.ortho_name"), description, span.first, span.last, dots,
        centre=centre, marks=span.marks, least=0.05,
    )  # fmt: skip
