"""What goes wrong with equipment: simulated faults, for the watch over algorithms.

Each fault takes a data set with pixels of one sample and returns a changed copy; the
instance keeps its UIDs and its header, as when a detector ages or a setting is changed:
nothing in the header tells. Prevalence and subtlety of findings are arguments of the
simulators instead.
"""

import copy
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Pixels = NDArray[Any]
Fault = Callable[[Dataset], Dataset]

LINES: Final = 5  #: dead lines of a detector
EXPOSURE: Final = 0.12  #: shift of the tone scale, of all values there are
OTHER: Final = {"MONOCHROME1": "MONOCHROME2", "MONOCHROME2": "MONOCHROME1"}


def contrast(dataset: Dataset, change: float) -> Dataset:
    """The contrast around the image's median times 1 + `change` (-0.08: 8 % less)."""

    def flatter(pixels: Pixels, _: Dataset) -> Pixels:
        middle = np.median(pixels)
        return np.asarray(middle + (1 + change) * (pixels - middle))

    return _changed(dataset, flatter)


def dead_lines(dataset: Dataset, lines: int = LINES) -> Dataset:
    """Columns of the detector, one or two wide, that measure nothing; always the same ones."""

    def without(pixels: Pixels, one: Dataset) -> Pixels:
        # of the equipment, not of the image: the same detector has the same dead lines
        named = str(one.get("DeviceSerialNumber", ""))
        rng = np.random.default_rng([len(named), *named.encode()])
        made = pixels.copy()
        for place in rng.random(lines):
            first = int(place * (pixels.shape[-1] - 2))
            made[..., first : first + int(rng.integers(1, 3))] = _nothing(one)
        return made

    return _changed(dataset, without)


def wrong_photometric(dataset: Dataset) -> Dataset:
    """The header says the other photometric interpretation: the image reads inverted."""
    made = copy.deepcopy(dataset)
    made.PhotometricInterpretation = OTHER[str(dataset.PhotometricInterpretation)]
    if "PresentationLUTShape" in made:
        inverse = made.PhotometricInterpretation == "MONOCHROME1"
        made.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    return made


def shifted_exposure(dataset: Dataset, share: float = EXPOSURE) -> Dataset:
    """Darker by `share` of all values there are (brighter where negative), as a tone curve
    that starts from a wrong exposure; what leaves the range is lost.
    """

    def shifted(pixels: Pixels, one: Dataset) -> Pixels:
        low, high = _range(one)
        down = share * (high - low)
        return pixels + (down if one.PhotometricInterpretation == "MONOCHROME1" else -down)

    return _changed(dataset, shifted)


#: Every fault by the name that tests and the simulator's commands use.
FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({
    "contrast -8 %": lambda dataset: contrast(dataset, -0.08),
    "contrast -20 %": lambda dataset: contrast(dataset, -0.20),
    "dead detector lines": dead_lines,
    "wrong photometric interpretation": wrong_photometric,
    "shifted exposure": shifted_exposure,
})  # fmt: skip


def _changed(dataset: Dataset, change: Callable[[Pixels, Dataset], Pixels]) -> Dataset:
    """A copy with other pixels: uncompressed, of the same type and size, within the range."""
    made = copy.deepcopy(dataset)
    pixels = dataset.pixel_array
    low, high = _range(dataset)
    values = np.clip(np.round(change(pixels.astype(np.float64), dataset)), low, high)
    made.PixelData = np.ascontiguousarray(values.astype(pixels.dtype)).tobytes()
    made["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else dataset["PixelData"].VR
    return made


def _range(dataset: Dataset) -> tuple[int, int]:
    """The lowest and the highest value that a pixel can have (PS3.3 C.7.6.3)."""
    bits = int(dataset.BitsStored)
    return (
        (-(1 << bits - 1), (1 << bits - 1) - 1)
        if dataset.PixelRepresentation
        else (0, (1 << bits) - 1)
    )


def _nothing(dataset: Dataset) -> int:
    """What a pixel shows that detected no quanta at all: white, as behind metal."""
    low, high = _range(dataset)
    return low if dataset.PhotometricInterpretation == "MONOCHROME1" else high
