"""Modality LUT, rescale and VOI LUT (PS3.3 C.11.1, C.11.2), also of enhanced multi-frame images."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain.errors import UnreadableError
from workers.layout import Layout
from workers.stored import Numbers

Floats = NDArray[np.float32]
Ends = tuple[float, float]  #: the smallest and the largest value that the pixels could have
BYTE = 8


def macros(dataset: Dataset, frame: int, keyword: str) -> Iterator[Dataset]:
    """A functional group macro of `frame` (from 1), then the shared one (PS3.3 C.7.6.16)."""
    each = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*each[frame - 1 : frame], *(dataset.get("SharedFunctionalGroupsSequence") or [])]
    for group in groups:
        yield from group.get(keyword) or []


def modality(dataset: Dataset, layout: Layout, frame: int, values: Numbers) -> tuple[Floats, Ends]:
    """Stored values on the modality's scale, float32, and the ends of that scale."""
    if items := dataset.get("ModalityLUTSequence"):
        return _looked_up(items[0], layout, values, dataset)
    places = [*macros(dataset, frame, "PixelValueTransformationSequence"), dataset]
    place = next((one for one in places if "RescaleSlope" in one), dataset)
    slope, intercept = _number(place, "RescaleSlope", 1.0), _number(place, "RescaleIntercept", 0.0)
    if not slope:
        message = "RescaleSlope is 0"
        raise UnreadableError(message)
    pixels = values.astype(np.float32)
    if (slope, intercept) != (1.0, 0.0):
        pixels *= np.float32(slope)
        pixels += np.float32(intercept)
    low, high = layout.range
    return pixels, (low * slope + intercept, high * slope + intercept)


def voi(dataset: Dataset, layout: Layout, pixels: Floats, ends: Ends) -> tuple[Floats, Ends]:
    """`pixels` through the first VOI LUT where the header has one and no window, else unchanged."""
    items = dataset.get("VOILUTSequence")
    if not items or dataset.get("WindowCenter") not in {None, ""}:
        return pixels, ends
    return _looked_up(items[0], layout, np.rint(pixels), dataset)


def _number(place: Dataset, keyword: str, otherwise: float) -> float:
    value = place.get(keyword)
    number = otherwise if value is None or value == "" else float(value)
    if not math.isfinite(number):
        message = f"{keyword} is not a number"
        raise UnreadableError(message)
    return number


def _looked_up(
    item: Dataset, layout: Layout, values: Numbers, dataset: Dataset
) -> tuple[Floats, Ends]:
    """`values` through a LUT; those outside it get its first or last entry (PS3.3 C.11.1.1)."""
    entries, first, bits = (int(number) for number in item.LUTDescriptor)
    table = _table(item, bits, entries % (1 << 16) or 1 << 16, dataset)
    index = np.clip(values.astype(np.int64) - layout.wrapped(first), 0, len(table) - 1)
    return table[index], (0.0, float((1 << bits) - 1))


def _table(item: Dataset, bits: int, entries: int, dataset: Dataset) -> Floats:
    """LUT Data as float32 (entries): words, or bytes where there is one for each entry."""
    data = item.LUTData
    if isinstance(data, bytes):
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        packed = bits <= BYTE and len(data) < 2 * entries
        table = np.frombuffer(data, "u1" if packed else f"{order}u2")
    else:
        table = np.atleast_1d(np.asarray(data)) % (1 << 16)
    if len(table) < entries:
        message = f"a LUT has {len(table)} of {entries} entries"
        raise UnreadableError(message)
    return table[:entries].astype(np.float32)
