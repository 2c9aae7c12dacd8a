"""Evaluations become cases, and verdicts take effect."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.activation import Activation
from core.domain.case import Case, CaseKind, Consequence, Verdict
from core.domain.errors import InvalidError
from core.domain.watch import (
    NATIONAL,
    Chart,
    Evaluation,
    Member,
    Point,
    Signal,
    Standing,
    Stream,
)
from core.sections import Watch
from core.store.database import Database
from core.store.watch import activations, cases, events
from monitoring import casework, verdicts
from tests.web.seed import NOW, open_seed

STREAM = Stream("drammen", "chest_xray")
MONDAY = dt.date(2026, 3, 2)
WATCH = Watch()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Two sites of one trust."""
    _, seed = open_seed(tmp_path)
    yield seed.database
    seed.database.close()


def evaluation(
    number: int,
    *outside: Signal,
    score: float = 1.4,
    standing: Standing | None = None,
    today: int = 60,
    notes: tuple[str, ...] = (),
    stream: Stream = STREAM,
) -> Evaluation:
    """The evaluation of day `number` with these signals outside."""
    points = tuple(
        Point(
            signal, Chart.OWN, score if signal in outside else 0.3,
            Standing.OUTSIDE if signal in outside else Standing.INSIDE,
            (Member("pixel_mean", 0.6, 0.4, 0.5, score),),
        )
        for signal in (Signal.INPUT, Signal.POSITIVE, Signal.OUTPUT)
    )  # fmt: skip
    standing = standing or (Standing.OUTSIDE if outside else Standing.INSIDE)
    day = MONDAY + dt.timedelta(days=number)
    return Evaluation(stream, day, 1, 400, today, standing, points, notes)


def night(database: Database, *evaluations: Evaluation) -> list[str]:
    with database.write() as connection:
        return casework.after_night(connection, evaluations, now=NOW, watch=WATCH)


def found(database: Database, kind: CaseKind = CaseKind.DRIFT) -> list[Case]:
    with database.read() as connection:
        return cases.listed(connection, kind=kind)


def settled(
    database: Database,
    case: Case,
    verdict: Verdict = Verdict.SOFTWARE,
    consequence: Consequence = Consequence.CONTINUE,
) -> None:
    with database.write() as connection:
        verdicts.settle(
            connection, case.id, by="Kari Lien", verdict=verdict, consequence=consequence,
            reason="the upgrade of Monday", now=NOW,
        )  # fmt: skip


def test_what_is_outside_opens_one_case_with_every_signal(database: Database) -> None:
    assert len(night(database, evaluation(0, Signal.INPUT))) == 1
    assert night(database, evaluation(1, Signal.INPUT, Signal.OUTPUT, score=2.2)) == []
    (case,) = found(database)
    signals = case.evidence["signals"]
    assert set(signals) == {"input:own", "output:own"}
    assert signals["input:own"] == {"score": 2.2, "since": "2026-03-02", "member": "pixel_mean"}
    assert signals["output:own"]["since"] == "2026-03-03"


def test_a_trust_is_outside_with_its_site_and_has_no_case_of_its_own(database: Database) -> None:
    trust = Stream("trust:vv", "chest_xray")
    both = [evaluation(0, Signal.INPUT), evaluation(0, Signal.INPUT, stream=trust)]
    assert len(night(database, *both)) == 1
    assert [case.site for case in found(database)] == ["drammen"]
    assert len(night(database, evaluation(1), evaluation(1, Signal.INPUT, stream=trust))) == 1
    assert {case.site for case in found(database)} == {"drammen", "trust:vv"}


def test_inside_opens_nothing(database: Database) -> None:
    assert night(database, evaluation(0), evaluation(1)) == []
    for kind in CaseKind:
        assert found(database, kind) == []


def test_only_an_evaluated_day_is_quiet(database: Database) -> None:
    night(database, evaluation(0, Signal.INPUT))
    night(database, evaluation(1, standing=Standing.NO_DATA, today=0))
    night(database, evaluation(2, standing=Standing.TOO_FEW))
    assert found(database)[0].quiet_at is None
    night(database, evaluation(3))
    (case,) = found(database)
    assert case.quiet_at is not None
    assert case.open, "only a person settles it"
    night(database, evaluation(4, Signal.INPUT))
    assert found(database)[0].quiet_at is None


def test_who_has_said_what_it_is_is_not_asked_every_morning(database: Database) -> None:
    night(database, evaluation(0, Signal.INPUT))
    settled(database, found(database)[0])
    assert night(database, evaluation(1, Signal.INPUT)) == []
    assert len(night(database, evaluation(2, Signal.INPUT, Signal.POSITIVE))) == 1


def test_after_fourteen_quiet_days_it_is_a_new_episode(database: Database) -> None:
    night(database, evaluation(0, Signal.INPUT))
    settled(database, found(database)[0])
    night(database, evaluation(1))
    assert night(database, evaluation(10, Signal.INPUT)) == []
    night(database, evaluation(11))
    assert len(night(database, evaluation(25, Signal.INPUT))) == 1


def test_a_stream_that_stops_is_a_case_until_studies_come_again(database: Database) -> None:
    empty: dict[str, Any] = {"standing": Standing.NO_DATA, "today": 0}
    assert night(database, evaluation(0, **empty)) == []
    assert len(night(database, evaluation(0, **empty), evaluation(1, **empty))) == 1
    night(database, evaluation(2, **empty))
    (case,) = found(database, CaseKind.SILENT)
    assert case.quiet_at is None
    night(database, evaluation(3))
    (case,) = found(database, CaseKind.SILENT)
    assert case.quiet_at is not None
    assert len(night(database, evaluation(8, **empty), evaluation(9, **empty))) == 1


def test_damaged_days_are_no_silence(database: Database) -> None:
    told: dict[str, Any] = {"standing": Standing.NO_DATA, "today": 0}
    days = [
        evaluation(n, notes=(f"unreadable:{MONDAY + dt.timedelta(days=n)}",), **told)
        for n in range(3)
    ]
    night(database, *days)
    assert found(database, CaseKind.SILENT) == []
    assert len(found(database, CaseKind.DATA)) == 1


def test_days_that_cannot_be_read_are_a_case(database: Database) -> None:
    night(database, evaluation(0, notes=("unreadable:2026-03-01", "late:2026-02-27")))
    night(database, evaluation(1, notes=("unreadable:2026-03-01", "missing:2026-03-02")))
    (case,) = found(database, CaseKind.DATA)
    assert case.evidence["days"] == ["missing:2026-03-02", "unreadable:2026-03-01"]


def test_a_verdict_takes_effect_at_the_site(database: Database) -> None:
    night(database, evaluation(0, Signal.POSITIVE))
    settled(database, found(database)[0], Verdict.PERFORMANCE, Consequence.SUSPEND)
    with database.read() as connection:
        assert activations.state(connection, "drammen", "chest_xray") is Activation.SUSPENDED
        assert activations.state(connection, "baerum", "chest_xray") is Activation.LIVE
        (change,) = activations.history(connection, "drammen", "chest_xray")
    assert (change.by, change.case_id) == ("Kari Lien", found(database)[0].id)


def test_a_national_verdict_takes_effect_everywhere(database: Database) -> None:
    night(database, evaluation(0, Signal.OUTPUT, stream=Stream(NATIONAL, "chest_xray")))
    settled(database, found(database)[0], Verdict.PERFORMANCE, Consequence.SUPERVISE)
    with database.read() as connection:
        for site in ("drammen", "baerum"):
            assert activations.state(connection, site, "chest_xray") is Activation.SUPERVISED


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"by": "  "}, "name"),
        ({"by": "x" * 81}, "name"),
        ({"reason": "\n\t"}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"verdict": Verdict.VERIFIED}, "verified"),
    ],
)
def test_a_verdict_needs_a_name_and_a_reason(
    database: Database, change: dict[str, str], told: str
) -> None:
    night(database, evaluation(0, Signal.INPUT))
    (case,) = found(database)
    values: dict[str, Any] = {
        "by": "Kari", "verdict": Verdict.EXPLAINED, "consequence": Consequence.SUSPEND,
        "reason": "why", "now": NOW, **change,
    }  # fmt: skip
    with pytest.raises(InvalidError, match=told), database.write() as connection:
        verdicts.settle(connection, case.id, **values)
    assert found(database)[0].open
    with database.read() as connection:
        assert activations.state(connection, "drammen", "chest_xray") is Activation.LIVE


def test_a_reference_is_learned_once_for_a_settled_case(database: Database) -> None:
    first, last = MONDAY, MONDAY + dt.timedelta(days=363)
    period: dict[str, Any] = {"first": first, "last": last, "studies": 9000, "now": NOW}
    with database.write() as connection:
        assert casework.reference_due(connection, STREAM, **period)
        assert casework.reference_due(connection, STREAM, **period) is None
        assert casework.adoptions(connection) == []
    settled(database, found(database, CaseKind.REFERENCE)[0], Verdict.VERIFIED)
    with database.write() as connection:
        (adoption,) = casework.adoptions(connection)
        assert (adoption.stream, adoption.first, adoption.last) == (STREAM, first, last)
        assert (adoption.by, adoption.reason) == ("Kari Lien", "the upgrade of Monday")
        casework.adopted(connection, adoption, 2)
        assert casework.adoptions(connection) == []
        assert casework.reference_due(connection, STREAM, **period) is None, "it was asked"


def test_errors_open_one_case_at_a_time(database: Database) -> None:
    def piled(day: dt.date) -> str | None:
        with database.write() as connection:
            return casework.errors(
                connection, STREAM, subject="false_positive:any", evidence={"cusum": 5.2},
                day=day, now=NOW,
            )  # fmt: skip

    assert piled(NOW.date())
    assert piled(NOW.date()) is None
    settled(database, found(database, CaseKind.ERRORS)[0], Verdict.PERFORMANCE)
    assert piled(NOW.date()) is None, "what is settled is not opened for the same day again"
    assert piled(NOW.date() + dt.timedelta(days=1))


def test_a_planned_change_is_a_mark_on_the_charts(database: Database) -> None:
    with database.write() as connection:
        told: dict[str, Any] = {
            "site": "drammen",
            "algorithm": "chest_xray",
            "day": MONDAY,
            "now": NOW,
        }
        assert verdicts.planned(connection, told="new  detector\n", by="Kari", **told)
        assert not verdicts.planned(connection, told="new detector", by="Kari", **told)
        with pytest.raises(InvalidError):
            verdicts.planned(connection, told="", by="Kari", **told)
        (event,) = events.between(connection, "drammen", "chest_xray", MONDAY, MONDAY)
    assert event.told == {"told": "new detector", "by": "Kari"}
