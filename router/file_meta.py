"""The file meta information (PS3.10 7.1), packed without a data set library in the way."""

import struct

from core.domain.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION


def file_meta(*, sop_class_uid: str, sop_uid: str, transfer_syntax_uid: str) -> bytes:
    """Preamble, prefix and group 0002. It says nothing of the sender or the time, so that the
    same instance sent twice is the same file.
    """
    body = b"".join(
        (
            b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01",
            _short(0x0002, b"UI", sop_class_uid, b"\0"),
            _short(0x0003, b"UI", sop_uid, b"\0"),
            _short(0x0010, b"UI", transfer_syntax_uid, b"\0"),
            _short(0x0012, b"UI", IMPLEMENTATION_CLASS_UID, b"\0"),
            _short(0x0013, b"SH", IMPLEMENTATION_VERSION, b" "),
        )
    )
    return (
        bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x04\x00" + struct.pack("<L", len(body)) + body
    )


def _short(number: int, vr: bytes, text: str, pad: bytes) -> bytes:
    """One explicit little endian element with a 16-bit length."""
    raw = text.encode("ascii")
    raw += pad if len(raw) % 2 else b""
    return struct.pack("<HH2sH", 2, number, vr, len(raw)) + raw
