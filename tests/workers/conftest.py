"""A tiny algorithm, and a place where it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.registry import Algorithm
from tests.workers import tiny_onnx
from tests.workers.place import Place


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Algorithm:
    """The tiny algorithm, version 1.0.0."""
    return tiny_onnx.folder(tmp_path_factory.mktemp("models"))


@pytest.fixture
def place(tmp_path: Path, tiny: Algorithm) -> Iterator[Place]:
    """A site with the tiny algorithm installed."""
    made = Place(tmp_path / "var", {"tiny": tiny})
    yield made
    made.close()
