"""Reads the views of a mammography study as one: lesions, density and a study score."""

import functools
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from core.domain.codes import LEFT, MILLIMETRE, RIGHT, Code
from core.domain.finding import Finding, Measurement, Region
from core.domain.reason import Reason, ReasonCode
from models.mammography import detect, pairs
from models.mammography.detect import Seen, Spot
from models.mammography.pairs import Calibration, Lesion
from models.manifest import Label, Manifest
from models.reading import Reading
from models.volume import Network, Networks, View

FOLDER: Final = Path(__file__).parent
WANTED: Final = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
POSITIONS: Final = ("CC", "MLO")
SIDES: Final = {"L": LEFT, "R": RIGHT}
CERTAIN: Final = 0.7  #: from which the network's word on the view counts against the tag's
#: View modifiers (CID 4015) of images that do not show the whole breast as screening does.
MODIFIED: Final = {
    "399055006": "spot compression",
    "399163009": "magnification",
    "399209000": "implant displaced",
    "399110001": "tangential",
}
LONG_AXIS: Final = Code("103339001", "SCT", "Long axis", "Lengste akse")
STUDY_SCORE: Final = Code(
    "study-score", "99VARDE", "Study score, 1 to 10", "Undersøkelsens skår, 1 til 10"
)
ONE: Final = Code("1", "UCUM", "no units", "uten enhet")
#: BI-RADS categories of overall breast composition (CID 6001).
COMPOSITIONS: Final = (
    Code("129716005", "SCT", "Almost entirely fat", "a: nesten bare fett"),
    Code("129717001", "SCT", "Scattered fibroglandular densities", "b: spredt kjertelvev"),
    Code("129718006", "SCT", "Heterogeneously dense", "c: heterogent tett"),
    Code("129719003", "SCT", "Extremely dense", "d: svært tett"),
)


def read(views: Sequence[View], networks: Networks, manifest: Manifest) -> Reading:
    """All views that can be read, together; what is missing or doubtful is remarked.

    Labels of the manifest, in order: mass, calcifications, study score, breast composition.
    """
    assert manifest.output is not None
    network = networks[manifest.weights[0].name]
    seen: list[Seen] = []
    remarks: list[Reason] = []
    for view in views:
        one = _looked(view, manifest, network)
        if isinstance(one, Reason):
            remarks.append(one)
        else:
            seen.append(one)
    if not seen:
        return Reading((), remarks=tuple(remarks), reason=_nothing(views, remarks, manifest))
    seen, doubts = _named(seen)
    found = pairs.lesions(seen, _rules())
    return Reading(
        read=tuple(one.view.sop_uid for one in seen),
        findings=(*_lesions(found, seen, manifest.output.label), *_whole(found, seen, manifest)),
        remarks=(*remarks, *doubts, *_missing(seen)),
    )


@functools.cache
def _rules() -> Calibration:
    return pairs.read(FOLDER)


def _looked(view: View, manifest: Manifest, network: Network) -> Seen | Reason:
    """The view as the network sees it, or why it is left out."""
    assert manifest.output is not None
    name = " ".join(part for part in (view.laterality, view.position) if part) or "?"
    for modifier in view.modifiers:
        if modifier in MODIFIED:
            return _left_out(f"{name}, {MODIFIED[modifier]}")
    if view.position not in {"", *POSITIONS}:
        return _left_out(name)
    seen = detect.look(view, network, manifest.output.overlap)
    if seen is None:
        return _left_out(f"{name}, no breast found in the image")
    known = manifest.output.recognition
    if known is not None and seen.region < known.threshold:
        facts = {"wanted": known.wanted, "found": f"{seen.region:.3f}"}
        return Reason(ReasonCode.NOT_THIS_REGION, facts)
    return seen


def _left_out(what: str) -> Reason:
    return Reason(ReasonCode.LEFT_OUT, {"what": what})


def _nothing(views: Sequence[View], remarks: Sequence[Reason], manifest: Manifest) -> Reason:
    """Why nothing was read: the pixels' own reason where there is one."""
    foreign = [one for one in remarks if one.code is ReasonCode.NOT_THIS_REGION]
    if foreign:
        return foreign[0]
    return (
        remarks[0] if views else Reason(ReasonCode.NO_IMAGES, {"wanted": manifest.algorithm.name})
    )


def _named(seen: Sequence[Seen]) -> tuple[list[Seen], list[Reason]]:
    """Views without a position get the network's; a doubted or unknown one is remarked."""
    named: list[Seen] = []
    doubts: list[Reason] = []
    for one in seen:
        likely = POSITIONS[int(one.position.argmax())]
        said = f"{one.view.laterality or '?'} {one.view.position or '?'}"
        certain = float(one.position.max()) >= CERTAIN
        if not one.view.laterality or not one.view.position or (
            certain and likely != one.view.position
        ):  # fmt: skip
            side = one.view.laterality or "?"
            doubts.append(
                Reason(ReasonCode.VIEW_DOUBTED, {"said": said, "seen": f"{side} {likely}"})
            )
        named.append(one if one.view.position else detect.placed(one, likely))
    return named, doubts


def _missing(seen: Sequence[Seen]) -> list[Reason]:
    there = {(one.view.laterality, one.view.position) for one in seen}
    absent = ", ".join(" ".join(one) for one in WANTED if one not in there)
    return [Reason(ReasonCode.MISSING_VIEWS, {"views": absent})] if absent else []


def _lesions(
    found: Sequence[Lesion], seen: Sequence[Seen], labels: Sequence[Label]
) -> list[Finding]:
    """A finding for each view of each lesion above its threshold; else one that is absent."""
    told: list[Finding] = []
    for number, label in enumerate(labels[:2]):
        own = [one for one in found if one.label == number]
        shown = [one for one in own if one.probability >= label.threshold][: label.most]
        for order, lesion in enumerate(shown, start=1):
            told.extend(_shown(lesion, order, label))
        if not shown:
            strongest = own[0].places[0][0] if own else seen[0]
            chance = own[0].probability if own else 0.0
            told.append(_finding(label, chance, strongest.view.sop_uid))
    return told


def _shown(lesion: Lesion, order: int, label: Label) -> list[Finding]:
    """The lesion on each view that shows it, under one tracking identifier."""
    uids = sorted(one.view.sop_uid for one, _ in lesion.places)
    name = "\n".join(["varde mammography", *uids, label.name, str(order)])
    tracking = f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"
    words = f"{label.name} {lesion.side}{order}" if lesion.side else f"{label.name} {order}"
    site = label.site.code if label.site else None
    return [
        Finding(
            code=label.code.code,
            probability=lesion.probability,
            threshold=label.threshold,
            sop_uid=seen.view.sop_uid,
            site=site,
            laterality=SIDES.get(lesion.side),
            region=_region(seen, spot),
            measurements=(Measurement(LONG_AXIS, round(spot.size_mm, 1), MILLIMETRE),),
            tracking_id=words,
            tracking_uid=tracking,
        )
        for seen, spot in lesion.places
    ]


def _region(seen: Seen, spot: Spot) -> Region:
    left, top, right, bottom = spot.box
    points = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return Region(seen.view.sop_uid, points, seen.view.frame)


def _whole(found: Sequence[Lesion], seen: Sequence[Seen], manifest: Manifest) -> list[Finding]:
    """The study score, and the composition of the breasts: of the study, on its first view."""
    assert manifest.output is not None
    score, composition = manifest.output.label[2:4]
    first = seen[0].view.sop_uid
    chance = pairs.suspicion(found)
    step = Measurement(STUDY_SCORE, float(pairs.step(chance, _rules())), ONE)
    density = np.exp(np.mean([np.log(np.maximum(one.density, 1e-4)) for one in seen], axis=0))
    density = density / density.sum()
    chosen = int(density.argmax())
    return [
        _finding(score, chance, first, measurements=(step,)),
        _finding(
            composition, min(float(density[chosen]), 0.9999), first, answer=COMPOSITIONS[chosen]
        ),
    ]


def _finding(
    label: Label, chance: float, sop_uid: str, *, answer: Code | None = None,
    measurements: tuple[Measurement, ...] = (),
) -> Finding:  # fmt: skip
    """A finding of the whole study, without a region."""
    return Finding(
        code=label.code.code,
        probability=chance,
        threshold=label.threshold,
        sop_uid=sop_uid,
        site=label.site.code if label.site else None,
        measurements=measurements,
        answer=answer,
    )
