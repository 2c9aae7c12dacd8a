"""The DICOM upper layer (PS3.8 9.3) on a socket: whole PDUs in, whole PDUs out.

Association PDUs are coded by pynetdicom; P-DATA is taken apart in place, so that
pixels go from the socket's buffer to the file in one copy. Nagle's algorithm and
delayed acknowledgements are off: together they cost 45 ms an object.
"""

import contextlib
import socket
import struct
from collections.abc import Iterator

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
LAST, COMMAND = 0b10, 0b01  # message control header, PS3.8 E.2
LONGEST_PDU = 1 << 20
_HEAD = struct.Struct(">BxL")
_PDV = struct.Struct(">LBB")
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class ClosedError(Exception):
    """The peer is gone, or silent for too long."""


class ProtocolError(Exception):
    """The peer broke the rules; `reason` is that of the A-ABORT (PS3.8 9.3.8)."""

    def __init__(self, message: str, reason: int) -> None:
        """`reason`: 1 unrecognised, 2 unexpected PDU, 6 invalid parameter."""
        super().__init__(message)
        self.reason = reason


def tune(peer: socket.socket) -> None:
    """Send at once, and acknowledge at once."""
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    quick(peer)


def quick(peer: socket.socket) -> None:
    """Re-arm TCP_QUICKACK, which the kernel clears by itself."""
    if _QUICKACK is not None:
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


class Wire:
    """Reads and writes PDUs on one socket."""

    def __init__(self, peer: socket.socket, *, idle_s: float) -> None:
        """`idle_s`: the longest silence, in seconds."""
        self.peer = peer
        peer.settimeout(idle_s)
        tune(peer)
        self._buffer = bytearray(256 * 1024)
        self._start = self._end = 0

    def pdu(self) -> tuple[int, memoryview]:
        """The next PDU: (type, body). The body is valid until the next call."""
        head = self._take(_HEAD.size)
        kind, length = _HEAD.unpack(head)
        head.release()
        if not ASSOCIATE_RQ <= kind <= ABORT:
            message = f"PDU type 0x{kind:02X}"
            raise ProtocolError(message, 1)
        if length > LONGEST_PDU:
            message = f"a PDU of {length} bytes"
            raise ProtocolError(message, 6)
        return kind, self._take(length)

    def _take(self, count: int) -> memoryview:
        """The next `count` bytes of the stream."""
        if self._end - self._start < count:
            self._fill(count)
        view = memoryview(self._buffer)[self._start : self._start + count]
        self._start += count
        return view

    def _fill(self, count: int) -> None:
        """Read until `count` bytes are in the buffer."""
        rest = bytes(self._buffer[self._start : self._end])
        if count > len(self._buffer):
            self._buffer = bytearray(count + 64 * 1024)
        self._buffer[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        view = memoryview(self._buffer)
        while self._end < count:
            quick(self.peer)
            try:
                got = self.peer.recv_into(view[self._end :])
            except OSError as error:
                message = f"{type(error).__name__} while receiving"
                raise ClosedError(message) from error
            if not got:
                message = "the peer closed the socket"
                raise ClosedError(message)
            self._end += got

    def send(self, data: bytes) -> None:
        """Send whole PDUs with one system call where the kernel lets us."""
        try:
            self.peer.sendall(data)
        except OSError as error:
            message = f"{type(error).__name__} while sending"
            raise ClosedError(message) from error

    def send_command(self, context: int, command: bytes) -> None:
        """A command set in one P-DATA PDU."""
        pdv = _PDV.pack(len(command) + 2, context, COMMAND | LAST) + command
        self.send(_HEAD.pack(DATA, len(pdv)) + pdv)

    def send_release(self) -> None:
        """A-RELEASE-RP."""
        self.send(_HEAD.pack(RELEASE_RP, 4) + bytes(4))

    def send_abort(self, source: int, reason: int) -> None:
        """A-ABORT; `source` 0 is the user, 2 the provider. Nobody may be listening."""
        with contextlib.suppress(ClosedError):
            self.send(_HEAD.pack(ABORT, 4) + bytes((0, 0, source, reason)))

    def close(self) -> None:
        """Close the socket, whatever state it is in."""
        with contextlib.suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)
        self.peer.close()


def values(body: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """The presentation data values of a P-DATA body: (context, control header, fragment)."""
    at = 0
    while at < len(body):
        if len(body) - at < _PDV.size:
            message = "a P-DATA PDU that ends inside a value"
            raise ProtocolError(message, 6)
        length, context, control = _PDV.unpack_from(body, at)
        end = at + 4 + length
        if length < 2 or end > len(body):  # noqa: PLR2004 - context and control header
            message = "a presentation data value that is longer than its PDU"
            raise ProtocolError(message, 6)
        yield context, control, body[at + _PDV.size : end]
        at = end
