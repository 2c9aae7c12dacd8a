"""One association that a peer opens: negotiation, C-ECHO, C-STORE, reports on storage commitment.

It has a clean end however it comes. A sender's is a row for assembly to wait for; that of an
archive that only reports is not.
"""

import contextlib
import socket
import threading
import time
import uuid
from typing import Protocol

from core.domain.errors import AssociationRejectedError, VardeError
from core.logs import logger
from core.settings import Settings
from core.store import intake as rows
from router import dimse, event_report, negotiation, upper_layer
from router.event_report import EventReport, Reports
from router.intake import Intake, Receiving, Sender
from router.upper_layer import ClosedError, ProtocolError, Wire


class Host(Protocol):
    """What an association needs of the server that accepted it."""

    settings: Settings
    intake: Intake
    router: str  #: this process, as association rows name it
    stopping: threading.Event

    def crowded(self) -> bool:
        """Whether one more association is one too many."""

    def heard(self, word: str) -> None:
        """Something may have become complete."""

    def gone(self, association: "Association") -> None:
        """An association has ended."""


class Association(threading.Thread):
    """One association, from A-ASSOCIATE-RQ to its end."""

    def __init__(self, server: Host, peer: socket.socket, host: str) -> None:
        """`host` is the peer's address."""
        super().__init__(name=f"association-{host}", daemon=True)
        self._server = server
        self._dicom = server.settings.dicom
        self.wire = Wire(peer, idle_s=self._dicom.idle_s)
        self._host = host
        self.key = ""
        self.stored_at = time.monotonic()  #: of the latest fragment of an object
        self._ended = "lost"
        self._instances = 0
        self._contexts: dict[int, tuple[str, str]] = {}
        self._command = bytearray()
        self._request: dimse.Command | None = None
        self._object: Receiving | event_report.Body | None = None
        self._known: dict[str, str] = {}
        self._sender = Sender("", "", "", "", host)
        self._reporters: tuple[str, ...] = ()  #: destinations that the peer may report for

    def run(self) -> None:
        """Negotiate, serve, and leave no file, row or socket open."""
        try:
            if self._negotiate():
                self._serve()
        except ProtocolError as error:
            self._ended = "aborted"
            self.wire.send_abort(2, error.reason)
            logger().warning(
                "protocol error", association=self.key, host=self._host, error=str(error)
            )
        except ClosedError as error:
            self.wire.send_abort(2, 0)
            logger().info("association lost", association=self.key, error=str(error))
        except Exception:  # noqa: BLE001 - logged; the thread lives on
            self.wire.send_abort(2, 0)
            logger().exception("association failed", association=self.key, host=self._host)
        finally:
            self._close()

    def _negotiate(self) -> bool:
        """Answer the first PDU; False where the peer was rejected."""
        kind, body = self.wire.pdu()
        if kind != upper_layer.ASSOCIATE_RQ:
            message = f"PDU type {kind} before an association"
            raise ProtocolError(message, 2)
        try:
            head = bytes((kind, 0)) + len(body).to_bytes(4, "big")
            request = negotiation.read(head + bytes(body))
        except Exception as error:  # the peer's bytes in a library's decoder
            message = f"an A-ASSOCIATE-RQ that cannot be decoded: {type(error).__name__}"
            raise ProtocolError(message, 6) from error
        if verdict := self._verdict(request):
            self.wire.send(negotiation.reject(verdict))
            return False
        try:
            self._open(request)
        except VardeError as error:
            logger().error("association rejected", host=self._host, error=str(error))
            self.wire.send(negotiation.reject(negotiation.CONGESTED))
            return False
        offer = negotiation.Offer(storage=bool(self._sender.site), reports=bool(self._reporters))
        accepted, self._contexts = negotiation.accept(
            request, max_pdu=self._dicom.max_pdu, offer=offer
        )
        self.wire.send(accepted)
        return True

    def _verdict(self, request: negotiation.Request) -> tuple[int, int, int] | None:
        """Why the peer may not associate, None where it may."""
        settings = self._server.settings
        self._sender = Sender("", "", request.calling[:16], request.called[:16], self._host)
        self._reporters = event_report.reporters(settings, request.called, request.calling)
        if not self._reporters:
            if request.called not in settings.called_titles():
                return self._refuse("called AE title is not known here", negotiation.CALLED_UNKNOWN)
            if settings.site_of(request.called, request.calling) is None:
                return self._refuse(
                    "calling AE title is not known here", negotiation.CALLING_UNKNOWN
                )
        if self._server.crowded():
            return self._refuse("too many associations", negotiation.TOO_MANY)
        return None

    def _refuse(self, why: str, verdict: tuple[int, int, int]) -> tuple[int, int, int]:
        """Tell the operator of a rejected association."""
        sender = self._sender
        message = f"association rejected: {why} ({sender.calling!a} calling {sender.called!a})"
        self._server.intake.refuse(sender, AssociationRejectedError(message))
        return verdict

    def _open(self, request: negotiation.Request) -> None:
        """A row for a sender's association: assembly waits while it is open."""
        site = self._server.settings.site_of(request.called, request.calling) or ""
        if not site:
            return
        intake = self._server.intake
        self.key = uuid.uuid4().hex  # known to `keys` before the row is: `beat` spares it
        with intake.database.write() as connection:
            rows.open_association(
                connection, self.key, router=self._server.router, site=site,
                calling=request.calling, called=request.called, host=self._host,
                now=intake.clock(),
            )  # fmt: skip
        self._sender = Sender(self.key, site, request.calling, request.called, self._host)

    def _serve(self) -> None:
        """PDUs until the release."""
        while not self._server.stopping.is_set():
            kind, body = self.wire.pdu()
            if kind == upper_layer.DATA:
                for context, control, fragment in upper_layer.values(body):
                    self._value(context, control, fragment)
                    fragment.release()
            elif kind == upper_layer.RELEASE_RQ:
                self._ended = "released"
                self._close_row()  # before the peer is told, so that assembly may go on at once
                self.wire.send_release()
                return
            elif kind == upper_layer.ABORT:
                self._ended = "aborted"
                return
            else:
                message = f"PDU type {kind} within an association"
                raise ProtocolError(message, 2)
        self._ended = "aborted"
        self.wire.send_abort(0, 0)

    def _value(self, context: int, control: int, fragment: memoryview) -> None:
        """One presentation data value (PS3.7 6.3.1): of a command set or of a data set."""
        if context not in self._contexts:
            message = f"presentation context {context} was not accepted"
            raise ProtocolError(message, 6)
        if control & upper_layer.COMMAND:
            self._command += fragment
            if len(self._command) > dimse.LONGEST_COMMAND:
                message = "a command set without end"
                raise ProtocolError(message, 6)
            if control & upper_layer.LAST:
                self._requested(context)
            return
        if self._request is None:
            message = "a data set without a request"
            raise ProtocolError(message, 2)
        self.stored_at = time.monotonic()
        if self._object is not None:
            self._object.write(fragment)
        if control & upper_layer.LAST:
            self._received(context)

    def _requested(self, context: int) -> None:
        """A whole command set: answer it, or get ready for its data set."""
        if self._request is not None:
            message = "a request within the data set of another"
            raise ProtocolError(message, 2)
        try:
            request = dimse.parse(bytes(self._command))
        except ValueError as error:
            raise ProtocolError(str(error), 6) from error
        self._command.clear()
        if request.field == dimse.C_ECHO_RQ:
            self.wire.send_command(context, dimse.response(request, dimse.SUCCESS))
        elif request.field == dimse.C_STORE_RQ and request.has_data_set:
            self._store(context, request)
        elif request.field == dimse.N_EVENT_REPORT_RQ and self._may_report(context):
            self._event(context, request)
        elif request.field != dimse.C_CANCEL_RQ:
            self._request = request if request.has_data_set else None
            if not request.has_data_set:
                self._unrecognised(context, request)

    def _store(self, context: int, request: dimse.Command) -> None:
        """A C-STORE-RQ: its data set goes to a new file."""
        self._request = request
        abstract, syntax = self._contexts[context]
        if abstract not in negotiation.STORAGE:
            return
        self._object = self._server.intake.begin(
            self._sender,
            sop_class_uid=request.sop_class_uid,
            sop_uid=request.sop_uid,
            syntax=syntax,
        )

    def _received(self, context: int) -> None:
        """The last fragment: keep the object, then acknowledge it."""
        request, received = self._request, self._object
        self._request = self._object = None
        if request is None:
            return
        if received is None:
            self._unrecognised(context, request)
            return
        if isinstance(received, event_report.Body):
            self._reported(context, request, received)
            return
        status, comment = dimse.SUCCESS, ""
        try:
            received.finish(self._known)
            self._instances += 1
        except VardeError as error:
            status, comment = error.dimse_status, str(error)
        self.wire.send_command(context, dimse.response(request, status, comment))

    def _may_report(self, context: int) -> bool:
        """Whether the presentation context is that of storage commitment."""
        return self._contexts[context][0] == negotiation.COMMITMENT

    def _event(self, context: int, request: dimse.Command) -> None:
        """An N-EVENT-REPORT-RQ: its data set is read when it is whole."""
        body = event_report.Body()
        if request.has_data_set:
            self._request, self._object = request, body
        else:
            self._reported(context, request, body)

    def _reported(self, context: int, request: dimse.Command, body: event_report.Body) -> None:
        """A whole report: answered once it is durable."""
        intake = self._server.intake
        reports = Reports(self._server.settings.destinations, intake.database, intake.clock)
        status, comment = dimse.RESOURCE_LIMITATION, "the report is too long"
        if not body.too_long:
            report = EventReport(
                request.sop_class_uid, request.sop_uid, request.event_type, bytes(body.data),
                self._contexts[context][1],
            )  # fmt: skip
            status, comment = reports.take(report, self._reporters)
        self.wire.send_command(context, dimse.response(request, status, comment))

    def _unrecognised(self, context: int, request: dimse.Command) -> None:
        """Not an operation of a storage SCP."""
        self.wire.send_command(context, dimse.response(request, dimse.UNRECOGNISED_OPERATION))

    def _close(self) -> None:
        """The end, however it came."""
        if self._object is not None:
            self._object.discard()
        self.wire.close()
        self._close_row()
        self._server.gone(self)

    def _close_row(self) -> None:
        """Close the association's row once; a database that is away is told by `beat` later."""
        if not self.key:
            return
        intake = self._server.intake
        with contextlib.suppress(VardeError), intake.database.write() as connection:
            rows.close_association(
                connection, self.key, ended=self._ended, instances=self._instances,
                now=intake.clock(),
            )  # fmt: skip
        self.key = ""
        self._server.heard("association closed")
