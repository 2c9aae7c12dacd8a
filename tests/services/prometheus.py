"""Debian's Prometheus on a free port, with the files that Varde ships."""

import contextlib
import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.services.need import need
from tests.services.process import Process, free_port


class Prometheus:
    """A running server; what it knows is asked for over its API."""

    def __init__(self, configuration: Path, folder: Path) -> None:
        """Start it with `configuration`, its data below `folder`; wait until it is ready."""
        binary = need("prometheus", package="prometheus")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = Process(
            [
                binary,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--storage.tsdb.retention.time=400d",
                "--log.level=warn",
            ]
        )
        try:
            self.process.wait_until(self._ready, "ready")
        except BaseException:
            self.process.kill()
            raise

    def _ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)

    def ask(self, path: str, **parameters: str) -> Any:
        """The data that `/api/v1/…` answers."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> dict[str, float]:
        """The value of an expression now, by its labels as JSON."""
        found = self.ask("query", query=expression)["result"]
        return {json.dumps(one["metric"], sort_keys=True): float(one["value"][1]) for one in found}

    def alerts(self, state: str = "firing") -> set[tuple[str, str, str]]:
        """(alert, site, algorithm) of all that are in this state."""
        return {
            (one["labels"]["alertname"], one["labels"].get("site", ""),
             one["labels"].get("algorithm", ""))
            for one in self.ask("alerts")["alerts"]
            if one["state"] == state
        }  # fmt: skip


def backfilled(folder: Path, lines: Iterable[str], samples: Path) -> None:
    """Blocks of samples (OpenMetrics, with times) below `folder`, for a Prometheus to come."""
    samples.write_text("".join([*lines, "# EOF\n"]), encoding="utf-8")
    promtool = need("promtool", package="prometheus")
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(samples), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def prometheus_server(configuration: Path, folder: Path) -> Iterator[Prometheus]:
    """A server that is gone afterwards."""
    server = Prometheus(configuration, folder)
    with server.process:
        yield server
