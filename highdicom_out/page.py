"""The parts of a page, as ReportLab lays them out: paragraphs, tables and pictures."""

import io
from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Paragraph, Table

from highdicom_out import typeface, wording

MARGIN: Final = 16 * mm
TEXT: Final = A4[0] - 2 * MARGIN - 12  #: the width of text: ReportLab keeps 6 points a side
INK, PALE = HexColor("#202020"), HexColor("#ffe3a3")
_RULE = HexColor("#b0b0b0")
#: Of every table: no cell falls back on a typeface that is not embedded.
CELLS: Final = [
    ("FONTNAME", (0, 0), (-1, -1), typeface.REGULAR),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]
_PICTURE: Final = 82 * mm  #: the longer side


def paragraph(text: str, *, size: float, bold: bool = False, before: float = 0) -> Flowable:
    """`text` as it is, markup and all; broken where a line is full."""
    style = ParagraphStyle(
        "said",
        fontName=typeface.BOLD if bold else typeface.REGULAR,
        bulletFontName=typeface.REGULAR,
        fontSize=size,
        leading=size * 1.3,
        textColor=INK,
        spaceBefore=before,
        spaceAfter=2,
    )
    letters = typeface.legible(wording.clean(text))
    return Paragraph(escape(letters).replace("\n", "<br/>"), style)


def table(top: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Flowable:
    """Rows under a heading that comes again on every page; `widths` are shares of the text's."""
    heads = [paragraph(cell, size=8, bold=True) for cell in top]
    cells = [[paragraph(cell, size=8.5) for cell in row] for row in rows]
    return Table(
        [heads, *cells],
        colWidths=[TEXT * one for one in widths],
        repeatRows=1,
        splitInRow=1,
        hAlign="LEFT",
        style=[
            *CELLS,
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
        ],
    )


def pairs(of: Sequence[tuple[str, str]]) -> Flowable:
    """A label and a value a row."""
    rows = [
        [paragraph(name, size=8.5, bold=True), paragraph(value, size=8.5)] for name, value in of
    ]
    style = [
        *CELLS,
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    widths = [TEXT * 0.27, TEXT * 0.73]
    return Table(rows, colWidths=widths, splitInRow=1, hAlign="LEFT", style=style)


def picture(pixels: NDArray[np.uint8]) -> Flowable:
    """An image, (rows, columns, 3), half a page wide at most, in its own proportions."""
    buffer = io.BytesIO()
    Pictures.fromarray(pixels).save(buffer, "PNG")
    buffer.seek(0)
    rows, columns = pixels.shape[:2]
    scale = _PICTURE / max(rows, columns)
    return Image(buffer, width=columns * scale, height=rows * scale, hAlign="LEFT")
