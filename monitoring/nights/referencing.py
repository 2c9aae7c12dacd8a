"""The references of one algorithm in a night: read, learned where one may be, asked for."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from core.domain.errors import InvalidError, NotFoundError
from core.domain.watch import Stream
from core.sections import Watch
from core.store.database import Database
from core.store.watch import aggregates, references
from core.store.watch.references import StoredReference
from monitoring import casework
from monitoring.casework import Adoption
from monitoring.drift.engine import Reference
from monitoring.nights import learning
from monitoring.nights.clock import ONE_DAY
from monitoring.nights.learning import Period
from monitoring.nights.notes import Notes
from monitoring.nights.reading import Histories, between

References = dict[str, tuple[int, Reference]]  #: the numbered reference that holds, by scope


@dataclasses.dataclass(frozen=True, slots=True)
class Referencing:
    """References of one algorithm; `now` is when they are learned, UTC."""

    database: Database
    algorithm: str
    watch: Watch
    trust_of: Mapping[str, str]
    notes: Notes
    now: dt.datetime

    def read(self) -> tuple[References, dict[str, int]]:
        """(the references that hold, the numbers of those that cannot be read), by scope."""
        with self.database.read() as connection:
            stored = references.latest(connection, self.algorithm)
        found: References = {}
        damaged = {}
        for scope, one in stored.items():
            try:
                found[scope] = one.known.number, loaded(one)
            except ValueError:
                damaged[scope] = one.known.number
                self.notes.say(f"reference:{scope}/{self.algorithm}:{one.known.number}")
        return found, damaged

    def first(self, day: dt.date, histories: Histories, known: Collection[str]) -> References:
        """Learn the first reference of every scope that has just become long enough for it."""
        period = Period.ending(day, self.watch.least_reference_days)
        due = [
            Stream(scope, self.algorithm)
            for scope in learning.scopes(histories.by_site, self.trust_of)
            if scope not in known and learning.covered(scope, period, histories, self.trust_of)
        ]
        if not due:
            return {}
        with self.database.write() as connection:
            return self._learn(
                connection, histories.until(day), due, period, learning.BY, learning.FIRST
            )

    def _learn(
        self,
        connection: sa.Connection,
        histories: Histories,
        streams: Sequence[Stream],
        period: Period,
        *who: str,
    ) -> References:
        by, reason = who
        made = learning.learn(
            connection, histories, streams, period,
            watch=self.watch, trust_of=self.trust_of, by=by, reason=reason, now=self.now,
        )  # fmt: skip
        self.notes.did["references"] += len(made)
        return made

    def adopt(self) -> None:
        """Learn what named persons have settled a case of kind REFERENCE for."""
        with self.database.read() as connection:
            waiting = casework.adoptions(connection)
        for one in waiting:
            if one.stream.algorithm != self.algorithm:
                continue
            try:
                self._adopt(one)
            except (InvalidError, NotFoundError) as error:
                self.notes.say(f"not-learned:{one.stream.site}/{self.algorithm}: {error}")

    def _adopt(self, one: Adoption) -> None:
        """In one transaction: a night that is killed here neither forgets it nor learns twice."""
        period = Period(one.first, one.last)
        histories = between(self.database, self.algorithm, one.first, one.last)
        with self.database.write() as connection:
            made = self._learn(connection, histories, [one.stream], period, one.by, one.reason)
            casework.adopted(connection, one, made[one.stream.site][0])

    def ask_for_full(self, sites: Collection[str], until: dt.date) -> None:
        """Ask, once, whether the first full year since a reference began shall be the next one."""
        scopes = learning.scopes(sites, self.trust_of)
        with self.database.write() as connection:
            for scope, one in references.latest(connection, self.algorithm).items():
                full = full_period(one, self.watch)
                if full is not None and full.last <= until and scope in scopes:
                    self._ask(connection, scope, full, sites)

    def _ask(
        self, connection: sa.Connection, scope: str, full: Period, sites: Collection[str]
    ) -> None:
        counted = aggregates.studies(
            connection, self.algorithm, learning.members(scope, sites, self.trust_of),
            full.first, full.last,
        )  # fmt: skip
        casework.reference_due(
            connection, Stream(scope, self.algorithm), first=full.first, last=full.last,
            studies=counted, now=self.now,
        )  # fmt: skip


def loaded(one: StoredReference) -> Reference:
    """Its content; raises `ValueError` where it is not what was learned."""
    if not one.intact:
        message = "its checksum is another"
        raise ValueError(message)
    return Reference.load(one.body)


def full_period(one: StoredReference, watch: Watch) -> Period | None:
    """The full year from a reference's first day on; None where it is that long already."""
    known = Period(one.known.from_day, one.known.to_day)
    if known.days >= watch.reference_days:
        return None
    return Period(known.first, known.first + (watch.reference_days - 1) * ONE_DAY)
