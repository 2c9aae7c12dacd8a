"""The program that Prometheus scrapes, and that holds the nights of the watch.

It answers `/metrics` and `/health/live`, nothing else.
"""

import contextlib
import signal
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from core import logs
from core.domain.errors import SettingsError, UnavailableError
from core.queue import News
from core.settings import Settings
from core.store.database import Database, open_database
from monitoring.exporter import Exporter
from monitoring.exposition import Page
from monitoring.nights.starting import Starter

ALIVE = b'{"alive": true}\n'


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread a scrape, so that a slow database does not hide that the process lives."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    """A handler that does not print a line for every scrape."""

    def log_message(self, *_: object) -> None:
        """Say nothing: Prometheus knows whether its scrape worked."""


def application(settings: Settings, database: Database) -> WSGIApplication:
    """The WSGI application over an open database."""
    news = News(settings.queue.url) if settings.queue.url else None
    metrics = Page(Exporter(database, news, home=settings.home))

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                return metrics(environ, start)
            case "/health/live":
                start("200 OK", [("Content-Type", "application/json")])
                return [ALIVE]
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"/metrics and /health/live are all there is\n"]

    return answer


def _open(settings: Settings) -> Database:
    """The database; where it does not answer yet, the exporter starts and says so."""
    try:
        return open_database(settings)
    except UnavailableError as error:
        logs.logger().warning("the database does not answer yet", error=str(error))
        return Database(settings.database_url, fsync=settings.database.fsync)


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM and SIGINT; elsewhere than in the main thread, leave signals alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(_: int, __: FrameType | None) -> None:
        threading.Thread(target=stop, daemon=True).start()

    before = {number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(settings: Settings, *, on_start: Callable[[int], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; `on_start` gets the port. Returns the exit status."""
    logs.configure(settings.logs, "monitor")
    host, port = settings.monitor.host, settings.monitor.port
    try:
        server = _Server((host, port), _Handler)
    except OSError as error:
        message = f"monitor.port: cannot listen on {host}:{port}: {error.strerror or error}"
        raise SettingsError(message) from error
    database = _open(settings)
    server.set_app(application(settings, database))
    night = Starter(settings, database)
    with server, _stopped_by_signals(server.shutdown):
        logs.logger().info("listening", host=host, port=server.server_port)
        night.start()
        if on_start:
            on_start(server.server_port)
        server.serve_forever(poll_interval=0.2)
    night.stop()
    database.close()
    logs.logger().info("stopped")
    return 0
