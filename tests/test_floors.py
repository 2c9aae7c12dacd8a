"""The floors that import-linter cannot see; those that it can are in pyproject.toml."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOMAIN = sorted((ROOT / "core" / "domain").glob("*.py"))

#: What may lie at the top: another folder is a decision, made in docs/decisions/ first.
TOP_FOLDERS = {
    *("core", "router", "workers", "models", "highdicom_out", "monitoring", "web", "simulator"),
    *("varde", "tests", "docs"),
}


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), file.name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            yield str(node.module)


@pytest.mark.parametrize("file", DOMAIN, ids=lambda file: file.name)
def test_the_domain_imports_the_standard_library_alone(file: Path) -> None:
    foreign = {
        name
        for name in imported(file)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not name.startswith("core.domain.")
    }
    assert foreign == set()


def test_there_is_a_domain() -> None:
    assert DOMAIN


def test_no_top_level_folder_without_a_decision() -> None:
    tracked = {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and not folder.name.startswith((".", "__")) and any(folder.rglob("*.*"))
    }
    written_at_run_time = {"var", "out", "htmlcov", "build", "dist"}
    assert tracked - written_at_run_time <= TOP_FOLDERS


def test_packages_are_a_closed_list() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages == TOP_FOLDERS - {"tests", "docs"}
    assert packages == set(project["tool"]["importlinter"]["root_packages"])


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_no_registry_and_no_torch(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        assert "://" not in line
        assert line.startswith("    --hash=sha256:") or "==" in line, line
        assert not line.startswith(("torch", "monai")), line
