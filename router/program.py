"""The router as a program: storage SCP, assembly, dispatch, delivery, commitment in one process."""

import datetime as dt
import os
import signal
import socket
import threading

from core.domain.errors import VardeError
from core.logs import configure, logger
from core.queue import News, app
from core.settings import Settings
from core.store import intake as rows
from core.store.database import Database, open_database
from core.store.files import Files
from models import registry
from router import routes
from router.attributes import Reader
from router.commitment import Asker
from router.delivery import Deliverer
from router.dispatch import Dispatcher
from router.intake import Intake
from router.scp import Server

_BEAT_S = 2.0
MEGABYTE = 1 << 20


def utc_now() -> dt.datetime:
    """The clock."""
    return dt.datetime.now(dt.UTC)


class Router:
    """Everything that one router process does; `start`, then `stop`."""

    def __init__(self, settings: Settings) -> None:
        """Open the database, the files and the queue; nothing listens yet."""
        self.settings = settings
        self.name = f"{socket.gethostname()}:{settings.dicom.port}"
        self.database: Database = open_database(settings)
        self.files = Files(settings.home, fsync=settings.intake.fsync)
        self._news = News(settings.queue.url)
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._dispatcher = Dispatcher(
            settings, self.database, registry.load(), app(settings.queue.url),
            news=self._news, clock=utc_now,
        )  # fmt: skip
        intake = Intake(
            self.database,
            self.files,
            reader=Reader(routes.keywords(settings.routes)),
            max_bytes=settings.intake.max_object_mb * MEGABYTE,
            keep_refused=settings.intake.keep_refused_mb * MEGABYTE,
            clock=utc_now,
        )
        self.server = Server(settings, intake, router=self.name, heard=lambda _: self._wake.set())
        self._senders: list[Deliverer | Asker] = [
            kind(
                key, destination, settings.delivery,
                database=self.database, files=self.files, clock=utc_now,
            )
            for key, destination in settings.destinations.items()
            for kind in ((Deliverer, Asker) if destination.commitment else (Deliverer,))
        ]  # fmt: skip
        self._threads = [
            threading.Thread(target=self._assemble, name="assembly", daemon=True),
            threading.Thread(target=self._reconcile, name="reconciliation", daemon=True),
            threading.Thread(
                target=self._news.listen,
                args=(self._heard, self._stopping),
                name="news",
                daemon=True,
            ),
        ]

    def start(self) -> int:
        """Listen and work; returns the DICOM port."""
        self.files.sweep()
        with self.database.write() as connection:
            rows.beat(connection, self.name, known=[], sending=[], now=utc_now())
        for thread in (*self._senders, *self._threads):
            thread.start()
        return self.server.start()

    def _heard(self, _: str) -> None:
        """News: a result may wait for delivery."""
        for sender in self._senders:
            sender.wake()

    def _assemble(self) -> None:
        """Close revisions when the clock or the end of an association says so."""
        while not self._stopping.is_set():
            self._wake.clear()
            wait = 1.0
            try:
                wait = self._dispatcher.assemble().total_seconds()
            except VardeError as error:
                logger().warning("assembly waits", error=str(error))
            except Exception:  # noqa: BLE001 - logged; the thread lives on
                logger().exception("assembly failed")
            self._wake.wait(wait)

    def _reconcile(self) -> None:
        """The periodic look at everything that may have been lost."""
        last = 0.0
        while not self._stopping.is_set():
            try:
                self._beat()
                if (now := utc_now().timestamp()) - last >= self.settings.dispatch.reconcile_s:
                    last = now
                    self._dispatcher.reconcile()
            except VardeError as error:
                logger().warning("reconciliation waits", error=str(error))
            except Exception:  # noqa: BLE001 - logged; the thread lives on
                logger().exception("reconciliation failed")
            self._stopping.wait(min(_BEAT_S, self.settings.dispatch.reconcile_s))

    def _beat(self) -> None:
        """Which associations are open, and which of them receive."""
        now = utc_now()
        known, sending = self.server.keys()
        with self.database.write() as connection:
            rows.beat(connection, self.name, known=known, sending=sending, now=now)

    def stop(self) -> None:
        """Finish the object at hand everywhere, then let go."""
        self.server.stop()
        self._stopping.set()
        self._wake.set()
        for sender in self._senders:
            sender.stop()
        for thread in (*self._senders, *self._threads):
            thread.join(5)
        self.database.close()


def run(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    configure(settings.logs, "router")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    router = Router(settings)
    port = router.start()
    logger().info("ready", host=settings.dicom.host, port=port, pid=os.getpid())
    ended.wait()
    logger().info("stopping")
    router.stop()
    return 0
