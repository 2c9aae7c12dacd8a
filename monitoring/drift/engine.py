"""The drift engine: `learn` a reference, `evaluate` days against references; both pure.

State is recomputed for every day from at most `HORIZON_DAYS` before it, many days at once.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from core.domain.watch import NATIONAL, TRUST, Chart, Evaluation, Signal, Standing, Stream
from core.sections import Watch
from monitoring.drift import channels, reading, standing
from monitoring.drift.comparing import Shared, common
from monitoring.drift.grounding import Read
from monitoring.drift.judging import ENOUGH_DAYS, Judge
from monitoring.drift.learning import learn_many, members_of
from monitoring.drift.measuring import LENGTH, Family, measured
from monitoring.drift.reference import Reference
from monitoring.drift.series import Array, History, Series, added, days_of, read

__all__ = ["HORIZON_DAYS", "History", "Reference", "evaluate", "learn", "learn_many"]

HORIZON_DAYS: Final = LENGTH + 60  #: an average's reach, and that of the evaluation before it


def learn(
    histories: Mapping[str, History],
    site: str,
    first: dt.date,
    last: dt.date,
    watch: Watch,
    *,
    trust_of: Mapping[str, str],
) -> Reference:
    """The reference of `site`, `NATIONAL` or `TRUST` + key, from `first` to `last`."""
    return learn_many(histories, [site], first, last, watch, trust_of=trust_of)[site]


def evaluate(
    histories: Mapping[str, History],
    references: Mapping[str, tuple[int, Reference]],
    days: Sequence[dt.date],
    watch: Watch,
    *,
    trust_of: Mapping[str, str],
    algorithm: str,
    members: bool = True,
) -> list[Evaluation]:
    """How every scope stood at the end of each of `days`, by scope and then by day.

    Without `members` points have none, which takes half the time.
    """
    if not days:
        return []
    wanted = sorted(set(days))
    span = days_of(wanted[0] - dt.timedelta(HORIZON_DAYS), wanted[-1])
    country = _Country(
        {site: read(history, span) for site, history in sorted(histories.items())},
        span, trust_of, watch, algorithm, members,
    )  # fmt: skip
    where = [(day - span[0]).days for day in wanted]
    made: list[Evaluation] = []
    for scope in _scopes(histories, references, trust_of):
        made += country.evaluations(scope, references.get(scope), where)
    return made


def _scopes(
    histories: Mapping[str, History],
    references: Mapping[str, tuple[int, Reference]],
    trust_of: Mapping[str, str],
) -> list[str]:
    """Sites, the country, and trusts with a site that is too small alone."""
    small = {
        TRUST + trust_of[site]
        for site, (_, one) in references.items()
        if site in trust_of and one.small
    }
    shared = {one for one in small if len(members_of(one, [*histories], trust_of)) > 1}
    return sorted({*histories, *references, *shared, NATIONAL})


@dataclasses.dataclass(slots=True)
class _Country:
    """Series of all sites over the same days, and what scopes have in common."""

    series: Mapping[str, Series]
    days: Sequence[dt.date]
    trust_of: Mapping[str, str]
    watch: Watch
    algorithm: str
    told: bool
    _shared: dict[bytes, Shared] = dataclasses.field(default_factory=dict)

    def evaluations(
        self, scope: str, known: tuple[int, Reference] | None, where: Sequence[int]
    ) -> Iterator[Evaluation]:
        """Of one scope on the days at `where`."""
        members = members_of(scope, [*self.series], self.trust_of)
        parts = [self.series[site] for site in sorted(members)]
        stream = Stream(scope, self.algorithm)
        one = added(parts) if parts else read({}, self.days)
        number, reference = known or (0, None)
        if reference is None or reference.days < self._least():
            yield from _unlearned(stream, number, one, where, self.watch)
            return
        yield from self._learned(stream, number, reference, one, members=members, where=where)

    def _least(self) -> float:
        return self.watch.least_reference_days * channels.LEAST_COVERAGE

    def _learned(
        self,
        stream: Stream,
        number: int,
        reference: Reference,
        one: Series,
        *,
        members: frozenset[str],
        where: Sequence[int],
    ) -> Iterator[Evaluation]:
        charts = self._charts(reference, one, members)
        others = [self.series[site].studies for site in self.series if site not in members]
        judge = Judge(
            reference, one, self.watch, charts,
            where=where if self.told else (), others=_peers(others, one),
        )  # fmt: skip
        for at in where:
            yield judge.evaluation(stream, number, at)

    def _charts(
        self, reference: Reference, one: Series, members: frozenset[str]
    ) -> dict[Chart, Mapping[Signal, Family]]:
        ground = reference.ground
        if not ground.channels:
            return {}
        key = ground.digest
        if key not in self._shared:
            self._shared[key] = Shared(ground, self.series, self.days)
        shared = self._shared[key]
        counts, natural = reading.read(one, ground.channels, ground.basis)
        own = Read(counts, natural / np.array([c.scale for c in ground.channels]))
        made = {}
        for chart, charted in reference.charts.items():
            middle = None
            followed = own
            if chart is Chart.NATIONAL:
                followed = Read(counts, shared.all)
            elif chart is Chart.PEERS:
                middle = common(ground, members, shared.without(members))
                followed = Read(counts, own.values - middle)
            made[chart] = measured(
                ground, charted, followed, natural=natural, common=middle,
                expected=charted.baseline.at(self.days), scales=reference.scales,
            )  # fmt: skip
        return made


def _unlearned(
    stream: Stream, number: int, one: Series, where: Sequence[int], watch: Watch
) -> Iterator[Evaluation]:
    """A stream without a reference: learning, or silent."""
    window = standing.window(one.studies, watch.few_a_day * ENOUGH_DAYS)
    for at in where:
        stands = Standing.LEARNING if window[at] else Standing.NO_DATA
        yield Evaluation(
            stream, one.days[at], number, int(window[at]), int(one.studies[at]), stands
        )


def _peers(others: Sequence[Array], one: Series) -> Array:
    """(T,) how many other sites had studies in the week up to each day."""
    found = np.zeros(len(one.days))
    for each in others:
        found += standing.summed(each, standing.WEEK) > 0
    return found
