"""Stored values: from the bytes of Pixel Data to numbers, before any LUT."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, pixels, uid
from pydicom.dataelem import RawDataElement
from pydicom.pixels import get_decoder

from core.domain.errors import UnreadableError
from workers.layout import WORDS, Layout

Numbers = NDArray[Any]
PIXEL_DATA = 0x7FE00010

_JPEG_LS = ("pyjpegls", "gdcm")
_JPEG_2000 = ("pylibjpeg", "gdcm")
_JPEG = ("gdcm",)
#: Which decoder first: measured, and pinned so that a new wheel cannot change a pixel unseen.
DECODERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        uid.JPEGLSLossless: _JPEG_LS,
        uid.JPEGLSNearLossless: _JPEG_LS,
        uid.RLELossless: ("pylibjpeg", "pydicom"),
        uid.JPEG2000Lossless: _JPEG_2000,
        uid.JPEG2000: _JPEG_2000,
        uid.HTJ2KLossless: ("pylibjpeg",),
        uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
        uid.HTJ2K: ("pylibjpeg",),
        uid.JPEGBaseline8Bit: _JPEG,
        uid.JPEGExtended12Bit: _JPEG,
        uid.JPEGLossless: _JPEG,
        uid.JPEGLosslessSV1: _JPEG,
    }
)


def values(dataset: Dataset, layout: Layout, frame: int) -> Numbers:
    """Frame `frame` (from 1) as stored: (rows, columns), or (rows, columns, 3) as RGB.

    Raises `UnreadableError` where there is no decoder or the bytes do not suffice.
    """
    if PIXEL_DATA not in dataset:
        message = "no Pixel Data"
        raise UnreadableError(message)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        return _decoded(dataset, syntax, layout, frame)
    if layout.samples == 1 and layout.allocated in WORDS and syntax.is_little_endian:
        return _unpacked(_native(dataset, layout, frame), layout)
    return pixels.pixel_array(dataset, index=frame - 1, raw=layout.samples == 1)


def _decoded(dataset: Dataset, syntax: uid.UID, layout: Layout, frame: int) -> Numbers:
    """The first decoder that can: another one is asked only where one fails."""
    raw = layout.samples == 1
    failures = []
    for name in DECODERS.get(syntax, ()):
        if name not in get_decoder(syntax).available_plugins:
            continue
        try:
            return pixels.pixel_array(dataset, index=frame - 1, raw=raw, decoding_plugin=name)
        except Exception as error:  # noqa: BLE001 - decoders raise anything
            failures.append(f"{name}: {type(error).__name__}")
    tried = ", ".join(failures) or "no decoder is installed"
    message = f"frame {frame} in {syntax.name} cannot be decoded ({tried})"
    raise UnreadableError(message)


def _native(dataset: Dataset, layout: Layout, frame: int) -> Numbers:
    """The words of one frame, unsigned, (rows, columns)."""
    data = _bytes(dataset, (frame - 1) * layout.frame_bytes, layout.frame_bytes)
    if len(data) < layout.frame_bytes:
        message = f"frame {frame} has {len(data)} of {layout.frame_bytes} bytes"
        raise UnreadableError(message)
    words = np.frombuffer(data, f"<u{layout.allocated // 8}")
    return words.reshape(layout.rows, layout.columns)


def _bytes(dataset: Dataset, offset: int, length: int) -> bytes | memoryview:
    """A part of Pixel Data; of a value that was left on disk, only that part is read."""
    element: Any = dataset.get_item(PIXEL_DATA, keep_deferred=True)
    if isinstance(element, RawDataElement) and element.value is None:
        with Path(dataset.filename).open("rb") as file:
            file.seek(element.value_tell + offset)
            return file.read(max(0, min(length, element.length - offset)))
    return memoryview(dataset.PixelData)[offset : offset + length]


def _unpacked(words: Numbers, layout: Layout) -> Numbers:
    """The used bits of each word, with their sign; the others may hold old overlays."""
    above = layout.allocated - 1 - layout.high
    below = layout.high + 1 - layout.stored
    if layout.signed:
        signed = (words << above if above else words).view(f"i{layout.allocated // 8}")
        return signed >> (above + below) if above + below else signed
    shifted = words >> below if below else words
    return shifted & words.dtype.type(layout.range[1]) if above else shifted
