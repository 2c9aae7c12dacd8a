"""What of a result is seen on an image, and in which order, layer and colour.

A presentation state and a capture of the same image show the same findings in the same
colours: both ask here.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator

from pydicom import Dataset

from core.domain.codes import Code
from core.domain.finding import Outcome
from core.domain.profile import PALETTES
from highdicom_out import findings, headers
from highdicom_out.encoding import Encoding

#: Outcomes of an image that was looked at.
EVALUATED = frozenset({Outcome.FINDINGS, Outcome.NOTHING_FOUND})
OURS = "VARDE_AI"  #: the layer of what Varde says of itself

Colour = tuple[int, int, int]  #: red, green and blue, 0 to 255


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding: `order` counts from 1, as the algorithm lists its labels."""

    order: int
    layer: str  #: Graphic Layer, a CS
    colour: Colour


def kinds(encoding: Encoding) -> dict[Code, Kind]:
    """Order, layer and colour of each kind of finding, present or not."""
    codes = dict.fromkeys(finding.code for finding in encoding.result.findings)
    colours = [_colour(one) for one in PALETTES[encoding.profile.palette]]
    numbered = enumerate(zip(codes, layers(codes), strict=True))
    return {code: Kind(n + 1, name, colours[n % len(colours)]) for n, (code, name) in numbered}


def here(encoding: Encoding, source: Dataset) -> list[int]:
    """Numbers of the present findings that belong on an image, the most probable first."""
    all_of_them = encoding.result.findings
    found = [n for n in range(len(all_of_them)) if _is_here(n, encoding, source)]
    return sorted(found, key=lambda n: -all_of_them[n].probability)


def _is_here(number: int, encoding: Encoding, source: Dataset) -> bool:
    finding = encoding.result.findings[number]
    drawn = finding.region if findings.outline(finding.region, encoding) else None
    seen_on = drawn.sop_uid if drawn else finding.sop_uid
    return finding.present and seen_on == str(source.SOPInstanceUID)


#: Body parts (PS3.16 annex L) that a patient has one of: Laterality is forbidden there.
UNPAIRED = frozenset({
    "ABDOMEN", "ABDOMENPELVIS", "BLADDER", "BRAIN", "CHEST", "CHESTABDOMEN", "CHESTABDPELVIS",
    "COCCYX", "CSPINE", "CTSPINE", "HEAD", "HEADNECK", "HEART", "LIVER", "LSPINE", "LSSPINE",
    "MEDIASTINUM", "NECK", "NECKCHEST", "PANCREAS", "PELVIS", "SKULL", "SPINE", "SPLEEN",
    "SSPINE", "STERNUM", "STOMACH", "THORAX", "TLSPINE", "TSPINE", "UTERUS", "WHOLEBODY",
})  # fmt: skip


def side(source: Dataset) -> str:
    """The paired part's side, `L` or `R`, or ''; a side of what is not paired is an error."""
    if headers.normal(source, "BodyPartExamined") in UNPAIRED:
        return ""
    found = headers.text(source, "Laterality") or headers.text(source, "ImageLaterality")
    return found if found in {"L", "R"} else ""


def layers(codes: dict[Code, None]) -> Iterator[str]:
    """Graphic Layer names (CS, at most 16): the English meaning, numbered where two collide."""
    used = {OURS}
    for code in codes:
        word = re.sub(r"[^A-Z0-9]+", "_", code.meaning.upper()).strip("_0123456789")[:16]
        word = word.strip("_") or "FINDING"
        tries = itertools.chain([word], (f"{word[:13]}_{n}" for n in itertools.count(2)))
        name = next(one for one in tries if one not in used)
        used.add(name)
        yield name


def _colour(written: str) -> Colour:
    red, green, blue = bytes.fromhex(written.removeprefix("#"))
    return red, green, blue
