"""Where text stands on an image: near what it is about, inside, and not on other text.

All boxes are (left, top, right, bottom) in pixels, 0,0 the outer corner of the top
left pixel (PS3.3 C.10.5.1.2); a viewer chooses the font, so widths are estimates.
"""

import dataclasses
from collections.abc import Iterator

Box = tuple[float, float, float, float]

_LINES = 40  #: lines of text that an image is high
_SMALLEST = 12.0  #: pixels of a line, where the image is large enough
_NEAR = 6  #: free places that are tried for one off the regions, before any is taken
_WIDTH = 0.6  #: of a character, in line heights


@dataclasses.dataclass
class Page:
    """The image as a page of text: remembers what is taken."""

    columns: int
    rows: int
    taken: list[Box] = dataclasses.field(default_factory=list)
    regions: list[Box] = dataclasses.field(default_factory=list)

    @property
    def line(self) -> float:
        """The height of a line of text in pixels."""
        return min(max(self.rows / _LINES, _SMALLEST), float(self.rows))

    def avoid(self, region: Box) -> None:
        """Keep texts off `region` where there is room elsewhere: what is outlined is looked at."""
        self.regions.append(region)

    def beside(self, region: Box, text: str) -> Box:
        """A free box above the region, else below it, else as near as there is room."""
        left, top, _, bottom = region
        around = (top - self.line, bottom)
        room = tuple(one for one in around if 0 <= one <= self.rows - self.line)
        return self._take(text, left, room or (top,))

    def at_top(self, text: str) -> Box:
        """A free box at the left of the image, as high as there is room."""
        return self._take(text, 0.0, (0.0,))

    def at_bottom(self, text: str) -> Box:
        """A free box at the left of the image, as low as there is room."""
        lines = int(self.rows // self.line)
        return self._take(text, 0.0, tuple(self.rows - self.line * n for n in range(1, lines + 1)))

    def _take(self, text: str, left: float, wanted: tuple[float, ...]) -> Box:
        """Place `text` at the first wanted top that is free, else further down, else anyway.

        First free of texts and regions near the wanted place, then of texts alone.
        """
        places = [self._box(text, left, top) for top in (*wanted, *self._tops(wanted[0]))]
        free = [one for one in places if not clashes(one, self.taken)]
        clear = (one for one in free[:_NEAR] if not clashes(one, self.regions))
        box = next(clear, (free or places)[0])
        self.taken.append(box)
        return box

    def _tops(self, start: float) -> Iterator[float]:
        """Every line below `start`, then every line above it."""
        lines = int(self.rows // self.line) + 1
        yield from (start + self.line * n for n in range(1, lines))
        yield from (start - self.line * n for n in range(1, lines))

    def _box(self, text: str, left: float, top: float) -> Box:
        width = min(max(len(text), 1) * self.line * _WIDTH, float(self.columns))
        left = min(max(left, 0.0), self.columns - width)
        top = min(max(top, 0.0), self.rows - self.line)
        return left, top, left + width, top + self.line


def clashes(box: Box, others: list[Box]) -> bool:
    """Whether `box` covers a part of any of the others; touching is allowed."""
    left, top, right, bottom = box
    return any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
        for other in others
    )
