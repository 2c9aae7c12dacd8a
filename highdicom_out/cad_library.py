"""TID 4020 CAD Image Library Entry: the mammograms, to which all the rest refers by place."""

import dataclasses
from collections.abc import Iterator, Sequence

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from core.domain.codes import Code
from highdicom_out import cad_codes as named
from highdicom_out import cad_items, findings, headers, items
from highdicom_out.cad_items import Place
from highdicom_out.encoding import Encoding
from highdicom_out.wording import clean

ROOT: Place = (1, 2)  #: of Image Library in the tree: after the language
_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1.2",  # Digital Mammography X-Ray, For Presentation
        "1.2.840.10008.5.1.4.1.1.1.2.1",  # ... For Processing
        "1.2.840.10008.5.1.4.1.1.13.1.3",  # Breast Tomosynthesis
        "1.2.840.10008.5.1.4.1.1.13.1.4",  # Breast Projection X-Ray, For Presentation
        "1.2.840.10008.5.1.4.1.1.13.1.5",  # ... For Processing
    }
)
_MICROMETRES = 1000


@dataclasses.dataclass(frozen=True)
class Library:
    """Mammograms in the order of their entries, each with a frame or 0 for all of it."""

    entries: tuple[tuple[Dataset, int], ...]

    @property
    def sources(self) -> list[Dataset]:
        """The mammograms, each once."""
        return list(headers.by_uid([source for source, _ in self.entries]).values())

    def place(self, sop_uid: str, frame: int = 0) -> Place:
        """Where the entry of an image stands, of a frame where it is multi-frame."""
        for number, (source, shown) in enumerate(self.entries, start=1):
            if str(source.SOPInstanceUID) == sop_uid and shown == frame:
                return (*ROOT, number)
        message = f"{sop_uid} is not in the image library"
        raise KeyError(message)


def is_mammogram(source: Dataset) -> bool:
    """Whether `source` is an image of mammography, by its modality or its SOP class."""
    of_class = UID(headers.text(source, "SOPClassUID")) in _CLASSES
    said = headers.text(source, "Modality")
    return headers.is_image(source) and (said == "MG" or (not said and of_class))


def library(encoding: Encoding) -> Library:
    """What was read, then the other mammograms; of multi-frame, frames with a region too."""
    read = [one for one in encoding.images if is_mammogram(one)]
    every = headers.by_uid([*read, *filter(is_mammogram, encoding.sources.values())])
    drawn = {
        (one.region.sop_uid, one.region.frame)
        for one in encoding.result.findings
        if one.region and findings.outline(one.region, encoding)
    }
    frames = (
        (source, frame)
        for uid, frame in sorted(drawn)
        if (source := every.get(uid)) is not None and headers.is_multi_frame(source)
    )
    return Library((*((one, 0) for one in every.values()), *frames))


def entries(made: Library) -> list[Dataset]:
    """The children of Image Library: row 1 with rows 2 to 13."""
    return [
        cad_items.under(cad_items.image(source, frame or None), list(_context(source)))
        for source, frame in made.entries
    ]


def _context(source: Dataset) -> Iterator[Dataset]:
    """Rows 2 to 13, in order: what the header says; what it does not say is left out."""
    side = named.BREASTS.get(
        headers.text(source, "ImageLaterality") or headers.text(source, "Laterality")
    )
    if side:  # row 2
        yield items.code(named.IMAGE_LATERALITY, side, items.ACQ_CONTEXT)
    if view := _view(source):  # row 3, row 4
        modifiers = [
            items.code(named.VIEW_MODIFIER, one, items.CONCEPT_MOD) for one in _modifiers(source)
        ]
        yield cad_items.under(items.code(named.IMAGE_VIEW, view, items.ACQ_CONTEXT), modifiers)
    yield from _orientation(source)  # rows 5 and 6
    for keyword, name, dated in (  # rows 7 to 10
        ("StudyDate", named.STUDY_DATE, cad_items.date),
        ("StudyTime", named.STUDY_TIME, cad_items.time),
        ("ContentDate", named.CONTENT_DATE, cad_items.date),
        ("ContentTime", named.CONTENT_TIME, cad_items.time),
    ):
        if value := headers.normal(source, keyword):
            yield dated(name, value)
    yield from _geometry(source)  # rows 11 to 13


def _orientation(source: Dataset) -> Iterator[Dataset]:
    """Patient Orientation (PS3.3 C.7.6.1.1.1): where a row, then a column, runs to."""
    value = source.get("PatientOrientation") or []
    found = [clean(str(one)) for one in value] if not isinstance(value, str) else []
    pair = (named.ROW_ORIENTATION, named.COLUMN_ORIENTATION)
    if len(found) == len(pair) and all(found):
        for name, one in zip(pair, found, strict=True):
            yield items.text(name, one, items.ACQ_CONTEXT)


def _geometry(source: Dataset) -> Iterator[Dataset]:
    """Spacing at the detector, else in the patient, and the angle of the gantry."""
    found = headers.numbers(source, "ImagerPixelSpacing")
    pair = found if len(found) == 2 and min(found) > 0 else headers.spacing(source)  # noqa: PLR2004
    if pair:
        for name, one in zip(
            (named.HORIZONTAL_SPACING, named.VERTICAL_SPACING), (pair[1], pair[0]), strict=True
        ):
            value = round(one * _MICROMETRES, 4)
            yield items.num(name, value, named.MICROMETRE, items.ACQ_CONTEXT)
    if angle := headers.numbers(source, "PositionerPrimaryAngle"):
        yield items.num(named.PRIMARY_ANGLE, angle[0], named.DEGREE, items.ACQ_CONTEXT)


def _view(source: Dataset) -> Code | None:
    """View (CID 4014) by its code, else by View Position."""
    known = _group("CID4014")
    said = headers.first(source, "ViewCodeSequence")
    value = _value(said) if said is not None else ""
    return known.get(value) or known.get(
        named.POSITIONS.get(headers.text(source, "ViewPosition"), "")
    )


def _modifiers(source: Dataset) -> Sequence[Code]:
    """View modifiers that CID 4015, which may not be extended, has."""
    view = headers.first(source, "ViewCodeSequence")
    said = (view.get("ViewModifierCodeSequence") if view is not None else None) or []
    known = _group("CID4015")
    return [known[value] for value in dict.fromkeys(map(_value, said)) if value in known]


def _value(item: Dataset) -> str:
    """The SNOMED CT value of a code item, whether it comes in SCT or in the older SRT."""
    value, scheme = (headers.text(item, key) for key in ("CodeValue", "CodingSchemeDesignator"))
    if scheme in {"SRT", "SNM3", "99SDM"}:
        return _SRT.get(value, "")
    return value if scheme == "SCT" else ""


def _group(name: str) -> dict[str, Code]:
    found = getattr(codes, name).concepts.values()
    return {one.value: Code(one.value, one.scheme_designator, one.meaning) for one in found}


#: CID 4014 and CID 4015 as older images have them.
_SRT = {
    "R-10224": "399260004",
    "R-10226": "399368009",
    "R-10228": "399352003",
    "R-10230": "399099002",
    "R-10242": "399162004",
    "R-10244": "399196006",
    "R-102D0": "399188001",
    "R-40AAA": "441555000",
    "R-1024A": "399192008",
    "R-1024B": "399101009",
    "G-8310": "127457009",
    "R-102D2": "399161006",
    "R-102D1": "399011000",
    "R-102D3": "399197002",
    "R-102D4": "399226006",
    "R-102CA": "414493004",
    "R-102C9": "415670009",
    "R-102D5": "399209000",
    "R-102D6": "399163009",
    "R-102D7": "399055006",
    "R-102C2": "399110001",
    "R-40AB3": "442581004",
    "P2-00161": "441752004",
    "R-40ABE": "442593008",
    "R-40AB2": "442580003",
}
