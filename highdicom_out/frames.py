"""The frames of a segmentation, as bytes: functional groups, references and pixel data.

A binary segmentation has a frame for each slice of each segment, a label map one for each
slice, with the number of its segment in every pixel (PS3.3 C.8.20.2).
"""

import dataclasses
import functools
import io
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import DataElement, Dataset

from core.mask import BITS
from highdicom_out.evidence import reference
from highdicom_out.explicit import as_written, element, item, raw, sequence, text
from highdicom_out.stack import decimals

#: Every byte with its bits the other way round.
_TURNED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)), bitorder="little").tobytes()
_REFERENCED_SERIES, _PER_FRAME = 0x00081115, 0x52009230


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One slice. `index` counts planes along the normal, from 1.

    `place` is the centre of the first pixel, LPS in mm; `marks` are segments by number with
    their bits as `core.mask.planes` gives them: one of them in a binary frame, and in a
    label map as many as have a voxel there, none of which another has.
    """

    source: Dataset
    index: int
    place: NDArray[np.float64]
    marks: Sequence[tuple[int, NDArray[np.uint8]]]


def put(
    made: Dataset, frames: Sequence[Frame], sources: Sequence[Dataset], *, labels: bool = False
) -> None:
    """Put frames, what they are of, and what was looked at (`sources`, one series) into `made`.

    `labels`: as a label map of one byte a pixel, which has no more than 255 segments.
    """
    voxels = int(made.Rows) * int(made.Columns)
    made[_REFERENCED_SERIES] = raw(_REFERENCED_SERIES, _referenced(sources))
    groups = (_labelled(one) if labels else _group(one) for one in frames)
    made[_PER_FRAME] = raw(_PER_FRAME, b"".join(groups))
    pixels = _numbers(frames, voxels) if labels else _pixels(frames, voxels)
    made.add(DataElement("PixelData", "OB", pixels))
    as_written(made)


def _referenced(sources: Sequence[Dataset]) -> bytes:
    """Referenced Series Sequence (PS3.3 C.12.2.1.2)."""
    listed = (item(*reference(one)) for one in sources)
    series = text(0x0020000E, b"UI", str(sources[0].SeriesInstanceUID))
    return item(sequence(0x0008114A, *listed), series)


def _code(value: str, meaning: str) -> bytes:
    """An item of a code sequence in the scheme DCM."""
    return item(
        text(0x00080100, b"SH", value),
        text(0x00080102, b"SH", "DCM"),
        text(0x00080104, b"LO", meaning),
    )


_SAME_PLACE = text(0x0028135A, b"CS", "YES") + sequence(
    0x0040A170, _code("121322", "Source image for image processing operation")
)
_SEGMENTED = sequence(0x00089215, _code("113076", "Segmentation"))


def _group(frame: Frame) -> bytes:
    """Functional groups of one binary frame: derivation, content, plane position, segment."""
    ((number, _),) = frame.marks
    segment = item(element(0x0062000B, b"US", struct.pack("<H", number)))
    return item(*_placed(frame, number, frame.index), sequence(0x0062000A, segment))


def _labelled(frame: Frame) -> bytes:
    """Functional groups of a frame of a label map: as `_group`, of no one segment."""
    return item(*_placed(frame, frame.index))


def _placed(frame: Frame, *index: int) -> tuple[bytes, ...]:
    """Derivation, content with the dimensions' values `index`, and plane position."""
    source = item(*reference(frame.source), _SAME_PLACE)
    values = struct.pack(f"<{len(index)}L", *index)
    place = text(0x00200032, b"DS", *decimals(frame.place.tolist()))
    return (
        sequence(0x00089124, item(sequence(0x00082112, source), _SEGMENTED)),
        sequence(0x00209111, item(element(0x00209157, b"UL", values))),
        sequence(0x00209113, item(place)),
    )


def _pixels(frames: Sequence[Frame], voxels: int) -> bytes:
    """Pixel data: one bit a pixel, the first one lowest, frames without a gap (PS3.5 8.1.1)."""
    planes = [plane for frame in frames for _, plane in frame.marks]
    if voxels % BITS == 0:
        data = b"".join(plane.tobytes() for plane in planes).translate(_TURNED)
    else:
        bits = np.unpackbits(np.stack(planes), axis=1, count=voxels)
        data = np.packbits(bits, bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def _numbers(frames: Sequence[Frame], voxels: int) -> io.BytesIO:
    """Pixel data of a label map: one byte a pixel, the number of its segment or 0.

    Frame by frame, eight pixels at a time, and as a stream that pydicom copies only once: a
    CT has a hundred million pixels.
    """
    data = io.BytesIO()
    for frame in frames:
        (first, plane), *others = frame.marks
        shown = _eight(first)[plane]
        for number, plane in others:
            shown |= _eight(number)[plane]
        data.write(shown.view(np.uint8)[:voxels].data)
    data.write(b"\0" * (len(frames) * voxels % 2))
    data.seek(0)
    return data


@functools.lru_cache(maxsize=64)
def _eight(number: int) -> NDArray[np.uint64]:
    """(256,) the eight pixels of a byte of a mask, the highest bit first, as bytes of a word."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)).reshape(256, BITS)
    return np.ascontiguousarray(bits * np.uint8(number)).view(np.uint64)[:, 0]
