"""A large volume read in windows, of each of which only the core is kept.

The network sees `margin` more on every side than is kept, so that the joints do not show.
"""

import dataclasses
from collections.abc import Iterator

Triple = tuple[int, int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """`start` (may be negative) and `size` of what is read; `low`, `high` of what is kept of it.

    All (z, y, x); `low` and `high` count in the whole volume.
    """

    start: Triple
    size: Triple
    low: Triple
    high: Triple

    @property
    def kept(self) -> tuple[slice, slice, slice]:
        """The core within the window."""
        z, y, x = (
            slice(a - s, b - s) for a, b, s in zip(self.low, self.high, self.start, strict=True)
        )
        return z, y, x

    @property
    def place(self) -> tuple[slice, slice, slice]:
        """The core within the whole volume."""
        z, y, x = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return z, y, x


def windows(shape: Triple, size: Triple, margin: Triple) -> Iterator[Window]:
    """Windows of equal `size` whose cores cover a volume of `shape` without overlap."""
    steps = [length - 2 * rim for length, rim in zip(size, margin, strict=True)]
    if min(steps) < 1:
        message = f"windows of {size} have no core within margins of {margin}"
        raise ValueError(message)
    for z in range(0, shape[0], steps[0]):
        for y in range(0, shape[1], steps[1]):
            for x in range(0, shape[2], steps[2]):
                low = (z, y, x)
                yield Window(
                    (z - margin[0], y - margin[1], x - margin[2]),
                    size,
                    low,
                    (
                        min(z + steps[0], shape[0]),
                        min(y + steps[1], shape[1]),
                        min(x + steps[2], shape[2]),
                    ),
                )
