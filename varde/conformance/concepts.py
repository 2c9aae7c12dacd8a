"""The codes that stand in the objects: of their structure, of the algorithms, of the reasons."""

import ast
import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import highdicom_out
import models
from core.domain.codes import Code
from core.domain.reason import SENTENCES
from highdicom_out import concepts
from models import hooks, manifest
from varde.conformance import examples

FEWEST = 3  #: arguments of a `Code`


def structure() -> list[tuple[Code, str]]:
    """(code, module) of every concept that the encoder itself uses, once each, in order."""
    found: dict[tuple[str, str], tuple[Code, str]] = {}
    for module in _modules():
        for code in _codes(vars(module).values()):
            found.setdefault((code.scheme, code.value), (code, module.__name__))
    return sorted(found.values(), key=lambda one: (one[0].scheme, one[0].value))


def _modules() -> Iterator[ModuleType]:
    """`concepts` first: what others take from there is told of it."""
    yield concepts
    for module in pkgutil.iter_modules(highdicom_out.__path__):
        yield importlib.import_module(f"{highdicom_out.__name__}.{module.name}")


def _codes(values: Any) -> Iterator[Code]:  # noqa: ANN401 - whatever a module holds
    """The codes among values, in tables too; codes of the domain's own findings are not ours."""
    for value in values:
        if isinstance(value, Code):
            yield value
        elif isinstance(value, Mapping):
            yield from _codes(value.values())
        elif isinstance(value, tuple):
            yield from _codes(value)


def algorithms() -> Iterator[tuple[str, Code, str]]:
    """(algorithm, code, what it is) of every concept that an algorithm can put into a result."""
    for file in sorted(Path(models.__path__[0]).glob(f"*/{manifest.FILE}")):
        key, output = file.parent.name, manifest.read(file.parent).output
        told: dict[tuple[str, str], tuple[str, Code, str]] = {}
        for label in output.label if output else ():
            told[label.code.scheme, label.code.value] = (key, label.code.code, "finding")
            if site := label.site:
                told.setdefault((site.scheme, site.value), (key, site.code, "site"))
        for code in _written(file.parent):
            told.setdefault((code.scheme, code.value), (key, code, "in its hooks"))
        yield from told.values()


def _written(folder: Path) -> Iterator[Code]:
    """Every `Code("…", "…", "…")` in the algorithm's hooks, without importing them."""
    file = folder / hooks.FILE
    if not file.is_file():
        return
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Code"
        ):
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if len(words) >= FEWEST:
                yield Code(*map(str, words))


def reasons() -> list[tuple[Code, str]]:
    """(code, sentence) of everything that keeps an algorithm from an answer, and of remarks."""
    return [(concepts.reason(code), english) for code, (english, _) in SENTENCES.items()]


def of_examples() -> frozenset[Code]:
    """Every code in the results that the statement is observed on."""
    results = (case(examples.BASE).result for case in examples.CASES.values())
    return frozenset(code for result in results for code in _inside(result))


def _inside(value: object) -> Iterator[Code]:
    if isinstance(value, Code):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _inside(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _inside(one)
