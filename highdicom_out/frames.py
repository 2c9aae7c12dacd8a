"""The frames of a segmentation, as bytes: functional groups, references and pixel data."""

import dataclasses
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
    """One slice of one segment. `index` counts planes along the normal, from 1.

    `place` is the centre of the first pixel, LPS in mm; `plane` the bits as
    `core.mask.planes` gives them.
    """

    source: Dataset
    segment: int
    index: int
    place: NDArray[np.float64]
    plane: NDArray[np.uint8]


def put(made: Dataset, frames: Sequence[Frame], sources: Sequence[Dataset]) -> None:
    """Put frames, what they are of, and what was looked at (`sources`, one series) into `made`."""
    made[_REFERENCED_SERIES] = raw(_REFERENCED_SERIES, _referenced(sources))
    made[_PER_FRAME] = raw(_PER_FRAME, b"".join(map(_group, frames)))
    made.add(DataElement("PixelData", "OB", _pixels(frames, int(made.Rows) * int(made.Columns))))
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
    """Functional groups of one frame: derivation, content, plane position, segment."""
    source = item(*reference(frame.source), _SAME_PLACE)
    index = struct.pack("<LL", frame.segment, frame.index)
    place = text(0x00200032, b"DS", *decimals(frame.place.tolist()))
    segment = element(0x0062000B, b"US", struct.pack("<H", frame.segment))
    return item(
        sequence(0x00089124, item(sequence(0x00082112, source), _SEGMENTED)),
        sequence(0x00209111, item(element(0x00209157, b"UL", index))),
        sequence(0x00209113, item(place)),
        sequence(0x0062000A, item(segment)),
    )


def _pixels(frames: Sequence[Frame], voxels: int) -> bytes:
    """Pixel data: one bit a pixel, the first one lowest, frames without a gap (PS3.5 8.1.1)."""
    if voxels % BITS == 0:
        data = b"".join(frame.plane.tobytes() for frame in frames).translate(_TURNED)
    else:
        planes = np.stack([frame.plane for frame in frames])
        bits = np.unpackbits(planes, axis=1, count=voxels)
        data = np.packbits(bits, bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)
