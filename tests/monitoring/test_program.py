"""The exporter's program starts, serves, and stops cleanly."""

import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from core.domain.errors import SettingsError
from core.sections import Monitor
from core.settings import Settings
from monitoring import program
from tests.services.process import Process, free_port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_and_stops(tmp_path: Path, root: Path, number: signal.Signals) -> None:
    port = free_port()
    env = {
        "PATH": "/usr/bin:/bin",
        "VARDE_HOME": str(tmp_path),
        "VARDE_MONITOR__PORT": str(port),
    }
    with Process([sys.executable, "-m", "monitoring"], env=env, cwd=root) as process:
        process.wait_for_port(port)
        url = f"http://127.0.0.1:{port}"
        assert "varde_database_up 1.0" in httpx.get(f"{url}/metrics").text
        assert httpx.get(f"{url}/health/live").json() == {"alive": True}
        assert httpx.get(f"{url}/nope").status_code == 404
        process.signal(number)
        assert process.wait() == 0
        assert "Traceback" not in process.output


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        settings = Settings.model_validate({"home": tmp_path, "monitor": Monitor(port=taken)})
        with pytest.raises(SettingsError, match=r"monitor\.port: cannot listen"):
            program.run(settings)
