"""What keeps an evaluation from being good news where data were missing. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from core.domain.watch import NATIONAL, TRUST, Evaluation, Standing, Stream, worst

TOLD_DAYS: Final = 7  #: a fault is in the notes of so many evaluations, its own day's the first


@dataclasses.dataclass(frozen=True, slots=True)
class Faults:
    """By scope: the days that are missing or damaged, and the number of a damaged reference."""

    missing: Mapping[str, Collection[dt.date]]
    damaged: Mapping[str, Collection[dt.date]]
    references: Mapping[str, int]


def meant(
    evaluations: Iterable[Evaluation], known: Iterable[str], begun: Mapping[str, dt.date]
) -> list[Evaluation]:
    """Without those of a site from before it had begun, and of a country of one site.

    A scope that is `known` from before stays, whatever it is.
    """
    before = set(known)
    return [
        one
        for one in evaluations
        if one.stream.site in before
        or (len(begun) > 1 if one.stream.site == NATIONAL else _begun(one, begun))
    ]


def _begun(one: Evaluation, begun: Mapping[str, dt.date]) -> bool:
    first = begun.get(one.stream.site)
    return one.stream.site.startswith(TRUST) or (first is not None and first <= one.day)


def told(evaluation: Evaluation, faults: Faults) -> Evaluation:
    """The evaluation with what was amiss in its notes, and never INSIDE on the strength of nothing.

    NO_DATA joins how it stands on a day that is missing or damaged, where no study was looked
    at, and where the reference cannot be read: what is outside stays outside. A damaged day is
    not a missing one.
    """
    scope, day = evaluation.stream.site, evaluation.day
    missing, damaged = faults.missing.get(scope, ()), faults.damaged.get(scope, ())
    broken = {f"missing:{one.isoformat()}" for one in damaged}
    notes = [note for note in evaluation.notes if note not in broken]
    notes += [*_notes("missing", missing, day), *_notes("unreadable", damaged, day)]
    number = faults.references.get(scope)
    if number is not None:
        notes.append(f"reference:unreadable:{number}")
    nothing = day in missing or day in damaged or number is not None or not evaluation.studies
    standing = worst([evaluation.standing, Standing.NO_DATA]) if nothing else evaluation.standing
    return dataclasses.replace(evaluation, standing=standing, notes=tuple(dict.fromkeys(notes)))


def _notes(what: str, days: Collection[dt.date], day: dt.date) -> Iterable[str]:
    first = day - dt.timedelta(days=TOLD_DAYS - 1)
    return (f"{what}:{one.isoformat()}" for one in sorted(days) if first <= one <= day)


def silent(
    evaluations: Iterable[Evaluation],
    algorithm: str,
    known: Iterable[str],
    begun: Mapping[str, dt.date],
    days: Iterable[dt.date],
) -> list[Evaluation]:
    """NO_DATA for each stream that nobody evaluated on a day: an answer, where silence was.

    Of those that are `known` from before, and of the sites from the day on when they `begun`.
    """
    done = {(one.stream.site, one.day) for one in evaluations}
    before = set(known)
    return [
        Evaluation(Stream(scope, algorithm), day, 0, 0, 0, Standing.NO_DATA)
        for day in days
        for scope in sorted(before | begun.keys())
        if (scope, day) not in done and (scope in before or begun[scope] <= day)
    ]
