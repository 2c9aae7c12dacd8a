"""A series as one volume, and an image as one view of a study: what hooks are given.

Points in the patient are in the reference coordinate system of DICOM, LPS in mm
(PS3.3 C.7.6.2.1.1); indices are (slice, row, column) with the centre of the first voxel
at (0, 0, 0).
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.steps import Image

Floats = NDArray[np.float32]

#: Runs a network: its input tensor gives its output tensors by name.
Network = Callable[[Floats], Mapping[str, Floats]]


@dataclasses.dataclass(frozen=True, slots=True)
class Volume:
    """The slices of one series, sorted along their common normal, evenly spaced.

    `voxels`: (slices, rows, columns) after the modality LUT, HU for CT, float32 or int16.
    `origin`: LPS of the centre of voxel (0, 0, 0), mm. `steps`: (3, 3), row n is the way
    in mm from one voxel to the next along axis n of `voxels`; with a tilted gantry the
    first is not normal to the other two. `sop_uids`: of every slice, in order; empty for
    one that was missing and has been interpolated.
    """

    voxels: NDArray[Any]
    origin: NDArray[np.float64]
    steps: NDArray[np.float64]
    sop_uids: tuple[str, ...]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance of voxel centres along (slice, row, column), mm."""
        slices, rows, columns = (float(np.linalg.norm(step)) for step in self.steps)
        return slices, rows, columns

    def nearest(self, index: float) -> int:
        """The number of the slice nearest to `index` that was not missing."""
        there = [n for n, uid in enumerate(self.sop_uids) if uid]
        return min(there, key=lambda n: abs(n - index))

    def to_patient(self, indices: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) indices (slice, row, column), also between voxels, as (n, 3) LPS in mm."""
        return np.asarray(indices, np.float64) @ self.steps + self.origin

    def to_index(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """(n, 3) LPS in mm as (n, 3) indices (slice, row, column), not rounded."""
        return (np.asarray(points, np.float64) - self.origin) @ np.linalg.inv(self.steps)


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """One image of a study that is read as a whole.

    `laterality` is L, R, B or empty (Image Laterality, PS3.3 C.8.11.3); `position` the View
    Position; `modifiers` the code values of the View Modifier Code Sequence (CID 4015, 4016).
    """

    image: Image
    sop_uid: str
    laterality: str = ""
    position: str = ""
    frame: int = 1
    modifiers: tuple[str, ...] = ()
    #: First letter of Patient Orientation: where columns increase towards.
    row_direction: str = ""


Networks = Mapping[str, Network]  #: by the name that the manifest gives its weights
