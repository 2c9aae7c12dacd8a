"""The program starts, says where, and stops cleanly."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.domain.errors import SettingsError
from core.sections import Web
from core.settings import Settings
from tests.services.process import Process, free_port
from web import program


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[Process]:
    """`python -m web` on an empty home."""
    env = {"PATH": "/usr/bin:/bin", "VARDE_HOME": str(tmp_path), "VARDE_WEB__PORT": str(port)}
    root = Path(__file__).parents[2]
    code = (
        "import sys; from models import registry; registry.load = lambda: {}; "
        "from web.__main__ import main; sys.exit(main())"
    )
    with Process([sys.executable, "-c", code], env=env, cwd=root) as process:
        process.wait_for_line("listening")
        process.wait_for_port(port)
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_on_a_signal(running: Process, port: int, number: signal.Signals) -> None:
    secret = "?lang=en&name=Hansen"
    assert httpx.get(f"http://127.0.0.1:{port}/{secret}").status_code == 200
    running.signal(number)
    assert running.wait() == 0
    assert "Hansen" not in running.output
    assert "Traceback" not in running.output
    assert running.lines("stopped")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        settings = Settings.model_validate({"home": tmp_path, "web": Web(port=taken)})
        with pytest.raises(SettingsError, match=rf"web\.port: cannot listen on 127.0.0.1:{taken}"):
            program.run(settings)
