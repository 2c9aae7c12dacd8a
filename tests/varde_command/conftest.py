"""A home of its own for every command, and `varde up` as a process."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.process import Process

#: Free ports, and no waiting for the disk: what a power cut takes is tested elsewhere.
FREE_PORTS = {
    "VARDE_DATABASE__FSYNC": "false",
    "VARDE_INTAKE__FSYNC": "false",
    "VARDE_DICOM__PORT": "0",
    "VARDE_WEB__PORT": "0",
    "VARDE_MONITOR__PORT": "0",
}
Start = Callable[..., Process]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    """VARDE_HOME and the working folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VARDE_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("PYTHONPATH", str(root))
    return tmp_path / "var"


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start `varde …` as a process; whatever of it is left is killed."""
    running: list[Process] = []

    def begin(*arguments: str, **more: str) -> Process:
        env = {**os.environ, **FREE_PORTS, **more}
        running.append(Process([sys.executable, "-m", "varde", *arguments], env=env))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
