import re
import tomllib
from pathlib import Path

import pytest

from core.domain.errors import SettingsError
from models import registry
from monitoring.reports.rule_file import SHIPPED, load
from tests.conftest import ROOT

SMALL = """name = "st-olav"
[negation]
before = ["ingen"]
[finding.36118008]
name = "Pneumotoraks"
present = ["pneu"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_rules_know_every_finding_of_our_algorithms() -> None:
    codes = {
        label.code.value
        for one in registry.load(SHIPPED.parents[2] / "models").values()
        if one.manifest.output
        for label in one.manifest.output.label
    }
    # Breast composition is a question with an answer: never present, so no report denies it.
    assert codes - load().finding.keys() == {"129715009"}


def test_a_file_of_its_own_stands_alone(tmp_path: Path) -> None:
    rules = load(written(tmp_path, SMALL))
    assert list(rules.finding) == ["36118008"]
    assert rules.uncertainty.before == ()


def test_a_file_that_extends_adds_to_lists_and_takes_the_place_of_values(tmp_path: Path) -> None:
    added = """name = "ahus"
extends = "norwegian"
[finding.36118008]
present = ["lunge klappet sammen"]
silence = "absent"
[finding.233604007]
name = "Lungebetennelse"
present = ["pneumoni*"]
"""
    rules, shipped = load(written(tmp_path, added)), load()
    one, ground = rules.finding["36118008"], shipped.finding["36118008"]
    assert one.present == (*ground.present, "lunge klappet sammen")
    assert (one.silence, ground.silence) == ("absent", "unknown")
    assert one.name == ground.name
    assert rules.finding["233604007"].present == ("pneumoni*",)
    assert rules.negation == shipped.negation


@pytest.mark.parametrize(
    ("text", "line", "key", "told"),
    [
        (SMALL + 'colour = "red"\n', 7, "finding.36118008.colour", "unknown key"),
        (
            SMALL.replace('["pneu"]', '["pneu["]'),
            6,
            "finding.36118008.present.0",
            "cannot read '['",
        ),
        (SMALL.replace("[negation]", "[negation]\nreach = 0"), 3, "negation.reach", "greater"),
        (SMALL.replace('name = "Pneumotoraks"\n', ""), 4, "finding.36118008.name", "required"),
        (SMALL.replace("[negation]", "[denial]"), 2, "denial", "unknown key"),
        (SMALL.replace("st-olav", "st olav"), 1, "name", "pattern"),
        (SMALL.replace('"pneu"]', '"pneu" "x"]'), 6, "", "line 6"),
        (
            'name = "x"\nextends = "norwegian"\n[negation]\nbeforehand = ["a"]\n',
            4,
            "negation.beforehand",
            "unknown key",
        ),
    ],
)
def test_a_fault_names_file_line_and_key(
    tmp_path: Path, text: str, line: int, key: str, told: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(file)
    message = str(caught.value)
    assert str(file) in message
    assert str(line) in message.removeprefix(str(file))
    assert key in message
    assert told in message


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(tmp_path / "none.toml")


def test_the_version_follows_what_the_rules_say_and_not_how_they_are_laid_out(
    tmp_path: Path,
) -> None:
    one = load(written(tmp_path, SMALL)).version
    assert one.startswith("st-olav ")
    assert load(written(tmp_path, "# a remark\n\n" + SMALL)).version == one
    assert load(written(tmp_path, SMALL.replace("pneu", "ptx"))).version != one


def test_the_version_fits_the_column(tmp_path: Path) -> None:
    assert len(load().version) < 60


def test_no_list_of_the_shipped_rules_says_a_thing_twice() -> None:
    def lists(table: object, path: str = "") -> list[tuple[str, list[str]]]:
        if isinstance(table, dict):
            return [one for key, value in table.items() for one in lists(value, f"{path}.{key}")]
        return [(path, table)] if isinstance(table, list) and isinstance(table[0], str) else []

    table = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    twice = {
        path: [one for one in found if found.count(one) > 1]
        for path, found in lists(table)
        if len(set(found)) < len(found)
    }
    assert twice == {}


def test_the_example_on_the_page_holds(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "watch" / "performance.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rules = load(written(tmp_path, example))
    assert rules.name == "ahus"
    assert rules.finding["125605004"].silence == "absent"
