"""A storage SCU that sends any bytes at all: what no well-behaved sender would."""

import socket
import struct
from collections.abc import Sequence
from typing import Self

from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import build_context

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def element(number: int, value: bytes) -> bytes:
    """One element of a command set."""
    return struct.pack("<HHL", 0, number, len(value)) + value


def store_request(sop_class: str, sop_uid: str, message_id: int = 1) -> bytes:
    """A C-STORE-RQ command set with whatever UIDs one likes."""

    def even(text: str) -> bytes:
        raw = text.encode("latin-1")
        return raw + b"\0" * (len(raw) % 2)

    body = b"".join(
        (
            element(0x0002, even(sop_class)),
            element(0x0100, b"\x01\x00"),
            element(0x0110, struct.pack("<H", message_id)),
            element(0x0700, b"\x00\x00"),
            element(0x0800, b"\x00\x00"),
            element(0x1000, even(sop_uid)),
        )
    )
    return element(0x0000, struct.pack("<L", len(body))) + body


def event_request(
    sop_class: str, sop_uid: str, event_type: int = 1, *, data_set: bool = True
) -> bytes:
    """An N-EVENT-REPORT-RQ command set (PS3.7 10.3.1.1)."""
    raw = [text.encode() + b"\0" * (len(text) % 2) for text in (sop_class, sop_uid)]
    body = b"".join(
        (
            element(0x0002, raw[0]),
            element(0x0100, b"\x00\x01"),
            element(0x0110, b"\x07\x00"),
            element(0x0800, b"\x00\x00" if data_set else b"\x01\x01"),
            element(0x1000, raw[1]),
            element(0x1002, struct.pack("<H", event_type)),
        )
    )
    return element(0x0000, struct.pack("<L", len(body))) + body


class RawScu:
    """One association over a plain socket."""

    def __init__(
        self,
        port: int,
        *,
        called: str = "VARDE",
        calling: str = "RAW",
        contexts: Sequence[tuple[str, str]] = ((CT, EXPLICIT),),
        scp_of: Sequence[str] = (),
    ) -> None:
        """Associate, proposing one presentation context for each (SOP class, syntax), and to be
        SCP of the classes `scp_of`.
        """
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(_request(called, calling, contexts, scp_of))
        self.answer, self.body = self.pdu()

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Just go."""
        self.socket.close()

    def results(self) -> list[int]:
        """The result of each presentation context in the A-ASSOCIATE-AC (PS3.8 9.3.3.2)."""
        at, found = 68, []
        while at < len(self.body):
            kind, length = struct.unpack_from(">BxH", self.body, at)
            if kind == 0x21:
                found.append(self.body[at + 6])
            at += 4 + length
        return found

    def pdu(self) -> tuple[int, bytes]:
        """The next PDU; type 0 where the peer has closed."""
        head = self._exactly(6)
        if len(head) < 6:
            return 0, b""
        kind, length = struct.unpack(">BxL", head)
        return kind, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionError:
                return data
            if not more:
                return data
            data += more
        return data

    def send_value(self, context: int, control: int, data: bytes) -> None:
        """One presentation data value in a PDU of its own."""
        value = struct.pack(">LBB", len(data) + 2, context, control) + data
        self.socket.sendall(struct.pack(">BxL", 4, len(value)) + value)

    def begin(self, sop_uid: str, *, sop_class: str = CT, context: int = 1) -> None:
        """A C-STORE-RQ without its data set."""
        self.send_value(context, 3, store_request(sop_class, sop_uid))

    def store(
        self, data: bytes, sop_uid: str, *, sop_class: str = CT, context: int = 1, step: int = 16000
    ) -> tuple[int, str]:
        """A whole C-STORE; returns (status, error comment)."""
        self.begin(sop_uid, sop_class=sop_class, context=context)
        for at in range(0, len(data), step):
            self.send_value(context, 0, data[at : at + step])
        self.send_value(context, 2, b"")
        return self.response()

    def response(self) -> tuple[int, str]:
        """(status, error comment) of the next response."""
        kind, body = self.pdu()
        assert kind == 4, f"PDU type {kind} instead of a response"
        values, at, command = {}, 0, body[6:]
        while at < len(command):
            _, number, length = struct.unpack_from("<HHL", command, at)
            values[number] = command[at + 8 : at + 8 + length]
            at += 8 + length
        return int.from_bytes(values[0x0900], "little"), values.get(0x0902, b"").decode().strip()

    def event(
        self, command: bytes, data: bytes | None = None, *, step: int = 16000
    ) -> tuple[int, str]:
        """A whole N-EVENT-REPORT on the first context; returns (status, error comment)."""
        self.send_value(1, 3, command)
        if data is not None:
            for at in range(0, len(data), step):
                self.send_value(1, 0, data[at : at + step])
            self.send_value(1, 2, b"")
        return self.response()

    def release(self) -> None:
        """A-RELEASE, answered."""
        self.socket.sendall(struct.pack(">BxL", 5, 4) + bytes(4))
        assert self.pdu()[0] == 6


def _request(
    called: str, calling: str, contexts: Sequence[tuple[str, str]], scp_of: Sequence[str]
) -> bytes:
    """An A-ASSOCIATE-RQ PDU."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.called_ae_title, primitive.calling_ae_title = called, calling
    asked = []
    for number, (sop_class, syntax) in enumerate(contexts):
        context = build_context(sop_class, syntax)
        context.context_id = 2 * number + 1
        asked.append(context)
    primitive.presentation_context_definition_list = asked
    length = MaximumLengthNotification()
    length.maximum_length_received = 16382
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = "2.25.1"
    primitive.user_information = [length, implementation]
    for sop_class in scp_of:
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = UID(sop_class), False, True
        primitive.user_information.append(role)
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())
