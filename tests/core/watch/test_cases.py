"""Events, cases and activations in the store, on both databases."""

import datetime as dt
from typing import Any

import pytest

from core.domain.activation import Activated, Activation
from core.domain.case import CaseKind, Consequence, Verdict
from core.domain.errors import IllegalTransitionError, NotFoundError
from core.domain.event import EventKind
from core.store.database import Database
from core.store.watch import activations, cases, events, scopes
from tests.core.conftest import NOW

DAY = NOW.date()
HOUR = dt.timedelta(hours=1)


def scanner(database: Database, subject: str = "a1b2", algorithm: str = "chest") -> bool:
    with database.write() as connection:
        return events.happened(
            connection, site="haukeland", algorithm=algorithm, kind="scanner", subject=subject,
            told={"manufacturer": "Maker", "model": "M1"}, at=NOW, day=DAY,
        )  # fmt: skip


def drift(database: Database, *, now: dt.datetime = NOW) -> str:
    with database.write() as connection:
        return cases.opened(
            connection, kind=CaseKind.DRIFT, site="haukeland", algorithm="chest",
            subject="drift", evidence={"signals": {}}, day=DAY, now=now,
        )  # fmt: skip


def test_an_event_is_written_once_and_asks_for_a_verification(database: Database) -> None:
    assert scanner(database)
    assert not scanner(database)
    assert scanner(database, "c3d4")
    with database.read() as connection:
        (case, _) = cases.listed(connection, kind=CaseKind.VERIFICATION)
        found = events.between(connection, "haukeland", "chest", DAY, DAY)
    assert (case.site, case.algorithm, case.open) == ("haukeland", "chest", True)
    assert case.evidence["manufacturer"] == "Maker"
    assert [one.subject for one in found] == ["a1b2", "c3d4"]
    assert found[0].kind is EventKind.SCANNER


def test_an_event_of_the_whole_site_is_on_every_stream(database: Database) -> None:
    with database.write() as connection:
        events.happened(
            connection, site="haukeland", algorithm="", kind=EventKind.PLANNED, subject="move",
            told={"told": "new PACS"}, at=NOW, day=DAY,
        )  # fmt: skip
    with database.read() as connection:
        assert len(events.between(connection, "haukeland", "chest", DAY, DAY)) == 1
        assert events.between(connection, "haukeland", "chest", DAY, DAY - dt.timedelta(1)) == []
        assert cases.listed(connection) == []
        assert [one.subject for one in events.latest(connection)] == ["move"]


def test_a_case_is_settled_once(database: Database) -> None:
    case_id = drift(database)
    told: dict[str, Any] = {
        "by": "Kari", "verdict": Verdict.SOFTWARE, "consequence": Consequence.CONTINUE,
        "reason": "the upgrade of Monday",
    }  # fmt: skip
    with database.write() as connection:
        settled = cases.settle(connection, case_id, now=NOW + HOUR, **told)
    assert (settled.open, settled.verdict, settled.by) == (False, Verdict.SOFTWARE, "Kari")
    with pytest.raises(IllegalTransitionError, match="settled"), database.write() as connection:
        cases.settle(connection, case_id, now=NOW + HOUR, **told)
    with pytest.raises(NotFoundError), database.write() as connection:
        cases.settle(connection, "0" * 32, now=NOW, **told)


def test_open_cases_come_first_and_are_counted(database: Database) -> None:
    early, late = drift(database), drift(database, now=NOW + HOUR)
    with database.write() as connection:
        cases.settle(
            connection, late, by="Kari", verdict=Verdict.FALSE_ALARM,
            consequence=Consequence.CONTINUE, reason="nothing found", now=NOW + HOUR,
        )  # fmt: skip
    with database.read() as connection:
        assert [case.id for case in cases.listed(connection)] == [early, late]
        assert [case.id for case in cases.listed(connection, open_only=True)] == [early]
        assert cases.open_counts(connection) == [("haukeland", "chest", "drift", 1)]
        newest = cases.last(
            connection, kind=CaseKind.DRIFT, site="haukeland", algorithm="chest", subject="drift"
        )
    assert newest is not None
    assert newest.id == late


def test_an_algorithm_is_live_until_somebody_says_otherwise(database: Database) -> None:
    with database.write() as connection:
        assert activations.state(connection, "haukeland", "chest") is Activation.LIVE
        changed = Activated("haukeland", "chest", Activation.SUSPENDED, NOW, "Kari", "doubt")
        assert activations.change(connection, changed, day=DAY)
        assert not activations.change(connection, changed, day=DAY)
        assert activations.state(connection, "haukeland", "chest") is Activation.SUSPENDED
        assert activations.state(connection, "haukeland", "other") is Activation.LIVE
    with database.write() as connection:
        again = Activated("haukeland", "chest", Activation.LIVE, NOW + HOUR, "Ola", "mended")
        assert activations.change(connection, again, day=DAY)
        told = [one.state for one in activations.history(connection, "haukeland", "chest")]
        assert told == [Activation.LIVE, Activation.SUSPENDED]
        assert activations.all_states(connection)["haukeland", "chest"].by == "Ola"
        kinds = [e.kind for e in events.between(connection, "haukeland", "chest", DAY, DAY)]
    assert kinds == [EventKind.ACTIVATION, EventKind.ACTIVATION]


def test_a_day_is_one_of_norway(database: Database) -> None:
    assert scopes.day_of(dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)) == dt.date(2026, 7, 2)
    assert scopes.day_of(dt.datetime(2026, 1, 1, 22, 30, tzinfo=dt.UTC)) == dt.date(2026, 1, 1)
    with database.read() as connection:
        assert scopes.sites(connection) == ["haukeland"]
        (trust,) = set(scopes.trusts(connection).values())
        assert scopes.sites(connection, trust=trust) == ["haukeland"]
        assert scopes.sites(connection, trust="other") == []
