"""What stands in the objects that are made, and where each value comes from: by encoding examples.

An attribute that changes when only the headers change comes from the images; when only
the result does, from the algorithm; when only the profile does, from `site.toml`.
"""

import dataclasses
import datetime as dt
import functools
import io
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydicom import DataElement, Dataset, dcmread

from core.domain.profile import PRESETS, REJECTION, Kind, Profile
from highdicom_out.encode import KINDS, encode
from highdicom_out.encoding import PLAIN
from varde.conformance import examples
from varde.conformance.examples import BASE, RESULT, SOURCE, Case, Example

CONFIG, CLOCK, AGAIN = "config", "clock", "again"
#: A profile that differs from the default one in everything that does not choose the objects.
OTHERWISE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "language": "en",
        "character_set": "ISO_IR 100",
        "palette": "white",
        "one_series": False,
        "series_number": 500,
        "series_description": "{unverified}",
    }
)
#: Where a value comes from, as the statement says it, by the variant that changes it.
ORIGINS: Final = MappingProxyType(
    {SOURCE: "IMAGE", RESULT: "RESULT", CONFIG: "CONFIG", CLOCK: "CLOCK"}
)
AUTO, FIXED = "AUTO", "FIXED"
ALWAYS, VNAP, ANAP, EMPTY = "ALWAYS", "VNAP", "ANAP", "EMPTY"  # PS3.2
#: VRs whose values are words that Varde chooses, if they are no copies.
WORDS: Final = frozenset({"CS", "LO", "LT", "SH", "ST"})
ORDER: Final = (*Kind, REJECTION)


@dataclasses.dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute at the top level of the objects of one kind.

    `values` are those seen where Varde decides them, `inner` the keywords in the items of
    a sequence.
    """

    keyword: str
    tag: int
    vr: str
    presence: str  #: ALWAYS, VNAP, ANAP or EMPTY of PS3.2
    origins: tuple[str, ...]
    values: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """The objects of one kind and SOP class, as the examples made them."""

    kind: str
    sop_class_uid: str
    attributes: tuple[Attribute, ...]
    documents: tuple[Dataset, ...]

    @property
    def private(self) -> bool:
        """Whether any object has a private attribute, however deep."""
        return any(element.tag.is_private for one in self.documents for element in one.iterall())


@dataclasses.dataclass(frozen=True, slots=True)
class _Sample:
    """One object, and the same object of each variant."""

    base: Dataset
    variants: Mapping[str, Dataset]
    copied: frozenset[str]  #: keywords whose value is that of an image, whatever that says


@functools.cache
def made() -> tuple[Made, ...]:
    """Every kind that the encoder knows, in the order in which they are sent."""
    found: dict[tuple[str, str], list[_Sample]] = {}
    for case in examples.CASES.values():
        for kind, sample in _samples(case):
            found.setdefault((kind, str(sample.base.SOPClassUID)), []).append(sample)
    ordered = sorted(found.items(), key=lambda one: (_order(one[0][0]), one[0][1]))
    return tuple(_made(*key, samples) for key, samples in ordered)


@functools.cache
def sent() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """By kind and SOP class: the presets whose destinations get such objects."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for name, preset in PRESETS.items():
        known = tuple(kind for kind in preset.objects if kind in KINDS)  # those that are made
        for case in examples.CASES.values():
            for kind, one in _encoded(case(BASE), dataclasses.replace(preset, objects=known)):
                found.setdefault((kind, str(one.SOPClassUID)), {})[name] = None
    return {key: tuple(presets) for key, presets in found.items()}


def _order(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _profiles() -> tuple[Profile, Profile]:
    """Everything, and the other form of a segmentation."""
    everything = dataclasses.replace(PLAIN, objects=tuple(KINDS), withdraw=True)
    return everything, dataclasses.replace(
        everything, objects=(Kind.SEG,), segmentation="labelmap", withdraw=False
    )


def _samples(case: Case) -> Iterator[tuple[str, _Sample]]:
    """(kind, sample) of all objects of a case."""
    example, other = case(BASE), case(SOURCE)
    for profile in _profiles():
        base = _encoded(example, profile)
        variants = {
            SOURCE: _encoded(other, profile),
            RESULT: _encoded(case(RESULT), profile),
            CONFIG: _encoded(example, dataclasses.replace(profile, **OTHERWISE)),
            CLOCK: _encoded(example, profile, later=examples.LATER),
            AGAIN: _encoded(example, profile, run=2),
        }
        for number, (kind, one) in enumerate(base):
            same = {
                name: objects[number][1]
                for name, objects in variants.items()
                if len(objects) == len(base)
            }
            copied = _copied(one, example) & _copied(same.get(SOURCE, one), other)
            yield kind, _Sample(one, same, copied)
        lacking = examples.bare(example)
        for kind, one in _encoded(lacking, profile):
            yield kind, _Sample(one, {}, _copied(one, lacking))


def _encoded(
    example: Example, profile: Profile, *, later: dt.timedelta = dt.timedelta(), run: int = 1
) -> list[tuple[str, Dataset]]:
    objects = encode(
        example.result, example.sources, at=examples.AT + later, run=run, profile=profile,
        pictures=example.pictures, predecessors=example.predecessors,
    )  # fmt: skip
    return [(one.kind, dcmread(io.BytesIO(one.data))) for one in objects]


def _copied(one: Dataset, example: Example) -> frozenset[str]:
    """Keywords whose value is that of one of the images."""
    return frozenset(
        element.keyword
        for element in one
        if any(
            source.get(element.keyword) == element.value
            for source in example.sources
            if element.keyword in source
        )
    )


def _made(kind: str, sop_class_uid: str, samples: Sequence[_Sample]) -> Made:
    tags = sorted({element.tag for sample in samples for element in sample.base})
    known = (
        tag for tag in tags if any(one.base[tag].keyword for one in samples if tag in one.base)
    )
    attributes = tuple(_attribute(tag, samples) for tag in known)
    spoken = (sample.variants.get(CONFIG) for sample in samples)
    documents = (*(sample.base for sample in samples), *(one for one in spoken if one))
    return Made(kind, sop_class_uid, attributes, documents)


def _attribute(tag: int, samples: Sequence[_Sample]) -> Attribute:
    elements = [sample.base[tag] for sample in samples if tag in sample.base]
    first = elements[0]
    filled = [element for element in elements if not element.is_empty]
    changed = {
        name for sample in samples for name in sample.variants if _differs(tag, sample, name)
    }
    copied = all(first.keyword in sample.copied for sample in samples if _filled(sample, tag))
    values = tuple(dict.fromkeys(filter(None, map(_shown, filled))))
    origins = _origins(first.VR, changed, copied=copied, values=values) if filled else ()
    decided = FIXED in origins or (AUTO in origins and first.VR in WORDS)
    return Attribute(
        first.keyword,
        int(first.tag),
        str(first.VR),
        _presence(len(samples), len(elements), len(filled)),
        origins,
        values if decided else (),
        _inner(elements),
    )


def _filled(sample: _Sample, tag: int) -> bool:
    return tag in sample.base and not sample.base[tag].is_empty


def _differs(tag: int, sample: _Sample, name: str) -> bool:
    other = sample.variants[name]
    if tag not in sample.base or tag not in other:
        return (tag in sample.base) != (tag in other)
    return bool(sample.base[tag].value != other[tag].value)


def _origins(vr: str, changed: set[str], *, copied: bool, values: Sequence[str]) -> tuple[str, ...]:
    if copied and SOURCE in changed:
        return (ORIGINS[SOURCE],)
    if not changed:
        return (FIXED,) if len(values) <= 1 else (AUTO,)
    if (vr == "UI" and changed != {RESULT}) or not changed & ORIGINS.keys():
        return (AUTO,)
    return tuple(ORIGINS[name] for name in ORIGINS if name in changed)


def _presence(total: int, there: int, filled: int) -> str:
    if there < total:
        return ANAP
    if filled == total:
        return ALWAYS
    return VNAP if filled else EMPTY


def _inner(elements: Sequence[DataElement]) -> tuple[str, ...]:
    """The keywords in the items of a sequence, in the order of their tags."""
    if elements[0].VR != "SQ":
        return ()
    found = {
        int(below.tag): below.keyword
        for element in elements
        for item in element.value
        for below in item
        if below.keyword
    }
    return tuple(found[tag] for tag in sorted(found))


def _shown(element: DataElement) -> str:
    """A value as the statement writes it; binary ones by their size alone are no value."""
    if element.VR == "SQ":
        return "; ".join(_code(item) for item in element.value if "CodeMeaning" in item)
    if element.VR in {"OB", "OW", "OF", "OD", "OL", "UN"}:
        return ""
    if element.VM > 1:
        return "\\".join(map(str, element.value))
    return str(element.value)


def _code(item: Dataset) -> str:
    value = item.get("CodeValue") or item.get("LongCodeValue") or ""
    return f'({value}, {item.CodingSchemeDesignator}, "{item.CodeMeaning}")'
