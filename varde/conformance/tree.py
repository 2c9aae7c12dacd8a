"""The content trees of the documents that are made (PS3.3 C.17.3), laid over one another."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pydicom import Dataset

from core.domain.codes import Code

MOST = 4  #: values that are listed; more are said to be several
OF_RESULT = "of the result"
AS_ABOVE = "as above"
BY_REFERENCE = "by reference"
#: Templates that other templates include (PS3.16), by the concept names of their items.
INCLUDED: Final = {
    "1002": ("121005", "121012", "121013", "121014", "121015"),
    "4019": ("111001", "111003", "111002", "111000"),
}


@dataclasses.dataclass
class Node:
    """A kind of content item below its parent: those with one relationship, type and name."""

    relation: str
    value_type: str
    name: str
    children: dict[tuple[str, str, str], "Node"] = dataclasses.field(default_factory=dict)
    values: dict[str, None] = dataclasses.field(default_factory=dict)
    template: str = ""
    counts: list[int] = dataclasses.field(default_factory=list)  #: below each parent that has it
    parents: int = 0

    @property
    def multiplicity(self) -> str:
        """How many there are below one parent: `1`, `0-1`, `1-n` or `0-n`."""
        least = 0 if len(self.counts) < self.parents else 1
        most = "n" if max(self.counts) > 1 else "1"
        return most if str(least) == most else f"{least}-{most}"


def laid(documents: Sequence[Dataset], results: frozenset[Code]) -> Node:
    """The root of all trees of `documents` in one; codes of `results` stand for any such."""
    root = Node("", "", "")
    for document in documents:
        root.parents += 1
        _add(root, [document], results)
    _settle(root)
    return root


def lines(root: Node) -> Iterator[tuple[int, Node]]:
    """(depth, node) from the top to the bottom; what stands there before is said to be so."""
    yield from _lines(root, 0, {})


def _lines(parent: Node, depth: int, shown: dict[str, str]) -> Iterator[tuple[int, Node]]:
    """The children of `parent`; `shown` are the trees that were, by the name of their root."""
    for node in _folded(parent):
        form = ",".join(map(_form, node.children.values()))
        same = bool(node.children) and shown.get(node.name) == form
        yield depth, dataclasses.replace(node, values={AS_ABOVE: None}) if same else node
        if not same:
            shown[node.name] = form
            yield from _lines(node, depth + 1, shown)


def _form(node: Node) -> str:
    """A tree without its values and numbers, as text."""
    below = ",".join(map(_form, node.children.values()))
    return f"{node.relation}|{node.value_type}|{node.name}({below})"


def _folded(parent: Node) -> Iterator[Node]:
    """The children, those of a template that is included everywhere as one."""
    folded: set[str] = set()
    for node in parent.children.values():
        template = next((tid for tid, names in INCLUDED.items() if _code(node) in names), "")
        among = [
            one for one in parent.children.values() if _code(one) in INCLUDED.get(template, ())
        ]
        if len(among) <= 1:
            yield node
        elif template not in folded:
            folded.add(template)
            names = ", ".join(_meaning(one) for one in among)
            yield dataclasses.replace(
                node, value_type="", name=names, template=template, values={}, children={}
            )


def _code(node: Node) -> str:
    """The code value of a node's name."""
    return node.name.removeprefix("(").partition(",")[0]


def _meaning(node: Node) -> str:
    """The code meaning of a node's name."""
    return node.name.split('"')[1]


def _add(parent: Node, items: Iterable[Dataset], results: frozenset[Code]) -> None:
    """Lay the children of one content item over those that are known."""
    here: Counter[tuple[str, str, str]] = Counter()
    for item in items:
        key = (
            str(item.get("RelationshipType", "")),
            str(item.get("ValueType", BY_REFERENCE)),
            _named(item, results),
        )
        node = parent.children.setdefault(key, Node(*key))
        here[key] += 1
        if template := item.get("ContentTemplateSequence"):
            node.template = str(template[0].TemplateIdentifier)
        for value in _values(item, results):
            node.values[value] = None
        _add(node, item.get("ContentSequence", []), results)
    for key, count in here.items():
        parent.children[key].counts.append(count)


def _settle(node: Node) -> None:
    """Tell every node how many parents there were."""
    own = sum(node.counts) or node.parents
    for child in node.children.values():
        child.parents = own
        _settle(child)


def _named(item: Dataset, results: frozenset[Code]) -> str:
    """The concept name; one of the result's own stands for all of them."""
    names = item.get("ConceptNameCodeSequence")
    if not names:
        return ""
    return _told(names[0], results)


def _values(item: Dataset, results: frozenset[Code]) -> Iterator[str]:
    for code in item.get("ConceptCodeSequence", []):
        yield _told(code, results)
    for measured in item.get("MeasuredValueSequence", []):
        for unit in measured.MeasurementUnitsCodeSequence:
            yield _told(unit, results)
    if "GraphicType" in item:
        yield str(item.GraphicType)
    for reference in item.get("ReferencedSOPSequence", []):
        if "ReferencedSegmentNumber" in reference:
            yield "segment number"
        elif "ReferencedFrameNumber" in reference:
            yield "frame number"


def _told(item: Dataset, results: frozenset[Code]) -> str:
    value = str(item.get("CodeValue") or item.get("LongCodeValue") or "")
    scheme = str(item.CodingSchemeDesignator)
    if any((one.value, one.scheme) == (value, scheme) for one in results):
        return OF_RESULT
    return f'({value}, {scheme}, "{item.CodeMeaning}")'
