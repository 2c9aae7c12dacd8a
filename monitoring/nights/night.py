"""One night: claimed, its steps in order, each stream for itself, and told in its row."""

import collections
import contextlib
import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core import logs
from core.domain.errors import InvalidError, UnavailableError, VardeError
from core.sections import Watch
from core.store.database import Database
from core.store.watch import aggregates, nights, scopes
from core.store.watch.nights import Night
from monitoring.nights import clock, counting, purging
from monitoring.nights.clock import ONE_DAY
from monitoring.nights.days import OVERLAP, Day, Folder
from monitoring.nights.evaluating import Evaluator
from monitoring.nights.notes import FOLDED, Notes

LOOK_BACK: Final = 30  #: nights that are looked through for one that did all there was to do
Progress = Callable[[int, int, str], None]  #: so many steps of so many are done; what is next


class BusyError(UnavailableError):
    """Another night runs."""


class StoppedError(VardeError):
    """The night was told to stop."""


class LostError(UnavailableError):
    """A night that was taken for dead, so that another one may run by now."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """What a night needs: the database, `home` for secrets, and the algorithms' purposes by key.

    `clock` gives the time; a night takes its own from when it begins.
    """

    database: Database
    home: Path
    watch: Watch
    purposes: Mapping[str, str]
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    progress: Progress = lambda _done, _total, _what: None

    def run(self, until: dt.date | None = None) -> Night:
        """Hold a night over all days to `until`, the last that has ended where None.

        Raises `InvalidError` for a day that has not ended, `BusyError` where a night runs.
        What fails for one stream is told in the night that is returned, and done by the next.
        """
        now = self.clock()
        last = clock.closed(now)
        if until is not None and until > last:
            message = f"{until} has not ended: the last day that has is {last}. Leave --until out"
            raise InvalidError(message)
        night = self._claimed(until or last, now)
        steps = _Steps(self, night, now)
        try:
            steps.run()
        except BaseException as error:
            told = error if isinstance(error, Exception) else StoppedError("stopped before its end")
            steps.notes.fail("night", "", told)
            with contextlib.suppress(Exception):  # the database may be what failed
                self._finished(night, steps)
            raise
        return self._finished(night, steps)

    def _claimed(self, until: dt.date, now: dt.datetime) -> Night:
        by = nights.named(os.getpid())
        with self.database.write() as connection:
            night, ours = nights.claim(connection, until, by=by, now=now)
        if ours:
            logs.logger().info("the night begins", detail=until.isoformat())
            return night
        again = (night.alive_at + nights.SILENT).astimezone(clock.OSLO)
        message = (
            f"a night runs since {night.started_at.astimezone(clock.OSLO):%H:%M} ({night.by}). "
            f"Wait for it; if it was killed, the next may begin after {again:%H:%M}"
        )
        raise BusyError(message)

    def _finished(self, night: Night, steps: "_Steps") -> Night:
        with self.database.write() as connection:
            nights.finish(
                connection, night, streams=steps.streams, error=steps.notes.error,
                notes=steps.notes.body(),
                now=self.clock(),
            )  # fmt: skip
            ended = nights.get(connection, night.id)
        seconds = round((self.clock() - night.started_at).total_seconds(), 1)
        logs.logger().info("the night has ended", seconds=seconds, error=ended.error)
        return ended


class _Steps:
    """The steps of one night, and what has come of them so far."""

    def __init__(self, job: Job, night: Night, now: dt.datetime) -> None:
        self.notes = Notes()
        self.streams = 0
        self._job, self._night, self._now = job, night, now
        self._folder = Folder(job.purposes, now, self.notes)
        self._done, self._total = 0, 1

    def run(self) -> None:
        """Fold, evaluate, count, purge: in this order, since each looks at the one before."""
        job, until = self._job, self._night.until
        keep = until - job.watch.keep_observations_days * ONE_DAY
        with job.database.read() as connection:
            since = _since(connection, keep, lambda one: bool(one.notes.get(FOLDED)))
            counted = _since(connection, keep, lambda one: not one.error)
            trust_of = scopes.trusts(connection)
        self._fold(since, keep)
        self._evaluate(trust_of, since)
        self._alone("catch-up", lambda: counting.catch_up(job.database, self._now, self.notes))
        self._alone("recount", lambda: counting.recount(job.database, counted, self.notes))
        self._alone(
            "errors",
            lambda: counting.errors(
                job.database, counted, until=until, now=self._now, notes=self.notes
            ),
        )
        self._alone(
            "draw",
            lambda: counting.draw(
                job.database,
                job.home,
                job.watch.audit_share,
                since=since,
                now=self._now,
                notes=self.notes,
            ),
        )
        self._alone("purge", lambda: purging.purge(job.database, keep, self._folder, self.notes))
        self.notes.whole = True

    def _fold(self, since: dt.datetime, keep: dt.date) -> None:
        """Fold the days with news, a stream at a time."""
        database, until = self._job.database, self._night.until
        with database.read() as connection:
            first = max(clock.day_of(since), keep)
            due, refused = self._folder.due(connection, since, first, until)
        by_stream: dict[tuple[str, str], list[Day]] = collections.defaultdict(list)
        for day in sorted(due):
            by_stream[day[0], day[1]].append(day)
        self._total = len(by_stream) + 2
        before = len(self.notes.failed)
        for (site, algorithm), days in by_stream.items():
            self._step(f"folding {site}/{algorithm}")
            try:
                with database.write() as connection:
                    for day in days:
                        known = refused.get(day[2])
                        self.notes.did["folded"] += self._folder.fold(connection, day, known)
            except Exception as error:  # noqa: BLE001 - the other streams go on
                self.notes.fail("fold", f"{site}/{algorithm}", error)
        self.notes.folded = len(self.notes.failed) == before

    def _evaluate(self, trust_of: Mapping[str, str], since: dt.datetime) -> None:
        """Evaluate each algorithm for itself."""
        job = self._job
        with job.database.read() as connection:
            algorithms = aggregates.algorithms(connection)
        self._total += len(algorithms)
        for algorithm in algorithms:
            self._step(f"evaluating {algorithm}")
            evaluator = Evaluator(
                job.database, algorithm, self._night.until, job.watch, trust_of, self._folder,
                self.notes, self._now, since,
            )  # fmt: skip
            self._alone(f"learn {algorithm}", evaluator.referencing.adopt)
            try:
                self.streams += evaluator.run()
            except Exception as error:  # noqa: BLE001 - the other algorithms go on
                self.notes.fail("evaluate", algorithm, error)

    def _alone(self, step: str, work: Callable[[], None]) -> None:
        """Do a step; its failure is told, and stops nothing else."""
        self._step(step)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the other steps go on
            self.notes.fail(step, "", error)

    def _step(self, what: str) -> None:
        """Say that this night lives, and how far it has come; raises `LostError`."""
        with self._job.database.write() as connection:
            ours = nights.alive(connection, self._night, self._job.clock())
        if not ours:
            message = "this night was silent for so long that it was taken for dead"
            raise LostError(message)
        self._job.progress(self._done, max(self._total, self._done), what)
        self._done += 1


def _since(connection: sa.Connection, keep: dt.date, did: Callable[[Night], bool]) -> dt.datetime:
    """From when on there is news: since the last night that `did` all that there was to do.

    Its own open day it left alone, whatever of it had been written by then.
    """
    for one in nights.listed(connection, limit=LOOK_BACK):
        if one.finished_at is not None and did(one):
            return min(one.started_at - OVERLAP, clock.bounds(one.until)[1])
    return clock.bounds(keep)[0]
