"""What workers noted of results, on SQLite and on PostgreSQL."""

import contextlib
import dataclasses
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from core.domain.case import CaseKind
from core.domain.equipment import Equipment
from core.domain.errors import UnavailableError
from core.domain.event import EventKind
from core.domain.job import Priority
from core.store import assembly
from core.store.database import Database
from core.store.watch import aggregates, cases, events, newcomers, observations
from core.store.watch.observations import Observed
from core.store.watch.tables import EquipmentRow, ObservationRow
from tests.core.conftest import NOW, queued

DAY = NOW.date()
SITE = "haukeland"
SCANNER = Equipment("Fjell Medical", "Fjell DR 100", "3.1.0", "00ff00ff00ff00ff")
UPGRADED = dataclasses.replace(SCANNER, software="3.2.0")


def seen(job_id: str, equipment: Equipment = SCANNER, **changed: Any) -> Observed:
    """An observation of a job."""
    told: dict[str, Any] = {
        "job_id": job_id, "run": 1, "site": SITE, "algorithm": "chest", "version": "1.0.0",
        "equipment": equipment.key, "modality": "DX", "day": DAY, "at": NOW,
        "groups": ("sex:F", "age:65-79"), "body": b"body",
    }  # fmt: skip
    return Observed(**{**told, **changed})


def record(database: Database, observed: Observed, equipment: Equipment = SCANNER) -> None:
    with database.write() as connection:
        observations.record(connection, observed, equipment)


def happened(database: Database, algorithm: str = "chest") -> list[tuple[EventKind, str]]:
    """Kind and subject of the events of a stream."""
    with database.read() as connection:
        found = events.between(connection, SITE, algorithm, DAY, DAY)
    return [(one.kind, one.subject) for one in found]


def jobs(database: Database, count: int) -> list[str]:
    return [queued(database, study=f"2.25.{n}") for n in range(100, 100 + count)]


def test_an_observation_is_read_as_it_was_written(database: Database) -> None:
    (job,) = jobs(database, 1)
    record(database, seen(job))
    with database.read() as connection:
        assert observations.of_day(connection, SITE, "chest", DAY) == [seen(job)]
        assert observations.of_day(connection, SITE, "wrist", DAY) == []
        assert observations.of_day(connection, SITE, "chest", DAY + dt.timedelta(1)) == []


def test_a_later_run_takes_the_place_of_an_earlier_one(database: Database) -> None:
    (job,) = jobs(database, 1)
    record(database, seen(job))
    later = seen(job, run=2, body=b"other", groups=(), at=NOW + dt.timedelta(hours=1))
    record(database, later)
    with database.read() as connection:
        assert observations.of_day(connection, SITE, "chest", DAY) == [later]


def test_an_observation_that_fails_later_leaves_nothing(database: Database) -> None:
    (job,) = jobs(database, 1)
    statement = "INSERT INTO nothing VALUES (1)"
    with contextlib.suppress(UnavailableError), database.write() as connection:
        observations.record(connection, seen(job), SCANNER)
        connection.execute(sa.text(statement))
    with database.read() as connection:
        assert observations.of_day(connection, SITE, "chest", DAY) == []
    assert happened(database) == []


def test_what_is_new_to_the_site_is_an_event_once(database: Database) -> None:
    for job in jobs(database, 3):
        record(database, seen(job))
    assert happened(database) == [(EventKind.VERSION, "1.0.0"), (EventKind.SCANNER, SCANNER.key)]
    with database.read() as connection:
        opened = cases.listed(connection, kind=CaseKind.VERIFICATION)
    assert {one.subject for one in opened} == {"version:1.0.0", f"scanner:{SCANNER.key}"}


def test_new_software_is_told_apart_from_a_new_scanner(database: Database) -> None:
    one, two, three, four = jobs(database, 4)
    record(database, seen(one))
    record(database, seen(two, UPGRADED), UPGRADED)
    other = dataclasses.replace(SCANNER, serial="11ee11ee11ee11ee")
    record(database, seen(three, other), other)
    record(database, seen(four))
    assert happened(database)[1:] == [
        (EventKind.SCANNER, SCANNER.key),
        (EventKind.SOFTWARE, UPGRADED.key),
        (EventKind.SCANNER, other.key),
    ]


def test_another_algorithm_on_the_same_scanner_is_told_too(database: Database) -> None:
    one, two, three = jobs(database, 3)
    record(database, seen(one))
    record(database, seen(two, algorithm="wrist"))
    assert happened(database, "wrist") == [
        (EventKind.VERSION, "1.0.0"), (EventKind.SCANNER, SCANNER.key),
    ]  # fmt: skip
    record(database, seen(three, UPGRADED), UPGRADED)
    assert (EventKind.SOFTWARE, UPGRADED.key) not in happened(database, "wrist")
    record(database, seen(two, UPGRADED, algorithm="wrist"), UPGRADED)
    assert happened(database, "wrist")[-1] == (EventKind.SOFTWARE, UPGRADED.key)
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count(EquipmentRow.key))).scalar_one() == 2


def test_an_event_shows_what_a_reader_needs_and_no_serial(database: Database) -> None:
    (job,) = jobs(database, 1)
    hostile = dataclasses.replace(SCANNER, manufacturer="Fjell\x1b[31m\n" + "x" * 200)
    record(database, seen(job, hostile), hostile)
    with database.read() as connection:
        (told,) = (
            one.told
            for one in events.between(connection, SITE, "chest", DAY, DAY)
            if one.kind is EventKind.SCANNER
        )
    assert told == {
        "manufacturer": ("Fjell[31m" + "x" * 200)[:64], "model": "Fjell DR 100",
        "software": "3.1.0", "modality": "DX",
    }  # fmt: skip


def test_a_version_that_left_a_day_is_not_new(database: Database) -> None:
    (job,) = jobs(database, 1)
    day = aggregates.of(
        b"x", site=SITE, algorithm="chest", version="1.0.0", equipment="", day=DAY,
        modality="DX", studies=1, at=NOW,
    )  # fmt: skip
    with database.write() as connection:
        aggregates.write(connection, [day])
    record(database, seen(job))
    assert happened(database) == [(EventKind.SCANNER, SCANNER.key)]


def test_equipment_that_is_not_known_is_no_equipment(database: Database) -> None:
    (job,) = jobs(database, 1)
    record(database, dataclasses.replace(seen(job), equipment=""), Equipment())
    assert happened(database) == [(EventKind.VERSION, "1.0.0")]
    with database.read() as connection:
        assert connection.execute(sa.select(EquipmentRow.key)).first() is None


def test_headers_that_change_all_the_time_do_not_fill_the_log(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "MOST", 2)
    for number, job in enumerate(jobs(database, 4)):
        equipment = dataclasses.replace(SCANNER, serial=f"{number:016}")
        record(database, seen(job, equipment), equipment)
    with database.read() as connection:
        found = observations.of_day(connection, SITE, "chest", DAY)
    assert len(found) == 4
    assert sorted(one.equipment == "" for one in found) == [False, False, True, True]
    assert len(happened(database)) == 3


def test_a_study_counts_once_a_day_whatever_comes_later(database: Database) -> None:
    (first,) = jobs(database, 1)
    record(database, seen(first))
    with database.read() as connection:
        study = connection.execute(sa.text("SELECT id FROM study")).scalar_one()
    second, third, other = (
        revised(database, study, number, version)
        for number, version in ((2, "1.0.0"), (3, "1.0.0"), (3, "2.0.0"))
    )
    record(database, seen(second))
    record(database, seen(third, day=DAY + dt.timedelta(1)))
    record(database, seen(other, version="2.0.0"))
    with database.read() as connection:
        found = [
            [one.job_id for one in observations.of_day(connection, SITE, "chest", day)]
            for day in (DAY, DAY + dt.timedelta(1))
        ]
    assert [sorted(found[0]), found[1]] == [sorted([second, other]), [third]]


def revised(database: Database, study: str, revision: int, version: str) -> str:
    """A job on a later revision of the study."""
    with database.write() as connection:
        wish = assembly.Wish("chest", version, "cpu", Priority.ROUTINE, 60)
        return assembly.create_job(connection, study, SITE, revision, wish, now=NOW)


def test_the_nightly_job_finds_the_days_that_changed(database: Database) -> None:
    one, two, three = jobs(database, 3)
    yesterday, before = DAY - dt.timedelta(1), NOW - dt.timedelta(hours=3)
    record(database, seen(one, at=before))
    record(database, seen(two, day=yesterday))
    record(database, seen(three, algorithm="wrist"))
    with database.read() as connection:
        assert observations.changed(connection, before) == [
            (SITE, "chest", yesterday), (SITE, "wrist", DAY),
        ]  # fmt: skip
        assert observations.changed(connection, NOW) == []
        assert len(observations.changed(connection, before - dt.timedelta(1))) == 3


def test_old_days_are_purged(database: Database) -> None:
    one, two = jobs(database, 2)
    record(database, seen(one, day=DAY - dt.timedelta(90)))
    record(database, seen(two))
    with database.write() as connection:
        assert observations.purge(connection, DAY) == 1
        left = connection.execute(sa.select(ObservationRow.job_id)).scalars().all()
    assert left == [two]


def test_a_revision_says_when_its_last_instance_came(database: Database) -> None:
    queued(database)
    with database.read() as connection:
        study = connection.execute(sa.text("SELECT id FROM study")).scalar_one()
        assert observations.last_instance(connection, study, 1) == NOW
        assert observations.last_instance(connection, study, 2) is None
