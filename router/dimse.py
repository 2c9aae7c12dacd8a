"""Command sets of C-STORE, C-ECHO and N-EVENT-REPORT (PS3.7 9.3.1, 9.3.5, 10.3.1).

Group 0000, implicit little endian.
"""

import dataclasses
import struct

C_STORE_RQ = 0x0001
C_ECHO_RQ = 0x0030
C_CANCEL_RQ = 0x0FFF
N_EVENT_REPORT_RQ = 0x0100
NO_DATA_SET = 0x0101
SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110  # this and what follows: PS3.7 C
NO_SUCH_INSTANCE = 0x0112
NO_SUCH_EVENT = 0x0113
INVALID_ARGUMENT = 0x0115
NO_SUCH_CLASS = 0x0118
UNRECOGNISED_OPERATION = 0x0211
RESOURCE_LIMITATION = 0x0213
COMMENT_LENGTH = 64  # VR LO
LONGEST_COMMAND = 64 * 1024

_ELEMENT = struct.Struct("<HHL")
_CLASS, _FIELD, _ID, _ID_OF, _TYPE, _STATUS, _COMMENT, _INSTANCE, _EVENT = (
    0x0002, 0x0100, 0x0110, 0x0120, 0x0800, 0x0900, 0x0902, 0x1000, 0x1002,
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """What of a request matters to an SCP."""

    field: int
    message_id: int
    sop_class_uid: str
    sop_uid: str
    has_data_set: bool
    event_type: int = 0  #: of an N-EVENT-REPORT-RQ


def parse(data: bytes) -> Command:
    """A request's command set; `ValueError` where it is none."""
    values: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        if len(data) - at < _ELEMENT.size:
            message = "a command set that ends inside an element"
            raise ValueError(message)
        group, number, length = _ELEMENT.unpack_from(data, at)
        at += _ELEMENT.size
        if group or at + length > len(data):
            message = "a command set with an element that is not its own"
            raise ValueError(message)
        values[number] = data[at : at + length]
        at += length
    return Command(
        field=_number(values, _FIELD),
        message_id=_number(values, _ID),
        sop_class_uid=_uid(values, _CLASS),
        sop_uid=_uid(values, _INSTANCE),
        has_data_set=_number(values, _TYPE) != NO_DATA_SET,
        event_type=_number(values, _EVENT),
    )


def _number(values: dict[int, bytes], number: int) -> int:
    """A US value, 0 where absent."""
    raw = values.get(number, b"")
    return int.from_bytes(raw[:2], "little")


def _uid(values: dict[int, bytes], number: int) -> str:
    """A UI value without its padding; still hostile."""
    return values.get(number, b"").decode("latin-1").rstrip("\0 ")


def response(request: Command, status: int, comment: str = "") -> bytes:
    """The command set that answers `request`."""
    us = struct.Struct("<H").pack
    elements = [
        (_CLASS, _padded(request.sop_class_uid, b"\0")),
        (_FIELD, us(request.field | 0x8000)),
        (_ID_OF, us(request.message_id)),
        (_TYPE, us(NO_DATA_SET)),
        (_STATUS, us(status)),
    ]
    if comment:
        elements.append((_COMMENT, _padded(comment[:COMMENT_LENGTH], b" ")))
    if request.sop_uid:
        elements.append((_INSTANCE, _padded(request.sop_uid, b"\0")))
    if request.field == N_EVENT_REPORT_RQ:
        elements.append((_EVENT, us(request.event_type)))
    body = b"".join(_ELEMENT.pack(0, number, len(value)) + value for number, value in elements)
    return _ELEMENT.pack(0, 0, 4) + struct.pack("<L", len(body)) + body


def _padded(text: str, pad: bytes) -> bytes:
    """ASCII of even length (PS3.5 6.2)."""
    raw = text.encode("ascii", "replace")
    return raw + pad if len(raw) % 2 else raw
