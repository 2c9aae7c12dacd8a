"""From a transfer syntax to bytes that can be walked (PS3.5 10 and A)."""

import zlib
from typing import Final

from core.domain.errors import NotDicomError, TooLargeError
from router.header import Read, Syntax

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
INFLATED_LIMIT: Final = 1 << 30  #: bytes; more is an attack
_OTHERS: Final = {
    "1.2.840.10008.1.2": Syntax(implicit=True),
    "1.2.840.10008.1.2.2": Syntax(big=True),
}
#: Whatever compresses the pixels, its elements are explicit little endian (PS3.5 A.4).
_EXPLICIT: Final = Syntax()


def plain(read: Read, *, start: int, size: int, uid: str) -> tuple[Read, int, int, Syntax]:
    """(read, start, size, encoding) of the data set in bytes `start`..`size`, inflated if need be.

    Raises `NotDicomError` for bytes that are not deflated though `uid` says so, and
    `TooLargeError` for a bomb.
    """
    if uid != DEFLATED:
        return read, start, size, _OTHERS.get(uid, _EXPLICIT)
    inflated = _inflate(read(start, size - start))
    return (lambda at, count: inflated[at : at + count]), 0, len(inflated), _EXPLICIT


def _inflate(data: bytes) -> bytes:
    """A deflated data set (PS3.5 A.5)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, INFLATED_LIMIT)
    except zlib.error as error:
        message = f"not deflated: {error}"
        raise NotDicomError(message) from error
    if inflater.unconsumed_tail:
        message = f"inflates to more than {INFLATED_LIMIT >> 20} MB"
        raise TooLargeError(message)
    return inflated
