from pathlib import Path

import pytest

from models import manifest
from models.manifest import Manifest

FOLDER = Path(__file__).parents[2] / "models" / "chest_xray"


@pytest.fixture
def folder() -> Path:
    """The folder of the reference model."""
    return FOLDER


@pytest.fixture
def chest() -> Manifest:
    """The manifest of the reference model."""
    return manifest.read(FOLDER)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the model's folder that a test may break: manifest and weights."""
    copy = tmp_path / "chest_xray"
    copy.mkdir()
    for name in ("manifest.toml", "model.onnx"):
        (copy / name).write_bytes((FOLDER / name).read_bytes())
    return copy
