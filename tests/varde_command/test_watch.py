"""`varde watch`: nights, references, and how streams stand, for people and for machines."""

import datetime as dt
import json
from pathlib import Path

import pytest

from core.store.database import Database, open_database
from core.store.watch import aggregates, nights
from monitoring.nights import clock
from tests.monitoring.nights.conftest import DAY, past, settings_of
from varde import cli

LEAST = ["VARDE_WATCH__LEAST_REFERENCE_DAYS", "28"]


@pytest.fixture
def until() -> dt.date:
    return clock.closed(dt.datetime.now(dt.UTC))


@pytest.fixture
def database(home: Path, monkeypatch: pytest.MonkeyPatch, until: dt.date) -> Database:
    """A month of days up to yesterday."""
    monkeypatch.setenv(*LEAST)
    opened = open_database(settings_of(home))
    past(opened, 32, until=until)
    opened.close()
    return opened


def said(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    assert cli.main(["watch", *line]) == code
    return capsys.readouterr().out


def test_a_night_and_then_how_streams_stand(
    database: Database, capsys: pytest.CaptureFixture[str], until: dt.date
) -> None:
    assert "no stream has been evaluated yet" in said(capsys, "list")
    told = said(capsys, "night")
    assert f"the night up to {until}: 5 streams in " in told
    assert "5 references" in told
    lines = said(capsys, "list").splitlines()
    assert len(lines) == 2 + 5
    assert "trust:bergen" in lines[-2]
    assert all(until.isoformat() in line for line in lines[2:])
    one = json.loads(said(capsys, "list", "--json").splitlines()[0])
    assert (one["site"], one["algorithm"], one["reference"]) == ("*", "chest_xray", 1)
    assert one["current"] is True


def test_a_night_for_machines(
    database: Database, capsys: pytest.CaptureFixture[str], until: dt.date
) -> None:
    day = (until - DAY).isoformat()
    told = json.loads(said(capsys, "night", "--json", "--until", day))
    assert (told["until"], told["streams"], told["error"]) == (day, 5, "")
    assert told["did"]["references"] == 5
    assert told["said"] == told["failed"] == []


def test_what_is_not_current_is_not_good_news(
    database: Database, capsys: pytest.CaptureFixture[str], until: dt.date
) -> None:
    said(capsys, "night", "--until", (until - 9 * DAY).isoformat())
    cli.main(["watch", "list"])
    shown = capsys.readouterr()
    assert all("NOT EVALUATED since then" in line for line in shown.out.splitlines()[2:])
    assert "Does `varde monitor` run?" in shown.err
    assert '"current": false' in said(capsys, "list", "--json")


def test_a_reference_is_learned_by_a_named_person(
    database: Database, capsys: pytest.CaptureFixture[str], until: dt.date
) -> None:
    assert "no reference yet" in said(capsys, "references", "haukeland", "chest_xray")
    said(capsys, "night")
    told = said(
        capsys, "relearn", "haukeland", "chest_xray", "--by", "Kari Nordmann",
        "--reason", "a new scanner", "--from", (until - 29 * DAY).isoformat(),
    )  # fmt: skip
    assert "reference 2 of chest_xray at haukeland" in told
    lines = said(capsys, "references", "haukeland", "chest_xray").splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert "Kari Nordmann" in lines[0]
    assert "first reference" in lines[1]
    found = said(capsys, "references", "haukeland", "chest_xray", "--json").splitlines()
    assert json.loads(found[0])["reason"] == "a new scanner"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["--by", " ", "--reason", "why"], "--by: between 1 and 80"),
        (["--by", "Kari", "--reason", "\t"], "--reason: between 1 and 500"),
        (["--by", "Kari", "--reason", "why", "--to", "2999-01-01"], "has not ended"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_the_cause(
    database: Database, capsys: pytest.CaptureFixture[str], line: list[str], told: str
) -> None:
    assert cli.main(["watch", "relearn", "haukeland", "chest_xray", *line]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        "watch relearn haukeland chest_xray",
        "watch relearn haukeland chest_xray --by Kari",
        "watch relearn haukeland chest_xray --reason why",
        "watch night --until yesterday",
    ],
)
def test_what_the_command_line_itself_refuses(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert "usage: varde watch" in capsys.readouterr().err


def test_a_night_that_runs_elsewhere_is_told(
    database: Database, capsys: pytest.CaptureFixture[str], until: dt.date
) -> None:
    with database.write() as connection:
        nights.claim(connection, until, by="elsewhere:7", now=dt.datetime.now(dt.UTC))
    assert cli.main(["watch", "night"]) == 2
    assert "a night runs since" in capsys.readouterr().err


def test_what_was_amiss_is_said_and_what_failed_is_an_exit_code(
    database: Database,
    capsys: pytest.CaptureFixture[str],
    until: dt.date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.write() as connection:
        rows = aggregates.of_day(connection, "voss", "chest_xray", until)
        aggregates.remove(connection, rows)
    assert f"missing:voss/chest_xray:{until}" in said(capsys, "night")

    def broken(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr("monitoring.comparing.catch_up", broken)
    assert cli.main(["watch", "night"]) == 1
    assert "varde: catch-up : ValueError" in capsys.readouterr().err.replace(
        "catch-up:", "catch-up :"
    )


def test_where_there_is_no_platform_there_is_no_night(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["watch", "night"]) == 2
    assert "no database in" in capsys.readouterr().err


@pytest.mark.parametrize(("patience", "shown"), [(0.0, True), (3600.0, False)])
def test_a_night_that_takes_long_shows_how_far_it_has_come(
    database: Database,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
    shown: bool,
) -> None:
    monkeypatch.setattr("varde.watch.PATIENCE_S", patience)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert cli.main(["watch", "night"]) == 0
    assert ("evaluating chest_xray" in capsys.readouterr().err) is shown
