"""Folding from the database: done twice it changes nothing, and less never replaces more."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.domain.reason import Reason, ReasonCode
from core.store.database import Database
from core.store.watch import aggregates, nights, offered
from core.store.watch.aggregates import StoredDay
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, total
from monitoring.nights.days import Folder
from monitoring.nights.notes import Notes
from tests.monitoring.nights.conftest import (
    ALGORITHM,
    DAY,
    NIGHT,
    OTHER,
    YESTERDAY,
    decline,
    hold,
    observe,
    read_study,
)

HERE = ("haukeland", ALGORITHM, YESTERDAY)


def rows(
    database: Database, day: dt.date = YESTERDAY, algorithm: str = ALGORITHM
) -> list[StoredDay]:
    with database.read() as connection:
        return aggregates.of_day(connection, "haukeland", algorithm, day)


def summed(database: Database, **more: str) -> Aggregate:
    return total(wire.load(row.body) for row in rows(database, **more))  # type: ignore[arg-type]


def test_a_night_makes_a_day_of_what_workers_noted(both: Database, tmp_path: Path) -> None:
    for number in range(4):
        read_study(both, f"2.25.{number}", YESTERDAY, found=number == 0)
    night = hold(both, tmp_path)
    assert night.error == ""
    assert night.notes["did"]["folded"] == 1
    made = summed(both)
    assert (made.studies, made.evaluated, made.positives) == (4, 4, 1)
    assert all(row.intact and row.modality == "DX" for row in rows(both))


def test_twice_changes_nothing(both: Database, tmp_path: Path) -> None:
    for number in range(3):
        read_study(both, f"2.25.{number}", YESTERDAY)
    hold(both, tmp_path)
    before = rows(both)
    again = hold(both, tmp_path, now=NIGHT + dt.timedelta(hours=1))
    assert "folded" not in again.notes["did"] or again.notes["did"]["folded"] == 0
    assert rows(both) == before  # the times too


def test_an_open_day_is_left_for_its_own_night(database: Database, tmp_path: Path) -> None:
    today = YESTERDAY + DAY
    at = NIGHT - dt.timedelta(minutes=40)  # written before the night of yesterday began
    read_study(database, "2.25.1", YESTERDAY)
    read_study(database, "2.25.2", today, at=at)
    hold(database, tmp_path)
    assert rows(database, today) == []
    hold(database, tmp_path, now=NIGHT + DAY)
    assert [row.studies for row in rows(database, today)] == [1]


def test_a_result_that_comes_late_is_added_to_its_day(database: Database, tmp_path: Path) -> None:
    read_study(database, "2.25.1", YESTERDAY - 2 * DAY)
    hold(database, tmp_path)
    read_study(database, "2.25.2", YESTERDAY - 2 * DAY, at=NIGHT + dt.timedelta(hours=5))
    night = hold(database, tmp_path, now=NIGHT + DAY)
    assert [row.studies for row in rows(database, YESTERDAY - 2 * DAY)] == [2]
    assert f"late:haukeland/{ALGORITHM}:{YESTERDAY - 2 * DAY}" in night.notes["said"]


def test_a_result_that_was_made_again_counts_once(database: Database, tmp_path: Path) -> None:
    _, (job_id,) = read_study(database, "2.25.1", YESTERDAY)
    hold(database, tmp_path)
    later = NIGHT + dt.timedelta(hours=3)
    with database.write() as connection:
        observe(connection, job_id, YESTERDAY, found=True, at=later, run=2)
    hold(database, tmp_path, now=NIGHT + DAY)
    made = summed(database)
    assert (made.studies, made.positives) == (1, 1)


def test_what_gates_declined_is_counted_by_reason(both: Database, tmp_path: Path) -> None:
    found: dict[str, Reason] = {
        "1": Reason(ReasonCode.AGE, {"found": "12", "wanted": "18–"}),
        "2": Reason(ReasonCode.AGE, {"found": "9", "wanted": "18–"}),
        "3": Reason(ReasonCode.VIEW, {"found": "LL", "wanted": "PA"}),
        # These were not offered: no route, another modality, a condition of a route.
        "4": Reason(ReasonCode.NO_ROUTE),
        "5": Reason(ReasonCode.MODALITY, {"found": "CT", "wanted": "DX"}),
        "6": Reason(ReasonCode.AGE, {"keyword": "AgeYears", "found": "40", "wanted": "65–"}),
    }
    for number, reason in found.items():
        decline(both, f"2.25.{number}", YESTERDAY, reason)
    read_study(both, "2.25.7", YESTERDAY)
    hold(both, tmp_path)
    made = summed(both)
    assert made.outcomes == {"declined": 3, "nothing_found": 1}
    assert made.reasons == {"age": 2, "view": 1}
    assert (made.studies, made.evaluated) == (4, 1)


def test_a_day_on_which_everything_was_declined_is_a_day(
    database: Database, tmp_path: Path
) -> None:
    decline(database, "2.25.1", YESTERDAY, Reason(ReasonCode.BODY_PART, {"found": "KNEE"}))
    hold(database, tmp_path)
    assert [(row.equipment, row.studies) for row in rows(database)] == [("", 1)]


def test_algorithms_of_one_purpose_are_compared(both: Database, tmp_path: Path) -> None:
    both_read = (ALGORITHM, OTHER)
    read_study(both, "2.25.1", YESTERDAY, found=True, algorithms=both_read)
    read_study(both, "2.25.2", YESTERDAY, algorithms=both_read)
    _, (_, job_id) = read_study(both, "2.25.3", YESTERDAY, algorithms=both_read)
    read_study(both, "2.25.4", YESTERDAY)
    with both.write() as connection:
        observe(connection, job_id, YESTERDAY, found=True, algorithm=OTHER, at=NIGHT - DAY / 4)
    hold(both, tmp_path)
    np.testing.assert_array_equal(summed(both).pairs[OTHER], [[1, 1], [0, 1]])
    np.testing.assert_array_equal(summed(both, algorithm=OTHER).pairs[ALGORITHM], [[1, 0], [1, 1]])


def test_a_late_result_of_one_changes_the_pairs_of_the_other(
    database: Database, tmp_path: Path
) -> None:
    _, (_, late) = read_study(database, "2.25.1", YESTERDAY, algorithms=(ALGORITHM, OTHER))
    hold(database, tmp_path)
    with database.write() as connection:
        at = NIGHT + dt.timedelta(hours=2)
        observe(connection, late, YESTERDAY, found=True, algorithm=OTHER, at=at, run=2)
    hold(database, tmp_path, now=NIGHT + DAY)
    np.testing.assert_array_equal(summed(database).pairs[OTHER], [[0, 1], [0, 0]])


def damaged(row: StoredDay) -> StoredDay:
    return dataclasses.replace(row, body=row.body[:-9])


def short(row: StoredDay) -> StoredDay:
    """A row that can be read, of more studies than there are observations of."""
    more = Aggregate(9, 9, 0, {"nothing_found": 9})
    return aggregates.of(
        wire.dump(more), site=row.site, algorithm=row.algorithm, version=row.version,
        equipment=row.equipment, day=row.day, modality=row.modality, studies=9, at=row.at,
    )  # fmt: skip


@pytest.mark.parametrize(("change", "studies"), [(damaged, 2), (short, 9)])
def test_what_is_damaged_is_replaced_and_what_knows_more_is_not(
    database: Database, tmp_path: Path, change: Callable[[StoredDay], StoredDay], studies: int
) -> None:
    for number in range(2):
        read_study(database, f"2.25.{number}", YESTERDAY)
    hold(database, tmp_path)
    with database.write() as connection:
        aggregates.write(connection, [change(row) for row in rows(database)])
        Folder({}, NIGHT, Notes()).fold(connection, HERE)
    assert [row.studies for row in rows(database)] == [studies]


def test_a_day_that_nothing_is_known_of_stays_as_it_is(database: Database) -> None:
    with database.write() as connection:
        assert Folder({}, NIGHT, Notes()).fold(connection, HERE) is False
    assert rows(database) == []


def test_one_stream_that_fails_does_not_stop_the_others(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_study(database, "2.25.1", YESTERDAY, algorithms=(ALGORITHM, OTHER))
    fold = Folder.fold

    def failing(
        self: Folder, connection: object, day: tuple[str, str, dt.date], *more: object
    ) -> bool:
        if day[1] == OTHER:
            message = "broken"
            raise ValueError(message)
        return fold(self, connection, day, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "fold", failing)
        night = hold(database, tmp_path)
    assert night.error == f"fold haukeland/{OTHER}: ValueError"
    assert rows(database) != []
    assert rows(database, algorithm=OTHER) == []
    healed = hold(database, tmp_path, now=NIGHT + DAY)  # the next night folds it
    assert healed.error == ""
    assert [row.studies for row in rows(database, algorithm=OTHER)] == [1]
    with database.read() as connection:
        assert nights.last(connection, well=True) == healed


# Purging: WATCH keeps a week.
OLD = YESTERDAY - 8 * DAY


def left(database: Database) -> list[tuple[dt.date, int]]:
    with database.read() as connection:
        return [(one.day, one.count) for one in offered.observed(connection, dt.date.max)]


def test_old_observations_go_once_their_day_is_kept(both: Database, tmp_path: Path) -> None:
    for number, day in enumerate((OLD, OLD, YESTERDAY)):
        read_study(both, f"2.25.{number}", day)
    night = hold(both, tmp_path)
    assert night.notes["did"]["purged"] == 2
    assert left(both) == [(YESTERDAY, 1)]
    assert [row.studies for row in rows(both, OLD)] == [2]
    hold(both, tmp_path, now=NIGHT + DAY)
    assert [row.studies for row in rows(both, OLD)] == [2]  # nothing shrinks without them


def test_what_could_not_be_folded_is_kept(database: Database, tmp_path: Path) -> None:
    read_study(database, "2.25.1", OLD)
    _, (job_id,) = read_study(database, "2.25.2", OLD)
    read_study(database, "2.25.3", OLD - DAY)
    with database.write() as connection:
        observe(connection, job_id, OLD, at=NIGHT - DAY, body=b"damaged")
    night = hold(database, tmp_path)
    assert left(database) == [(OLD, 2)]
    assert f"not-purged:haukeland/{ALGORITHM}:{OLD}" in night.notes["said"]
    assert f"unreadable-observations:haukeland/{ALGORITHM}:{OLD}:1" in night.notes["said"]
    assert [row.studies for row in rows(database, OLD)] == [1]


def test_a_day_whose_aggregate_is_damaged_is_folded_before_it_is_purged(
    database: Database, tmp_path: Path
) -> None:
    read_study(database, "2.25.1", OLD)
    before = database
    hold(before, tmp_path, now=NIGHT - 6 * DAY)
    with database.write() as connection:
        aggregates.write(connection, [damaged(row) for row in rows(database, OLD)])
    hold(database, tmp_path)
    assert left(database) == []
    assert all(row.intact for row in rows(database, OLD))
    assert len(rows(database, OLD)) == 1


def test_a_late_result_of_a_purged_day_takes_nothing_away(
    database: Database, tmp_path: Path
) -> None:
    for number in range(3):
        read_study(database, f"2.25.{number}", OLD)
    hold(database, tmp_path)
    assert left(database) == []
    read_study(database, "2.25.9", OLD, at=NIGHT + dt.timedelta(hours=1))
    night = hold(database, tmp_path, now=NIGHT + DAY)
    assert [row.studies for row in rows(database, OLD)] == [3]
    assert f"kept:haukeland/{ALGORITHM}:{OLD}" in night.notes["said"]
