"""What a case holds, in words: signals, numbers, equipment, days. Pure."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from core.domain.case import Case, CaseKind
from core.domain.event import EventKind
from core.domain.watch import Chart, Signal
from web import names
from web.texts import TEXTS
from web.words import Words

_SHARES: Final = frozenset({"baseline", "in_control", "out_of_control"})
_MANY: Final = 200  #: characters of a text that are shown
_DAYS: Final = 12  #: days that are named
#: (signal, chart, highest score, first day, clearest member)
Outside = tuple[str, str, float | None, str, str]


def short(case: Case, words: Words) -> str:
    """What a list says of a case: the signals that were outside, or the equipment."""
    if case.kind is CaseKind.VERIFICATION and case.evidence.get("event") in set(EventKind):
        facts = [str(case.evidence.get(key, "")) for key in ("manufacturer", "model", "software")]
        kind = case.evidence["event"]
        return f"{words.text(f'event.{kind}')}: {' '.join(filter(None, facts)) or case.version}"
    known = [key.partition(":")[0] for key in case.evidence.get("signals", {})]
    told = [words.text(f"signal.{one}") for one in dict.fromkeys(known) if one in set(Signal)]
    return words.joined(told) if told else case.version


def outside(case: Case, findings: Mapping[str, str], words: Words) -> list[Outside]:
    """The signals that were outside, the highest score first."""
    told = []
    for key, one in case.evidence.get("signals", {}).items():
        signal, _, chart = key.partition(":")
        if signal in set(Signal) and chart in set(Chart):
            member = str(one.get("member", ""))
            told.append((
                words.text(f"signal.{signal}"), words.text(f"chart.{chart}"), one.get("score"),
                _day(str(one.get("since", "")), words),
                names.member(member, findings, words) if member else "",
            ))  # fmt: skip
    return sorted(told, key=lambda row: -(row[2] or 0.0))


def facts(case: Case, findings: Mapping[str, str], words: Words) -> list[tuple[str, str]]:
    """The other numbers, as (what, how much)."""
    return [
        (words.text(f"fact.{key}") if f"fact.{key}" in TEXTS["nb"] else key,
         _fact(key, value, findings, words))
        for key, value in case.evidence.items()
        if key not in {"signals", "adopted"} and value not in ("", None)
    ]  # fmt: skip


def _fact(key: str, value: object, findings: Mapping[str, str], words: Words) -> str:
    if isinstance(value, list):
        return ", ".join(_note(str(one), words) for one in value[:_DAYS])
    if key in {"source", "error", "event"} and f"{key}.{value}" in TEXTS["nb"]:
        return words.text(f"{key}.{value}")
    if isinstance(value, float):
        return words.share(value) if key in _SHARES else words.figure(value)
    if isinstance(value, int):
        return words.number(value)
    return findings.get(str(value)) or _day(str(value)[:_MANY], words)


def _note(note: str, words: Words) -> str:
    """`missing:2026-03-01` in words."""
    kind, _, rest = note.partition(":")
    key = f"note.{kind}"
    return f"{words.text(key)} {_day(rest, words)}" if key in TEXTS["nb"] else note[:_MANY]


def _day(told: str, words: Words) -> str:
    try:
        return words.date(dt.date.fromisoformat(told))
    except ValueError:
        return told


def checks(kind: CaseKind, words: Words) -> list[str]:
    """What to look at first, for this kind of case."""
    keys = (f"check.{kind}.{number}" for number in range(1, 10))
    return [words.text(key) for key in keys if key in TEXTS["nb"]]
