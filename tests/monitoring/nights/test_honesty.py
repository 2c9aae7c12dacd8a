"""Never a green light by absence."""

import dataclasses
import datetime as dt

import pytest

from core.domain.watch import NATIONAL, Evaluation, Standing, Stream
from monitoring.nights import honesty
from monitoring.nights.honesty import Faults
from tests.monitoring.nights.conftest import ALGORITHM, DAY, YESTERDAY

NONE = Faults({}, {}, {})


def stands(standing: Standing, *, site: str = "haukeland", studies: int = 200) -> Evaluation:
    return Evaluation(Stream(site, ALGORITHM), YESTERDAY, 1, studies, 30, standing)


def test_what_was_seen_stays_as_it_was_said() -> None:
    for standing in Standing:
        assert honesty.told(stands(standing), NONE) == stands(standing)


@pytest.mark.parametrize(
    ("faults", "note"),
    [
        (Faults({"haukeland": [YESTERDAY]}, {}, {}), "missing:2026-06-10"),
        (Faults({}, {"haukeland": [YESTERDAY]}, {}), "unreadable:2026-06-10"),
        (Faults({}, {}, {"haukeland": 3}), "reference:unreadable:3"),
    ],
)
def test_a_fault_is_no_data_and_a_note(faults: Faults, note: str) -> None:
    for standing in (Standing.INSIDE, Standing.TOO_FEW, Standing.LEARNING, Standing.NO_DATA):
        told = honesty.told(stands(standing), faults)
        assert told.standing is Standing.NO_DATA
        assert note in told.notes
    assert honesty.told(stands(Standing.OUTSIDE), faults).standing is Standing.OUTSIDE
    elsewhere = stands(Standing.INSIDE, site="voss")
    assert honesty.told(elsewhere, faults) == elsewhere


def test_no_study_at_all_is_no_data() -> None:
    told = honesty.told(stands(Standing.INSIDE, studies=0), NONE)
    assert told.standing is Standing.NO_DATA


def test_a_fault_is_told_for_a_week_but_stands_for_its_day() -> None:
    faults = Faults({"haukeland": [YESTERDAY - 3 * DAY]}, {}, {})
    told = honesty.told(stands(Standing.INSIDE), faults)
    assert told.standing is Standing.INSIDE
    assert told.notes == ("missing:2026-06-07",)
    late = dataclasses.replace(stands(Standing.INSIDE), day=YESTERDAY + 4 * DAY)
    assert honesty.told(late, faults).notes == ()


def test_a_damaged_day_is_not_a_missing_one() -> None:
    engine = dataclasses.replace(stands(Standing.INSIDE), notes=("missing:2026-06-10", "x"))
    told = honesty.told(engine, Faults({}, {"haukeland": [YESTERDAY]}, {}))
    assert told.notes == ("x", "unreadable:2026-06-10")


def silent(known: list[str], begun: dict[str, dt.date], *made: Evaluation) -> list[str]:
    found = honesty.silent(made, ALGORITHM, known, begun, [YESTERDAY])
    assert all(one.standing is Standing.NO_DATA and one.studies == 0 for one in found)
    return [one.stream.site for one in found]


def test_a_stream_that_nobody_evaluated_has_no_data() -> None:
    assert silent(["haukeland", NATIONAL], {}, stands(Standing.INSIDE)) == [NATIONAL]
    assert silent([], {"voss": YESTERDAY}) == ["voss"]
    assert silent([], {"voss": YESTERDAY + DAY}) == []  # it had not begun yet


def test_a_site_is_not_judged_before_it_began() -> None:
    one = stands(Standing.NO_DATA)
    assert honesty.meant([one], [], {"haukeland": YESTERDAY + DAY, "voss": YESTERDAY}) == []
    assert honesty.meant([one], ["haukeland"], {}) == [one]  # it is known from before
    country = stands(Standing.LEARNING, site=NATIONAL)
    assert honesty.meant([country], [], {"haukeland": YESTERDAY}) == []
    assert honesty.meant([country], [], {"haukeland": YESTERDAY, "voss": YESTERDAY}) == [country]
