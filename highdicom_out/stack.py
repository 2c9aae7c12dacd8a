"""The images of one series as planes in the patient: what a segmentation stands on.

Points and directions are LPS in mm (PS3.3 C.7.6.2.1.1).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from pydicom import Dataset
from pydicom.valuerep import format_number_as_ds

from highdicom_out import headers

_SAME = 1e-3  #: directions and spacings that differ by less are one
_EVEN = 0.01  #: mm by which the distances of evenly spaced slices may differ
_VECTOR = 3


@dataclasses.dataclass(frozen=True)
class Stack:
    """Single-frame images of one series on parallel planes, by SOP Instance UID.

    `places`: (image, xyz) of the centre of the first pixel, in the order of `sources`;
    with a tilted gantry they are not in line with the normal.
    """

    sources: dict[str, Dataset]
    places: np.ndarray
    orientation: tuple[float, ...]  #: direction of a row, then of a column
    spacing: tuple[float, float]  #: between rows, between columns

    @property
    def leader(self) -> Dataset:
        """The first image."""
        return next(iter(self.sources.values()))

    @property
    def heights(self) -> np.ndarray:
        """(image,) mm along the common normal."""
        normal = np.cross(self.orientation[:_VECTOR], self.orientation[_VECTOR:])
        return np.asarray(self.places @ normal)

    @property
    def distance(self) -> float | None:
        """Between neighbouring planes in mm, None where it varies or there is one plane."""
        gaps = np.diff(np.unique(np.round(self.heights, 4)))
        if not len(gaps) or float(np.ptp(gaps)) > _EVEN:
            return None
        return float(np.median(gaps))

    @property
    def thickness(self) -> float:
        """Slice Thickness, or else what lies between two planes."""
        said = headers.numbers(self.leader, "SliceThickness")
        if len(said) == 1 and said[0] > 0:
            return said[0]
        return self.distance or float(min(self.spacing))


def stack(sources: Sequence[Dataset]) -> Stack | None:
    """The stack of `sources`, at least one; None where a header does not say where it is.

    All need one size, one Frame of Reference, one orientation and one pixel spacing.
    """
    orientation, spacing = headers.numbers(sources[0], "ImageOrientationPatient"), _spacing(sources)
    if not _is_orientation(orientation) or spacing is None or not all(map(_is_plane, sources)):
        return None
    turned = [headers.numbers(one, "ImageOrientationPatient") for one in sources]
    if any(len(one) != len(orientation) for one in turned) or len(set(map(_size, sources))) > 1:
        return None
    if float(np.abs(np.array(turned) - np.array(orientation)).max()) > _SAME:
        return None
    places = np.array([headers.numbers(one, "ImagePositionPatient") for one in sources])
    by_uid = {headers.text(one, "SOPInstanceUID"): one for one in sources}
    return Stack(by_uid, places, orientation, spacing)


def decimals(values: Sequence[float]) -> list[str]:
    """Numbers as decimal strings (DS): at most 16 characters each, as exact as they go."""
    return [format_number_as_ds(float(value)) for value in values]


def _is_plane(source: Dataset) -> bool:
    """Whether a header places one frame in the patient (PS3.3 C.7.6.2)."""
    place = headers.numbers(source, "ImagePositionPatient")
    known = bool(headers.text(source, "FrameOfReferenceUID")) and len(place) == _VECTOR
    return known and headers.is_image(source) and not headers.is_multi_frame(source)


def _is_orientation(found: tuple[float, ...]) -> bool:
    """Whether two directions are of length one and at right angles."""
    if len(found) != 2 * _VECTOR:
        return False
    both = np.array(found).reshape(2, _VECTOR)
    return bool(np.allclose(both @ both.T, np.eye(2), atol=_SAME))


def _size(source: Dataset) -> tuple[str, int, int]:
    return headers.text(source, "FrameOfReferenceUID"), int(source.Rows), int(source.Columns)


def _spacing(sources: Sequence[Dataset]) -> tuple[float, float] | None:
    """The pixel spacing that all of `sources` share."""
    found = [headers.spacing(one) for one in sources]
    first = found[0]
    if first is None or any(one is None or not np.allclose(one, first, _SAME) for one in found):
        return None
    return first
