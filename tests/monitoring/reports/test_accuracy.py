"""The labelled sample, and what is held of it."""

import csv
from pathlib import Path

import pytest

from core.domain.errors import InvalidError
from core.domain.feedback import Truth
from monitoring.performance.estimate import Estimate
from monitoring.performance.wilson import wilson
from monitoring.reports import accuracy
from monitoring.reports.rules import Rules
from tests.conftest import ROOT

SAMPLE = Path(__file__).parent / "report_sample.csv"
RULES = Rules.load()


def rows(part: str) -> list[accuracy.Labelled]:
    return [one for one in accuracy.sample(SAMPLE, RULES) if one.part == part]


def at_least(estimate: Estimate | None, floor: float) -> bool:
    return estimate is not None and estimate.value >= floor


PARTS = ("development", "first", "second", "third", "fourth", "held-out")


@pytest.mark.parametrize("part", PARTS)
def test_rules_read_the_sample_as_it_is_labelled(part: str) -> None:
    """A floor, not a target: the measured figures are in docs/watch/performance.md."""
    found, _ = accuracy.compare(rows(part), RULES)
    whole = found[-1]
    assert at_least(whole.agreement, 0.95 if part == "held-out" else 0.99)
    assert at_least(whole.sensitivity, 0.99)
    assert at_least(whole.specificity, 0.94 if part == "held-out" else 0.99)
    assert whole.reversed == 0


def test_the_page_names_the_version_that_was_measured() -> None:
    """Rules that have changed are measured again: `varde reports check --sample`."""
    page = (ROOT / "docs" / "watch" / "performance.md").read_text(encoding="utf-8")
    assert f"`{RULES.version}`" in page


def test_the_sample_is_of_more_than_500_texts_and_every_truth_of_every_finding() -> None:
    labelled = accuracy.sample(SAMPLE, RULES)
    texts = {(one.text, tuple(one.truths)) for one in labelled}
    assert len(texts) == len(labelled) > 500
    for code in RULES.findings:
        assert {one.truths[code] for one in labelled if code in one.truths} == set(Truth)
    parts = {one.part for one in labelled}
    assert parts == set(PARTS)


def test_no_text_of_one_part_is_in_another() -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as lines:
        seen = [(row["kind"], row["text"]) for row in csv.DictReader(lines)]
    assert len(seen) == len(set(seen))


def written(folder: Path, text: str) -> Path:
    file = folder / "sample.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_accuracy_counts_what_is_read_as_labelled(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "id,36118008,text\n"
        "a,present,Pneumothorax.\n"
        "b,absent,Ingen pneumothorax.\n"
        "c,absent,Pneumothorax.\n"
        "d,present,CVK.\n"
        "e,,Pneumothorax.\n"
        "f,uncertain,Mulig pneumothorax.\n",
    )
    (one, whole), different = accuracy.compare(accuracy.sample(file, RULES), RULES)
    assert (one.finding, one.name, one.reversed) == ("36118008", "Pneumotoraks", 1)
    assert one.agreement == wilson(3, 5)
    assert one.sensitivity == wilson(1, 2)
    assert one.specificity == wilson(1, 2)
    assert (whole.finding, whole.agreement) == ("", one.agreement)
    told = [(each.line, each.name, each.labelled, each.read) for each in different]
    assert told == [
        (4, "c", Truth.ABSENT, Truth.PRESENT),
        (5, "d", Truth.PRESENT, Truth.UNKNOWN),
    ]
    assert different[0].rules == ("finding.36118008.present:1",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,36118008\na,present\n", "sample.csv:1: no column «text»"),
        ("text,36118009\na,present\n", "sample.csv:1: unknown columns ['36118009']"),
        ("text,36118008\na,yes\n", "sample.csv:2: 36118008: «yes» is none of present"),
        ("text,36118008\na,present,b\n", "sample.csv:2: the row has not as many cells"),
        ("text,36118008\na\n", "sample.csv:2: the row has not as many cells"),
        ("", "no column «text»"),
    ],
)
def test_a_fault_of_a_sample_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidError) as caught:
        accuracy.sample(written(tmp_path, text), RULES)
    assert told in str(caught.value)


def test_a_sample_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match=r"none\.csv"):
        accuracy.sample(tmp_path / "none.csv", RULES)
    file = tmp_path / "latin.csv"
    file.write_bytes(b"text\nv\xe6ske\n")
    with pytest.raises(InvalidError, match=r"latin\.csv"):
        accuracy.sample(file, RULES)


def test_a_text_too_long_names_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, f"text\n{'a' * 100_001}\n")
    with pytest.raises(InvalidError, match="line 2: the report has 100001 characters"):
        accuracy.compare(accuracy.sample(file, RULES), RULES)


def test_no_text_is_shown_where_a_row_is() -> None:
    assert "pneumo" not in repr(rows("development")[0]).lower().replace("pneumotoraks", "")
