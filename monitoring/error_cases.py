"""Errors against reports and audits become cases: the CUSUM charts of each stream, every night."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.case import Case, CaseKind, Verdict
from core.domain.watch import Standing, Stream
from core.store.watch import cases, concordance
from core.store.watch.concordance import EVERYBODY, Counted
from monitoring import casework
from monitoring.performance.watching import Watched, by_day, watch

ONE_DAY: Final = dt.timedelta(days=1)
ANY: Final = "any"  #: the label of a whole result
BEGIN_ANEW: Final = frozenset({Verdict.PERFORMANCE, Verdict.FALSE_ALARM})


def after_recount(
    connection: sa.Connection, streams: Iterable[Stream], *, until: dt.date, now: dt.datetime
) -> list[str]:
    """Open a case for every chart that is outside, quieten those that are not; ids of new ones."""
    found = []
    for stream in streams:
        for chart in charts(connection, stream, until):
            subject = f"{chart.source}:{chart.error}"
            if chart.since is not None:
                found.append(
                    casework.errors(
                        connection, stream, subject=subject, evidence=chart.evidence,
                        day=chart.since, now=now,
                    )
                )  # fmt: skip
            elif chart.standing is Standing.INSIDE:
                casework.quiet(connection, stream, subject=subject, day=until)
    return [case_id for case_id in found if case_id]


def charts(
    connection: sa.Connection, stream: Stream, until: dt.date, *, label: str = ANY
) -> tuple[Watched, ...]:
    """The charts of a stream's version of today, for a finding or for whole results."""
    counted = concordance.of(
        connection, algorithm=stream.algorithm, site=stream.site, first=dt.date.min, last=until,
        label=label, subgroup=EVERYBODY,
    )  # fmt: skip
    settled = cases.listed(
        connection, site=stream.site, algorithm=stream.algorithm, kind=CaseKind.ERRORS
    )
    begun = since(counted, settled)
    return () if begun is None else watch(by_day(counted), since=begun, until=until)


def since(counted: Sequence[Counted], settled: Iterable[Case]) -> dt.date | None:
    """Where the charts begin: the newest version's first day, or after its last settled case.

    `counted` by day. A case that was settled as a fault of performance means that something
    was changed: what came before is another algorithm's. One settled as a false alarm means
    that the baseline was too good to be true: it is learned anew. None where nothing was
    counted.
    """
    if not counted:
        return None
    newest = counted[-1].version
    others = [one.day for one in counted if one.version != newest]
    first = max(others) + ONE_DAY if others else counted[0].day
    anew = [
        case.settled_at.date() + ONE_DAY
        for case in settled
        if case.settled_at and case.verdict in BEGIN_ANEW
    ]
    return max([first, *anew])
