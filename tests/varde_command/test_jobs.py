"""`varde jobs`: what needs a hand comes first, and the hand."""

import json
from pathlib import Path

import pytest

from core.domain.job import State
from core.store import deliveries, jobs
from core.store.database import Database, open_database
from tests.core.conftest import NOW, queued
from tests.core.test_jobs import claimed, stored
from tests.router.conftest import settings_of
from varde import cli

STATES = ("queued", "failed", "undeliverable", "delivered")


@pytest.fixture
def made(home: Path) -> dict[str, str]:
    """A job in each of these states, the most urgent neither the first nor the last."""
    database = open_database(settings_of(home))
    found = {}
    for number, state in enumerate(STATES, start=1):
        found[state] = queued(database, study=f"2.25.{number}")
        with database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE job SET state = ? WHERE id = ?", (state, found[state])
            )
    database.close()
    return found


def state_of(home: Path, job_id: str) -> State:
    database = Database(settings_of(home).database_url)
    with database.read() as connection:
        state = jobs.get(connection, job_id).state
    database.close()
    return state


def test_what_needs_a_hand_comes_first(
    made: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["jobs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    order = ["undeliverable", "failed", "queued", "delivered"]
    assert [line.split()[0] for line in lines[2:]] == [made[state] for state in order]


def test_jobs_for_machines(made: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs", "list", "--json", "--state", "failed", "--state", "queued"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["job"], one["state"]) for one in told] == [
        (made["failed"], "failed"),
        (made["queued"], "queued"),
    ]
    assert told[0]["study_uid"] == "2.25.2"
    assert told[0]["site"] == "haukeland"


def test_a_failed_job_is_run_again(
    made: dict[str, str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["jobs", "retry", made["failed"]]) == 0
    assert capsys.readouterr().out == f"job {made['failed']} is queued again\n"
    assert state_of(home, made["failed"]) is State.QUEUED


def test_an_undeliverable_job_is_delivered_again(made: dict[str, str], home: Path) -> None:
    assert cli.main(["jobs", "retry", made["undeliverable"]]) == 0
    assert state_of(home, made["undeliverable"]) is State.ENCODED


def test_what_a_destination_said_is_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(settings_of(home))
    job = queued(database)
    claimed(database, job)
    stored(database, job)
    with database.write() as connection:
        for one in deliveries.due(connection, "pacs", NOW):
            deliveries.postponed(connection, one, receipt=None, error="away", again=NOW)
        (other,) = deliveries.due(connection, "vna", NOW)
        deliveries.undeliverable(connection, other, receipt=0xA900, error="no", now=NOW)
    database.close()
    assert cli.main(["jobs", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["error"]) == ("encoded", "vna: no")


def test_commitment_is_asked_for_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(settings_of(home))
    job = queued(database)
    claimed(database, job)
    stored(database, job)
    with database.write() as connection:
        for one in deliveries.of_jobs(connection, [job]):
            deliveries.delivered(connection, one, receipt=0, now=NOW, ask_at=NOW)
        connection.exec_driver_sql("UPDATE delivery SET commitment = 'refused'")
    database.close()
    assert cli.main(["jobs", "retry", job]) == 0
    assert capsys.readouterr().out == f"job {job}: storage commitment is asked for again\n"


def test_a_queued_job_is_cancelled(made: dict[str, str], home: Path) -> None:
    assert cli.main(["jobs", "cancel", made["queued"]]) == 0
    assert state_of(home, made["queued"]) is State.CANCELLED


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("jobs cancel {delivered}", "only queued and running jobs can be cancelled"),
        ("jobs retry {queued}", "only undeliverable and failed jobs can be retried"),
        ("jobs retry nothing", "no job 'nothing'"),
        ("jobs list --state lost", "«lost» is no state of a job. There are: queued, running"),
        ("explain 2.25.99", "no such study here"),
    ],
)
def test_what_cannot_be_done_is_said(
    made: dict[str, str], line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(line.format_map(made).split()) == 2
    assert told in capsys.readouterr().err


def test_looking_makes_no_database(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs", "list"]) == 2
    assert "no database in" in capsys.readouterr().err
    assert not home.exists()


def test_no_jobs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_database(settings_of(home)).close()
    assert cli.main(["jobs", "list"]) == 0
    assert capsys.readouterr().out == "no jobs\n"
