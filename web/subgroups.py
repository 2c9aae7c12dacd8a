"""Sites side by side, and the subgroups of one site, with what is more than chance. Pure."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from core.domain.feedback import Source
from core.store.watch.overview import Place
from core.store.watch.sums import Sum
from monitoring.performance.confusion import Confusion
from monitoring.performance.funnel import funnel
from monitoring.performance.subgroups import Gap, Measure, gaps
from web.charts import forest
from web.concord import MEASURES, SHOWN, Row, added, axis, counts_of, row
from web.words import Words

_HITS: Final[Mapping[str, tuple[str, str]]] = {
    "sensitivity": ("true_positive", "positives"), "specificity": ("true_negative", "negatives"),
}  # fmt: skip
_ORDER: Final = {"sex": 0, "age": 1, "equipment": 2}


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """A site's figures against one source; `apart`: those beyond the funnel's outer limit."""

    place: Place
    counts: Confusion
    rows: tuple[Row, ...]
    apart: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """All sites against one source, and all together; `axes` are the heads of the columns."""

    source: Source
    counts: Confusion
    rows: tuple[Row, ...]
    sites: tuple[Site, ...]
    axes: Mapping[str, Markup]


def side_by_side(
    found: Iterable[Sum], source: Source, places: Sequence[Place], words: Words
) -> Side:
    """Sites by name: no ranking, the share of all as a line through every row."""
    kept = [one for one in found if one.source is source]
    by_site, whole = {one.site: counts_of(one) for one in kept}, added(kept)
    axes = {key: axis([whole, *by_site.values()], key) for key in SHOWN}
    middle = {key: each.value if (each := MEASURES[key](whole)) else None for key in SHOWN}

    def drawn(counts: Confusion) -> tuple[Row, ...]:
        return tuple(
            row(key, MEASURES[key](counts), words, axes[key], middle[key]) for key in SHOWN
        )

    apart = {key: _apart(key, by_site) for key in SHOWN}
    sites = tuple(
        Site(place, by_site[place.key], drawn(by_site[place.key]),
             frozenset(key for key in SHOWN if place.key in apart[key]))
        for place in places if place.key in by_site
    )  # fmt: skip
    heads = {key: forest.axis(*across, words) for key, across in axes.items()}
    return Side(source, whole, drawn(whole), sites, heads)


def _apart(key: str, by_site: Mapping[str, Confusion]) -> set[str]:
    """The sites beyond the outer limit of the funnel."""
    hits, count = _HITS[key]
    shares = {site: (getattr(one, hits), getattr(one, count)) for site, one in by_site.items()}
    found = funnel(shares)
    return {one.site for one in found.places if one.outside} if found else set()


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """A subgroup of a site: its sensitivity and specificity, each against the others'."""

    dimension: str
    name: str
    counts: Confusion
    gaps: tuple[tuple[Gap, Row], ...]


def rows(
    found: Iterable[Sum], source: Source, equipment: Mapping[str, str], words: Words
) -> tuple[list[Group], Mapping[str, Markup]]:
    """(the subgroups by dimension, the axes); of fewer than `FEW` nothing is claimed."""
    counts = {one.subgroup: counts_of(one) for one in found if one.source is source}
    axes = {key: axis(counts.values(), key) for key in SHOWN}
    told = {
        key: {gap.subgroup: gap for gap in gaps(counts, Measure(key))} if counts else {}
        for key in SHOWN
    }
    groups = [
        Group(
            name.partition(":")[0], _name(name, equipment, words), counts[name],
            tuple((told[key][name], row(key, told[key][name].share, words, axes[key]))
                  for key in SHOWN),
        )
        for name in sorted(counts, key=_order)
    ]  # fmt: skip
    return groups, {key: forest.axis(*across, words) for key, across in axes.items()}


def _order(subgroup: str) -> tuple[int, str]:
    return _ORDER.get(subgroup.partition(":")[0], len(_ORDER)), subgroup


def _name(subgroup: str, equipment: Mapping[str, str], words: Words) -> str:
    dimension, _, value = subgroup.partition(":")
    if dimension == "sex":
        return words.sex(value) or value
    if dimension == "age":
        return words.text("quality.years", ages=value.replace("-", "–"))
    return equipment.get(value) or value
