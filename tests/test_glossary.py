"""`docs/glossary.md` is law: its words are used, and those it forbids are not."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: Names for drawers: whatever lies in them has a better place.
BANNED_FILES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

#: Word: what to say. Only those that mean nothing else in code; the glossary has the others.
BANNED_WORDS = {
    "tenant": "site",
    "tenants": "sites",
    "customer": "site",
    "customers": "sites",
    "bbox": "region",
    "bboxes": "regions",
    "prediction": "output, finding or result",
    "predictions": "outputs, findings or results",
    "exam": "study",
    "exams": "studies",
    "kpi": "indicator",
    "kpis": "indicators",
    "upvote": "feedback",
    "downvote": "feedback",
}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def tree() -> list[Path]:
    """The files that belong to the repository, tracked or about to be, relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


def named(file: Path) -> Iterator[tuple[int, str]]:
    """(line, identifier) of everything that a Python file itself gives a name to."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"), str(file))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str()):
                yield 0, str(node.asname)


def words(identifier: str) -> set[str]:
    """`StudyBBox_of` → {"study", "b", "box", "of"} and, without breaks, each part in lower case."""
    parts = identifier.split("_")
    return {part.lower() for part in parts} | {
        word.lower() for part in parts for word in _WORD.findall(part)
    }


def test_no_file_or_folder_is_a_drawer() -> None:
    drawers = [
        str(file)
        for file in tree()
        for part in file.parts
        if part.partition(".")[0].lower().strip("_") in BANNED_FILES
    ]
    assert drawers == []


def test_no_identifier_uses_a_banned_word() -> None:
    faults = [
        f"{file}:{line}: {identifier}: say {BANNED_WORDS[word]}"
        for file in tree()
        if file.suffix == ".py"
        for line, identifier in named(file)
        for word in words(identifier) & BANNED_WORDS.keys()
    ]
    assert faults == []


def test_no_page_or_table_uses_a_banned_word() -> None:
    pattern = re.compile(rf"\b({'|'.join(BANNED_WORDS)})\b", re.IGNORECASE)
    faults = [
        f"{file}:{number}: say {BANNED_WORDS[found[0].lower()]}: {line.strip()}"
        for file in tree()
        if file.suffix in {".md", ".html", ".js", ".css", ".toml", ".yml", ".mako"}
        and file != Path("docs/glossary.md")
        for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").splitlines(), 1)
        if (found := pattern.search(line))
    ]
    assert faults == []


def test_models_are_never_tables() -> None:
    """`models/` holds AI models only: rows live in `tables.py`, wire forms in `schemas.py`."""
    assert [str(file) for file in tree() if file.name == "models.py"] == []


@pytest.mark.parametrize("word", sorted(BANNED_WORDS))
def test_every_banned_word_is_in_the_glossary(word: str) -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    singular = word.removesuffix("es" if word == "bboxes" else "s")
    assert singular in glossary


@pytest.mark.parametrize(
    ("identifier", "word"),
    [("new_bbox", "bbox"), ("TenantRow", "tenant"), ("PREDICTIONS", "predictions")],
)
def test_banned_words_are_found_inside_identifiers(identifier: str, word: str) -> None:
    assert word in words(identifier)


def test_words_that_only_contain_one_are_left_alone() -> None:
    assert not words("example_of_examination") & BANNED_WORDS.keys()
