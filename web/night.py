"""Whether what the watch says is fresh: an old verdict is never shown as a good one."""

import datetime as dt
from typing import Final

from core.domain.watch import Evaluation, Standing
from core.store.watch.nights import SILENT, Night
from web.words import ZONE

GRACE: Final = dt.timedelta(hours=3)  #: a night may take this long before it counts as missing
STALE: Final = "stale"  #: the face of anything but an alarm that is too old


def due(now: dt.datetime, night_at: str) -> dt.date:
    """The day that must have been evaluated by `now`: yesterday, once the night is over."""
    here = now.astimezone(ZONE)
    hour, minute = (int(part) for part in night_at.split(":"))
    over = here.replace(hour=hour, minute=minute, second=0, microsecond=0) + GRACE
    return here.date() - dt.timedelta(days=1 if here >= over else 2)


def health(last: Night | None, running: Night | None, due_day: dt.date, now: dt.datetime) -> str:
    """`fine`, or what is wrong: `never`, `failed`, `late`; `running` says that one is at it."""
    if running and now - running.alive_at < SILENT:
        return "running"
    if last is None:
        return "never"
    if last.error:
        return "failed"
    return "fine" if last.until >= due_day else "late"


def face(evaluation: Evaluation, due_day: dt.date) -> str:
    """How a stream is shown. Bad news stays, however old; anything else that is old is stale."""
    if evaluation.day >= due_day or evaluation.standing is Standing.OUTSIDE:
        return evaluation.standing.value
    return STALE
