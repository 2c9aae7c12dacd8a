"""A store on SQLite and on PostgreSQL: every test here runs on both."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.job import Priority
from core.settings import Settings
from core.store import assembly, intake
from core.store.database import Database, open_database
from tests.router.conftest import settings_of

NOW = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """One site, on one of the two databases."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        return settings_of(tmp_path / "var", database={"url": url})
    return settings_of(tmp_path / "var")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A migrated database."""
    opened = open_database(settings)
    yield opened
    opened.close()


def arrive(
    database: Database,
    number: int = 1,
    *,
    study: str = "2.25.100",
    now: dt.datetime = NOW,
    expect_fresh: bool = True,
) -> str:
    """One instance's row; returns the study's id."""
    new = intake.NewInstance(
        site="haukeland", study_uid=study, series_uid=f"{study}.1", sop_uid=f"{study}.1.{number}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2", transfer_syntax_uid="1.2.840.10008.1.2.1",
        modality="CT", path=f"instances/{number}.dcm", size=10, attributes={"Modality": "CT"},
        study={"patient_name": "Nordmann^Kari", "description": "CT"},
    )  # fmt: skip
    with database.write() as connection:
        study_id, fresh = intake.record_instance(
            connection, new, association="none", known=None, now=now
        )
        again = intake.record_instance(connection, new, association="none", known=study_id, now=now)
    assert again == (study_id, False)
    assert fresh is expect_fresh
    return study_id


def queued(database: Database, *, study: str = "2.25.100", algorithm: str = "chest") -> str:
    """A queued job on a fresh revision; returns its id."""
    study_id = arrive(database, study=study)
    with database.write() as connection:
        revision = assembly.close_revision(connection, study_id, because="quiet", seen=1, now=NOW)
        wish = assembly.Wish(algorithm, "1.0.0", "cpu", Priority.ROUTINE, 60)
        return assembly.create_job(connection, study_id, "haukeland", revision, wish, now=NOW)
