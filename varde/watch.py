"""`varde watch`: hold a night now, learn a reference anew, and how every stream stands."""

import datetime as dt
import json
import time
from typing import Final

from core import logs
from core import settings as core_settings
from core.domain.watch import Evaluation, Standing, Stream
from core.store.watch import evaluations, nights, references
from core.store.watch.nights import Night
from core.store.watch.references import KnownReference
from varde.arguments import Arguments
from varde.jobs import opened
from varde.terminal import Bar, remark, say, table

PATIENCE_S: Final = 2.0  #: a night that takes longer shows how far it has come
SHOWN: Final = 12  #: remarks of a night that are printed
WORDS: Final = {
    Standing.INSIDE: "inside: as before",
    Standing.WATCHED: "watched: outside once",
    Standing.OUTSIDE: "OUTSIDE",
    Standing.TOO_FEW: "TOO FEW studies to tell",
    Standing.LEARNING: "LEARNING: the reference is not long enough",
    Standing.NO_DATA: "NO DATA",
}
STALE: Final = "NOT EVALUATED since then"
COLUMNS: Final = ("algorithm", "site", "stands", "day", "studies", "reference", "outside", "notes")
REFERENCES: Final = ("number", "from", "to", "studies", "version", "learned", "by", "reason")


def night(arguments: Arguments) -> int:
    """Hold a night now; 1 where something could not be done."""
    from monitoring.nights import purposes  # noqa: PLC0415 - numpy: not for the other commands
    from monitoring.nights.night import Job  # noqa: PLC0415

    settings = core_settings.load(arguments.site)
    logs.configure(settings.logs.model_copy(update={"level": "error"}), "night")
    shown = _Shown()
    with opened(settings) as database:
        job = Job(
            database, settings.home, settings.watch, purposes.installed(), progress=shown.show
        )
        try:
            held = job.run(arguments.until)
        finally:
            shown.clear()
    if arguments.json:
        say(json.dumps(_told_night(held), ensure_ascii=False))
    else:
        _say_night(held)
    return int(bool(held.error))


class _Shown:
    """A bar, once it is worth one."""

    def __init__(self) -> None:
        self._begun, self._bar = time.monotonic(), Bar(1)

    def show(self, done: int, total: int, what: str) -> None:
        if time.monotonic() - self._begun >= PATIENCE_S:
            self._bar.total = total
            self._bar.show(done, what)

    def clear(self) -> None:
        self._bar.clear()


def relearn(arguments: Arguments) -> int:
    """Learn a stream's next reference."""
    from monitoring.nights.relearning import relearn as learned  # noqa: PLC0415

    settings = core_settings.load(arguments.site)
    with opened(settings) as database:
        made = learned(
            database, Stream(arguments.scope, arguments.algorithm), by=arguments.by,
            reason=arguments.reason, first=arguments.first, last=arguments.last,
            watch=settings.watch, now=dt.datetime.now(dt.UTC),
        )  # fmt: skip
    say(
        f"reference {made.number} of {made.algorithm} at {made.site}: {made.studies} studies from "
        f"{made.from_day} to {made.to_day}. It holds from the next night on"
    )
    return 0


def listed(arguments: Arguments) -> int:
    """Print how every stream stood at the end of its newest day."""
    from monitoring.nights import clock  # noqa: PLC0415

    settings = core_settings.load(arguments.site)
    with opened(settings) as database, database.read() as reading:
        found = evaluations.latest(reading)
        last = nights.last(reading)
    expected = clock.until(dt.datetime.now(dt.UTC), settings.watch.night_at)
    if arguments.json:
        for one in found:
            say(json.dumps(_told(one, expected), ensure_ascii=False))
        return 0
    say(table(COLUMNS, [_row(one, expected) for one in found]) if found else _nothing())
    _remark_night(last, expected)
    return 0


def known(arguments: Arguments) -> int:
    """Print every reference that a stream has had."""
    settings = core_settings.load(arguments.site)
    with opened(settings) as database, database.read() as reading:
        found = references.of(reading, Stream(arguments.scope, arguments.algorithm))
    if arguments.json:
        for one in found:
            say(json.dumps(_told_reference(one), ensure_ascii=False))
        return 0
    say(table(REFERENCES, [_reference(one) for one in found]) if found else "no reference yet")
    return 0


def _nothing() -> str:
    return "no stream has been evaluated yet: `varde watch night` does it now"


def _remark_night(last: Night | None, expected: dt.date) -> None:
    """What of the last night must not go unseen."""
    if last is None:
        remark("no night has been held yet. Does `varde monitor` run?")
    elif last.until < expected:
        remark(f"the last night was about {last.until}. Does `varde monitor` run?")
    if last is not None and last.error:
        remark(f"in the last night something failed: {last.error}")


def _outside(one: Evaluation) -> list[str]:
    return [f"{p.signal}:{p.chart}" for p in one.points if p.standing is Standing.OUTSIDE]


def _row(one: Evaluation, expected: dt.date) -> tuple[str, ...]:
    stands = WORDS[one.standing] if one.day >= expected else STALE
    return (
        one.stream.algorithm, one.stream.site, stands, one.day.isoformat(), str(one.studies),
        str(one.reference or "–"), ", ".join(_outside(one)), ", ".join(one.notes),
    )  # fmt: skip


def _told(one: Evaluation, expected: dt.date) -> dict[str, object]:
    """A stream for machines; `current` is false where nights are missing since."""
    return {
        "algorithm": one.stream.algorithm, "site": one.stream.site, "standing": one.standing,
        "current": one.day >= expected, "day": one.day.isoformat(), "studies": one.studies,
        "today": one.today, "reference": one.reference, "outside": _outside(one),
        "notes": list(one.notes),
    }  # fmt: skip


def _say_night(one: Night) -> None:
    """What was done, then what was amiss."""
    assert one.finished_at
    seconds = (one.finished_at - one.started_at).total_seconds()
    did = ", ".join(f"{count} {what}" for what, count in one.notes["did"].items() if count)
    say(f"the night up to {one.until}: {one.streams} streams in {seconds:.1f} s")
    say(did or "nothing had changed")
    for said in one.notes["said"][:SHOWN]:
        say(said)
    if (more := len(one.notes["said"]) - SHOWN) > 0:
        say(f"and {more} more remarks: --json shows them")
    for failed in one.notes["failed"]:
        remark(failed)


def _told_night(one: Night) -> dict[str, object]:
    return {
        "until": one.until.isoformat(), "started_at": one.started_at.isoformat(),
        "finished_at": one.finished_at and one.finished_at.isoformat(), "streams": one.streams,
        "error": one.error, **{key: one.notes[key] for key in ("did", "said", "failed")},
    }  # fmt: skip


def _told_reference(one: KnownReference) -> dict[str, object]:
    return {
        "site": one.site, "algorithm": one.algorithm,
        **dict(zip(REFERENCES, _reference(one), strict=True)),
        "number": one.number, "studies": one.studies,
    }  # fmt: skip


def _reference(one: KnownReference) -> tuple[str, ...]:
    return (
        str(one.number), one.from_day.isoformat(), one.to_day.isoformat(), str(one.studies),
        one.version, one.learned_at.isoformat(timespec="seconds"), one.by, one.reason,
    )  # fmt: skip
