"""References: the first by itself, every later one by a named person with a reason."""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.domain.case import Case, CaseKind, Consequence, Verdict
from core.domain.errors import InvalidError, NotFoundError
from core.domain.watch import NATIONAL, Standing, Stream
from core.store.database import Database
from core.store.watch import aggregates, cases, references
from core.store.watch.references import KnownReference
from core.store.watch.tables import ReferenceRow
from monitoring import verdicts
from monitoring.nights.relearning import relearn
from tests.monitoring.nights.conftest import (
    ALGORITHM,
    DAY,
    LEAST,
    NIGHT,
    WATCH,
    YESTERDAY,
    hold,
    past,
)
from tests.monitoring.nights.test_night import HAUKELAND, SCOPES, known, stood


def test_the_first_reference_is_learned_by_itself(both: Database, tmp_path: Path) -> None:
    past(both, LEAST)
    night = hold(both, tmp_path)
    assert night.error == ""
    one = known(both)[0]
    assert (one.number, one.by, one.reason) == (1, "varde", "first reference")
    assert (one.from_day, one.to_day) == (YESTERDAY - (LEAST - 1) * DAY, YESTERDAY)
    assert one.version == "1.1.0"
    assert one.studies == sum(row.studies for row in in_database(both) if row.site == "haukeland")
    with both.read() as connection:
        learned = references.latest(connection, ALGORITHM)
    assert set(learned) == SCOPES
    assert all(found.intact for found in learned.values())
    assert stood(both).reference == 1


def in_database(database: Database) -> list[aggregates.StoredDay]:
    with database.read() as connection:
        first = YESTERDAY - 400 * DAY
        return list(aggregates.between(connection, ALGORITHM, first, YESTERDAY))


def test_no_later_reference_comes_by_itself(database: Database, tmp_path: Path) -> None:
    past(database, LEAST, until=YESTERDAY - 40 * DAY)
    hold(database, tmp_path, now=NIGHT - 40 * DAY)
    before = known(database)
    past(database, 40)
    hold(database, tmp_path)
    assert known(database) == before
    assert len(before) == 1


def test_a_full_reference_is_asked_for_once_and_learned_when_somebody_says_so(
    database: Database, tmp_path: Path
) -> None:
    past(database, WATCH.reference_days + 3)
    hold(database, tmp_path)
    asked = reference_cases(database)
    assert {case.site for case in asked} == SCOPES
    case = next(case for case in asked if case.site == "haukeland")
    assert case.evidence["from"] == known(database)[0].from_day.isoformat()
    hold(database, tmp_path, now=NIGHT + dt.timedelta(hours=1))
    assert len(reference_cases(database)) == len(asked)
    with database.write() as connection:
        verdicts.settle(
            connection, case.id, by="Kari Nordmann", verdict=Verdict.VERIFIED,
            consequence=Consequence.CONTINUE, reason="a quiet year", now=NIGHT,
        )  # fmt: skip
    past(database, 1, until=YESTERDAY + DAY)
    night = hold(database, tmp_path, now=NIGHT + DAY)
    assert night.error == ""
    newest, first = known(database)
    assert (newest.number, newest.by, newest.reason) == (2, "Kari Nordmann", "a quiet year")
    assert newest.from_day == first.from_day
    assert (newest.to_day - newest.from_day).days + 1 == WATCH.reference_days
    assert stood(database, day=YESTERDAY + DAY).reference == 2
    assert len(known(database, Stream("voss", ALGORITHM))) == 1
    hold(database, tmp_path, now=NIGHT + DAY + dt.timedelta(hours=1))
    assert len(known(database)) == 2
    assert len(reference_cases(database)) == len(asked)


def reference_cases(database: Database) -> list[Case]:
    with database.read() as connection:
        return cases.listed(connection, kind=CaseKind.REFERENCE)


def again(database: Database, stream: Stream = HAUKELAND, **more: object) -> KnownReference:
    asked = {"by": "Kari Nordmann", "reason": "a new scanner", "first": None, "last": None}
    return relearn(database, stream, watch=WATCH, now=NIGHT, **{**asked, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["by", "reason"])
@pytest.mark.parametrize("text", ["", "   ", "\x00\n\t", "x" * 1000])
def test_nobody_relearns_without_a_name_and_a_reason(
    database: Database, missing: str, text: str
) -> None:
    past(database, LEAST)
    with pytest.raises(InvalidError, match=f"--{missing}: between 1 and"):
        again(database, **{missing: text})  # type: ignore[arg-type]
    assert known(database) == []


@pytest.mark.parametrize("scope", ["haukeland", "trust:bergen", NATIONAL])
def test_a_named_person_relearns(database: Database, tmp_path: Path, scope: str) -> None:
    past(database, 70)
    hold(database, tmp_path)
    stream = Stream(scope, ALGORITHM)
    made = again(database, stream)
    assert (made.number, made.by, made.reason) == (2, "Kari Nordmann", "a new scanner")
    assert (made.to_day - made.from_day).days + 1 == WATCH.reference_days
    assert [one.number for one in known(database, stream)] == [2, 1]
    past(database, 1, until=YESTERDAY + DAY)
    hold(database, tmp_path, now=NIGHT + DAY)
    assert stood(database, stream, YESTERDAY + DAY).reference == 2


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"stream": Stream("nowhere", ALGORITHM)}, "no site or trust «nowhere»"),
        ({"stream": Stream("haukeland", "nothing")}, "no day of an algorithm «nothing»"),
        ({"first": YESTERDAY - 10 * DAY}, "watch.least_reference_days asks for 28"),
        ({"last": YESTERDAY + DAY}, "has not ended"),
        ({"first": YESTERDAY, "last": YESTERDAY - DAY}, "is after --to"),
        ({"last": YESTERDAY - 60 * DAY}, "no day can be read"),
        ({"first": YESTERDAY - 50 * DAY}, "too few days with studies"),
    ],
)
def test_a_reference_out_of_nothing_is_refused(
    database: Database, more: dict[str, object], told: str
) -> None:
    past(database, 40)
    with pytest.raises((InvalidError, NotFoundError), match=told):
        again(database, **more)  # type: ignore[arg-type]
    assert known(database) == []


def spoil(database: Database, site: str, body: bytes) -> None:
    with database.write() as connection:
        connection.execute(
            sa.update(ReferenceRow).where(ReferenceRow.site == site).values(body=body)
        )


def test_a_damaged_reference_is_no_data_and_a_note(both: Database, tmp_path: Path) -> None:
    past(both, LEAST + 2, until=YESTERDAY - DAY)
    hold(both, tmp_path, now=NIGHT - DAY)
    spoil(both, "haukeland", b"not what was learned")
    spoil(both, NATIONAL, b"")
    past(both, 1)
    night = hold(both, tmp_path)
    assert night.error == ""
    for stream in (HAUKELAND, Stream(NATIONAL, ALGORITHM)):
        one = stood(both, stream)
        assert one.standing is Standing.NO_DATA
        assert "reference:unreadable:1" in one.notes
        assert [each.number for each in known(both, stream)] == [1]  # nothing is learned over it
    assert stood(both, Stream("voss", ALGORITHM)).reference == 1
    assert f"reference:haukeland/{ALGORITHM}:1" in night.notes["said"]
