"""Walk the top level of a data set as it lies on disk, strictly (PS3.5 7.1).

Intake must know three things about bytes from a stranger: the values that identify
and route the instance, whether the data set is whole, and whether the pixels are
as many as the header says. A full parse costs milliseconds an object and forgives
truncation; this walk reads element headers only and forgives nothing.
"""

import dataclasses
import struct
from collections.abc import Callable, Collection

from core.domain.errors import NotDicomError, PixelDataError, TruncatedError

PIXEL_DATA = 0x7FE00010
_FLOAT_PIXELS = frozenset({0x7FE00008, 0x7FE00009})
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset({
    b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV",
})  # fmt: skip
_SHORT = frozenset({
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
})  # fmt: skip
LONGEST_VALUE = 64 * 1024  #: a wanted value longer than this is not one that routes ask for
DEEPEST = 64  #: nested sequences; more is an attack
READ_AHEAD = 32 * 1024

Read = Callable[[int, int], bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Syntax:
    """How the elements are encoded: a transfer syntax without its pixel compression."""

    implicit: bool = False
    big: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What the walk found: raw values by tag, and the pixel data's shape.

    `pixel_bytes` is -1 for encapsulated pixel data and None where there is none.
    """

    values: dict[int, bytes]
    pixel_bytes: int | None


class _Walk:
    """A cursor over `size` bytes that are read through a window of `READ_AHEAD`."""

    def __init__(self, read: Read, start: int, size: int, syntax: Syntax) -> None:
        self.read = read
        self.at = start
        self.size = size
        order = ">" if syntax.big else "<"
        self.implicit = syntax.implicit
        self.tag_of = struct.Struct(order + "HH").unpack_from
        self.short = struct.Struct(order + "H").unpack_from
        self.long = struct.Struct(order + "L").unpack_from
        self._window = b""
        self._base = start

    def take(self, count: int) -> bytes:
        """The next `count` bytes; `TruncatedError` where the data set ends before."""
        found = self.peek(count)
        if len(found) < count:
            message = f"the data set ends {count - len(found)} bytes into an element"
            raise TruncatedError(message)
        self.at += count
        return found

    def peek(self, count: int) -> bytes:
        """The next bytes without moving."""
        offset = self.at - self._base
        if offset < 0 or offset + count > len(self._window):
            self._window = self.read(self.at, max(count, READ_AHEAD))
            self._base, offset = self.at, 0
        return self._window[offset : offset + count]

    def skip(self, count: int) -> None:
        """Pass over a value; `TruncatedError` where it is not all there."""
        if self.at + count > self.size:
            message = f"an element says {count} bytes, the data set has {self.size - self.at}"
            raise TruncatedError(message)
        self.at += count

    def element(self) -> tuple[int, int, bytes]:
        """(tag, length, VR) of the next element; the VR is empty where implicit."""
        head = self.take(8)
        group, number = self.tag_of(head)
        tag = group << 16 | number
        if self.implicit or group == 0xFFFE:  # noqa: PLR2004 - item and delimiters
            return tag, self.long(head, 4)[0], b""
        vr = head[4:6]
        if vr in _SHORT:
            return tag, self.short(head, 6)[0], vr
        if vr in _LONG:
            return tag, self.long(self.take(4))[0], vr
        message = f"element ({group:04X},{number:04X}) has VR {vr!a}: not a data set in this syntax"
        raise NotDicomError(message)


def walk(read: Read, *, start: int, size: int, syntax: Syntax, wanted: Collection[int]) -> Header:
    """Walk the data set in bytes `start`..`size` of a file; `read` is (offset, length).

    Raises `NotDicomError`, `TruncatedError`, or `PixelDataError` where the element of
    the pixels says more than there is.
    """
    cursor = _Walk(read, start, size, syntax)
    values: dict[int, bytes] = {}
    pixels: int | None = None
    while cursor.at < size:
        tag, length, vr = cursor.element()
        if tag == PIXEL_DATA or tag in _FLOAT_PIXELS:
            pixels = _pixels(cursor, length)
        elif tag in wanted and length <= LONGEST_VALUE:
            values[tag] = cursor.take(length)
        else:
            _pass(cursor, length, vr, 0)
    return Header(values, pixels)


def _pixels(cursor: _Walk, length: int) -> int:
    """Pass over Pixel Data; its length, -1 where encapsulated (PS3.5 A.4)."""
    if length != _UNDEFINED:
        if cursor.at + length > cursor.size:
            message = f"Pixel Data says {length} bytes, {cursor.size - cursor.at} arrived"
            raise PixelDataError(message)
        cursor.skip(length)
        return length
    while True:
        tag, count, _ = cursor.element()
        if tag == _SEQUENCE_END:
            return -1
        if tag != _ITEM or count == _UNDEFINED:
            message = "encapsulated Pixel Data is not a sequence of fragments"
            raise NotDicomError(message)
        cursor.skip(count)


def _pass(cursor: _Walk, length: int, vr: bytes, depth: int) -> None:
    """Pass over a value of defined or undefined length, sequences included."""
    if length != _UNDEFINED:
        cursor.skip(length)
        return
    if depth > DEEPEST:
        message = f"sequences nested deeper than {DEEPEST}"
        raise NotDicomError(message)
    explicit = cursor.implicit
    cursor.implicit = cursor.implicit or vr == b"UN"  # PS3.5 6.2.2 note 2
    while True:
        tag, count, _ = cursor.element()
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM:
            message = "a sequence holds something that is not an item"
            raise NotDicomError(message)
        if count != _UNDEFINED:
            cursor.skip(count)
        else:
            _item(cursor, depth + 1)
    cursor.implicit = explicit


def _item(cursor: _Walk, depth: int) -> None:
    """Pass over an item of undefined length."""
    while True:
        tag, length, vr = cursor.element()
        if tag == _ITEM_END:
            return
        _pass(cursor, length, vr, depth)
