"""The Image Pixel module of one header (PS3.3 C.7.6.3): how the stored values lie in the bytes."""

import dataclasses
from typing import Self

from pydicom import Dataset

from core.domain.errors import UnreadableError

#: More pixels than this in one frame is a damaged header or a bomb, not a radiograph.
MAX_PIXELS = 1 << 27
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
WORDS = (8, 16, 32)


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Rows and columns in pixels, depths in bits; `high` is the index of the highest used bit."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    allocated: int
    stored: int
    high: int
    signed: bool

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """The layout that `dataset` describes; raises `UnreadableError` where it makes no sense."""
        stored = whole(dataset, "BitsStored")
        layout = cls(
            rows=whole(dataset, "Rows"),
            columns=whole(dataset, "Columns"),
            frames=max(1, int(dataset.get("NumberOfFrames") or 1)),
            samples=int(dataset.get("SamplesPerPixel") or 1),
            photometric=str(dataset.get("PhotometricInterpretation") or "").strip().upper(),
            allocated=whole(dataset, "BitsAllocated"),
            stored=stored,
            high=int(dataset.get("HighBit", stored - 1)),
            signed=bool(dataset.get("PixelRepresentation")),
        )
        if fault := layout.fault():
            raise UnreadableError(fault)
        return layout

    def fault(self) -> str:
        """What is wrong with it, empty where nothing is."""
        if self.photometric not in (MONOCHROME if self.samples == 1 else COLOUR):
            shown = self.photometric[:16] or "missing"
            return f"photometric interpretation {shown!a} with {self.samples} samples a pixel"
        if not 0 <= self.high - self.stored + 1 <= self.high < self.allocated:
            return f"{self.stored} bits up to bit {self.high} of {self.allocated}"
        if self.rows * self.columns > MAX_PIXELS:
            return f"{self.rows} rows of {self.columns} columns are too many"
        return ""

    @property
    def frame_bytes(self) -> int:
        """Length of one frame of native monochrome pixel data (PS3.5 8.1.1)."""
        return self.rows * self.columns * self.allocated // 8

    @property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest value that `stored` bits can hold."""
        half = 1 << (self.stored - 1)
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)

    def wrapped(self, value: int) -> int:
        """A 16-bit number of the header in the sign of the pixels: 63536, signed, is -2000."""
        value %= 1 << 16
        return value - (1 << 16) if self.signed and value >> 15 else value


def whole(dataset: Dataset, keyword: str) -> int:
    """A count above 0; raises `UnreadableError` where it is missing."""
    value = int(dataset.get(keyword) or 0)
    if value < 1:
        message = f"{keyword} is missing or 0"
        raise UnreadableError(message)
    return value
