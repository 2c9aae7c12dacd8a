"""When is a study complete? A pure function of what has arrived and the clock.

No DICOM message says so reliably: senders split a study over associations, and an
association ends when the sender likes. A study is complete once nothing has
arrived for the quiet period and no association is still sending it; one that never
falls silent, sent over one short association after another, is closed after the
patience, lest it keep a patient waiting. An association counts as sending while
fragments come; one that is only kept open does not. What arrives later opens the next revision.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """A study with instances that no revision holds yet."""

    study_id: str
    site: str
    first_at: dt.datetime  #: arrival of the first of them, UTC
    last_at: dt.datetime  #: arrival of the latest, UTC
    sending: bool  #: an open association's latest instance was of this study
    instances: int = 1  #: how many of them


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """How long to wait."""

    quiet: dt.timedelta  #: since the latest instance
    patience: dt.timedelta  #: since the first instance


@dataclasses.dataclass(frozen=True, slots=True)
class Complete:
    """A study whose next revision can be closed, and why."""

    study_id: str
    site: str
    because: str  #: "quiet" or "patience"


def complete(pending: Iterable[Pending], waiting: Waiting, now: dt.datetime) -> list[Complete]:
    """The studies that have waited long enough, the oldest first."""
    found = []
    for study in sorted(pending, key=lambda one: (one.first_at, one.study_id)):
        if study.sending:
            continue
        if now - study.last_at >= waiting.quiet:
            found.append(Complete(study.study_id, study.site, "quiet"))
        elif now - study.first_at >= waiting.patience:
            found.append(Complete(study.study_id, study.site, "patience"))
    return found


def next_look(
    pending: Iterable[Pending], waiting: Waiting, now: dt.datetime
) -> dt.timedelta | None:
    """When the clock alone may complete the next study; None where nothing waits for it."""
    due = [
        min(study.last_at + waiting.quiet, study.first_at + waiting.patience)
        for study in pending
        if not study.sending
    ]
    return max(min(due) - now, dt.timedelta()) if due else None
