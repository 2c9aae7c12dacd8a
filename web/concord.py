"""From counted comparisons to figures with their intervals, drawn and in words. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from core.domain.feedback import Source
from core.store.watch.concordance import Counted
from core.store.watch.sums import Sum
from monitoring.performance.confusion import Confusion
from monitoring.performance.estimate import Estimate
from monitoring.performance.kappa import kappa, negative_agreement, positive_agreement
from monitoring.performance.subgroups import FEW
from web.charts import forest
from web.words import Words

Axis = tuple[float, float]
#: The four figures, by name; each with Wilson's interval.
MEASURES: Final[Mapping[str, Callable[[Confusion], Estimate | None]]] = {
    "sensitivity": lambda one: one.sensitivity,
    "specificity": lambda one: one.specificity,
    "ppv": lambda one: one.positive_value,
    "npv": lambda one: one.negative_value,
}
SHOWN: Final = ("sensitivity", "specificity")  #: where there is room for two


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One figure with its interval, drawn; `few` where it tells next to nothing."""

    key: str
    estimate: Estimate | None
    few: bool
    drawn: Markup


@dataclasses.dataclass(frozen=True, slots=True)
class Against:
    """Everything about one source: the counts, the four figures, the agreements."""

    source: Source
    counts: Confusion
    rows: tuple[Row, ...]
    kappa: Estimate | None
    positive: Estimate | None
    negative: Estimate | None


def counts_of(one: Counted | Sum) -> Confusion:
    """The counts alone."""
    return Confusion(
        one.true_positive, one.false_positive, one.false_negative, one.true_negative, one.unknown
    )


def added(found: Iterable[Counted | Sum]) -> Confusion:
    """All of them together: one addition a column, not one a day."""
    rows = [
        (one.true_positive, one.false_positive, one.false_negative, one.true_negative, one.unknown)
        for one in found
    ]
    return Confusion(*(sum(column) for column in zip(*rows, strict=True)))


def axis(counts: Iterable[Confusion], *keys: str) -> Axis:
    """From below the lowest interval that tells something, at most 90 %, to 100 %."""
    told = [MEASURES[key](one) for one in counts for key in keys]
    lows = [one.low for one in told if one and one.count >= FEW]
    return max(0.0, int(min([*lows, 0.9]) * 20) / 20), 1.0


def row(
    key: str, estimate: Estimate | None, words: Words, across: Axis, reference: float | None = None
) -> Row:
    """A figure with its interval; nothing is drawn of nothing."""
    if estimate is None:
        return Row(key, None, few=True, drawn=Markup(""))
    few = estimate.count < FEW
    drawn = forest.row(
        estimate.value, (estimate.low, estimate.high), across, interval(estimate, words),
        pale=few, reference=reference,
    )  # fmt: skip
    return Row(key, estimate, few, drawn)


def interval(one: Estimate, words: Words) -> str:
    """`93,8 % (89,9–96,3), n = 226`."""
    low, high = (words.number(share * 100, 1) for share in (one.low, one.high))
    return f"{words.share(one.value)} ({low}–{high}), n = {words.number(one.count)}"


def against(found: Iterable[Counted], words: Words) -> tuple[list[Against], Markup]:
    """(what each source says, each for itself: they are never added up; the axis of all)."""
    kept = list(found)
    by_source = {source: added(one for one in kept if one.source is source) for source in Source}
    across = axis(by_source.values(), *MEASURES)
    told = [_against(source, one, words, across) for source, one in by_source.items()]
    return told, forest.axis(*across, words)


def _against(source: Source, one: Confusion, words: Words, across: Axis) -> Against:
    return Against(
        source, one,
        tuple(row(key, measure(one), words, across) for key, measure in MEASURES.items()),
        kappa(one.table),
        positive_agreement(one.true_positive, one.false_positive, one.false_negative),
        negative_agreement(one.true_negative, one.false_positive, one.false_negative),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """An algorithm's version: the days that it was compared on, and its figures."""

    version: str
    first: dt.date
    last: dt.date
    rows: tuple[Row, ...]


def versions(
    found: Sequence[Counted], source: Source, words: Words
) -> tuple[list[Version], Mapping[str, Markup]]:
    """(each version against one source, the newest first; the axis of each figure)."""
    parts: dict[str, list[Counted]] = {}
    for one in found:
        if one.source is source:
            parts.setdefault(one.version, []).append(one)
    counts = {version: added(each) for version, each in parts.items()}
    axes = {key: axis(counts.values(), key) for key in SHOWN}
    told = [
        Version(
            version, min(one.day for one in each), max(one.day for one in each),
            tuple(row(key, MEASURES[key](counts[version]), words, axes[key]) for key in SHOWN),
        )
        for version, each in parts.items()
    ]  # fmt: skip
    drawn = {key: forest.axis(*across, words) for key, across in axes.items()}
    return sorted(told, key=lambda one: one.last, reverse=True), drawn
