"""The country in a database: what the store reads back is what was generated."""

import datetime as dt
import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.feedback import Role, Source, Word
from core.settings import Settings
from core.store import studies as store_studies
from core.store.database import Database, open_database
from core.store.watch import aggregates, concordance, events, feedback
from core.store.watch.scopes import day_of
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import total
from simulator.__main__ import main
from simulator.country import Fault, World, writing
from simulator.country.algorithms import KINDS
from simulator.country.command import _bar

SITES = ("polar-nes", "polar-vik")
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 3, 31)
FAULTS = [
    Fault("scanner", "polar-nes", dt.date(2024, 2, 1), "fracture"),
    Fault("version", "*", dt.date(2024, 3, 1), "chest_xray"),
    Fault("corrupt", "polar-vik", dt.date(2024, 1, 10), "chest_xray", 1),
    Fault("missing", "polar-vik", dt.date(2024, 1, 15), "chest_xray", 1),
    Fault("duplicated", "polar-vik", dt.date(2024, 1, 16), "chest_xray", 1),
    Fault("late", "polar-vik", dt.date(2024, 1, 17), "chest_xray", 1),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Where a small country goes."""
    world = World(31, years=0.25, sites=SITES)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        return writing.settings(world, home=tmp_path, database={"url": url})
    return writing.settings(world, home=tmp_path)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A database that knows the sites."""
    opened = open_database(settings)
    yield opened
    opened.close()


def test_what_is_stored_is_what_was_generated(database: Database) -> None:
    world = World(31, years=0.25, sites=SITES)
    told = writing.written(database, world, FAULTS)
    plain = world.history("polar-vik", "chest_xray")
    with database.read() as connection:
        rows = list(aggregates.between(connection, "chest_xray", FIRST, LAST, site="polar-vik"))
        names = {one.key: one.name for one in store_studies.sites(connection)}
    assert names["polar-nes"] == "Polar Nes (simulated)"
    by_day: dict[dt.date, list[aggregates.StoredDay]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row)
    assert {row.day.day for row in rows if not row.intact} == {10}
    with pytest.raises(wire.CorruptError):
        wire.load(by_day[dt.date(2024, 1, 10)][0].body)
    assert plain.keys() - by_day.keys() == {dt.date(2024, 1, 15)}
    assert (
        sum(x.studies for x in by_day[dt.date(2024, 1, 16)])
        == 2 * plain[dt.date(2024, 1, 16)].studies
    )
    delay = {row.day.day: row.at.date() - row.day for row in rows if row.day.month == 1}
    assert (delay[17].days, delay[18].days) == (6, 1)
    usual = by_day[dt.date(2024, 2, 7)]
    assert all(row.intact for row in usual)
    read = total(wire.load(row.body) for row in usual)
    assert read.outcomes == plain[dt.date(2024, 2, 7)].outcomes
    assert read.groups == plain[dt.date(2024, 2, 7)].groups
    assert told["written"]["days"] >= len(rows)
    assert json.loads(json.dumps(told))["performance"]["chest_xray"]["polar-vik"].keys() == {
        "2024-01", "2024-02", "2024-03",
    }  # fmt: skip


def test_new_equipment_and_versions_are_events_and_nothing_else_is(database: Database) -> None:
    writing.written(database, World(31, years=0.25, sites=SITES), FAULTS)
    with database.read() as connection:
        found = {
            (site, algorithm): [
                (one.day, one.kind.value)
                for one in events.between(connection, site, algorithm, FIRST, LAST)
            ]
            for site in SITES
            for algorithm in KINDS
        }
        versions = {
            row.day >= dt.date(2024, 3, 1): row.version
            for row in aggregates.between(connection, "chest_xray", FIRST, LAST)
        }
    assert found["polar-nes", "fracture"] == [(dt.date(2024, 2, 1), "scanner")]
    assert found["polar-vik", "chest_xray"] == [(dt.date(2024, 3, 1), "version")]
    assert found["polar-nes", "chest_xray"] == found["polar-vik", "chest_xray"]
    assert found["polar-vik", "fracture"] == []
    assert versions[False] == KINDS["chest_xray"].version != versions[True]


def test_reports_audits_and_words_are_counted_as_they_are_kept(database: Database) -> None:
    world = World(32, years=0.25, sites=("polar-nes",), algorithms=("fracture",))
    writing.written(database, world)
    history = world.history("polar-nes", "fracture")
    with database.read() as connection:
        rows = concordance.of(connection, algorithm="fracture", first=FIRST, last=LAST, label=None)
        words = feedback.of_days(connection, first=FIRST, last=LAST)
    reports = [one for one in rows if one.source is Source.REPORT and one.label == "any"]
    everybody = [one for one in reports if not one.subgroup]
    evaluated = sum(one.evaluated for one in history.values())
    compared = sum(one.known + one.unknown for one in everybody)
    assert 0.85 * evaluated < compared < 0.97 * evaluated  # some never come, some come too late
    assert 0.02 < sum(one.unknown for one in everybody) / compared < 0.3
    for prefix in ("sex:", "age:", "equipment:"):
        some = [one for one in reports if one.subgroup.startswith(prefix)]
        assert sum(one.known + one.unknown for one in some) == compared
    audits = [x for x in rows if x.source is Source.AUDIT and x.label == "any" and not x.subgroup]
    assert 0 < sum(one.known for one in audits) < 0.06 * evaluated
    assert {one.label for one in rows} == {"any", *KINDS["fracture"].codes}
    assert {one.role for one in words} >= {Role.RADIOLOGIST, Role.ORTHOPAEDIST}
    met = [one for one in words if one.role is Role.ORTHOPAEDIST and one.word is not Word.AGREE]
    assert sum(x.count for x in met if x.called) > sum(x.count for x in met if not x.called)


def test_the_command_writes_a_home_and_the_truth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["country", "--into", str(tmp_path), "--years", "0.1", "--seed", "4"]
    arguments += ["--site", "polar-vik", "--algorithm", "chest_xray"]
    assert main([*arguments, "--fault", "contrast_20@polar-vik@2024-01-20"]) == 0
    told = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert told["faults"][0]["from"] == "2024-01-20"
    assert f"{told['written']['studies']} studies" in capsys.readouterr().out
    database = Database(f"sqlite:///{tmp_path / 'varde.db'}")
    with database.read() as connection:
        assert aggregates.algorithms(connection) == ["chest_xray"]
    database.close()


def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in (
        ["--fault", "flood@polar-vik@2024-01-20"],
        ["--fault", "scanner@oslo@2024-01-20"],
        ["--fault", "scanner@polar-vik@2024-01-20@knee"],
        ["--site", "oslo"],
    ):
        assert main(["country", "--into", str(tmp_path / "nowhere"), *wrong]) == 2
        assert capsys.readouterr().err.startswith("simulator: ")
    assert not (tmp_path / "nowhere").exists()


def test_the_bar_is_for_terminals_and_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _bar() is None
    ours, theirs = pty.openpty()
    clock = iter([0.0, 1.0, 3.0])
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setattr("simulator.country.command.monotonic", lambda: next(clock))
        tick = _bar()
        assert tick is not None
        tick(0.1, "early")
        tick(0.5, "late")
        terminal.flush()
        shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "late" in shown
    assert "early" not in shown


def test_a_country_that_ends_yesterday_has_something_to_find(tmp_path: Path) -> None:
    where = ["--into", str(tmp_path), "--years", "0.2", "--site", "furu-nord", "--site", "elg-aas"]
    more = ["--site", "bre-havn", "--site", "polar-by", "--site", "gran-dal"]
    assert main(["country", "--recent", "--algorithm", "ct_thorax", *where, *more]) == 0
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert len(truth["faults"]) == 5
    yesterday = day_of(dt.datetime.now(dt.UTC)) - dt.timedelta(1)
    with Database(f"sqlite:///{tmp_path}/varde.db").read() as connection:
        span = aggregates.span(connection, "ct_thorax")
    assert span is not None
    assert span[1] in {yesterday, yesterday - dt.timedelta(1)}
