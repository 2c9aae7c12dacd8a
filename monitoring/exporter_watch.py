"""What the nightly job and people have said of each algorithm, on every scrape.

Evaluations and references are read again only where something was evaluated since; what changes
during the day (cases, activations, audits) is read at every scrape.
"""

import collections
import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.activation import Activation
from core.domain.casework import QUIET_DAYS
from core.domain.feedback import Source
from core.domain.watch import Evaluation, Standing
from core.store.watch import activations, counts, evaluations, nights, references
from core.store.watch.scopes import OSLO
from monitoring import catalogue
from monitoring.families import Labels, Reading, Sample

#: A stream that nobody has evaluated for so long is out of use: the alarm on it has been given.
FORGOTTEN: Final = dt.timedelta(days=60)
FIRST: Final = dt.date(2000, 1, 1)
COMPARED_DAYS: Final = 28
AUDITED_DAYS: Final = 364
REREAD_S: Final = 60.0  #: comparisons change at any time, and nobody needs them sooner
ANY: Final = "any"  #: the label of the whole result
OUTCOMES: Final = (
    "true_positive", "false_positive", "false_negative", "true_negative", "unknown",
)  # fmt: skip
SKIPPED: Final = ("missing", "unreadable", "reference")


def midnight(day: dt.date) -> float:
    """When a calendar day begins in Norway, in Unix time."""
    return dt.datetime.combine(day, dt.time(), OSLO).timestamp()


class Drift:
    """The newest evaluations and the references, kept until something is evaluated again."""

    def __init__(self) -> None:
        """Nothing read."""
        self._at: counts.Evaluated | None = None
        self._kept: list[Reading] = []
        self.streams: list[Labels] = []  #: (site, algorithm) of those evaluated

    def readings(self, connection: sa.Connection) -> list[Reading]:
        """Scores, standings, references and what was skipped."""
        at = counts.evaluated(connection)
        if at != self._at:
            newest = self._newest(connection, at.day)
            self.streams = [(one.stream.site, one.stream.algorithm) for one in newest]
            self._kept = [*_standings(newest), _outside(connection, newest), *_known(connection)]
            self._at = at
        return self._kept

    @staticmethod
    def _newest(connection: sa.Connection, day: dt.date | None) -> list[Evaluation]:
        if day is None:
            return []
        found = evaluations.latest(connection)
        return [one for one in found if one.day >= day - FORGOTTEN]


def _standings(newest: Sequence[Evaluation]) -> Iterator[Reading]:
    yield Reading(catalogue.DRIFT_SCORE, [sample for one in newest for sample in _scores(one)])
    told = [
        ((*_stream(one), standing.value), float(one.standing is standing))
        for one in newest
        for standing in Standing
    ]
    yield Reading(catalogue.DRIFT_STANDING, told)
    ends = [(_stream(one), midnight(one.day + dt.timedelta(days=1))) for one in newest]
    yield Reading(catalogue.DRIFT_EVALUATED, ends)
    skipped = [
        ((*_stream(one), why), float(sum(note.startswith(f"{why}:") for note in one.notes)))
        for one in newest
        for why in SKIPPED
    ]
    yield Reading(catalogue.DRIFT_SKIPPED, skipped)


def _stream(one: Evaluation) -> tuple[str, str]:
    return one.stream.site, one.stream.algorithm


def _scores(one: Evaluation) -> Iterator[Sample]:
    for (signal, chart), score in sorted(one.scores().items()):
        yield (*_stream(one), signal.value, chart.value), float(score)


def _outside(connection: sa.Connection, newest: Sequence[Evaluation]) -> Reading:
    """Since when: an episode goes on until `QUIET_DAYS` without a day outside, as its case does."""
    first = min((one.day for one in newest), default=FIRST) - FORGOTTEN
    days = counts.outside_days(connection, first) if newest else {}
    told = [
        (_stream(one), midnight(began(days[_stream(one)])))
        for one in newest
        if one.standing is Standing.OUTSIDE and _stream(one) in days
    ]
    return Reading(catalogue.DRIFT_OUTSIDE, told)


def began(days: Sequence[dt.date]) -> dt.date:
    """The first day of the newest episode among `days`, which are in order."""
    first = days[-1]
    for day in reversed(days):
        if (first - day).days >= QUIET_DAYS:
            break
        first = day
    return first


def _known(connection: sa.Connection) -> Iterator[Reading]:
    known = references.all_latest(connection)
    streams = [((one.site, one.algorithm), one) for one in known]
    yield Reading(
        catalogue.REFERENCE_STUDIES, [(stream, float(one.studies)) for stream, one in streams]
    )
    yield Reading(
        catalogue.REFERENCE_NUMBER, [(stream, float(one.number)) for stream, one in streams]
    )


def night(connection: sa.Connection) -> Iterator[Reading]:
    """The last nightly job; nothing where there was none yet, and a rule says so."""
    well, last = nights.last(connection, well=True), nights.last(connection)
    finished = [((), well.finished_at.timestamp())] if well and well.finished_at else []
    yield Reading(catalogue.NIGHT_FINISHED, finished)
    ended = [last] if last and last.finished_at else []
    took = [(one.finished_at or one.started_at) - one.started_at for one in ended]
    yield Reading(catalogue.NIGHT_DURATION, [((), one.total_seconds()) for one in took])
    yield Reading(catalogue.NIGHT_FAILED, [((), float(bool(one.error))) for one in ended])
    yield Reading(catalogue.NIGHT_STREAMS, [((), float(one.streams)) for one in ended])


def cases(connection: sa.Connection) -> Iterator[Reading]:
    """Open cases, and when drift was last settled."""
    found = [((one.site, one.algorithm, one.kind), one) for one in counts.open_cases(connection)]
    yield Reading(catalogue.CASES_OPEN, [(labels, float(one.number)) for labels, one in found])
    yield Reading(catalogue.CASE_OLDEST, [(key, one.oldest.timestamp()) for key, one in found])
    settled = counts.drift_settled(connection).items()
    yield Reading(catalogue.DRIFT_SETTLED, [(stream, at.timestamp()) for stream, at in settled])


def activated(connection: sa.Connection, streams: Iterable[Labels]) -> Reading:
    """What each algorithm may do at each site: live unless somebody said otherwise."""
    said = {stream: one.state for stream, one in activations.all_states(connection).items()}
    sites = {(site, algorithm) for site, algorithm in streams if _one(site)}
    told = [
        ((*stream, state.value), float(said.get(stream, Activation.LIVE) is state))
        for stream in sorted(sites | said.keys())
        for state in Activation
    ]
    return Reading(catalogue.ACTIVATION, told)


def _one(site: str) -> bool:
    """Whether a scope is one site."""
    return site != "*" and ":" not in site


def audits(connection: sa.Connection) -> Iterator[Reading]:
    """Results drawn and read."""
    found = counts.audits(connection)
    drawn: collections.Counter[Labels] = collections.Counter()
    for (site, algorithm, _), count in found:
        drawn[site, algorithm] += count
    yield Reading(catalogue.AUDITS_DRAWN, [(key, float(n)) for key, n in sorted(drawn.items())])
    answered = [(labels, float(count)) for labels, count in sorted(found) if labels[2]]
    yield Reading(catalogue.AUDITS_ANSWERED, answered)


class Compared:
    """Comparisons with reports, audits and feedback over the last days."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing read."""
        self._clock = clock
        self._next = 0.0
        self._kept: list[Reading] = []

    def readings(
        self, connection: sa.Connection, algorithms: Iterable[str], now: dt.datetime
    ) -> list[Reading]:
        """Counts by outcome, and the bound of what audits found missed."""
        if not self._kept or self._clock() >= self._next:
            known = sorted(set(algorithms))
            first = now.astimezone(OSLO).date()
            recent = counts.concordance(
                connection, known, first - dt.timedelta(days=COMPARED_DAYS), ANY
            )
            audited = counts.concordance(
                connection, known, first - dt.timedelta(days=AUDITED_DAYS), ANY
            )
            self._kept = [_compared(recent), *_bounds(audited)]
            self._next = self._clock() + REREAD_S
        return self._kept


_Row = tuple[str, str, str, tuple[int, int, int, int, int]]


def _compared(rows: Sequence[_Row]) -> Reading:
    told = [
        ((site, algorithm, source, outcome), float(count))
        for site, algorithm, source, found in rows
        for outcome, count in zip(OUTCOMES, found, strict=True)
    ]
    return Reading(catalogue.CONCORDANCE, told)


def _bounds(rows: Sequence[_Row]) -> Iterator[Reading]:
    """Of the negatives that an audit has read, how many, and the bound of those missed."""
    # 0.7 s and 50 MB that an installation without audits does without.
    from monitoring.performance.clopper_pearson import upper_bound  # noqa: PLC0415

    read = {
        (site, algorithm): (found[2], found[2] + found[3])
        for site, algorithm, source, found in rows
        if source == Source.AUDIT.value and found[2] + found[3]
    }
    negatives = [(stream, float(count)) for stream, (_, count) in read.items()]
    yield Reading(catalogue.AUDIT_NEGATIVES, negatives)
    bounds = [(stream, upper_bound(missed, count)) for stream, (missed, count) in read.items()]
    yield Reading(catalogue.AUDIT_BOUND, bounds)
