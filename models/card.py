"""The measured figures in a model's card: tables of Markdown, between two markers."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.scores import Interval

FIRST: Final = "<!-- figures -->"
LAST: Final = "<!-- /figures -->"
FILE: Final = "card.md"


def figure(value: float, digits: int = 3) -> str:
    """A number, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def figures(value: Interval, digits: int = 3) -> str:
    """A figure with its interval: `0.953 (0.941–0.962)`."""
    found, low, high = (figure(one, digits) for one in value)
    return f"{found} ({low}–{high})" if low != "–" else found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write(folder: Path, block: str) -> None:
    """Put `block` between the markers of `folder/card.md`; ValueError where they are missing."""
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    before, first, rest = text.partition(FIRST)
    _, last, after = rest.partition(LAST)
    if not first or not last:
        message = f"{path}: the figures go between {FIRST} and {LAST}"
        raise ValueError(message)
    path.write_text(f"{before}{FIRST}\n\n{block.strip()}\n\n{LAST}{after}", encoding="utf-8")
