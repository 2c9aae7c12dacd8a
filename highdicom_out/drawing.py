"""An image with outlines, between two bands of text; and a card of text alone.

The bands are outside the image, which stands on their grey where it is narrower. Into
the image go outlines and their numbers, nothing else: every other pixel keeps its grey
level where the image keeps its size.
"""

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from highdicom_out import typeface
from highdicom_out.labels import Box, clashes

Colour = tuple[int, int, int]
Pixels = NDArray[np.uint8]

LARGEST: Final = 2048  #: pixels of the image part on its longer side
BAND: Final = (38, 38, 38)
BLACK: Final = (0, 0, 0)
WHITE: Final = (235, 235, 235)
GREY: Final = (165, 165, 165)
AMBER: Final = (255, 196, 64)
CARD: Final = (1024, 768)
_LETTERS: Final = 46  #: text heights that an image is wide and high
_SMALLEST: Final = 13  #: pixels of a letter that can still be read
_NARROWEST: Final = 30  #: text heights that a band is wide at least
_UNIT: Final = re.compile(r"(?<=\d) (?=%|[cm]?m|ml)")  #: not to be parted from its number
_STROKES: Final = 700  #: pixels of an image that make a line two pixels wider


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a band; `size` is relative to the other text."""

    words: str
    colour: Colour = WHITE
    size: float = 1.0
    bold: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """A closed polyline in pixels of the source, as in `Region`, and the number beside it."""

    points: tuple[tuple[float, float], ...]
    colour: Colour
    number: str


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A picture, (rows, columns, 3) RGB, and where in it the image is.

    `left` and `top` are the image's first pixel; a pixel of the source is `across` pixels
    wide and `down` pixels high. `shown` is the image part alone, with its outlines.
    """

    pixels: Pixels
    shown: Pixels
    left: int = 0
    top: int = 0
    across: float = 1.0
    down: float = 1.0


def image(
    pixels: Pixels,
    aspect: float,
    outlines: Sequence[Outline],
    above: Sequence[Line],
    below: Sequence[Line],
    *,
    largest: int = LARGEST,
) -> Drawn:
    """`pixels`, (rows, columns) or (rows, columns, 3), with outlines between two bands.

    `aspect` is the height of a pixel in widths; where it is not 1 the shorter direction is
    stretched, so that the picture has square pixels. Larger than `largest` is made smaller.
    """
    rows, columns = pixels.shape[:2]
    size = fitted(columns, rows, aspect, largest)
    part = Image.fromarray(pixels).convert("RGB")
    if size != (columns, rows):
        smaller = size[0] <= columns and size[1] <= rows
        part = part.resize(size, Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC)
    across, down = size[0] / columns, size[1] / rows
    _outline(part, [_scaled(one, across, down) for one in outlines])
    em = letter(*size)
    width = max(size[0], em * _NARROWEST)
    bands = [_band(lines, width, em) for lines in (above, below)]
    left, top = (width - size[0]) // 2, bands[0].height
    whole = Image.new("RGB", (width, top + size[1] + bands[1].height), BAND)
    whole.paste(bands[0], (0, 0))
    whole.paste(part, (left, top))
    whole.paste(bands[1], (0, top + size[1]))
    return Drawn(np.asarray(whole), np.asarray(part), left, top, across, down)


def card(lines: Sequence[Line]) -> Pixels:
    """Text alone, (rows, columns, 3): 1024 by 768 pixels, higher where there is more to say."""
    width, height = CARD
    band = _band(lines, width, letter(width, height) + 2)
    whole = Image.new("RGB", (width, max(height, band.height)), BAND)
    whole.paste(band, (0, 0))
    return np.asarray(whole)


def letter(columns: int, rows: int) -> int:
    """The height of text in pixels that can be read on an image of that size."""
    return max(_SMALLEST, round(math.sqrt(columns * rows) / _LETTERS))


def stroke(columns: int, rows: int) -> int:
    """The width of a line in pixels; odd, so that it lies on its own middle."""
    return 1 + 2 * round(max(columns, rows) / _STROKES)


def fitted(columns: int, rows: int, aspect: float, largest: int) -> tuple[int, int]:
    """(columns, rows) of an image with square pixels, within the limit; see `image`."""
    across, down = (1.0, aspect) if aspect >= 1 else (1 / aspect, 1.0)
    fit = min(1.0, largest / max(columns * across, rows * down))
    return max(1, round(columns * across * fit)), max(1, round(rows * down * fit))


def _scaled(one: Outline, across: float, down: float) -> Outline:
    points = tuple((x * across, y * down) for x, y in one.points)
    return dataclasses.replace(one, points=points)


def _outline(part: Image.Image, outlines: Sequence[Outline]) -> None:
    """Draw the polylines, then their numbers where they cover no region if that can be."""
    pen, size = ImageDraw.Draw(part), part.size
    width, em = stroke(*size), letter(*size)
    font = typeface.drawn(typeface.BOLD, em)
    for one in outlines:
        dots = [_pixel(point, size) for point in one.points]
        pen.line(dots, fill=one.colour, width=width, joint="curve" if width > 1 else None)
    taken = [_around(one, width) for one in outlines]
    for one in outlines:
        room = math.ceil(font.getlength(one.number)) + 2, em + 2
        box = _beside(_around(one, width), room, size, taken)
        taken.append(box)
        at = (box[0] + 1, box[1] + em)
        pen.text(at, one.number, one.colour, font, anchor="ls", stroke_width=1, stroke_fill=BLACK)


def _pixel(point: tuple[float, float], size: tuple[int, int]) -> tuple[int, int]:
    """The pixel that a point lies in: 0,0 is the outer corner of the first (PS3.3 C.18.6.1.2)."""
    column, row = (min(int(value), most - 1) for value, most in zip(point, size, strict=True))
    return column, row


def _around(one: Outline, width: int) -> Box:
    columns, rows = zip(*one.points, strict=True)
    return min(columns) - width, min(rows) - width, max(columns) + width, max(rows) + width


def _beside(region: Box, room: tuple[int, int], size: tuple[int, int], taken: list[Box]) -> Box:
    """A free box outside the region: above, below, right or left of it, else the first of them."""
    left, top, right, bottom = region
    over, under = top - room[1] - 1, bottom + 1
    corners = [
        (left, over),
        (right - room[0], over),
        (left, under),
        (right - room[0], under),
        (right + 1, top),
        (left - room[0] - 1, top),
        (right + 1, bottom - room[1]),
        (left - room[0] - 1, bottom - room[1]),
    ]
    inside = [(_within(x, room[0], size[0]), _within(y, room[1], size[1])) for x, y in corners]
    boxes = [(x, y, x + room[0], y + room[1]) for x, y in inside]
    return next((box for box in boxes if not clashes(box, taken)), boxes[0])


def _within(start: float, length: int, most: int) -> float:
    return float(round(min(max(start, 0), max(most - length, 0))))


def _band(lines: Sequence[Line], width: int, em: int) -> Image.Image:
    """Paragraphs below each other, as high as they need; of no height without any."""
    margin = em // 2
    made: list[tuple[str, Line, ImageFont.FreeTypeFont]] = []
    for line in lines:
        name = typeface.BOLD if line.bold else typeface.REGULAR
        font = typeface.drawn(name, max(_SMALLEST, round(em * line.size)))
        words = _UNIT.sub("\xa0", typeface.legible(line.words))
        made += [(row, line, font) for row in wrapped(words, font, width - 2 * margin)]
    heights = [round(font.size * 1.35) for _, _, font in made]
    band = Image.new("RGB", (width, sum(heights) + 2 * margin if made else 0), BAND)
    pen, y = ImageDraw.Draw(band), margin
    for (row, line, font), height in zip(made, heights, strict=True):
        pen.text((margin, y + font.size), row, line.colour, font, anchor="ls")
        y += height
    return band


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """`text` as rows that fit into `width` pixels, broken between words where that can be."""
    rows: list[str] = []
    for paragraph in text.split("\n"):
        row = ""
        for word in paragraph.split(" "):
            tried = f"{row} {word}" if row else word
            if font.getlength(tried) <= width:
                row = tried
                continue
            rows += [row] if row else []
            *full, row = _broken(word, font, width)
            rows += full
        rows.append(row)
    return rows


def _broken(word: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A word in pieces that fit: a UID is longer than a small image is wide."""
    pieces = [""]
    for one in word:
        if pieces[-1] and font.getlength(pieces[-1] + one) > width:
            pieces.append("")
        pieces[-1] += one
    return pieces
