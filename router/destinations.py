"""The storage SCU: one association to one destination, reused while there is work.

An association over which storage commitment is asked for proposes that too, and takes the
report if it comes over it: we are its SCU as ever, so no role needs to be selected.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.events import Event

from core.domain.commitment import Commitment
from core.domain.errors import DeliveryError
from core.domain.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from core.sections import Destination
from router import dimse, upper_layer
from router.event_report import INSTANCE, EventReport
from router.negotiation import COMMITMENT

if TYPE_CHECKING:
    from pynetdicom.association import Association

_config.STORE_SEND_CHUNKED_DATASET = True  # the file's own bytes, not a data set made again
_config.LOG_HANDLER_LEVEL = "none"

#: SOP classes of everything that Varde makes (highdicom_out).
MADE: Final = (
    "1.2.840.10008.5.1.4.1.1.88.34",  # Comprehensive 3D SR
    "1.2.840.10008.5.1.4.1.1.11.1",  # Grayscale Softcopy Presentation State
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.88.50",  # Mammography CAD SR
    "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection: key images, rejection notes
    "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
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
#: dcm4chee's word for a rejection note that it has carried out already.
_WITHDRAWN: Final = 0xA770
#: N-ACTION statuses of a peer that does not offer storage commitment after all (PS3.7 C): no
#: such SOP class, class not supported, no such action, unrecognised operation.
_NOT_OFFERED: Final = frozenset({0x0118, 0x0122, 0x0123, 0x0211})
_REQUEST: Final = 1  # action type, PS3.4 table J.3-1

_REMEDY: Final = "see objects, segmentation and transfer_syntax of its table in site.toml"


class NotOfferedError(DeliveryError):
    """The destination does not offer storage commitment."""


class Peer:
    """An association to a destination; use it in a `with`."""

    def __init__(
        self, destination: Destination, heard: Callable[[EventReport], int] | None = None
    ) -> None:
        """Nothing is opened yet.

        `heard`, for an association that asks for storage commitment, takes a report and gives
        the status that answers it.
        """
        self._destination = destination
        self._heard = heard
        self._association: Association | None = None
        self._answered = threading.Event()  #: no report waits for its answer
        self._answered.set()

    def __enter__(self) -> Self:
        """Associate; raises a recoverable `DeliveryError` where the peer does not."""
        where = self._destination
        scu = AE(ae_title=where.calling)
        scu.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        scu.implementation_version_name = IMPLEMENTATION_VERSION
        scu.connection_timeout = scu.acse_timeout = scu.dimse_timeout = where.timeout_s
        scu.network_timeout = where.timeout_s
        for sop_class in MADE:
            scu.add_requested_context(sop_class, [where.syntax])
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_CONN_OPEN, _tune), (evt.EVT_DATA_SENT, self._sent),
        ]  # fmt: skip
        if self._heard is not None:
            scu.add_requested_context(COMMITMENT, [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
            handlers.append((evt.EVT_N_EVENT_REPORT, self._reported))
        self._association = scu.associate(
            where.host, where.port, ae_title=where.ae_title,
            evt_handlers=handlers,
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
        self._answered.wait(self._destination.timeout_s)
        with contextlib.suppress(Exception):
            association.release()

    def _sent(self, event: Event) -> None:
        """Something went out: the answer to a report, if one waits for it."""
        _quick(event)
        self._answered.set()

    def _reported(self, event: Event) -> tuple[int, None]:
        """A report on storage commitment over this association (PS3.4 J.3.3)."""
        if self._heard is None:
            return dimse.UNRECOGNISED_OPERATION, None
        self._answered.clear()
        request: Any = event.request
        body = request.EventInformation
        report = EventReport(
            str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID),
            request.EventTypeID or 0, body.getvalue() if body else b"",
            str(event.context.transfer_syntax),
        )  # fmt: skip
        return self._heard(report), None

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
            message = f"the destination does not take this kind of object: {error}; {_REMEDY}"
            raise DeliveryError(message, status=None, recoverable=False) from error
        except (RuntimeError, OSError) as error:
            message = f"the association broke: {error}"
            raise DeliveryError(message, status=None, recoverable=True) from error
        if "Status" not in answer:
            message = "the destination did not answer the C-STORE"
            raise DeliveryError(message, status=None, recoverable=True)
        status = int(answer.Status)
        if status in {0, DUPLICATE, _WITHDRAWN} or status in _WARNINGS:
            return status
        comment = str(answer.get("ErrorComment", ""))[:64]
        message = f"the destination answered 0x{status:04X} {comment}".strip()
        raise DeliveryError(message, status=status, recoverable=not _hopeless(status))

    def ask(self, transaction_uid: str, objects: Iterable[Commitment]) -> None:
        """N-ACTION: request storage commitment of `objects` (PS3.4 J.3.2).

        Raises `NotOfferedError`, and a `DeliveryError` for any other answer than success.
        """
        association = self._association
        if association is None or not association.is_established:
            message = "the association is gone"
            raise DeliveryError(message, status=None, recoverable=True)
        if all(each.abstract_syntax != COMMITMENT for each in association.accepted_contexts):
            message = "the destination does not offer storage commitment"
            raise NotOfferedError(message, status=None, recoverable=False)
        information = _request(transaction_uid, objects)
        try:
            answer, _ = association.send_n_action(information, _REQUEST, COMMITMENT, INSTANCE)
        except (RuntimeError, ValueError, OSError) as error:
            message = f"the association broke: {error}"
            raise DeliveryError(message, status=None, recoverable=True) from error
        if "Status" not in answer:
            message = "the destination did not answer the N-ACTION"
            raise DeliveryError(message, status=None, recoverable=True)
        if status := int(answer.Status):
            comment = str(answer.get("ErrorComment", ""))[:64]
            message = f"the destination answered the N-ACTION with 0x{status:04X} {comment}".strip()
            kind = NotOfferedError if status in _NOT_OFFERED else DeliveryError
            raise kind(message, status=status, recoverable=kind is DeliveryError)


def _request(transaction_uid: str, objects: Iterable[Commitment]) -> Dataset:
    """Action information (PS3.4 table J.3-1)."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [_reference(one) for one in objects]
    return information


def _reference(one: Commitment) -> Dataset:
    """One object by class and instance."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.sop_uid
    return item


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
