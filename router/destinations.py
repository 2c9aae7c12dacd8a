"""The storage SCU: one association to one destination, reused while there is work."""

import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.events import Event

from core.domain.errors import DeliveryError
from core.domain.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from core.sections import Destination
from router import upper_layer

if TYPE_CHECKING:
    from pynetdicom.association import Association

_config.STORE_SEND_CHUNKED_DATASET = True  # the file's own bytes, not a data set made again
_config.LOG_HANDLER_LEVEL = "none"

#: SOP classes of everything that Varde makes (highdicom_out).
MADE: Final = (
    "1.2.840.10008.5.1.4.1.1.88.34",  # Comprehensive 3D SR
    "1.2.840.10008.5.1.4.1.1.11.1",  # Grayscale Softcopy Presentation State
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
)
#: C-STORE statuses after which the same bytes cannot succeed (PS3.4 B.2.3, PS3.7 C): the
#: object itself was refused. Out of resources (A7xx) and whatever is not listed may pass.
_HOPELESS: Final = (
    range(0xA900, 0xAA00),
    range(0xC000, 0xD000),
    (0x0117, 0x0122, 0x0124),  # invalid instance, class not supported, not authorised
)
_WARNINGS: Final = range(0xB000, 0xC000)
#: Our UIDs are minted from the job: an archive that knows one has our object, whose receipt
#: was lost on the way back.
DUPLICATE: Final = 0x0111


class Peer:
    """An association to a destination; use it in a `with`."""

    def __init__(self, destination: Destination) -> None:
        """Nothing is opened yet."""
        self._destination = destination
        self._association: Association | None = None

    def __enter__(self) -> Self:
        """Associate; raises a recoverable `DeliveryError` where the peer does not."""
        where = self._destination
        scu = AE(ae_title=where.calling)
        scu.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        scu.implementation_version_name = IMPLEMENTATION_VERSION
        scu.connection_timeout = scu.acse_timeout = scu.dimse_timeout = where.timeout_s
        scu.network_timeout = where.timeout_s
        for sop_class in MADE:
            scu.add_requested_context(sop_class, [ExplicitVRLittleEndian])
        self._association = scu.associate(
            where.host, where.port, ae_title=where.ae_title,
            evt_handlers=[(evt.EVT_CONN_OPEN, _tune), (evt.EVT_DATA_SENT, _quick)],
        )  # fmt: skip
        if not self._association.is_established:
            why = "rejected the association" if self._association.is_rejected else "does not answer"
            message = f"{where.ae_title} at {where.host}:{where.port} {why}"
            raise DeliveryError(message, status=None, recoverable=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release, or abort where that is no longer possible."""
        association, self._association = self._association, None
        if association is None or not association.is_established:
            return
        with contextlib.suppress(Exception):
            association.release()

    def usable(self) -> bool:
        """Whether the association still stands."""
        return self._association is not None and self._association.is_established

    def send(self, path: Path) -> int:
        """C-STORE one file; returns the receipt, raises `DeliveryError` for anything but it."""
        association = self._association
        if association is None or not association.is_established:
            message = "the association is gone"
            raise DeliveryError(message, status=None, recoverable=True)
        try:
            answer = association.send_c_store(path)
        except (ValueError, AttributeError) as error:  # no context was accepted for its class
            message = f"the destination does not take this kind of object: {error}"
            raise DeliveryError(message, status=None, recoverable=False) from error
        except (RuntimeError, OSError) as error:
            message = f"the association broke: {error}"
            raise DeliveryError(message, status=None, recoverable=True) from error
        if "Status" not in answer:
            message = "the destination did not answer the C-STORE"
            raise DeliveryError(message, status=None, recoverable=True)
        status = int(answer.Status)
        if status in {0, DUPLICATE} or status in _WARNINGS:
            return status
        comment = str(answer.get("ErrorComment", ""))[:64]
        message = f"the destination answered 0x{status:04X} {comment}".strip()
        raise DeliveryError(message, status=status, recoverable=not _hopeless(status))


def _hopeless(status: int) -> bool:
    """Whether the same bytes would be refused again."""
    return any(status in those for those in _HOPELESS)


def _tcp(event: Event) -> socket.socket | None:
    """The socket below a pynetdicom association."""
    wrapped = event.assoc.dul.socket
    return wrapped.socket if wrapped is not None else None


def _tune(event: Event) -> None:
    """TCP_NODELAY: without it every object costs 45 ms."""
    if (peer := _tcp(event)) is not None:
        upper_layer.tune(peer)


def _quick(event: Event) -> None:
    """TCP_QUICKACK before the answer is read."""
    if (peer := _tcp(event)) is not None:
        upper_layer.quick(peer)
