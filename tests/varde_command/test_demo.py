"""`varde demo`, whole and real: studies go in by C-STORE and their answers are in the archive."""

import datetime as dt
import json
import os
import signal
import tomllib
from pathlib import Path
from typing import Any

import pydicom
import pytest

from core.settings import Settings
from models import registry
from tests.services.process import Process
from tests.varde_command.conftest import Start
from tests.workers.instances import as_file, image, ramp
from varde import cli, demo_site, home

NOW = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
ORDINARY = 120.0  #: seconds for a whole demonstration on a loaded machine


def studies(demo: Process) -> list[dict[str, Any]]:
    """The JSON lines; standard error is read with them."""
    return [json.loads(line) for line in demo.lines('{"study_uid"')]


def test_its_country_is_in_order_and_has_a_route_for_every_algorithm() -> None:
    algorithms = registry.load()
    described = Settings(**tomllib.loads(demo_site.text(algorithms.values(), 11113)))
    assert {route.algorithm for route in described.routes} == set(algorithms)
    for key, calling in demo_site.SITES.items():
        assert described.site_of("VARDE", calling) == key
    assert described.site_of("VARDE", "ANYBODY") == demo_site.OTHERS
    names = [one.name for one in described.regions.values()]
    names += [one.name for one in described.trusts.values()]
    assert all("(simulert)" in name for name in names)
    assert len(described.regions) == len(described.trusts) == 2


def test_every_run_has_a_fresh_home_and_the_oldest_go(tmp_path: Path) -> None:
    made = [demo_site.fresh_home(tmp_path, NOW + dt.timedelta(seconds=n // 2)) for n in range(5)]
    assert len(set(made)) == 5
    assert {path for path in made if path.exists()} == set(made[-3:])
    assert (tmp_path / "demo" / "latest").resolve() == made[-1]


def test_a_run_that_still_goes_on_is_not_removed(tmp_path: Path) -> None:
    with home.taken(demo_site.fresh_home(tmp_path, NOW)) as _:
        later = [demo_site.fresh_home(tmp_path, NOW + dt.timedelta(seconds=n)) for n in range(1, 5)]
        assert (tmp_path / "demo" / "20260110-120000").exists()
    assert [path.exists() for path in later] == [False, True, True, True]


def test_a_site_file_is_not_for_the_demonstration(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--site", "site.toml", "demo"]) == 2
    assert "use `varde up`" in capsys.readouterr().err


def test_nothing_to_send_starts_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--once", "nowhere"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
    assert not home.exists()


@pytest.fixture
def unread(tmp_path: Path) -> Path:
    """A folder with a study that no algorithm reads: an MR of a knee."""
    folder = tmp_path / "files"
    folder.mkdir()
    tags = {"Modality": "MR", "BodyPartExamined": "KNEE", "StudyInstanceUID": "2.25.7"}
    (folder / "1.dcm").write_bytes(as_file(image(ramp(), tags=tags)))
    return folder


def test_what_no_algorithm_reads_is_answered_too(
    start: Start, unread: Path, tmp_path: Path
) -> None:
    demo = start("demo", "--once", "--json", "--out", str(tmp_path / "out"), str(unread))
    assert demo.wait(within=ORDINARY) == 0, demo.output
    (study,) = studies(demo)
    assert (study["study_uid"], study["site"], study["delivered"]) == ("2.25.7", "andre", True)
    (job,) = study["jobs"]
    assert (job["state"], job["outcome"]) == ("delivered", "not_evaluated")
    assert "no algorithm here reads this study" in job["reason"]
    (made,) = job["objects"]
    assert made["kind"] == "sr"
    report = pydicom.dcmread(made["path"])
    assert report.StudyInstanceUID == "2.25.7"
    assert Path(made["path"]) == tmp_path / "out" / "2.25.7" / f"{report.SOPInstanceUID}.dcm"


def test_the_same_files_are_answered_again_in_a_table(
    start: Start, unread: Path, home: Path
) -> None:
    for _ in range(2):
        demo = start("demo", "--once", str(unread))
        assert demo.wait(within=ORDINARY) == 0, demo.output
        (row,) = demo.lines("2.25.7")
        assert "not evaluated" in row
        assert "1 SR" in row
    assert len([path for path in (home / "demo").iterdir() if path.name != "latest"]) == 2


def test_simulated_studies_are_answered_and_it_stays_until_told(start: Start, home: Path) -> None:
    demo = start("demo", "--json", "--studies", "4")
    demo.wait_for_line("Ctrl-C stops it", within=ORDINARY)
    answered = studies(demo)
    assert {study["site"] for study in answered} == set(demo_site.SITES)
    assert [study["delivered"] for study in answered] == [True] * 4
    truth = (home / "demo" / "latest" / "truth.jsonl").read_text().splitlines()
    assert [json.loads(line)["study_uid"] for line in truth] == [s["study_uid"] for s in answered]
    assert "/studies/" in demo.lines("see the findings")[0]
    demo.signal(signal.SIGINT)
    assert demo.wait(within=60) == 0


def test_an_interrupted_start_is_130(start: Start, unread: Path, home: Path) -> None:
    demo = start("demo", "--once", str(unread))
    demo.wait_until((home / "demo" / "latest" / "run").exists, "starting", within=60)
    os.kill(demo.pid, signal.SIGINT)
    assert demo.wait(within=60) == 130
