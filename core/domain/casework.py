"""When an alarm is a new case, goes on with an old one, or has fallen silent. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.domain.case import Case, CaseKind, Verdict
from core.domain.watch import Evaluation, Point, Standing

QUIET_DAYS: Final = 14  #: after which the same thing is a new episode
#: What a verdict may be, by the kind of case.
VERDICTS: Final[Mapping[CaseKind, tuple[Verdict, ...]]] = {
    **dict.fromkeys(
        (CaseKind.DRIFT, CaseKind.ERRORS, CaseKind.SILENT, CaseKind.DATA),
        (
            Verdict.EXPLAINED, Verdict.POPULATION, Verdict.SOFTWARE, Verdict.DATA_FAULT,
            Verdict.PERFORMANCE, Verdict.FALSE_ALARM,
        ),
    ),
    CaseKind.VERIFICATION: (Verdict.VERIFIED, Verdict.PERFORMANCE, Verdict.DATA_FAULT),
    CaseKind.REFERENCE: (Verdict.VERIFIED, Verdict.DATA_FAULT),
}  # fmt: skip


def outside(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """The signals that are an alarm, by `signal:chart`: score, leading member and day."""
    return {
        f"{point.signal}:{point.chart}": _told(point, evaluation.day)
        for point in evaluation.points
        if point.standing is Standing.OUTSIDE
    }


def _told(point: Point, day: dt.date) -> dict[str, Any]:
    leading = point.members[0] if point.members else None
    return {
        "score": None if point.score is None else round(point.score, 3),
        "since": day.isoformat(),
        "member": leading.name if leading else "",
    }


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The signals of a case with those of a later day: since the first, the highest score."""
    found = {key: dict(value) for key, value in before.items()}
    for key, value in now.items():
        old = found.get(key)
        if old is None:
            found[key] = dict(value)
            continue
        scores = [one["score"] for one in (old, value) if one.get("score") is not None]
        highest = max(scores, default=None)
        found[key] = {**value, "since": old["since"], "score": highest}
    return found


def again(case: Case | None, signals: Iterable[str], day: dt.date) -> bool:
    """Whether an alarm on `day` needs a case of its own.

    Not while one is open. After a verdict, only for a signal that the settled case did not
    know, or where it had been quiet for `QUIET_DAYS`: who has said what it is, is not asked
    every morning.
    """
    if case is None:
        return True
    if case.open:
        return False
    known = case.evidence.get("signals", {})
    if any(signal not in known for signal in signals):
        return True
    return case.quiet_at is not None and day - case.quiet_at.date() >= dt.timedelta(days=QUIET_DAYS)


def told_quiet(evaluation: Evaluation) -> bool:
    """Whether a day says that nothing is outside: it was evaluated, and nothing is."""
    return evaluation.standing is Standing.INSIDE
