"""From evaluations to cases, and from a settled case to the reference that is learned for it.

One case a stream and episode, with every signal that was outside in it: a new scanner that
moves five charts is one thing to explain, not five.
"""

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.domain import casework
from core.domain.case import Case, CaseKind, Verdict
from core.domain.watch import TRUST, Evaluation, Standing, Stream
from core.sections import Watch
from core.store.watch import cases, scopes


def after_night(
    connection: sa.Connection, evaluations: Sequence[Evaluation], *, now: dt.datetime, watch: Watch
) -> list[str]:
    """Open, continue and quieten the cases of these evaluations; returns the ids of new ones.

    The evaluations may be of several days and streams; they are taken day by day.
    """
    found: list[str] = []
    silent: dict[Stream, int] = {}
    alone = {(one.day, one.stream) for one in evaluations if casework.outside(one)}
    for one in sorted(evaluations, key=lambda evaluation: (evaluation.day, evaluation.stream)):
        found += _drift(connection, one, now, explained=_explained(connection, one, alone))
        found += _data(connection, one, now)
        silent[one.stream] = _empty_days(connection, one, silent.get(one.stream), watch)
        found += _silence(connection, one, silent[one.stream], now, watch)
    return found


def _explained(
    connection: sa.Connection, one: Evaluation, alone: Collection[tuple[dt.date, Stream]]
) -> bool:
    """Whether a trust is outside on a day on which one of its sites is: it has a case itself."""
    if not one.stream.site.startswith(TRUST) or (one.day, one.stream) not in alone:
        return False
    sites = scopes.members(connection, one.stream.site)
    return any((one.day, Stream(site, one.stream.algorithm)) in alone for site in sites)


def _drift(
    connection: sa.Connection, one: Evaluation, now: dt.datetime, *, explained: bool
) -> list[str]:
    """A case for what is outside; quiet where a day says that nothing is."""
    signals = casework.outside(one)
    case = _last(connection, CaseKind.DRIFT, one.stream)
    if explained and (case is None or not case.open):
        return []
    if signals and casework.again(case, signals, one.day):
        return [_open(connection, CaseKind.DRIFT, one, {"signals": signals}, now)]
    if signals and case:
        kept = {**case.evidence, "signals": casework.merged(case.evidence["signals"], signals)}
        cases.seen(connection, case.id, evidence=kept, at=now, quiet_at=None)
    elif case and case.quiet_at is None and casework.told_quiet(one):
        cases.seen(connection, case.id, evidence=case.evidence, at=now, quiet_at=_noon(one.day))
    return []


def _data(connection: sa.Connection, one: Evaluation, now: dt.datetime) -> list[str]:
    """A case for days that are missing or cannot be read."""
    faults = sorted(
        note for note in one.notes if note.startswith(("missing:", "unreadable:", "reference:"))
    )
    case = _last(connection, CaseKind.DATA, one.stream)
    known = set(case.evidence.get("days", ())) if case else set()
    fresh = [fault for fault in faults if fault not in known]
    if fresh and (case is None or not case.open):
        return [_open(connection, CaseKind.DATA, one, {"days": fresh}, now)]
    if fresh and case:
        kept = {**case.evidence, "days": sorted(known | set(fresh))}
        cases.seen(connection, case.id, evidence=kept, at=now, quiet_at=None)
    return []


def _empty_days(
    connection: sa.Connection, one: Evaluation, before: int | None, watch: Watch
) -> int:
    """How many evaluations in a row, this one included, found no data and no study.

    A day that cannot be read is no silence: it has a case of its own kind.
    """
    damaged = f"unreadable:{one.day.isoformat()}" in one.notes
    if one.standing is not Standing.NO_DATA or one.today or damaged:
        return 0
    if before is None:
        first = one.day - dt.timedelta(days=watch.silent_days * 3)
        before = scopes.empty_days(connection, one.stream, first, one.day)
    return before + 1


def _silence(
    connection: sa.Connection, one: Evaluation, days: int, now: dt.datetime, watch: Watch
) -> list[str]:
    """A case for a stream that stopped; quiet once studies come again."""
    case = _last(connection, CaseKind.SILENT, one.stream)
    standing = case is not None and case.open and case.quiet_at is None
    if days >= watch.silent_days:
        evidence = {"days": days, "day": one.day.isoformat()}
        if case and standing:
            cases.seen(connection, case.id, evidence=evidence, at=now, quiet_at=None)
            return []
        return [_open(connection, CaseKind.SILENT, one, evidence, now)]
    if case and standing and one.today:
        cases.seen(connection, case.id, evidence=case.evidence, at=now, quiet_at=_noon(one.day))
    return []


def errors(
    connection: sa.Connection,
    stream: Stream,
    *,
    subject: str,
    evidence: Mapping[str, Any],
    day: dt.date,
    now: dt.datetime,
) -> str | None:
    """A case where errors have piled up; None where one is open, or was settled after that day."""
    case = _last(connection, CaseKind.ERRORS, stream, subject)
    if case and (case.open or (case.settled_at and case.settled_at.date() >= day)):
        return None
    return cases.opened(
        connection,
        kind=CaseKind.ERRORS,
        site=stream.site,
        algorithm=stream.algorithm,
        subject=subject,
        evidence=evidence,
        day=day,
        now=now,
    )


def quiet(connection: sa.Connection, stream: Stream, *, subject: str, day: dt.date) -> None:
    """Remember that the errors of an open case have not been too many since `day`."""
    case = _last(connection, CaseKind.ERRORS, stream, subject)
    if case and case.open and case.quiet_at is None:
        cases.seen(
            connection, case.id, evidence=case.evidence, at=case.last_at, quiet_at=_noon(day)
        )


def reference_due(
    connection: sa.Connection,
    stream: Stream,
    *,
    first: dt.date,
    last: dt.date,
    studies: int,
    now: dt.datetime,
) -> str | None:
    """A case that asks whether `first` to `last` shall be the reference; one at a time."""
    case = _last(connection, CaseKind.REFERENCE, stream)
    period = {"from": first.isoformat(), "to": last.isoformat(), "studies": studies}
    if case and (case.open or case.evidence.get("from") == period["from"]):
        return None
    return cases.opened(
        connection,
        kind=CaseKind.REFERENCE,
        site=stream.site,
        algorithm=stream.algorithm,
        subject="reference",
        evidence=period,
        day=last,
        now=now,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Adoption:
    """A reference that a named person wants learned, and has not been yet."""

    case_id: str
    stream: Stream
    first: dt.date
    last: dt.date
    by: str
    reason: str


def adoptions(connection: sa.Connection) -> list[Adoption]:
    """What was settled as VERIFIED in a case of kind REFERENCE and still waits to be learned."""
    return [
        Adoption(
            case.id,
            Stream(case.site, case.algorithm),
            dt.date.fromisoformat(case.evidence["from"]),
            dt.date.fromisoformat(case.evidence["to"]),
            case.by,
            case.reason,
        )
        for case in cases.listed(connection, kind=CaseKind.REFERENCE, limit=1000)
        if case.verdict is Verdict.VERIFIED and "adopted" not in case.evidence
    ]


def adopted(connection: sa.Connection, adoption: Adoption, number: int) -> None:
    """Remember that reference `number` was learned for it."""
    case = cases.get(connection, adoption.case_id)
    kept = {**case.evidence, "adopted": number}
    cases.seen(connection, case.id, evidence=kept, at=case.last_at, quiet_at=case.quiet_at)


def _last(
    connection: sa.Connection, kind: CaseKind, stream: Stream, subject: str = ""
) -> Case | None:
    """The newest case of a kind about a stream; most kinds are about one thing alone."""
    return cases.last(
        connection,
        kind=kind,
        site=stream.site,
        algorithm=stream.algorithm,
        subject=subject or kind.value,
    )


def _open(
    connection: sa.Connection,
    kind: CaseKind,
    one: Evaluation,
    evidence: Mapping[str, Any],
    now: dt.datetime,
) -> str:
    return cases.opened(
        connection,
        kind=kind,
        site=one.stream.site,
        algorithm=one.stream.algorithm,
        subject=kind.value,
        evidence=evidence,
        day=one.day,
        now=now,
    )


def _noon(day: dt.date) -> dt.datetime:
    """A time that lies in that day in Norway too."""
    return dt.datetime.combine(day, dt.time(12), dt.UTC)
