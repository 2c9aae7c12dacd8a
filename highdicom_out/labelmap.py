"""Segments in one label map (PS3.3 C.8.20.2, A.51.5): every voxel has one number, or 0.

A label map cannot say that a voxel belongs to two segments, as a nodule in a lung does.
Which of them to cut a hole in would be our decision and not the algorithm's, so segments
that overlap stay binary, all of their series, whatever the destination asks for.
"""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core import mask
from core.domain.finding import Segment

Plane = NDArray[np.uint8]
Marks = list[tuple[int, Plane]]  #: planes of one slice with the numbers of their segments
MOST = 255  #: segments that one byte a pixel can number; 0 is the background


@functools.lru_cache(maxsize=4)  # reports ask once for every segment of the result
def possible(segments: tuple[Segment, ...]) -> bool:
    """Whether no voxel is in two of `segments`, which are of one series and one size."""
    if len(segments) > MOST:
        return False
    taken: dict[str, Plane] = {}
    for segment in segments:
        for uid, plane in filled(segment):
            before = taken.get(uid)
            if before is not None and np.any(before & plane):
                return False
            taken[uid] = plane if before is None else before | plane
    return True


def by_slice(marked: Sequence[tuple[str, Marks]]) -> list[tuple[str, Marks]]:
    """Slices with all that is marked on them, by SOP Instance UID; each once."""
    found: dict[str, Marks] = {}
    for uid, marks in marked:
        found.setdefault(uid, []).extend(marks)
    return list(found.items())


def filled(segment: Segment) -> Iterator[tuple[str, Plane]]:
    """The slices that hold a voxel of `segment`, as packed bits (`core.mask.planes`)."""
    planes = mask.planes(segment.bits, segment.shape)
    some = np.any(planes, axis=1).tolist()
    for uid, plane, there in zip(segment.sop_uids, planes, some, strict=True):
        if there:
            yield uid, plane
