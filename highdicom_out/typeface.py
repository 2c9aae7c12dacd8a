"""The letters of captures and PDFs: Bitstream Vera, which comes with ReportLab.

Pillow's own font has no æ, ø, å, ³ and –, and a program that serves patients should not
look different because of the fonts that a machine happens to have.
"""

import functools
import unicodedata
from pathlib import Path
from typing import Final

import reportlab
from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "Vera"
BOLD: Final = "VeraBd"
#: What the font lacks and reads as well without.
_PLAIN: Final = str.maketrans({"′": "'", "→": "->", "←": "<-", "\t": " ", "\u202f": "\xa0"})


@functools.cache
def drawn(name: str, size: int) -> ImageFont.FreeTypeFont:
    """The typeface `name` for Pillow, `size` pixels high."""
    return ImageFont.truetype(str(_file(name)), size, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def registered() -> tuple[str, str]:
    """`REGULAR` and `BOLD`, known to ReportLab as a family, so that <b> finds the bold one."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(_file(name))))
    pdfmetrics.registerFontFamily(
        REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
    )
    return REGULAR, BOLD


def legible(text: str) -> str:
    """`text` in letters that the typeface has; what it lacks loses its accents, or is a `?`."""
    return "".join(one if one == "\n" else _letter(one) for one in text.translate(_PLAIN))


@functools.cache
def _letter(one: str) -> str:
    if ord(one) in _known():
        return one
    bare = unicodedata.normalize("NFKD", one)
    return "".join(part for part in bare if ord(part) in _known()) or "?"


@functools.cache
def _known() -> frozenset[int]:
    """Code points that both typefaces have."""
    faces = (TTFont(name, str(_file(name))).face for name in (REGULAR, BOLD))
    return frozenset.intersection(*(frozenset(face.charToGlyph) for face in faces))


def _file(name: str) -> Path:
    return Path(reportlab.__file__).parent / "fonts" / f"{name}.ttf"
