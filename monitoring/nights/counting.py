"""What people and reports said: late truths are compared, days recounted, results drawn."""

import datetime as dt
from pathlib import Path
from typing import Final

from core.domain.case import CaseKind
from core.domain.watch import Stream
from core.store.database import Database
from core.store.watch import audits, cases, comparisons, concordance
from monitoring import comparing, error_cases
from monitoring.nights.notes import Notes

ROUNDS: Final = 1000  #: of catching up in one night; what is left waits for the next


def catch_up(database: Database, now: dt.datetime, notes: Notes) -> None:
    """Compare results and truths that came in an unusual order."""
    for _ in range(ROUNDS):
        with database.write() as connection:
            done = comparing.catch_up(connection, now=now)
        notes.did["compared"] += done
        if done < comparing.MOST:
            return


def recount(database: Database, since: dt.datetime, notes: Notes) -> None:
    """Count the days whose comparisons have changed."""
    with database.read() as connection:
        changed = comparisons.changed(connection, since)
    for day in changed:
        try:
            with database.write() as connection:
                concordance.recount(connection, *day)
            notes.did["recounted"] += 1
        except Exception as error:  # noqa: BLE001 - the other days go on
            notes.fail("recount", f"{day[0]}/{day[1]}:{day[2].isoformat()}", error)


def errors(
    database: Database, since: dt.datetime, *, until: dt.date, now: dt.datetime, notes: Notes
) -> None:
    """Look at the errors of each stream whose counts have changed, or that has a case of them."""
    with database.read() as connection:
        changed = {Stream(site, key) for site, key, _ in comparisons.changed(connection, since)}
        waiting = cases.listed(connection, open_only=True, kind=CaseKind.ERRORS, limit=1000)
    for stream in sorted(changed | {Stream(case.site, case.algorithm) for case in waiting}):
        try:
            with database.write() as connection:
                found = error_cases.after_recount(connection, [stream], until=until, now=now)
            notes.did["cases"] += len(found)
        except Exception as error:  # noqa: BLE001 - the other streams go on
            notes.fail("errors", f"{stream.site}/{stream.algorithm}", error)


def draw(
    database: Database,
    home: Path,
    share: float,
    *,
    since: dt.datetime,
    now: dt.datetime,
    notes: Notes,
) -> None:
    """Draw this share of the results since `since` at random, for a blinded reading."""
    key = audits.key_below(home)
    with database.write() as connection:
        drawn = audits.draw(connection, key=key, share=share, since=since, now=now)
    notes.did["drawn"] += drawn
