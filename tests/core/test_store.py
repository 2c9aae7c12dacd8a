"""The store on both databases: migrations, intake, assembly."""

import datetime as dt
import threading

import alembic.autogenerate
import alembic.migration
import pytest

from core.domain.errors import NotFoundError
from core.domain.study import StudyState
from core.settings import Settings
from core.store import assembly, intake, studies
from core.store.database import Database, open_database
from core.store.tables import Table
from core.store.watch import tables as _watch  # noqa: F401 - its tables are Table.metadata too
from tests.core.conftest import NOW, arrive

SECOND = dt.timedelta(seconds=1)


def test_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read() as connection:
        context = alembic.migration.MigrationContext.configure(
            connection, opts={"compare_type": False}
        )
        assert alembic.autogenerate.compare_metadata(context, Table.metadata) == []


def test_migrating_twice_and_at_once_is_harmless(settings: Settings) -> None:
    errors: list[BaseException] = []

    def opening() -> None:
        try:
            open_database(settings).close()
        except BaseException as error:  # noqa: BLE001 - the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_sites_come_from_the_settings(database: Database) -> None:
    with database.read() as connection:
        (site,) = studies.sites(connection)
    assert (site.key, site.name, site.trust, site.region) == (
        "haukeland", "Haukeland", "Bergen", "Vest",
    )  # fmt: skip


def test_an_instance_is_recorded_once(database: Database) -> None:
    first = arrive(database)
    assert arrive(database, expect_fresh=False) == first
    with database.read() as connection:
        study = studies.get(connection, first)
        assert (study.instances, study.state, study.modalities) == (
            1,
            StudyState.RECEIVING,
            ("CT",),
        )
        known = intake.known_instance(
            connection, site="haukeland", study_uid="2.25.100", sop_uid="2.25.100.1.1"
        )
    assert known == ("instances/1.dcm", "1.2.840.10008.1.2.1")


def test_a_revision_holds_what_was_seen_or_nothing_changes(database: Database) -> None:
    study_id = arrive(database)
    arrive(database, 2)
    with pytest.raises(assembly.ChangedError), database.write() as connection:
        assembly.close_revision(connection, study_id, because="quiet", seen=1, now=NOW)
    with database.write() as connection:
        number = assembly.close_revision(connection, study_id, because="quiet", seen=2, now=NOW)
    assert number == 1
    with database.read() as connection:
        assert studies.get(connection, study_id).state is StudyState.COMPLETE
        assert studies.last_instance_at(connection, study_id, 1) == NOW


def test_a_late_instance_opens_the_next_revision(database: Database) -> None:
    study_id = arrive(database)
    with database.write() as connection:
        assembly.close_revision(connection, study_id, because="quiet", seen=1, now=NOW)
    arrive(database, 2, now=NOW + SECOND)
    with database.read() as connection:
        assert len(assembly.pending(connection, alive_since=NOW)) == 1
        assert len(assembly.instances(connection, study_id, 1)) == 1
    with database.write() as connection:
        assert assembly.close_revision(connection, study_id, because="quiet", seen=1, now=NOW) == 2
    with database.read() as connection:
        assert len(assembly.instances(connection, study_id, 2)) == 2
        assert assembly.pending(connection, alive_since=NOW) == []


def test_an_open_association_keeps_its_study_waiting(database: Database) -> None:
    def opened(key: str, router: str) -> None:
        with database.write() as connection:
            intake.open_association(
                connection, key, router=router, site="haukeland", calling="CT1", called="VARDE",
                host="127.0.0.1", now=NOW,
            )  # fmt: skip

    def sending() -> bool:
        with database.read() as connection:
            ((_, _, _, _, still, _),) = assembly.pending(connection, alive_since=NOW - SECOND)
        return still

    opened("a1", "r1")
    new = intake.NewInstance(
        "haukeland", "2.25.7", "2.25.7.1", "2.25.7.2", "1.2", "1.2.840.10008.1.2", "CT", "x", 1,
        {}, {},
    )  # fmt: skip
    with database.write() as connection:
        intake.record_instance(connection, new, association="a1", known=None, now=NOW)
    assert sending()
    with database.write() as connection:
        intake.beat(connection, "r2", known=[], sending=[], now=NOW + SECOND)
    assert sending(), "another router's beat closes nothing of ours"
    with database.write() as connection:
        intake.beat(connection, "r1", known=[], sending=[], now=NOW)
    assert sending(), "it was opened after the list was made"
    with database.write() as connection:
        intake.beat(connection, "r1", known=["a1"], sending=["a1"], now=NOW + SECOND)
    assert sending()
    with database.write() as connection:
        intake.beat(connection, "r1", known=[], sending=[], now=NOW + SECOND)
    assert not sending(), "a router that does not know its association has lost it"
    opened("a2", "r1")
    with database.write() as connection:
        intake.close_association(connection, "a2", ended="released", instances=0, now=NOW)


def test_unknown_study(database: Database) -> None:
    with database.read() as connection, pytest.raises(NotFoundError):
        studies.get(connection, "nothing")


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    class BoomError(Exception):
        """The test's own."""

    refusal = intake.Refusal(NOW, None, "A", "B", "host", "x", 1, "m")

    def broken() -> None:
        with database.write() as connection:
            intake.record_refusal(connection, refusal)
            raise BoomError

    with pytest.raises(BoomError):
        broken()
    with database.read() as connection:
        assert intake.refusals(connection) == []
    with database.write() as connection:
        intake.record_refusal(connection, refusal)
    with database.read() as connection:
        assert intake.refusals(connection) == [refusal]
