"""One algorithm's days: read, evaluated, written, and made into cases."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from core.domain.watch import Evaluation
from core.sections import Watch
from core.store.database import Database
from core.store.watch import aggregates, evaluations, observations
from monitoring import casework
from monitoring.drift import engine
from monitoring.nights import due, honesty
from monitoring.nights.clock import ONE_DAY
from monitoring.nights.days import Folder, told
from monitoring.nights.due import Known
from monitoring.nights.honesty import Faults
from monitoring.nights.notes import Notes
from monitoring.nights.reading import WEEKS, Histories, between, missing
from monitoring.nights.referencing import References, Referencing


@dataclasses.dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates one algorithm up to the day `until`; `began` is when the last good night began."""

    database: Database
    algorithm: str
    until: dt.date
    watch: Watch
    trust_of: Mapping[str, str]
    folder: Folder
    notes: Notes
    now: dt.datetime
    began: dt.datetime

    def run(self) -> int:
        """Evaluate what is due; returns how many streams were evaluated."""
        days = self.due()
        if not days:
            return 0
        histories = self.histories(days[0], days[-1])
        found, damaged = self.referencing.read()
        made = list(self._evaluated(days, histories, found, damaged))
        made = self._honest(made, days, histories, damaged)
        self._write(made, days)
        self.referencing.ask_for_full(histories.by_site.keys(), self.until)
        return len({one.stream for one in made})

    @property
    def referencing(self) -> Referencing:
        """The algorithm's references."""
        return Referencing(
            self.database, self.algorithm, self.watch, self.trust_of, self.notes, self.now
        )

    def due(self) -> list[dt.date]:
        """The days to evaluate, without a gap; says which of them are late."""
        first = self.until - max(engine.HORIZON_DAYS, due.CATCH_UP) * ONE_DAY
        with self.database.read() as connection:
            span = aggregates.span(connection, self.algorithm)
            if span is None or span[0] > self.until:
                return []
            known = Known(
                span[0],
                evaluations.newest(connection, self.algorithm),
                evaluations.made(connection, self.algorithm, first, self.until),
                aggregates.written(connection, self.algorithm, first, self.until),
            )
        for site, day in due.late(known, self.began):
            self.notes.say(f"late:{told((site, self.algorithm, day))}")
        return due.days(known, self.until, began=self.began)

    def histories(self, first: dt.date, last: dt.date) -> Histories:
        """What the evaluation of `first` to `last` looks at; damaged days are computed again."""
        back = max(engine.HORIZON_DAYS, self.watch.least_reference_days, 7 * WEEKS)
        found = between(self.database, self.algorithm, first - back * ONE_DAY, last)
        for site, day in sorted(found.damaged):
            became = "recomputed" if self._recomputed(found, site, day) else "unreadable"
            self.notes.say(f"{became}:{told((site, self.algorithm, day))}")
        return found

    def _recomputed(self, found: Histories, site: str, day: dt.date) -> bool:
        """Compute a damaged day again, where observations of it are left; whether it is well."""
        with self.database.write() as connection:
            if not observations.of_day(connection, site, self.algorithm, day):
                return False
            self.folder.fold(connection, (site, self.algorithm, day))
            rows = aggregates.of_day(connection, site, self.algorithm, day)
        found.forget(site, day)
        found.add(rows)
        return (site, day) not in found.damaged

    def _evaluated(
        self,
        days: Sequence[dt.date],
        histories: Histories,
        found: References,
        damaged: Mapping[str, int],
    ) -> Iterator[Evaluation]:
        """Day by day: what may be learned on a day is learned before the day is evaluated."""
        waiting: list[dt.date] = []
        for day in days:
            fresh = self.referencing.first(day, histories, {*found, *damaged})
            if fresh and waiting:
                yield from self._engine(waiting, histories, found)
                waiting = []
            found = {**found, **fresh}
            waiting.append(day)
        yield from self._engine(waiting, histories, found)

    def _engine(
        self, days: Sequence[dt.date], histories: Histories, found: References
    ) -> list[Evaluation]:
        return engine.evaluate(
            histories.by_site, found, days, self.watch,
            trust_of=self.trust_of, algorithm=self.algorithm,
        )  # fmt: skip

    def _honest(
        self,
        made: Sequence[Evaluation],
        days: Sequence[dt.date],
        histories: Histories,
        references_damaged: Mapping[str, int],
    ) -> list[Evaluation]:
        """What the engine says, less what it cannot know was missing."""
        first = days[0] - honesty.TOLD_DAYS * ONE_DAY
        broken: dict[str, list[dt.date]] = {}
        for site, day in histories.damaged:
            broken.setdefault(site, []).append(day)
        gaps = {
            site: missing(history, first, days[-1], known=broken.get(site, ()))
            for site, history in histories.by_site.items()
        }
        for site, day in ((site, day) for site, absent in gaps.items() for day in absent):
            if day >= days[0]:
                self.notes.say(f"missing:{told((site, self.algorithm, day))}")
        with self.database.read() as connection:
            known = (
                evaluations.newest(connection, self.algorithm).keys() | references_damaged.keys()
            )
        begun = {site: min(history) for site, history in histories.by_site.items() if history}
        kept = honesty.meant(made, known, begun)
        whole = [*kept, *honesty.silent(kept, self.algorithm, known, begun, days)]
        faults = Faults(gaps, broken, references_damaged)
        return [honesty.told(one, faults) for one in whole]

    def _write(self, made: Sequence[Evaluation], days: Sequence[dt.date]) -> None:
        """Write them, and let the cases know of those that are new or otherwise than before."""
        with self.database.write() as connection:
            stored = evaluations.of_algorithm(connection, self.algorithm, days[0], days[-1])
            before = {(one.stream, one.day): one for one, _ in stored}
            changed = [
                one for one in made if before.get((one.stream, one.day)) != evaluations.rounded(one)
            ]
            evaluations.write(connection, made, self.now)
            cases = casework.after_night(connection, changed, now=self.now, watch=self.watch)
        self.notes.did["evaluations"] += len(changed)
        self.notes.did["cases"] += len(cases)
