"""Elements as bytes, Explicit VR Little Endian (PS3.5 7.1.2), for what repeats a thousand times.

A segmentation of a CT has a nested item for each frame and references each source
twice; written element by element with pydicom that alone takes longer than all the rest.
"""

import struct

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag

_LONG = frozenset({b"SQ", b"OB", b"UN"})
_ITEM = 0xFFFEE000


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    """One element; `value` is padded to an even length, UIDs and bytes with a null."""
    if len(value) % 2:
        value += b"\0" if vr in {b"UI", b"OB", b"UN"} else b" "
    group, number = tag >> 16, tag & 0xFFFF
    if vr in _LONG:
        return struct.pack("<HH2sHL", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def text(tag: int, vr: bytes, *values: str) -> bytes:
    """An element of strings, ASCII only: UI, CS, DS, SH, LO."""
    return element(tag, vr, "\\".join(values).encode("ascii"))


def item(*elements: bytes) -> bytes:
    """An item of a sequence (PS3.5 7.5) with elements in the order of their tags."""
    content = b"".join(elements)
    return struct.pack("<HHL", _ITEM >> 16, _ITEM & 0xFFFF, len(content)) + content


def sequence(tag: int, *items: bytes) -> bytes:
    """A sequence of defined length."""
    return element(tag, b"SQ", b"".join(items))


def items(*datasets: Dataset) -> bytes:
    """Data sets as items, the way pydicom writes them in UTF-8: for what is written again."""
    written = []
    for one in datasets:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_dataset(buffer, one, "utf8")
        written.append(item(buffer.getvalue()))
    return b"".join(written)


def raw(tag: int, items: bytes) -> RawDataElement:
    """A sequence, its items already bytes; see `as_written`."""
    return RawDataElement(Tag(tag), "SQ", len(items), items, 0, False, True, True)


def as_written(made: Dataset) -> None:
    """Let pydicom write `raw` elements as they are, not take them apart and put them together."""
    made.set_original_encoding(
        is_implicit_vr=False,
        is_little_endian=True,
        character_encoding=made._character_set,  # noqa: SLF001 - pydicom compares it with itself
    )
