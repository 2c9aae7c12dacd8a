"""Debian's Alertmanager on a free port, and a webhook that takes what it sends."""

import contextlib
import http.server
import json
import os
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from tests.services.need import need
from tests.services.process import Process, free_port

OWNERS = ("platform", "ai_quality", "clinical_safety")


def addresses(url: str) -> dict[str, str]:
    """The variables of the addresses, each a path of its own below `url`."""
    return {f"ALERTS_{owner.upper()}_URL": f"{url}/{owner}" for owner in OWNERS}


def amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Alertmanager's own tool."""
    program = need("amtool", package="prometheus-alertmanager")
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


class Alertmanager:
    """A running server, started by the very script that starts it in its container."""

    def __init__(
        self, start: Path, template: Path, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """`template` names the addresses that `environment` holds; wait until it is ready."""
        binary = need("prometheus-alertmanager", package="prometheus-alertmanager")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.configuration = folder / "alertmanager.yml"
        command = [
            binary,
            f"--config.file={self.configuration}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        self.process = Process(
            ["sh", start, template, self.configuration, *command],
            env={"PATH": os.environ["PATH"], **environment},
        )
        try:
            self.process.wait_until(self._ready, "ready")
        except BaseException:
            self.process.kill()
            raise

    def _ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)

    def alerts(self) -> list[dict[str, Any]]:
        """All that it holds, with who gets each and what silences it."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found


@contextlib.contextmanager
def alertmanager_server(
    start: Path, template: Path, folder: Path, environment: Mapping[str, str]
) -> Iterator[Alertmanager]:
    """A server that is gone afterwards."""
    server = Alertmanager(start, template, folder, environment)
    with server.process:
        yield server


class Receiver:
    """An HTTP server that keeps every notification: (owner, status, alert, site, algorithm)."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.told: list[tuple[str, str, str, str, str]] = []
        self.annotations: dict[str, dict[str, str]] = {}
        self._news = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.take(self.path.strip("/"), body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, owner: str, body: Mapping[str, Any]) -> None:
        """Keep one notification."""
        with self._news:
            for alert in body["alerts"]:
                labels = alert["labels"]
                self.annotations[labels["alertname"]] = alert["annotations"]
                self.told.append(
                    (owner, alert["status"], labels["alertname"], labels.get("site", ""),
                     labels.get("algorithm", ""))
                )  # fmt: skip
            self._news.notify_all()

    def wait_for(self, *wanted: str, within: float = 60.0) -> None:
        """Wait until a notification was (owner, status, alert, site, algorithm) = `wanted`."""
        with self._news:
            heard = self._news.wait_for(lambda: wanted in self.told, timeout=within)
        assert heard, f"{wanted} was not told within {within:.0f} s, but {self.told}"
