"""The storage SCP: a listening socket, and a thread for each association.

Associations are coded by pynetdicom's PDUs; the loop round them is ours, because
pynetdicom's reactor polls and copies (docs/decisions/0004). `Server` needs an
`Intake` and nothing else, so that another receiver can stand in its place.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from core.domain.errors import UnavailableError
from core.logs import logger
from core.settings import Settings
from router.association import Association
from router.intake import Intake


class Server:
    """Accepts associations until `stop`."""

    def __init__(
        self, settings: Settings, intake: Intake, *, router: str, heard: Callable[[str], None]
    ) -> None:
        """`heard` is called when something may have become complete."""
        self.settings = settings
        self.intake = intake
        self.router = router
        self._heard = heard
        self.stopping = threading.Event()
        self._open: set[Association] = set()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._accept, name="scp", daemon=True)

    def start(self) -> int:
        """Listen; returns the port (of use where `dicom.port` is 0)."""
        dicom = self.settings.dicom
        try:
            self._socket = socket.create_server((dicom.host, dicom.port), backlog=128)
        except OSError as error:
            message = (
                f"cannot listen on {dicom.host}:{dicom.port}: {error.strerror}; "
                "set dicom.port in site.toml or VARDE_DICOM__PORT"
            )
            raise UnavailableError(message) from error
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def _accept(self) -> None:
        """A thread for every peer."""
        listening = self._socket
        while listening is not None and not self.stopping.is_set():
            try:
                peer, address = listening.accept()
            except OSError:
                if self.stopping.is_set():
                    return
                logger().exception("cannot accept an association")
                self.stopping.wait(0.1)
                continue
            association = Association(self, peer, str(address[0]))
            with self._lock:
                self._open.add(association)
            association.start()

    def crowded(self) -> bool:
        """Whether one more association is one too many."""
        with self._lock:
            return len(self._open) > self.settings.dicom.max_associations

    def keys(self) -> tuple[list[str], list[str]]:
        """The rows of the associations that are open, and of those that receive."""
        since = time.monotonic() - self.settings.dicom.idle_s
        with self._lock:
            known = [(one.key, one.stored_at) for one in self._open if one.key]
        return [key for key, _ in known], [key for key, at in known if at >= since]

    def heard(self, word: str) -> None:
        """Pass it on."""
        self._heard(word)

    def gone(self, association: Association) -> None:
        """An association has ended."""
        with self._lock:
            self._open.discard(association)

    def stop(self, limit_s: float = 5.0) -> None:
        """No new associations; the open ones end after the object they are at."""
        self.stopping.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        with self._lock:
            left = list(self._open)
        for association in left:
            with contextlib.suppress(OSError):
                association.wire.peer.settimeout(limit_s / 5)
        for association in left:
            association.join(limit_s)
            association.wire.close()
            association.join(1)
