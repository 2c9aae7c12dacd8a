"""Key Object Selection Documents (PS3.3 A.35.4, TID 2010): the images that a finding is on.

One document for a result with findings, titled "Of Interest": which images, which finding
on them, which algorithm says so, and that nobody has verified it. It refers to the images
that were read and, where one goes to the same destination, to the report: to nothing that
the receiver could lack.

highdicom's document is made once and copied; the tree is our own, because PixelMed refuses
the concept names that highdicom gives to references.
"""

import copy
import functools
from collections.abc import Iterable, Sequence

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import CompositeContentItem, ImageContentItem
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from core.domain.codes import Code
from core.domain.finding import Finding, Outcome
from highdicom_out import concepts, evidence, findings, headers, items, provenance, sr, wording
from highdicom_out.encoding import Encoding, Place, blank, stamp

KIND = "kos"
OF_INTEREST = Code("113000", "DCM", "Of Interest")
DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def selections(encoding: Encoding) -> list[Dataset]:
    """The document; none where nothing was found or evaluated, or where no image shows it."""
    shown = _shown(encoding)
    if encoding.result.outcome is not Outcome.FINDINGS or not shown:
        return []
    images = [encoding.sources[uid] for uid in shown]
    report = [sr.reference(encoding)] if sr.KIND in encoding.kinds else []
    references = [
        *(_image(encoding.sources[uid], frames) for uid, frames in shown.items()),
        *(composite(one) for one in report),
    ]
    made = document(encoding, Place(KIND, encoding.run, encoding.header.StudyInstanceUID))
    made.ConceptNameCodeSequence = [concepts.coded(OF_INTEREST)]
    put_tree(made, encoding, _words(encoding), references)
    evidence.put(made, [*images, *report], encoding.header.StudyInstanceUID)
    return [made]


def document(encoding: Encoding, place: Place) -> Dataset:
    """A document without title, tree and evidence."""
    made = copy.deepcopy(_draft())
    stamp(made, encoding, place)
    made.pop("CurrentRequestedProcedureEvidenceSequence", None)
    return made


def put_tree(
    made: Dataset, encoding: Encoding, description: str, references: Sequence[Dataset]
) -> None:
    """TID 2010: language, device observer, the description, and what is referred to."""
    language = concepts.LANGUAGE.get(encoding.language, concepts.LANGUAGE["en"])
    made.ContentSequence = Items(
        [
            items.code(concepts.LANGUAGE_OF_CONTENT, language, items.CONCEPT_MOD),
            *provenance.observer(encoding.result.provenance),
            items.text(DESCRIPTION, description),
            *references,
        ]
    )


def composite(referred: Dataset) -> Dataset:
    """A reference to what is no image; without a concept name, which TID 2010 does not have."""
    made = CompositeContentItem(
        concepts.coded(concepts.SOURCE),
        referred.SOPClassUID,
        referred.SOPInstanceUID,
        relationship_type=items.CONTAINS,
    )
    return _unnamed(made)


def image(referred: Dataset, frames: Sequence[int] = ()) -> Dataset:
    """A reference to an image, or to some `frames` of it (from 1)."""
    made = ImageContentItem(
        concepts.coded(concepts.SOURCE),
        referred.SOPClassUID,
        referred.SOPInstanceUID,
        referenced_frame_numbers=list(frames) or None,
        relationship_type=items.CONTAINS,
    )
    return _unnamed(made)


def _unnamed(made: Dataset) -> Dataset:
    del made.ConceptNameCodeSequence
    return made


@functools.cache
def _draft() -> KeyObjectSelectionDocument:
    """A document of nobody's; every one is a copy of it with a tree of its own."""
    content = KeyObjectSelection(concepts.coded(OF_INTEREST), [blank()])
    return KeyObjectSelectionDocument(
        evidence=[blank()],
        content=content,
        series_instance_uid=blank().SeriesInstanceUID,
        series_number=1,
        sop_instance_uid=blank().SOPInstanceUID,
        instance_number=1,
    )


def _image(source: Dataset, frames: Iterable[int]) -> Dataset:
    """The image as it is referred to: its frames, where it is one of several."""
    return image(source, sorted(frames) if headers.is_multi_frame(source) else ())


def _shown(encoding: Encoding) -> dict[str, set[int]]:
    """The images of the study with a present finding, in the order read, and on which frames.

    A finding without a region is on its whole image; of a volume's slice that says nothing.
    """
    found: dict[str, set[int]] = {}
    for one in encoding.result.findings:
        if one.present and (place := _place(one, encoding)):
            uid, frames = place
            found.setdefault(uid, set()).update(frames)
    study = encoding.header.StudyInstanceUID
    order = [uid for uid in encoding.sources if uid in found]
    return {
        uid: found[uid]
        for uid in order
        if headers.text(encoding.sources[uid], "StudyInstanceUID") == study
    }


def _place(finding: Finding, encoding: Encoding) -> tuple[str, tuple[int, ...]] | None:
    """The image that a finding is on and, where it has a region, the frame."""
    if finding.region and findings.located(finding, encoding):
        return finding.region.sop_uid, (finding.region.frame,)
    source = encoding.sources.get(finding.sop_uid)
    if source is None or not headers.is_image(source) or finding.sop_uid in encoding.slices:
        return None
    return finding.sop_uid, ()


def _words(encoding: Encoding) -> str:
    """Who says what, for a reader who sees nothing but this document."""
    result, language = encoding.result, encoding.language
    return f"{wording.summary(result, language)} {wording.made_by(result, language)}"
