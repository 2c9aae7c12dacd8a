"""One frame of one instance as a model reads it: the modality's own scale, larger is brighter.

What is applied, in this order: modality LUT or rescale (PS3.3 C.11.1), for each frame
where the header says so; a VOI LUT only where the header has a VOI LUT Sequence and no
window at all (PS3.3 C.11.2), because then the maker gives no linear reading of the
values; MONOCHROME1 is inverted within the range that the values can have; padding
becomes the darkest pixel that is not padding. A window is a wish of the screen: the
model's own steps choose theirs. Nothing else of the header reaches the pixels.
"""

import contextlib
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain.errors import UnreadableError
from models.steps import Image
from workers import luts, stored
from workers.layout import Layout

Floats = NDArray[np.float32]
LUMINANCE = np.array((0.299, 0.587, 0.114), np.float32)  #: of R, G, B: ITU-R BT.601


def read(dataset: Dataset, frame: int | None = None) -> Image:
    """Frame `frame` (from 1; `chosen_frame` where None) as float32 (rows, columns).

    Raises `UnreadableError`, whose message names the cause and nothing of the patient.
    """
    with _told():
        layout = Layout.of(dataset)
        number = frame or chosen_frame(dataset)
        if not 1 <= number <= layout.frames:
            message = f"there is no frame {number}: the image has {layout.frames}"
            raise UnreadableError(message)
        values = stored.values(dataset, layout, number)
        if layout.samples > 1:
            grey = values.astype(np.float32) @ LUMINANCE
            return Image(grey, spacing(dataset, number), layout.range)
        grey, ends = _scaled(dataset, layout, number, values)
        return Image(grey, spacing(dataset, number), ends)


def chosen_frame(dataset: Dataset) -> int:
    """The Representative Frame Number (PS3.3 C.7.6.6), else the middle frame, from 1."""
    frames = max(1, int(dataset.get("NumberOfFrames") or 1))
    named = int(dataset.get("RepresentativeFrameNumber") or 0)
    return named if 1 <= named <= frames else (frames + 1) // 2


def spacing(dataset: Dataset, frame: int = 1) -> tuple[float, float] | None:
    """Pixel Spacing, else Imager Pixel Spacing, in mm (row, column); None where untrue.

    Imager Pixel Spacing holds at the detector, not in the patient (PS3.3 10.7.1.3):
    good enough to scale an input, never for a measurement that is reported.
    """
    places = [dataset, *luts.macros(dataset, frame, "PixelMeasuresSequence")]
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        for place in places:
            if found := _pair(place.get(keyword)):
                return found
    return None


def _pair(value: object) -> tuple[float, float] | None:
    """Two numbers above 0, None for anything else."""
    try:
        row, column = (float(number) for number in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return (row, column) if row > 0 and column > 0 and math.isfinite(row * column) else None


def _scaled(
    dataset: Dataset, layout: Layout, frame: int, values: stored.Numbers
) -> tuple[Floats, luts.Ends]:
    """Stored values (rows, columns) through the LUTs, brighter upwards, padding in the dark.

    And the smallest and the largest value that they could have become.
    """
    pixels, ends = luts.modality(dataset, layout, frame, values)
    pixels, ends = luts.voi(dataset, layout, pixels, ends)
    if layout.photometric == "MONOCHROME1":
        pixels = np.float32(ends[0] + ends[1]) - pixels
    padding = _padding(dataset, layout, values)
    ends = min(ends), max(ends)
    return (pixels if padding is None else _darkened(pixels, padding)), ends


def _padding(dataset: Dataset, layout: Layout, values: stored.Numbers) -> NDArray[np.bool_] | None:
    """Where `values` are padding (PS3.3 C.7.5.1.1.2), None where nothing is."""
    first = dataset.get("PixelPaddingValue")
    if first is None:
        return None
    low = layout.wrapped(int(first))
    limit = dataset.get("PixelPaddingRangeLimit")
    high = low if limit is None else layout.wrapped(int(limit))
    low, high = min(low, high), max(low, high)
    padding: NDArray[np.bool_] = (
        values == low if low == high else (values >= low) & (values <= high)
    )
    return padding if padding.any() else None


def _darkened(pixels: Floats, padding: NDArray[np.bool_]) -> Floats:
    """`pixels`, changed in place: the darkest real one wherever there is padding."""
    if padding.all():
        message = "every pixel is padding"
        raise UnreadableError(message)
    np.copyto(pixels, pixels.min(where=~padding, initial=np.inf), where=padding)
    return pixels


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Whatever a damaged header or frame makes the libraries raise, as one error of ours."""
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        message = f"the header or the pixels are damaged ({type(error).__name__})"
        raise UnreadableError(message) from error
