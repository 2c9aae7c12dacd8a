"""What the watch keeps, on SQLite and on PostgreSQL."""

import dataclasses
import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from core.domain.errors import UnavailableError
from core.domain.watch import Chart, Evaluation, Member, Point, Signal, Standing, Stream
from core.store.database import Database
from core.store.watch import aggregates, evaluations, nights, offered, references
from core.store.watch.batches import BATCH
from core.store.watch.tables import EvaluationRow
from tests.core.conftest import arrive
from tests.monitoring.nights.conftest import ALGORITHM, DAY, NIGHT, OTHER, YESTERDAY, stored

STREAM = Stream("haukeland", ALGORITHM)
MINUTE = dt.timedelta(minutes=1)


def test_days_come_back_as_they_were_written(both: Database) -> None:
    days = [stored("haukeland", YESTERDAY - n * DAY) for n in range(3)]
    other = stored("voss", YESTERDAY, algorithm=OTHER)
    with both.write() as connection:
        assert aggregates.write(connection, iter([*days, other])) == 4
    with both.read() as connection:
        first = YESTERDAY - DAY
        assert list(aggregates.between(connection, ALGORITHM, first, YESTERDAY)) == [
            days[1], days[0],
        ]  # fmt: skip
        assert list(aggregates.between(connection, OTHER, first, YESTERDAY, site="ahus")) == []
        assert aggregates.of_day(connection, "voss", OTHER, YESTERDAY) == [other]
        assert aggregates.algorithms(connection) == [OTHER, ALGORITHM]
        assert aggregates.span(connection, ALGORITHM) == (YESTERDAY - 2 * DAY, YESTERDAY)
        assert aggregates.span(connection, "nothing") is None
        sites = ["haukeland", "voss"]
        assert aggregates.studies(connection, ALGORITHM, sites, first, YESTERDAY) == 80
        assert aggregates.written(connection, ALGORITHM, YESTERDAY, YESTERDAY) == {
            ("haukeland", YESTERDAY): days[0].at
        }


def test_a_day_that_is_written_again_is_there_once(both: Database) -> None:
    first, second = stored("haukeland", YESTERDAY), stored("haukeland", YESTERDAY, studies=50)
    for one in (first, second, second):
        with both.write() as connection:
            aggregates.write(connection, [one])
    with both.read() as connection:
        assert aggregates.of_day(connection, "haukeland", ALGORITHM, YESTERDAY) == [second]
    with both.write() as connection:
        aggregates.remove(connection, [second])
        assert aggregates.of_day(connection, "haukeland", ALGORITHM, YESTERDAY) == []


def test_more_days_than_a_batch(both: Database) -> None:
    one = stored("haukeland", YESTERDAY)
    days = [
        aggregates.of(
            one.body, site="haukeland", algorithm=ALGORITHM, version="1", equipment="",
            day=YESTERDAY - n * DAY, modality="DX", studies=one.studies, at=one.at,
        )
        for n in range(2 * BATCH + 1)
    ]  # fmt: skip
    with both.write() as connection:
        assert aggregates.write(connection, days) == len(days)
    with both.read() as connection:
        found = list(aggregates.between(connection, ALGORITHM, days[-1].day, YESTERDAY))
    assert found == list(reversed(days))


def evaluation(day: dt.date = YESTERDAY, *, site: str = "haukeland") -> Evaluation:
    member = Member("pixel_mean", 0.123456789, 0.1, 0.2, 1.31)
    points = (
        Point(Signal.INPUT, Chart.OWN, 1.3123456789, Standing.OUTSIDE, (member,)),
        Point(Signal.OUTPUT, Chart.PEERS, None, Standing.TOO_FEW),
    )
    stream = Stream(site, ALGORITHM)
    return Evaluation(
        stream, day, 2, 210, 31, Standing.OUTSIDE, points, ("missing:2026-06-08",)
    )  # fmt: skip


def test_evaluations_come_back_with_the_digits_that_mean_something(both: Database) -> None:
    with both.write() as connection:
        evaluations.write(connection, [evaluation(), evaluation(YESTERDAY - DAY)], NIGHT)
        evaluations.write(connection, [evaluation(site="*")], NIGHT)
    with both.read() as connection:
        found = evaluations.between(connection, STREAM, YESTERDAY - DAY, YESTERDAY)
        newest = evaluations.latest(connection)
        made = evaluations.made(connection, ALGORITHM, YESTERDAY, YESTERDAY)
    assert [one.day for one in found] == [YESTERDAY - DAY, YESTERDAY]
    assert found[1] == evaluations.rounded(evaluation())
    assert found[1].points[0].members == (Member("pixel_mean", 0.123457, 0.1, 0.2, 1.31),)
    assert dataclasses.replace(found[1], points=()) == dataclasses.replace(evaluation(), points=())
    assert [(one.stream.site, one.day) for one in newest] == [
        ("*", YESTERDAY), ("haukeland", YESTERDAY),
    ]  # fmt: skip
    assert made == {("haukeland", YESTERDAY): NIGHT, ("*", YESTERDAY): NIGHT}


def test_an_evaluation_that_is_made_again_takes_the_place_of_the_first(both: Database) -> None:
    better = dataclasses.replace(evaluation(), standing=Standing.INSIDE, points=(), notes=())
    for one in (evaluation(), better):
        with both.write() as connection:
            evaluations.write(connection, [one], NIGHT)
    with both.read() as connection:
        assert evaluations.between(connection, STREAM, YESTERDAY, YESTERDAY) == [better]


def test_what_a_later_version_writes_beside_is_not_stumbled_over(both: Database) -> None:
    with both.write() as connection:
        evaluations.write(connection, [evaluation()], NIGHT)
        row = connection.execute(sa.select(EvaluationRow.body)).scalar_one()
        row["points"][0] |= {"new": 1, "members": [["pixel_mean", 1, 0, 2, 0.5, "new"]]}
        row["points"].append({"signal": "new", "chart": "own", "score": 1, "standing": "inside"})
        connection.execute(sa.update(EvaluationRow).values(body={**row, "new": {}}))
        found = evaluations.between(connection, STREAM, YESTERDAY, YESTERDAY)[0]
    assert [point.signal for point in found.points] == [Signal.INPUT, Signal.OUTPUT]
    assert found.points[0].members == (Member("pixel_mean", 1.0, 0.0, 2.0, 0.5),)


def add(database: Database, body: bytes, *, by: str = "varde") -> int:
    with database.write() as connection:
        return references.add(
            connection, STREAM, version="1.1.0", from_day=YESTERDAY - 125 * DAY,
            to_day=YESTERDAY, studies=5000, learned_at=NIGHT, by=by, reason="first reference",
            body=body,
        )  # fmt: skip


def test_references_are_numbered_and_kept(both: Database) -> None:
    assert [add(both, b"one"), add(both, b"two", by="Kari Nordmann")] == [1, 2]
    with both.read() as connection:
        known = references.of(connection, STREAM)
        latest = references.latest(connection, ALGORITHM)
        assert references.all_latest(connection) == known[:1]
        assert references.latest(connection, OTHER) == {}
    assert [(one.number, one.by) for one in known] == [(2, "Kari Nordmann"), (1, "varde")]
    assert latest["haukeland"].body == b"two"
    assert latest["haukeland"].intact
    assert not dataclasses.replace(latest["haukeland"], body=b"twO").intact
    moved = dataclasses.replace(known[0], site="voss")
    assert not dataclasses.replace(latest["haukeland"], known=moved).intact


def test_one_night_at_a_time(both: Database) -> None:
    with both.write() as connection:
        first, ours = nights.claim(connection, YESTERDAY, by="a:1", now=NIGHT)
        assert ours
        assert nights.claim(connection, YESTERDAY, by="b:2", now=NIGHT + MINUTE) == (first, False)
        assert nights.alive(connection, first, NIGHT + 9 * MINUTE)
        later = NIGHT + 18 * MINUTE
        assert nights.claim(connection, YESTERDAY, by="b:2", now=later)[1] is False
        assert nights.finish(
            connection, first, streams=3, error="", notes={"did": {}}, now=NIGHT + 19 * MINUTE
        )
        second, ours = nights.claim(connection, YESTERDAY, by="b:2", now=NIGHT + 20 * MINUTE)
        assert ours
        assert second.id != first.id
        assert nights.last(connection) == nights.get(connection, first.id)
        assert nights.running(connection) == second


def test_a_night_that_died_does_not_hold_the_next_one_up(both: Database) -> None:
    with both.write() as connection:
        dead, _ = nights.claim(connection, YESTERDAY, by="a:1", now=NIGHT)
        after = NIGHT + nights.SILENT
        second, ours = nights.claim(connection, YESTERDAY, by="b:2", now=after)
        assert ours
        ended = nights.get(connection, dead.id)
        assert "killed" in ended.error
        assert "a:1" in ended.error
        assert ended.finished_at == NIGHT
        assert not nights.alive(connection, dead, after)  # it learns so, should it live after all
        assert not nights.finish(connection, dead, streams=1, error="", notes={}, now=after)
        assert nights.last(connection, well=True) is None
        assert nights.running(connection) == second


def test_of_many_that_claim_at_once_one_gets_it(both: Database) -> None:
    ready = threading.Barrier(6)
    got: list[bool] = []

    def claim(number: int) -> None:
        ready.wait(10)
        with both.write() as connection:
            got.append(nights.claim(connection, YESTERDAY, by=f"h:{number}", now=NIGHT)[1])

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(got) == [False] * 5 + [True]


def test_a_site_that_nobody_described_has_no_days(both: Database) -> None:
    with pytest.raises(UnavailableError), both.write() as connection:
        aggregates.write(connection, [stored("nowhere", YESTERDAY)])


def test_whether_there_is_anything_to_watch(both: Database) -> None:
    with both.write() as connection:
        assert not offered.anything(connection)
        aggregates.write(connection, [stored("haukeland", YESTERDAY)])
        assert offered.anything(connection)
        connection.exec_driver_sql("DELETE FROM aggregate")
    arrive(both)
    with both.read() as connection:
        assert offered.anything(connection)
