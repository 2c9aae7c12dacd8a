"""SVG as text: well-formed whatever a label holds, and styled by classes alone."""

import re
from typing import Final

from markupsafe import Markup, escape

#: What XML 1.0 allows in a document (production 2, Char); anything else breaks it.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMES: Final = {"class_": "class", "viewBox": "viewBox"}


def text(value: object) -> Markup:
    """`value` with what would be markup escaped and what no XML may hold left out."""
    return escape(value if isinstance(value, Markup) else _FORBIDDEN.sub("", str(value)))


def place(value: float) -> str:
    """A coordinate in user units, to a tenth, without a needless fraction."""
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told


def element(name: str, *children: object, **attributes: object) -> Markup:
    """`<name a="1">children</name>`; attributes that are None are left out.

    A trailing underscore is dropped (`class_`), other underscores become hyphens.
    """
    told = "".join(
        f' {_NAMES.get(key, key.rstrip("_").replace("_", "-"))}="'
        f'{place(value) if isinstance(value, float) else text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(text(child) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>" if inner else f"<{name}{told}/>")  # noqa: S704


def title(words: str) -> Markup:
    """What a pointer that rests on a mark is told."""
    return element("title", words)


def picture(
    width: float, height: float, *children: object, name: str, description: str, kind: str = ""
) -> Markup:
    """A whole figure, as wide as its place; `name` and `description` are read aloud."""
    return element(
        "svg", title(name), element("desc", description), *children,
        class_=f"chart {kind}".rstrip(), viewBox=f"0 0 {place(width)} {place(height)}",
        role="img", aria_label=f"{name}. {description}",
    )  # fmt: skip
