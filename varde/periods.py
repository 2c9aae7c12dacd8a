"""`varde watch compare`: two periods of a stream side by side, for whoever settles a case."""

import datetime as dt
import json
import math

from core import settings as core_settings
from core.domain.errors import InvalidError
from core.store.database import Database
from core.store.watch import aggregates, scopes
from monitoring.aggregates.aggregate import Aggregate, total
from monitoring.drift.periods import Difference, compared
from monitoring.nights import clock
from monitoring.nights.reading import Histories
from varde.arguments import Arguments
from varde.jobs import opened
from varde.terminal import remark, say, table

RECENT = dt.timedelta(days=27)  #: before the last day, where no days are named
COLUMNS = ("what", "before", "after", "distance", "in", "by chance")


def compare(arguments: Arguments) -> int:
    """Print what of a stream differs between two periods, the least likely first."""
    settings = core_settings.load(arguments.site)
    last = arguments.last or clock.closed(dt.datetime.now(dt.UTC))
    first = arguments.first or last - RECENT
    to = arguments.before_last or first - dt.timedelta(days=1)
    since = arguments.before_first or to - dt.timedelta(days=settings.watch.reference_days - 1)
    if not since <= to < first <= last:
        message = (
            f"{since} to {to} does not lie before {first} to {last}: "
            "give --before-from, --before-to, --from and --to in this order"
        )
        raise InvalidError(message)
    with opened(settings) as database:
        before = _sum(database, arguments, since, to)
        after = _sum(database, arguments, first, last)
    found = sorted(compared(before, after), key=_rank)
    if arguments.json:
        for one in found:
            say(json.dumps(_told(one), ensure_ascii=False))
        return 0
    say(f"{arguments.algorithm} at {arguments.scope}")
    say(f"before: {since} to {to}, {before.studies} studies")
    say(f"after:  {first} to {last}, {after.studies} studies")
    say(table(COLUMNS, [_row(one) for one in found]) if found else "nothing that both have")
    say("«by chance» takes days for independent: it is a hint, not an alarm")
    return 0


def _sum(database: Database, arguments: Arguments, first: dt.date, last: dt.date) -> Aggregate:
    """The sum of a period over the sites of the scope; damaged days are left out, and said."""
    found = Histories()
    with database.read() as connection:
        sites = set(scopes.members(connection, arguments.scope))
        rows = aggregates.between(connection, arguments.algorithm, first, last)
        found.add(row for row in rows if row.site in sites)
    for site, day in sorted(found.damaged):
        remark(f"{site} {day} cannot be read and is left out")
    return total(one for days in found.by_site.values() for one in days.values())


def _rank(one: Difference) -> tuple[float, float]:
    likely = 1.0 if one.unlikely is None or not math.isfinite(one.unlikely) else one.unlikely
    return likely, -abs(one.distance)


def _row(one: Difference) -> tuple[str, ...]:
    chance = "–" if one.unlikely is None else f"{one.unlikely:.2g}"
    return (
        one.name, f"{one.before:.4g}", f"{one.after:.4g}", f"{one.distance:+.3g}", one.measure,
        chance,
    )  # fmt: skip


def _told(one: Difference) -> dict[str, object]:
    """For machines; what is no number is null."""

    def number(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    return {
        "name": one.name, "before": number(one.before), "after": number(one.after),
        "distance": number(one.distance), "measure": one.measure,
        "unlikely": number(one.unlikely),
    }  # fmt: skip
