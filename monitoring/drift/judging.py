"""From the charts of a stream to what is said of it each day."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.domain.watch import (
    NATIONAL,
    Chart,
    Evaluation,
    Member,
    Point,
    Signal,
    Standing,
    Stream,
    of_stream,
    worst,
)  # fmt: skip
from core.sections import Watch
from monitoring.drift import channels, peers, standing
from monitoring.drift.measuring import LEAST, Family
from monitoring.drift.reference import Reference
from monitoring.drift.series import Array, Series

ENOUGH_DAYS: Final = 7  #: times `watch.few_a_day`: studies in a window that tell something
SUPPORT: Final = 1.0  #: peers score that an alarm of the own chart needs, where there are peers
SHOWN: Final = {Chart.OWN: 12, Chart.PEERS: 3, Chart.NATIONAL: 12}  #: members of a point


class Judge:
    """Turns the charts of a stream into evaluations."""

    def __init__(
        self,
        reference: Reference,
        one: Series,
        watch: Watch,
        charts: Mapping[Chart, Mapping[Signal, Family]],
        *,
        where: Sequence[int],
        others: Array,
    ) -> None:
        self._reference, self._one = reference, one
        self._full = (
            reference.span >= watch.reference_days
            and reference.days >= watch.reference_days * channels.LEAST_COVERAGE
        )
        enough = watch.few_a_day * ENOUGH_DAYS
        self._window = standing.window(one.studies, enough)
        self._few = self._window < enough
        self._silent = standing.silent(one.studies, one.days, reference.volumes, watch.silent_days)
        self._charts, self._others = charts, others
        self._members = {
            (chart, signal): dict(zip(where, _told(family, where, SHOWN[chart]), strict=True))
            for chart, families in charts.items()
            for signal, family in families.items()
        }
        self._out = {
            (chart, signal): standing.outside(family.score, family.fresh)
            for chart, families in charts.items()
            for signal, family in families.items()
        }

    def evaluation(self, stream: Stream, number: int, at: int) -> Evaluation:
        """The evaluation of the day at `at`."""
        points = tuple(
            self._point(chart, signal, family, at)
            for chart, families in self._charts.items()
            for signal, family in families.items()
        )
        stands = [of_stream(points), *([Standing.NO_DATA] if self._silent[at] else [])]
        missing = standing.missing(self._one.studies, self._one.days, self._reference.volumes, at)
        return Evaluation(
            stream,
            self._one.days[at],
            number,
            int(self._window[at]),
            int(self._one.studies[at]),
            worst(stands),
            points,
            (*(f"missing:{day.isoformat()}" for day in missing), *self._lonely(stream, at)),
        )

    def _lonely(self, stream: Stream, at: int) -> tuple[str, ...]:
        """How many peers there are, where they are too few for a median."""
        if stream.site == NATIONAL or self._others[at] >= peers.LEAST:
            return ()
        return (f"peers:{int(self._others[at])}",)

    def _point(self, chart: Chart, signal: Signal, family: Family, at: int) -> Point:
        score = float(family.score[at])
        known = np.isfinite(score)
        return Point(
            signal,
            chart,
            round(score, 4) if known else None,
            self._stands(chart, signal, family, at, known=bool(known)),
            self._members[chart, signal].get(at, ()) if known else (),
        )

    def _stands(  # noqa: PLR0911
        self, chart: Chart, signal: Signal, family: Family, at: int, *, known: bool
    ) -> Standing:
        if not known or family.month[at] <= 0:
            alone = chart is Chart.PEERS and self._window[at] > 0
            return Standing.TOO_FEW if alone else Standing.NO_DATA
        if chart is Chart.OWN and not self._full:
            return Standing.LEARNING
        first, second = self._out[chart, signal]
        if second[at] and self._supported(chart, signal, at):
            return Standing.OUTSIDE
        if first[at]:
            return Standing.WATCHED
        if self._silent[at]:
            return Standing.NO_DATA
        if self._few[at] or family.month[at] < LEAST:
            return Standing.TOO_FEW
        return Standing.INSIDE

    def _supported(self, chart: Chart, signal: Signal, at: int) -> bool:
        """Whether an own chart's alarm is the site's own: what all see is the national chart's."""
        if chart is not Chart.OWN or Chart.PEERS not in self._charts:
            return True
        score = self._charts[Chart.PEERS][signal].score[at]
        return not np.isfinite(score) or bool(score >= SUPPORT)


def _told(family: Family, where: Sequence[int], most: int) -> list[tuple[Member, ...]]:
    """For each of some days the `most` members that are furthest out, to six digits."""
    rows = family.members[np.asarray(where, np.int64)]
    if not rows.size:
        return [()] * len(where)
    known = np.isfinite(rows).all(axis=2)
    order = np.argsort(np.where(known, -rows[:, :, 3], np.inf), axis=1, kind="stable")[:, :most]
    kept = np.take_along_axis(known, order, axis=1).sum(axis=1).tolist()
    picked = np.take_along_axis(rows, order[:, :, None], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        digits = 10.0 ** (5 - np.floor(np.log10(np.abs(picked))))
        picked = np.where(np.isfinite(digits), np.round(picked * digits) / digits, picked)
    return [
        tuple(
            Member(family.names[m], *numbers)
            for m, numbers in zip(which[:many], values[:many], strict=True)
        )
        for which, values, many in zip(order.tolist(), picked.tolist(), kept, strict=True)
    ]
