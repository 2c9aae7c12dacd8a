"""Rejection notes (IHE IOCM, RAD-66): withdraw what a newer result takes the place of.

A Key Object Selection Document titled "Rejected for Quality Reasons" that names every
object of the earlier results; an archive that understands it hides them. Why this title:
docs/decisions/0013.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pydicom import Dataset

from core.domain.codes import Code
from core.domain.profile import REJECTION, Kind
from highdicom_out import concepts, evidence, kos, mint
from highdicom_out.encoding import Encoding, Place, Predecessor

TITLE = Code("113001", "DCM", "Rejected for Quality Reasons")
#: Kinds of object that are images, and referred to as such (PS3.3 C.18.4).
IMAGES = frozenset({Kind.SEG, Kind.CAPTURE})
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Withdrawn: a newer AI result of the same study takes their place. Now valid: {name} "
        "{version} (AI, not verified by a physician).",
        "nb": "Trukket tilbake: et nyere KI-resultat for samme undersøkelse erstatter dem. Nå "
        "gjelder: {name} {version} (KI, ikke verifisert av lege).",
    }
)


def notes(encoding: Encoding) -> list[Dataset]:
    """The note; none where the destination does not ask for it, or there is nothing to withdraw."""
    if not encoding.profile.withdraw or not encoding.predecessors:
        return []
    named = mint.uid("withdrawn", *(one.sop_uid for one in encoding.predecessors))
    made = kos.document(encoding, Place(REJECTION, encoding.run, named))
    made.ConceptNameCodeSequence = [concepts.coded(TITLE)]
    known = [(one, _header(one, encoding)) for one in encoding.predecessors]
    references = [
        kos.image(header) if one.kind in IMAGES else kos.composite(header) for one, header in known
    ]
    kos.put_tree(made, encoding, _words(encoding), references)
    evidence.put(made, [header for _, header in known], encoding.header.StudyInstanceUID)
    return [made]


def _header(one: Predecessor, encoding: Encoding) -> Dataset:
    """An earlier object as a header to refer to: it is of the same study."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = one.sop_class_uid, one.sop_uid
    made.StudyInstanceUID = encoding.header.StudyInstanceUID
    made.SeriesInstanceUID = one.series_uid
    return made


def _words(encoding: Encoding) -> str:
    made = encoding.result.provenance
    words = WORDS.get(encoding.language, WORDS["en"])
    return words.format(name=made.name, version=made.version)
