"""Errors that pile up against reports become a case, once, and begin anew after a remedy."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.case import Case, CaseKind, Consequence, Verdict
from core.domain.feedback import Source
from core.domain.watch import Stream
from core.store.database import Database
from core.store.watch import cases, concordance
from core.store.watch.concordance import Counted
from monitoring import error_cases, verdicts
from tests.web.seed import NOW, open_seed

STREAM = Stream("drammen", "chest_xray")
FIRST = dt.date(2026, 1, 1)
DAYS = 60


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Two sites of one trust."""
    _, seed = open_seed(tmp_path)
    yield seed.database
    seed.database.close()


def counted(number: int, *, wrong: int, version: str = "1.0.0") -> Counted:
    """A day of 100 reports, 70 of them of healthy people, of whom `wrong` were called."""
    return Counted(
        "drammen", "chest_xray", version, FIRST + dt.timedelta(days=number), "any", Source.REPORT,
        "", true_positive=27, false_positive=wrong, false_negative=3, true_negative=70 - wrong,
    )  # fmt: skip


def written(database: Database, *days: Counted) -> None:
    with database.write() as connection:
        concordance.write(connection, days)


def night(database: Database, number: int) -> list[str]:
    until = FIRST + dt.timedelta(days=number)
    with database.write() as connection:
        return error_cases.after_recount(connection, [STREAM], until=until, now=NOW)


def found(database: Database) -> list[Case]:
    with database.read() as connection:
        return cases.listed(connection, kind=CaseKind.ERRORS)


def test_steady_errors_open_nothing(database: Database) -> None:
    written(database, *(counted(n, wrong=3) for n in range(DAYS)))
    assert night(database, DAYS) == []


def test_more_false_positives_open_one_case(database: Database) -> None:
    written(database, *(counted(n, wrong=3 if n < 30 else 9) for n in range(DAYS)))
    assert len(night(database, DAYS)) == 1
    assert night(database, DAYS) == []
    (case,) = found(database)
    assert case.subject == "report:false_positive"
    assert FIRST + dt.timedelta(days=30) <= case.day < FIRST + dt.timedelta(days=40)
    assert case.evidence["recent_errors"] == 28 * 9


def test_after_a_remedy_the_chart_begins_anew(database: Database) -> None:
    written(database, *(counted(n, wrong=3 if n < 30 else 9) for n in range(DAYS)))
    night(database, DAYS)
    with database.read() as connection:
        before = error_cases.charts(connection, STREAM, FIRST + dt.timedelta(days=DAYS))
    with database.write() as connection:
        verdicts.settle(
            connection, found(database)[0].id, by="Kari", verdict=Verdict.PERFORMANCE,
            consequence=Consequence.SUPERVISE, reason="threshold", now=NOW,
        )  # fmt: skip
    day = (NOW.date() - FIRST).days + 1
    written(database, *(counted(day + n, wrong=4) for n in range(40)))
    assert night(database, day + 40) == []
    with database.read() as connection:
        after = error_cases.charts(connection, STREAM, FIRST + dt.timedelta(days=day + 40))
    assert [one.baseline and round(one.baseline.value, 2) for one in before[:1]] == [0.04]
    assert [one.baseline and round(one.baseline.value, 2) for one in after[:1]] == [0.06]


def test_a_new_version_begins_anew(database: Database) -> None:
    written(database, *(counted(n, wrong=9) for n in range(20)))
    written(database, *(counted(n, wrong=3, version="2.0.0") for n in range(20, DAYS)))
    with database.read() as connection:
        rows = concordance.of(connection, algorithm="chest_xray", first=FIRST, last=dt.date.max)
    assert error_cases.since(rows, ()) == FIRST + dt.timedelta(days=20)
    assert error_cases.since([], ()) is None


def test_fewer_errors_again_are_quiet_and_the_case_stays_open(database: Database) -> None:
    wrong = [3] * 30 + [9] * 10 + [0] * 60
    written(database, *(counted(n, wrong=many) for n, many in enumerate(wrong[:40])))
    assert len(night(database, 40)) == 1
    written(database, *(counted(n, wrong=many) for n, many in enumerate(wrong)))
    assert night(database, 100) == []
    (case,) = found(database)
    assert case.open
    assert case.quiet_at is not None
