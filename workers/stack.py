"""Which slices of a study lie on each other evenly: geometry of headers, without pixels.

Positions are LPS in mm (PS3.3 C.7.6.2.1.1). With a tilted gantry the slices are shifted
against each other; that is a stack all the same.
"""

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain.study import Instance

Vector = NDArray[np.float64]

FEWEST = 5  #: slices in a volume
#: How far a slice may be from its even place: this share of the spacing, or this many mm.
UNEVEN, UNEVEN_MM = 0.1, 0.1
MOST_MISSING = 0.05  #: share of the slices that may be interpolated
LONGEST_GAP = 2  #: slices in a row that may be
MOST_VOXELS = 1 << 29  #: 1 GiB of int16: 1,500 slices of 512 x 512 and a third more
COVERED = 0.8  #: of the longest stack: a shorter one does not show the whole region


@dataclasses.dataclass(frozen=True, slots=True)
class Slice:
    """One single-frame image's place: `origin` is the centre of its first pixel."""

    instance: Instance
    origin: Vector
    row: Vector  #: unit vector along which columns increase
    column: Vector  #: and the one along which rows do
    spacing: tuple[float, float]  #: mm between rows, and between columns
    rows: int
    columns: int

    @classmethod
    def of(cls, instance: Instance, dataset: Dataset) -> Self | None:
        """The place that the header gives; None where it gives none, or for a localizer."""
        if "LOCALIZER" in [str(one).upper() for one in dataset.get("ImageType") or []]:
            return None
        origin = numbers(dataset.get("ImagePositionPatient"), 3)
        axes = numbers(dataset.get("ImageOrientationPatient"), 6)
        spacing = numbers(dataset.get("PixelSpacing"), 2)
        size = numbers([dataset.get("Rows"), dataset.get("Columns")], 2)
        if origin is None or axes is None or spacing is None or size is None:
            return None
        row, column = axes[:3], axes[3:]
        lengths = np.linalg.norm(row), np.linalg.norm(column)
        upright = abs(float(row @ column)) < 1e-2 and np.allclose(lengths, 1, atol=1e-2)  # noqa: PLR2004
        if not upright or spacing.min() <= 0 or int(dataset.get("NumberOfFrames") or 1) > 1:
            return None
        pixel = float(spacing[0]), float(spacing[1])
        return cls(instance, origin, row, column, pixel, int(size[0]), int(size[1]))

    @property
    def group(self) -> tuple[object, ...]:
        """What the slices of one stack share."""
        axes = tuple(np.round([*self.row, *self.column], 3))
        spacing = tuple(round(one, 4) for one in self.spacing)
        return self.instance.series_uid, axes, spacing, self.rows, self.columns


@dataclasses.dataclass(frozen=True, slots=True)
class Stack:
    """Evenly spaced slices, sorted along their normal; None stands for a missing one."""

    slices: tuple[Slice | None, ...]
    step: Vector  #: from one slice to the next, mm
    repeated: int = 0  #: slices left out because another one is at the same place

    @property
    def first(self) -> Slice:
        """The first slice: never a missing one."""
        assert self.slices[0] is not None
        return self.slices[0]

    @property
    def missing(self) -> int:
        """How many slices are missing between the first and the last."""
        return self.slices.count(None)

    @property
    def extent(self) -> float:
        """From the first to the last slice along the normal, mm."""
        normal = np.cross(self.first.row, self.first.column)
        return abs(float(self.step @ normal)) * (len(self.slices) - 1)


def stacks(slices: Iterable[Slice]) -> tuple[list[Stack], list[str]]:
    """The stacks that `slices` make, and what is wrong with groups that make none."""
    groups: dict[tuple[object, ...], list[Slice]] = defaultdict(list)
    for one in slices:
        groups[one.group].append(one)
    made = [_stack(group) for group in groups.values()]
    good = [one for one in made if isinstance(one, Stack)]
    return good, [one for one in made if isinstance(one, str)]


def best(several: Sequence[Stack]) -> Stack:
    """The stack to read: of those that show the whole region the one with the finest slices."""
    longest = max(stack.extent for stack in several)
    whole = [stack for stack in several if stack.extent >= COVERED * longest]
    return min(whole, key=lambda stack: (round(_length(stack.step), 2), stack.missing))


def numbers(value: object, count: int) -> Vector | None:
    """`count` finite numbers, None for anything else."""
    try:
        found = np.array([float(one) for one in value], np.float64)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return found if found.shape == (count,) and np.isfinite(found).all() else None


def _stack(group: Sequence[Slice]) -> Stack | str:
    """The slices of one group as a stack, or what is wrong with them."""
    normal = np.cross(group[0].row, group[0].column)
    ordered = sorted(group, key=lambda one: (float(one.origin @ normal), one.instance.sop_uid))
    single = [ordered[0]]
    for one in ordered[1:]:
        if float((one.origin - single[-1].origin) @ normal) > UNEVEN_MM / 2:
            single.append(one)
    if len(single) < FEWEST:
        return f"{len(single)} slices"
    heights = np.array([float(one.origin @ normal) for one in single])
    spacing = float(np.median(np.diff(heights)))
    places = np.rint((heights - heights[0]) / spacing).astype(int)
    count = int(places[-1]) + 1
    if fault := _fault(single, places, count):
        return fault
    step = (single[-1].origin - single[0].origin) / (count - 1)
    off = [one.origin - single[0].origin - n * step for one, n in zip(single, places, strict=True)]
    if np.abs(off).max() > max(UNEVEN * spacing, UNEVEN_MM):
        return "the slices are not evenly spaced"
    slices: list[Slice | None] = [None] * count
    for one, n in zip(single, places, strict=True):
        slices[n] = one
    return Stack(tuple(slices), step, repeated=len(group) - len(single))


def _fault(single: Sequence[Slice], places: NDArray[np.int_], count: int) -> str:
    """What is wrong with the places of the slices, empty where nothing is."""
    if count * single[0].rows * single[0].columns > MOST_VOXELS:
        return f"{count} slices of {single[0].rows} x {single[0].columns} pixels are too many"
    steps = np.diff(places)
    if steps.min() < 1:
        return "the slices are not evenly spaced"
    missing = count - len(single)
    if steps.max() > LONGEST_GAP + 1 or missing > math.floor(MOST_MISSING * count):
        return f"{missing} of {count} slices are missing"
    return ""


def _length(vector: Vector) -> float:
    return float(np.linalg.norm(vector))
