"""The program: one uvicorn server that stops cleanly."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from core import logs
from core.domain.errors import SettingsError
from core.settings import Settings
from web.app import create_app

GRACE_S = 5  #: for answers under way when the program is told to stop


def run(settings: Settings, *, on_start: Callable[[int], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; `on_start` gets the port. Returns the exit status.

    Raises `SettingsError` where `web.host` and `web.port` cannot be listened on.
    """
    logs.configure(settings.logs, "web")
    host = settings.web.host
    with _listening(host, settings.web.port) as listener, _quiet_signals():
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        logs.logger().info("listening", host=host, port=port)
        server = _Server(config, lambda: on_start(port) if on_start else None)
        server.run(sockets=[listener])
    logs.logger().info("stopped")
    return 0


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_start()


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket; uvicorn's own way ends the process with a line that names no setting."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=256)
    except OSError as error:
        message = (
            f"web.port: cannot listen on {host}:{port}: {error.strerror or error}. "
            "Stop the program that has the port, or set another web.port"
        )
        raise SettingsError(message) from error


@contextlib.contextmanager
def _quiet_signals() -> Iterator[None]:
    """Uvicorn stops on a signal and then raises it anew: let that one pass unheard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
