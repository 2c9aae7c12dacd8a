"""What an operator can meet is described in `docs/operations.md`, each by its very name.

To have another kind of thing described, write a function that yields its names and put
it into `KINDS`. A name counts as described where it stands in backticks, alone or with
more around it: `dicom.port`, `VARDE_DICOM__PORT`, `varde jobs retry ID`.
"""

import argparse
import functools
import importlib
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pydantic
import pytest

from core.domain import errors
from tests.conftest import ROOT


def settings() -> Iterator[str]:
    """Every leaf of the settings tree with its path: `dicom.port`, `sites.*.trust`."""
    from core.settings import Settings  # noqa: PLC0415 - so that a fault there is one test's fault

    yield from leaves(Settings)


def leaves(model: type[pydantic.BaseModel], path: str = "") -> Iterator[str]:
    """The fields below `model`; a `*` stands for the key of a table and for a place in a list."""
    for name, field in model.model_fields.items():
        inner = sorted(tables(field.annotation), key=lambda found: found[0].__name__)
        if not inner:
            yield f"{path}{name}"
        for table, many in inner:
            yield from leaves(table, f"{path}{name}.*." if many else f"{path}{name}.")


def tables(annotation: Any) -> Iterator[tuple[type[pydantic.BaseModel], bool]]:
    """(model, whether there are many) of every table that an annotation holds."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation, False
        return
    one = typing.get_origin(annotation) in {typing.Union, types.UnionType, typing.Annotated}
    for part in typing.get_args(annotation):
        for table, many in tables(part):
            yield table, many or not one


def error_codes() -> Iterator[str]:
    """The code of every error class."""
    yield from sorted({error.code for error in subclasses(errors.VardeError)})


def subclasses(error: type[errors.VardeError]) -> Iterator[type[errors.VardeError]]:
    """An error class and all below it."""
    yield error
    for child in error.__subclasses__():
        yield from subclasses(child)


def queues() -> Iterable[str]:
    """Every Celery queue."""
    from core.queue import QUEUES  # noqa: PLC0415

    return QUEUES


def metrics() -> Iterator[str]:
    """Every metric: `METRICS` maps names to metrics, or holds names or things with a name."""
    found = importlib.import_module("monitoring.catalogue").METRICS
    for metric in found:
        yield metric if isinstance(metric, str) else str(metric.name)


def commands() -> Iterator[str]:
    """Every command of the command line that does something: `varde jobs retry`."""
    yield from leaf_commands(importlib.import_module("varde.cli").parser(), "varde")


def leaf_commands(parser: argparse.ArgumentParser, path: str) -> Iterator[str]:
    """The commands below a parser; itself where there are none."""
    below: Mapping[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = action.choices
    if not below:
        yield path
    for name, child in below.items():
        yield from leaf_commands(child, f"{path} {name}")


KINDS: dict[str, Callable[[], Iterable[str]]] = {
    "setting": settings,
    "error": error_codes,
    "queue": queues,
    "metric": metrics,
    "command": commands,
}


@functools.cache
def described() -> tuple[str, ...]:
    """What stands in backticks or in a code block of `docs/operations.md`."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", rest)
    return (*spans, *(line for block in blocks for line in block.splitlines()))


def mentions(span: str, name: str) -> bool:
    """Whether `name` stands in `span` and is not a part of a longer name there."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", span))


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_an_operator_meets_is_described(kind: str) -> None:
    names = list(KINDS[kind]())
    assert names, f"there is no {kind}: has its list moved?"
    missing = [name for name in names if not any(mentions(span, name) for span in described())]
    assert missing == [], f"docs/operations.md does not describe these: {kind}"


@pytest.mark.parametrize(
    ("span", "name", "expected"),
    [
        ("dicom.port", "dicom.port", True),
        ("dicom.port = 104", "dicom.port", True),
        ("dicom.ports", "dicom.port", False),
        ("old.dicom.port", "dicom.port", False),
        ("varde jobs retry ID", "varde jobs retry", True),
        ("varde jobs retry-all", "varde jobs retry", False),
        ("sites.*.trust", "sites.*.trust", True),
    ],
)
def test_a_name_counts_only_as_a_whole(span: str, name: str, expected: bool) -> None:
    assert mentions(span, name) is expected


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
