"""Unit `series`: the slices of one series become a volume, which the folder's `hooks.py` reads."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core import mask
from core.domain.errors import ModelError, UnreadableError
from core.domain.finding import Finding, Segment
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from models import hooks
from models.reading import Reading
from models.registry import Algorithm
from models.volume import Network, Volume
from workers import images, pixels
from workers.images import Read
from workers.observer import SLICES, Observer
from workers.stack import Slice, Stack, best, stacks

Voxels = NDArray[np.int16]
SHOWN = 3  #: faults that are told


def read(
    algorithm: Algorithm,
    instances: Sequence[Instance],
    fetch: Read,
    networks: Mapping[str, Network],
    observer: Observer,
) -> Iterator[Reading]:
    """The reading of the stack of slices that shows most, and of what could not be read."""
    slices: list[Slice] = []
    for instance in instances:
        try:
            slices += filter(None, [Slice.of(instance, fetch(instance))])
        except UnreadableError as error:
            yield images.unreadable(instance, error)
    found, faults = stacks(slices)
    if not found:
        yield _no_volume(instances, faults)
        return
    try:
        chosen, volume = _loaded(found, fetch, observer)
    except UnreadableError as error:
        yield _no_volume(instances, [str(error)])
        return
    told = hooks.load(algorithm.folder)(volume, networks, algorithm.manifest)
    yield _said(told, volume, chosen)


def _no_volume(instances: Sequence[Instance], faults: Sequence[str]) -> Reading:
    detail = "; ".join(faults[:SHOWN]) or "no slice has a position"
    reason = Reason(ReasonCode.NO_VOLUME, {"detail": detail})
    return Reading(tuple(one.sop_uid for one in instances), reason=reason)


def _loaded(found: Sequence[Stack], fetch: Read, observer: Observer) -> tuple[Stack, Volume]:
    """The best stack and its voxels; `UnreadableError` where too many slices are damaged."""
    chosen = best(found)
    shape = len(chosen.slices), chosen.first.rows, chosen.first.columns
    voxels = np.empty(shape, np.int16)
    kept: list[Slice | None] = []
    every = max(1, len(chosen.slices) // SLICES)
    for n, (place, one) in enumerate(zip(voxels, chosen.slices, strict=True)):
        told = observer.header if n % every == 0 else _untold
        kept.append(one if one and _filled(place, one, fetch, told) else None)
    whole, faults = stacks(filter(None, kept))
    if not whole or len(whole[0].slices) != len(kept):
        message = "; ".join(faults) or "the first or the last slice is damaged"
        raise UnreadableError(message)
    _interpolate(voxels, kept)
    observer.volume(voxels)
    first = chosen.first
    row_step, column_step = first.column * first.spacing[0], first.row * first.spacing[1]
    uids = tuple(one.instance.sop_uid if one else "" for one in kept)
    steps = np.array([chosen.step, row_step, column_step])
    stack = dataclasses.replace(chosen, slices=tuple(kept))
    return stack, Volume(voxels, first.origin, steps, uids)


def _filled(place: Voxels, one: Slice, fetch: Read, told: Callable[[Dataset], None]) -> bool:
    """Put the slice's pixels in their `place`; False where they cannot be read."""
    try:
        dataset = fetch(one.instance)
        values = pixels.read(dataset).pixels
    except UnreadableError:
        return False
    told(dataset)
    limits = np.iinfo(np.int16)
    np.copyto(place, np.clip(np.rint(values), limits.min, limits.max), casting="unsafe")
    return True


def _untold(_: Dataset) -> None:
    """Most slices' headers say what their neighbours' do."""


def _interpolate(voxels: Voxels, slices: Sequence[Slice | None]) -> None:
    """Fill missing slices between their neighbours; the first and the last are there."""
    there = [n for n, one in enumerate(slices) if one]
    for before, after in itertools.pairwise(there):
        for n in range(before + 1, after):
            share = (n - before) / (after - before)
            voxels[n] = np.rint(voxels[before] * (1 - share) + voxels[after] * share)


def _said(told: Reading, volume: Volume, stack: Stack) -> Reading:
    """`told` about slices that are there, with what a reader must know of the others."""
    remarks = list(told.remarks)
    if stack.missing:
        remarks.append(Reason(ReasonCode.MISSING_SLICES, {"count": str(stack.missing)}))
    return dataclasses.replace(
        told,
        read=tuple(filter(None, volume.sop_uids)),
        findings=tuple(one for one in told.findings if _there(one)),
        segments=tuple(_real(one) for one in told.segments),
        remarks=tuple(remarks),
    )


def _there(finding: Finding) -> bool:
    """A finding must be on a slice: hooks choose one that is there."""
    if not finding.sop_uid or (finding.region and not finding.region.sop_uid):
        message = "hooks.py put a finding on a slice that was interpolated"
        raise ModelError(message)
    return True


def _real(segment: Segment) -> Segment:
    """`segment` without the slices that were interpolated."""
    kept = [n for n, uid in enumerate(segment.sop_uids) if uid]
    if len(kept) == len(segment.sop_uids):
        return segment
    rest = mask.unpack(segment.bits, segment.shape)[kept]
    uids = tuple(segment.sop_uids[n] for n in kept)
    shape = (len(kept), segment.shape[1], segment.shape[2])
    return dataclasses.replace(segment, sop_uids=uids, shape=shape, bits=mask.pack(rest))
