"""Which days of an algorithm are to be evaluated. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Final

from monitoring.nights.clock import ONE_DAY

CATCH_UP: Final = 90  #: days back that a stream is evaluated which never was, or not for long
Times = Mapping[tuple[str, dt.date], dt.datetime]  #: by (site or scope, day)


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What is there of an algorithm: its first day, and by site and day what was done when.

    `newest` is the newest day that each scope was evaluated for, `made` when each recent day
    was, `written` when each recent day's aggregates were written.
    """

    first: dt.date
    newest: Mapping[str, dt.date]
    made: Times
    written: Times


def late(known: Known, began: dt.datetime) -> list[tuple[str, dt.date]]:
    """The (site, day) written after they were evaluated, or, where they were not, after `began`.

    `began` is when the last night did all there was to do: a day that came since, before
    others that were evaluated already, was waited for.
    """
    return sorted(
        (site, day)
        for (site, day), at in known.written.items()
        if site in known.newest
        and day <= known.newest[site]
        and at > known.made.get((site, day), began)
    )


def days(known: Known, until: dt.date, *, began: dt.datetime) -> list[dt.date]:
    """The days to evaluate up to `until`, without a gap.

    They begin with the first that any site was not evaluated for, at most `CATCH_UP` days
    back, or with the first that is late. Where nothing has come from anywhere for so long,
    the days go on all the same, and say so.
    """
    earliest = until - (CATCH_UP - 1) * ONE_DAY
    sites = {site for site, day in known.written if day >= earliest}
    latest = max(known.newest.values(), default=until)
    done = min((known.newest.get(site, earliest - ONE_DAY) for site in sites), default=latest)
    first = max(done + ONE_DAY, earliest, known.first)
    first = min([first, *(day for _, day in late(known, began))])
    return [first + n * ONE_DAY for n in range((until - first).days + 1)]
