"""Created objects (PS3.2: IODs), module by module, and the content of documents."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from pydicom.uid import UID

from varde.conformance import concepts, examples, modules, names, observed, tree
from varde.conformance.markdown import heading, paragraph, table
from varde.conformance.modules import Home
from varde.conformance.observed import (
    ALWAYS,
    ANAP,
    AUTO,
    EMPTY,
    FIXED,
    ORIGINS,
    VNAP,
    Attribute,
    Made,
)

TITLES: Final = ("module", "attribute", "tag", "VR", "type", "presence", "source", "value")
MOST: Final = 6  #: values that are listed
TOLD: Final = frozenset({"SOPClassUID", "Modality"})  #: by the table of kinds
Row = tuple[str, ...]
Rows = dict[str, tuple[Home, Attribute]]

LEGEND: Final = {
    "presence": {
        ALWAYS: "always there with a value",
        VNAP: "always there, empty where no value is known",
        ANAP: "left out where no value is known",
        EMPTY: "always there, always empty",
    },
    "source": {
        ORIGINS[examples.SOURCE]: "the headers of the images that the result is about",
        ORIGINS[examples.RESULT]: "what the algorithm says",
        ORIGINS[observed.CONFIG]: "the destination's table in `site.toml`",
        ORIGINS[observed.CLOCK]: "the time of encoding, on the images' own clock",
        AUTO: "made by Varde: UIDs, numbers, choices among the values listed",
        FIXED: "always the value that is given",
    },
}


def section() -> Iterator[str]:
    """The objects, those attributes first that all of them have."""
    made = observed.made()
    yield from table(("kind", "SOP class", "UID", "modality", "presets that send it"), _kinds(made))
    for what, meanings in LEGEND.items():
        told = "; ".join(f"{word}: {meaning}" for word, meaning in meanings.items())
        yield from paragraph(f"{what.capitalize()}. {told}.")
    rows = [_rows(one) for one in made]
    shared = _shared(rows)
    yield from heading(3, "In every object")
    yield from table(TITLES, [_row(module, pair) for module, pair in _folded(shared)])
    for number, one in enumerate(made):
        like = next((n for n in range(number) if _alike(made[n], one)), None)
        yield from _object(
            one, rows[number], shared, (made[like], rows[like]) if like is not None else None
        )


def _kinds(made: Sequence[Made]) -> list[Row]:
    sent = observed.sent()
    return [
        (
            f"`{one.kind}`",
            names.sop_class(one.sop_class_uid),
            f"`{one.sop_class_uid}`",
            str(one.documents[0].Modality),
            ", ".join(f"`{name}`" for name in sent.get((one.kind, one.sop_class_uid), ()))
            or "where a destination asks for it",
        )
        for one in made
    ]


def _alike(one: Made, other: Made) -> bool:
    """Whether two are of one IOD."""
    return modules.iod(one.sop_class_uid) == modules.iod(other.sop_class_uid)


def _rows(one: Made) -> Rows:
    """By keyword: the module and the attribute, in the order of the IOD."""
    homes = modules.homes(one.sop_class_uid)
    nowhere = Home(len(homes), modules.NOWHERE, "–")
    found = {
        a.keyword: (homes.get(a.keyword, nowhere), a)
        for a in one.attributes
        if a.keyword not in TOLD
    }
    return dict(sorted(found.items(), key=lambda pair: (pair[1][0].place, pair[1][1].tag)))


def elsewhere(one: Made) -> list[str]:
    """Keywords that no module of the IOD has, where the IOD is known."""
    if not modules.homes(one.sop_class_uid):
        return []
    return [word for word, (home, _) in _rows(one).items() if home.module == modules.NOWHERE]


def _shared(rows: Sequence[Rows]) -> Rows:
    """What every object has, in the same way; the modules may go by different names."""
    found: Rows = {}
    for keyword, (home, one) in rows[0].items():
        pairs = [other[keyword] for other in rows if keyword in other]
        if len(pairs) == len(rows) and len({_content_of(a) for _, a in pairs}) == 1:
            types = dict.fromkeys(sorted(other.type for other, _ in pairs))
            module = _common([other.module for other, _ in pairs])
            found[keyword] = Home(home.place, module, ", ".join(types)), one
    return found


def _content_of(one: Attribute) -> Row:
    """A row without its module and type."""
    return _cells("", "", one)


def _common(modules_: Sequence[str]) -> str:
    """The words that several modules' names end with: `Series`."""
    words = [name.split() for name in modules_]
    ends = itertools.takewhile(
        lambda those: len(set(those)) == 1, zip(*map(reversed, words), strict=False)
    )
    return " ".join(reversed([those[0] for those in ends])) or "of each IOD"


def _folded(rows: Rows) -> Iterator[tuple[str, tuple[Home, Attribute]]]:
    """(module name or nothing, row): the name stands once, at its first attribute."""
    before = ""
    for home, one in rows.values():
        yield ("" if home.module == before else home.module), (home, one)
        before = home.module


def _row(module: str, pair: tuple[Home, Attribute]) -> Row:
    home, one = pair
    return _cells(module, home.type, one)


def _cells(module: str, kind: str, one: Attribute) -> Row:
    return (
        module,
        names.attribute(one.keyword),
        f"({one.tag >> 16:04X},{one.tag & 0xFFFF:04X})",
        one.vr,
        kind,
        one.presence,
        ", ".join(one.origins),
        _value(one),
    )


def _value(one: Attribute) -> str:
    """What Varde decides; of a sequence, what its items hold."""
    if one.values:
        shown = [UID(value).name if one.vr == "UI" else value for value in one.values]
        listed = ", ".join(sorted(shown)[:MOST])
        return listed if len(shown) <= MOST else f"{listed}, …"
    if one.keyword == "ContentSequence":
        return "see the content tree"
    return f"items: {', '.join(map(names.attribute, one.inner))}" if one.inner else ""


def _object(one: Made, rows: Rows, shared: Rows, like: tuple[Made, Rows] | None) -> Iterator[str]:
    """One kind: what it has of its own, or what tells it from another of the same IOD."""
    yield from heading(3, f"{names.sop_class(one.sop_class_uid)} (`{one.kind}`)")
    iod = modules.iod(one.sop_class_uid) or "none that is known"
    said = f"IOD: {iod}. Besides what every object has"
    before: Rows = {}
    if like:
        other, before = like
        said += f" and what is as in {names.sop_class(other.sop_class_uid)} (`{other.kind}`)"
    own = {
        keyword: pair
        for keyword, pair in rows.items()
        if keyword not in shared
        and (keyword not in before or _content_of(before[keyword][1]) != _content_of(pair[1]))
    }
    yield from paragraph(f"{said}:")
    yield from table(TITLES, [_row(module, pair) for module, pair in _folded(own)])
    if any("ContentSequence" in document for document in one.documents):
        yield from _content(one)


def _content(one: Made) -> Iterator[str]:
    """The content tree."""
    root = tree.laid(one.documents, concepts.of_examples())
    yield from paragraph(
        "Content tree; `>` is a level. VM counts the items below one parent. Codes and units "
        f'"{tree.OF_RESULT}" are the algorithm\'s own, see "Codes of the algorithms".'
    )
    rows = [
        (
            f"{'>' * depth} {node.relation}".strip(),
            node.value_type,
            node.name,
            node.multiplicity,
            node.template,
            _listed(node),
        )
        for depth, node in tree.lines(root)
    ]
    titles = ("relationship", "type", "concept name", "VM", "TID", "value or unit")
    yield from table(titles, rows)


def _listed(node: tree.Node) -> str:
    shown = list(node.values)
    listed = ", ".join(shown[: tree.MOST])
    return listed if len(shown) <= tree.MOST else f"{listed}, …"
