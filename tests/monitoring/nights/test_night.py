"""Nights over a small country: references, late and missing days, and what is never green."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.domain.case import CaseKind
from core.domain.errors import InvalidError
from core.domain.watch import NATIONAL, Evaluation, Standing, Stream
from core.store.database import Database
from core.store.watch import aggregates, cases, evaluations, nights, references
from core.store.watch.references import KnownReference
from core.store.watch.tables import AggregateRow
from monitoring.drift import engine
from monitoring.nights.night import BusyError
from tests.monitoring.nights.conftest import (
    ALGORITHM,
    DAY,
    LEAST,
    NIGHT,
    SITES,
    YESTERDAY,
    hold,
    job,
    past,
    read_study,
    stored,
)

HAUKELAND = Stream("haukeland", ALGORITHM)
SCOPES = {*SITES, "trust:bergen", NATIONAL}


def stood(database: Database, stream: Stream = HAUKELAND, day: dt.date = YESTERDAY) -> Evaluation:
    with database.read() as connection:
        return evaluations.between(connection, stream, day, day)[0]


def all_of(database: Database) -> list[Evaluation]:
    with database.read() as connection:
        first = YESTERDAY - 400 * DAY
        found = evaluations.of_algorithm(connection, ALGORITHM, first, YESTERDAY + 9 * DAY)
        return sorted((one for one, _ in found), key=lambda one: (one.stream, one.day))


def faults(one: Evaluation) -> list[str]:
    return [note for note in one.notes if note.startswith(("missing:", "unreadable:"))]


def known(database: Database, stream: Stream = HAUKELAND) -> list[KnownReference]:
    with database.read() as connection:
        return references.of(connection, stream)


def test_a_stream_that_is_too_young_is_learning(database: Database, tmp_path: Path) -> None:
    past(database, LEAST - 1)
    night = hold(database, tmp_path)
    assert night.error == ""
    assert {one.standing for one in all_of(database)} == {Standing.LEARNING}
    assert known(database) == []


def test_twice_changes_nothing(both: Database, tmp_path: Path) -> None:
    past(both, LEAST + 5)
    hold(both, tmp_path)
    before = all_of(both)
    second = hold(both, tmp_path, now=NIGHT + dt.timedelta(hours=1))
    assert second.error == ""
    assert second.notes["did"].get("evaluations", 0) == 0
    assert all_of(both) == before
    assert {one.stream.site for one in before} == SCOPES


def test_nights_that_were_missed_are_caught_up_with_day_by_day(
    database: Database, tmp_path: Path
) -> None:
    past(database, LEAST + 6)
    hold(database, tmp_path, now=NIGHT - 5 * DAY)
    hold(database, tmp_path)
    at_once = [one for one in all_of(database) if one.day > YESTERDAY - 5 * DAY]
    assert len(at_once) == 5 * len(SCOPES)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM evaluation")
        connection.exec_driver_sql("DELETE FROM reference")
    for number in reversed(range(6)):
        hold(database, tmp_path, now=NIGHT - number * DAY)
    one_by_one = [one for one in all_of(database) if one.day > YESTERDAY - 5 * DAY]
    assert one_by_one == at_once


def test_a_day_that_arrives_late_is_evaluated_anew_with_what_follows(
    database: Database, tmp_path: Path
) -> None:
    past(database, LEAST + 12)
    late = YESTERDAY - 4 * DAY
    kept = remove(database, "haukeland", late)
    hold(database, tmp_path)
    assert stood(database, day=late).standing is Standing.NO_DATA
    assert f"missing:{late}" in stood(database).notes
    with database.write() as connection:
        at = NIGHT + dt.timedelta(hours=5)
        aggregates.write(connection, [dataclasses.replace(kept, at=at)])
    night = hold(database, tmp_path, now=NIGHT + dt.timedelta(hours=6))
    assert f"late:haukeland/{ALGORITHM}:{late}" in night.notes["said"]
    assert stood(database, day=late).today == kept.studies
    assert faults(stood(database)) == []
    assert stood(database).studies > 0


def remove(database: Database, site: str, day: dt.date) -> aggregates.StoredDay:
    with database.write() as connection:
        (row,) = aggregates.of_day(connection, site, ALGORITHM, day)
        aggregates.remove(connection, [row])
    return row


def test_a_missing_day_is_never_green(database: Database, tmp_path: Path) -> None:
    past(database, LEAST + 12)
    remove(database, "haukeland", YESTERDAY)
    night = hold(database, tmp_path)
    one = stood(database)
    assert one.standing is Standing.NO_DATA
    assert f"missing:{YESTERDAY}" in one.notes
    assert one.today == 0
    assert f"missing:haukeland/{ALGORITHM}:{YESTERDAY}" in night.notes["said"]
    with database.read() as connection:
        found = cases.listed(connection, kind=CaseKind.DATA, site="haukeland")
    assert [case.evidence["days"] for case in found] == [[f"missing:{YESTERDAY}"]]


def flip(database: Database, site: str, day: dt.date) -> None:
    """One bit of a stored day, as a bad disk would."""
    with database.write() as connection:
        (row,) = aggregates.of_day(connection, site, ALGORITHM, day)
        body = row.body[:40] + bytes([row.body[40] ^ 1]) + row.body[41:]
        same = (AggregateRow.site == site, AggregateRow.day == day)
        connection.execute(sa.update(AggregateRow).where(*same).values(body=body))


def test_a_damaged_day_is_said_skipped_and_not_green(both: Database, tmp_path: Path) -> None:
    past(both, LEAST + 12)
    flip(both, "haukeland", YESTERDAY)
    night = hold(both, tmp_path)
    assert night.error == ""
    assert f"unreadable:haukeland/{ALGORITHM}:{YESTERDAY}" in night.notes["said"]
    assert night.notes["did"]["unreadable"] == 1
    one = stood(both)
    assert one.standing is Standing.NO_DATA
    assert f"unreadable:{YESTERDAY}" in one.notes
    assert faults(stood(both, Stream("voss", ALGORITHM))) == []


def test_a_damaged_day_is_computed_again_where_its_observations_are_left(
    database: Database, tmp_path: Path
) -> None:
    past(database, LEAST + 12, until=YESTERDAY - DAY)
    for number in range(6):
        read_study(database, f"2.25.{number}", YESTERDAY, found=number == 0)
    hold(database, tmp_path)
    before = stood(database)
    assert before.today == 6
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM evaluation")
    flip(database, "haukeland", YESTERDAY)
    night = hold(database, tmp_path, now=NIGHT + dt.timedelta(hours=9))
    assert f"recomputed:haukeland/{ALGORITHM}:{YESTERDAY}" in night.notes["said"]
    assert stood(database) == before
    with database.read() as connection:
        rows = aggregates.of_day(connection, "haukeland", ALGORITHM, YESTERDAY)
    assert [row.intact for row in rows] == [True]


def test_a_site_that_falls_silent_is_told_every_day(database: Database, tmp_path: Path) -> None:
    past(database, LEAST + 12, sites=["voss", "ahus"])
    past(database, LEAST + 2, sites=["haukeland"], until=YESTERDAY - 10 * DAY)
    hold(database, tmp_path)
    told = [one for one in all_of(database) if one.stream == HAUKELAND]
    assert told[-1].day == YESTERDAY
    for one in told[-8:]:
        assert one.standing is Standing.NO_DATA
    with database.read() as connection:
        silent = cases.listed(connection, kind=CaseKind.SILENT, site="haukeland")
    assert len(silent) == 1


def test_where_everything_falls_silent_the_days_go_on(database: Database, tmp_path: Path) -> None:
    past(database, LEAST + 3)
    hold(database, tmp_path)
    for number in (1, 2):
        hold(database, tmp_path, now=NIGHT + (95 + number) * DAY)
    with database.read() as connection:
        newest = evaluations.latest(connection)
    assert {one.stream.site for one in newest} == SCOPES
    assert {one.day for one in newest} == {YESTERDAY + 97 * DAY}
    assert {one.standing for one in newest} == {Standing.NO_DATA}


def test_today_is_not_evaluated(database: Database, tmp_path: Path) -> None:
    past(database, LEAST)
    with database.write() as connection:
        aggregates.write(connection, [stored("haukeland", YESTERDAY + DAY, studies=3)])
    hold(database, tmp_path)
    assert max(one.day for one in all_of(database)) == YESTERDAY
    with pytest.raises(InvalidError, match="has not ended"):
        job(database, tmp_path).run(YESTERDAY + DAY)


def test_an_earlier_night_can_be_asked_for(database: Database, tmp_path: Path) -> None:
    past(database, LEAST + 3)
    night = job(database, tmp_path).run(YESTERDAY - 2 * DAY)
    assert night.until == YESTERDAY - 2 * DAY
    assert max(one.day for one in all_of(database)) == YESTERDAY - 2 * DAY
    hold(database, tmp_path)
    assert max(one.day for one in all_of(database)) == YESTERDAY


def test_an_algorithm_that_cannot_be_evaluated_does_not_stop_the_others(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    past(database, LEAST)
    past(database, LEAST, algorithm="broken")
    evaluate = engine.evaluate

    def failing(*given: object, algorithm: str, **more: object) -> list[Evaluation]:
        if algorithm == "broken":
            message = "of a patient that nobody shall read here"
            raise ValueError(message)
        return evaluate(*given, algorithm=algorithm, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "evaluate", failing)
    night = hold(database, tmp_path)
    assert night.error == "evaluate broken: ValueError"
    assert stood(database).day == YESTERDAY
    assert night.notes["whole"] is True


def test_a_second_night_is_refused_while_one_runs(both: Database, tmp_path: Path) -> None:
    past(both, 3)
    with both.write() as connection:
        nights.claim(connection, YESTERDAY, by="elsewhere:7", now=NIGHT)
    with pytest.raises(BusyError, match=r"runs since 03:15 \(elsewhere:7\).*after 03:25"):
        hold(both, tmp_path, now=NIGHT + dt.timedelta(minutes=2))
    assert all_of(both) == []
    night = hold(both, tmp_path, now=NIGHT + nights.SILENT)
    assert night.error == ""
    with both.read() as connection:
        assert "killed" in nights.listed(connection)[1].error
