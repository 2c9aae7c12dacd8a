"""Since when a stream stands so, what places are called, and sums, on SQLite and PostgreSQL."""

import dataclasses
import datetime as dt

from core.domain.feedback import Source
from core.domain.watch import Evaluation, Standing, Stream
from core.store.database import Database
from core.store.watch import concordance, evaluations, overview, sums
from core.store.watch.concordance import Counted
from tests.core.conftest import NOW

DAY = dt.date(2026, 6, 30)
HERE = Stream("haukeland", "chest_xray")


def stood(database: Database, stream: Stream, course: str, last: dt.date = DAY) -> None:
    """A day for each letter: i inside, o outside, a space for a day without an evaluation."""
    names = {"i": Standing.INSIDE, "o": Standing.OUTSIDE, "n": Standing.NO_DATA}
    days = [last - dt.timedelta(back) for back in range(len(course) - 1, -1, -1)]
    with database.write() as connection:
        evaluations.write(
            connection,
            [Evaluation(stream, day, 1, 9, 3, names[one]) for day, one in
             zip(days, course, strict=True) if one != " "],
            NOW,
        )  # fmt: skip


def test_since_when(database: Database) -> None:
    other, third = Stream("haukeland", "fracture"), Stream("*", "fracture")
    stood(database, HERE, "iioooiooo")
    stood(database, other, "iiiiii")
    stood(database, third, "ooii  ni i")
    first = DAY - dt.timedelta(20)
    with database.read() as connection:
        assert overview.since(connection, [HERE, other, third], first) == {
            HERE: (DAY - dt.timedelta(2), True),
            other: (DAY - dt.timedelta(5), False),
            third: (DAY - dt.timedelta(2), True),
        }
        assert overview.since(connection, [], first) == {}
        assert list(overview.since(connection, [HERE], first)) == [HERE]
        assert overview.since_of(connection, HERE) == DAY - dt.timedelta(2)
        assert overview.since_of(connection, other) == DAY - dt.timedelta(5)
        assert overview.since_of(connection, Stream("x", "y")) is None
        assert overview.newest_of(connection, HERE) == DAY
        assert overview.newest_of(connection, Stream("x", "y")) is None


def test_what_lies_before_is_not_looked_at(database: Database) -> None:
    stood(database, HERE, "iiioooooo")
    with database.read() as connection:
        found = overview.since(connection, [HERE], DAY - dt.timedelta(3))
        assert found == {HERE: (DAY - dt.timedelta(3), False)}
        assert overview.since_of(connection, HERE) == DAY - dt.timedelta(5)


def test_places(database: Database) -> None:
    with database.read() as connection:
        found = {one.key: one for one in overview.places(connection)}
        assert overview.equipment(connection, "haukeland") == {}
    assert found["haukeland"].name
    assert found["haukeland"].trust_name


def counted(**more: object) -> Counted:
    one = Counted("haukeland", "chest_xray", "1", DAY, "any", Source.REPORT, "", 1, 2, 3, 4, 5)
    return dataclasses.replace(one, **more)  # type: ignore[arg-type]


def test_sums(database: Database) -> None:
    with database.write() as connection:
        concordance.write(connection, [
            counted(), counted(day=DAY - dt.timedelta(1), version="2"),
            counted(source=Source.AUDIT), counted(subgroup="sex:F"), counted(label="36118008"),
            counted(day=DAY - dt.timedelta(40)), counted(algorithm="fracture"),
        ])  # fmt: skip
    first = DAY - dt.timedelta(30)
    with database.read() as connection:
        assert sums.algorithms(connection) == ["chest_xray", "fracture"]
        found = sums.by_site(connection, "chest_xray", "any", first, DAY)
        grouped = sums.by_subgroup(connection, HERE, "any", first, DAY)
    cells = [dataclasses.astuple(one)[3:] for one in found]
    assert [(one.source, one.subgroup) for one in found] == [
        (Source.AUDIT, ""), (Source.REPORT, "")
    ]  # fmt: skip
    assert cells == [(1, 2, 3, 4, 5), (2, 4, 6, 8, 10)]
    assert [(one.site, one.subgroup) for one in grouped] == [("haukeland", "sex:F")]
