"""`varde reports check`."""

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT
from varde import cli

pytestmark = pytest.mark.usefixtures("home")
SAMPLE = ROOT / "tests" / "monitoring" / "reports" / "report_sample.csv"


def test_the_rules_in_use_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reports", "check"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("norwegian ")
    assert "9 findings, the rules are in order" in told


def test_a_file_is_checked_and_a_fault_ends_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('name = "own"\nextends = "norwegian"\n', encoding="utf-8")
    assert cli.main(["reports", "check", str(file)]) == 0
    assert capsys.readouterr().out.startswith("own ")
    file.write_text('name = "own"\ncolour = "red"\n', encoding="utf-8")
    assert cli.main(["reports", "check", str(file)]) == 2
    assert f"{file}:2: colour: unknown key" in capsys.readouterr().err


def test_the_rules_of_the_site_are_those_in_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('name = "ours"\nextends = "norwegian"\n', encoding="utf-8")
    monkeypatch.setenv("VARDE_WATCH__REPORT_RULES", str(file))
    assert cli.main(["reports", "check"]) == 0
    assert capsys.readouterr().out.startswith("ours ")


def test_a_sample_is_read_and_every_difference_told_without_its_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sample.csv"
    file.write_text(
        "id,text,125605004\na,Brudd hos Kari Olsen.,absent\nb,Ingen brudd.,absent\n",
        encoding="utf-8",
    )
    assert cli.main(["reports", "check", "--sample", str(file)]) == 0
    told = capsys.readouterr().out
    assert "sample: 2 texts" in told
    assert "50.0% (9.5–90.5; 2)" in told
    assert "line 2 a 125605004: absent read as present (finding.125605004.present:" in told
    assert "Olsen" not in told


def test_json_has_each_part_of_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["reports", "check", "--json", "--sample", str(SAMPLE)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["parts"]) == ["development", "first", "second", "third", "fourth", "held-out"]
    whole = told["parts"]["held-out"]["accuracy"][-1]
    assert whole["agreement"]["count"] > 100
    assert whole["reversed"] == 0
    assert {"line", "name", "finding", "labelled", "read", "rules"} == set(
        told["parts"]["held-out"]["differences"][0]
    )
