"""`varde watch compare` for people and for machines."""

import datetime as dt
import json
from pathlib import Path

import pytest

from core.store.database import open_database
from monitoring.nights import clock
from tests.monitoring.nights.conftest import past, settings_of
from varde import cli

UNTIL = clock.closed(dt.datetime.now(dt.UTC))
DAYS = 40


@pytest.fixture(autouse=True)
def _days(home: Path) -> None:
    """Some weeks of days up to yesterday, all alike."""
    opened = open_database(settings_of(home))
    past(opened, DAYS, until=UNTIL)
    opened.close()


def said(capsys: pytest.CaptureFixture[str], *line: str, code: int = 0) -> str:
    assert cli.main(["watch", "compare", "haukeland", "chest_xray", *line]) == code
    told = capsys.readouterr()
    return told.out + told.err


def test_two_periods_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "--from", str(UNTIL - dt.timedelta(days=6)))
    assert f"after:  {UNTIL - dt.timedelta(days=6)} to {UNTIL}" in told
    assert "positive" in told
    assert "by chance" in told


def test_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in said(capsys, "--json").splitlines()]
    assert {"name", "before", "after", "distance", "measure", "unlikely"} == set(lines[0])


def test_periods_that_overlap_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    day = str(UNTIL)
    assert "does not lie before" in said(capsys, "--from", day, "--before-to", day, code=2)
