"""Whether a stream's errors have become more: CUSUM charts of its daily concordance counts.

A pure function of the counts: late reports change the days that they belong to, and the
charts are drawn anew.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from core.domain.feedback import Source
from core.domain.watch import Standing
from core.store.watch.concordance import EVERYBODY, Counted
from monitoring.performance import baseline as baselines
from monitoring.performance.confusion import Confusion
from monitoring.performance.cusum import Cusum, Step, path
from monitoring.performance.estimate import Estimate
from monitoring.performance.wilson import wilson

Days = Mapping[dt.date, Mapping[Source, Confusion]]

#: Feedback is left out: whoever gives it has chosen to, and its share of errors means nothing.
SOURCES: Final = (Source.REPORT, Source.AUDIT)
QUIET_DAYS: Final = 28  # without a known truth, after which a chart says nothing


class Error(enum.StrEnum):
    """Which way an algorithm is wrong."""

    FALSE_POSITIVE = "false_positive"  #: of those without the finding
    FALSE_NEGATIVE = "false_negative"  #: of those with it


#: Truths that a first baseline needs.
LEAST: Final = {Error.FALSE_POSITIVE: 300, Error.FALSE_NEGATIVE: 100}


@dataclasses.dataclass(frozen=True, slots=True)
class Watched:
    """One chart: errors of one kind against truths of one source.

    `baseline` is the share of errors until `learned`, the last day that it was learned from;
    None while there are too few. `preliminary`: a first, cautious one, until a full one takes its
    place and the chart begins anew; it stays where it has signalled before that. `steps` are
    the days after the first baseline.
    """

    source: Source
    error: Error
    standing: Standing
    baseline: Estimate | None = None
    learned: dt.date | None = None
    chart: Cusum | None = None
    steps: tuple[Step, ...] = ()
    preliminary: bool = False

    @property
    def signals(self) -> tuple[dt.date, ...]:
        """The days on which the limit was reached anew."""
        before = (False, *(step.outside for step in self.steps))
        pairs = zip(before, self.steps, strict=False)
        return tuple(step.day for was, step in pairs if step.outside and not was)

    @property
    def since(self) -> dt.date | None:
        """The day of the signal that still holds."""
        return self.signals[-1] if self.standing is Standing.OUTSIDE else None

    @property
    def evidence(self) -> dict[str, float | int | str]:
        """Numbers for a case; no patient."""
        if self.chart is None or self.baseline is None:
            return {"source": self.source.value, "error": self.error.value}
        recent = self.steps[-QUIET_DAYS:]
        return {
            "source": self.source.value,
            "error": self.error.value,
            "baseline": round(self.baseline.value, 4),
            "in_control": round(self.chart.in_control, 4),
            "out_of_control": round(self.chart.out_of_control, 4),
            "limit": round(self.chart.limit, 2),
            "value": round(self.steps[-1].value, 2) if self.steps else 0.0,
            "recent_errors": sum(step.errors for step in recent),
            "recent_known": sum(step.known for step in recent),
        }


def watch(days: Days, *, since: dt.date, until: dt.date) -> tuple[Watched, ...]:
    """The charts of one stream and label: each source of `SOURCES`, both ways of being wrong.

    `since`: what came before is not looked at; a new version or a settled case of performance
    begins anew. The first days from there on are the baseline, until `LEAST` truths are known;
    the chart begins after them, and anew when `baseline.FULL_ERRORS` are. `until` is the last day.
    """
    kept = [(day, days[day]) for day in sorted(days) if since <= day <= until]
    return tuple(
        _watched(source, error, [(day, one[source]) for day, one in kept if source in one], until)
        for source in SOURCES
        for error in Error
    )


def _watched(
    source: Source, error: Error, days: Sequence[tuple[dt.date, Confusion]], until: dt.date
) -> Watched:
    counted = [(day, *_counts(error, one)) for day, one in days]
    counted = [one for one in counted if one[2]]
    if not counted:
        return Watched(source, error, Standing.NO_DATA)
    first = baselines.first_length(counted, LEAST[error])
    if first is None:
        return Watched(source, error, Standing.LEARNING)
    chart = baselines.chart(counted[:first], baselines.FIRST_CAUTION)
    steps = path(chart, counted[first:])
    full = baselines.full_length(counted, first, steps)
    if full is not None:
        chart = baselines.chart(counted[:full], baselines.FULL_CAUTION)
        steps = (*steps[: full - first], *path(chart, counted[full:]))
    learned = counted[: full or first]
    baseline = wilson(sum(one[1] for one in learned), sum(one[2] for one in learned))
    standing = _standing(steps, learned[-1][0], until)
    return Watched(
        source, error, standing, baseline, learned[-1][0], chart, steps, preliminary=full is None
    )


def _standing(steps: tuple[Step, ...], learned: dt.date, until: dt.date) -> Standing:
    """Of the last day; nothing known for `QUIET_DAYS` is no good news."""
    last = steps[-1].day if steps else learned
    if until - last > dt.timedelta(days=QUIET_DAYS):
        return Standing.NO_DATA
    if not steps:
        return Standing.LEARNING
    return Standing.OUTSIDE if steps[-1].outside else Standing.INSIDE


def _counts(error: Error, confusion: Confusion) -> tuple[int, int]:
    """(errors, studies that could have been one)."""
    if error is Error.FALSE_POSITIVE:
        return confusion.false_positive, confusion.negatives
    return confusion.false_negative, confusion.positives


def by_day(counted: Iterable[Counted]) -> Days:
    """What `watch` takes, of the counts of one label of one stream; versions are added up.

    Of everybody alone: a study is in several subgroups.
    """
    days: dict[dt.date, dict[Source, Confusion]] = {}
    for one in counted:
        if one.subgroup == EVERYBODY:
            sources = days.setdefault(one.day, {})
            sources[one.source] = sources.get(one.source, Confusion()) + Confusion.counted(one)
    return days
