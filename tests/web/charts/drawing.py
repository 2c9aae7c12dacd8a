"""Reading a figure back: parsed as XML, strictly."""

import re
import xml.etree.ElementTree as ET
from typing import Final

SVG: Final = "{http://www.w3.org/2000/svg}"
#: What a page with a strict policy cannot show, or must not run.
FORBIDDEN: Final = re.compile(
    r"<script|<style|<foreignObject|\sstyle=|\son\w+=|href=", re.IGNORECASE
)


def parsed(drawn: str) -> ET.Element:
    """The figure's root; fails where it is not well-formed or holds what the policy forbids."""
    assert not FORBIDDEN.search(drawn.replace("&lt;", "").replace("&#34;", ""))
    return ET.fromstring(drawn)  # noqa: S314 - our own figures


def of_class(root: ET.Element, *wanted: str) -> list[ET.Element]:
    """Every element with all these classes."""
    return [one for one in root.iter() if set(wanted) <= set(one.get("class", "").split())]


def words(root: ET.Element) -> list[str]:
    """What is written in the figure."""
    return [one.text or "" for one in root.iter("text")]


def places(path: str) -> list[tuple[float, float]]:
    """The points of an `M…L…` path."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]
