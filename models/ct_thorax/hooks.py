"""How a chest CT is read: lungs, nodules in them with their size, pleural fluid.

Whatever way the slices lie, everything is worked out on grids along the patient's axes
and told in LPS mm and in pixels of the slices.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.codes import LEFT, LUNG, MILLIMETRE, RIGHT, Code
from core.domain.finding import Anchor, Finding, Measurement, Region, Segment
from core.domain.reason import Reason, ReasonCode
from models.ct_thorax import candidates, fluid, lungs, measure
from models.ct_thorax.candidates import Candidate
from models.ct_thorax.fluid import Fluid
from models.ct_thorax.lungs import Lungs, Packed
from models.ct_thorax.measure import Measured
from models.manifest import Label, Manifest
from models.reading import Reading
from models.volume import Networks, Volume

STRUCTURE: Final = Code("123037004", "SCT", "Anatomical Structure", "Anatomisk struktur")
LONG_AXIS: Final = Code("103339001", "SCT", "Long axis", "Lengste akse")
SHORT_AXIS: Final = Code("103340004", "SCT", "Short axis", "Korteste akse")
VOLUME: Final = Code("118565006", "SCT", "Volume", "Volum")
CUBIC_MILLIMETRE: Final = Code("mm3", "UCUM", "cubic millimeter", "kubikkmillimeter")
MILLILITRE: Final = Code("ml", "UCUM", "milliliter", "milliliter")
SIDES: Final = {lungs.LEFT: LEFT, lungs.RIGHT: RIGHT}

THINNEST, THICKEST = 0.25, 5.6  #: mm between slices
FEWEST_MM: Final = 60.0  #: that the slices reach along their normal
LEAST_ML: Final = 250.0  #: of both lungs: less is no chest
SMALLEST_MM: Final = 3.0  #: long axis of a nodule that is told
REACH_MM: Final = 25.0  #: from a nodule's middle to the lung that it belongs to
RIM_ML: Final = 12.0  #: of lung in the last slab on either side: it goes on outside the volume


def read(volume: Volume, networks: Networks, manifest: Manifest) -> Reading:
    """Nodules, fluid and the masks of both lungs; or why the volume was not read.

    `networks` are `lungs` and `nodules`; `manifest` has the labels Nodule and Pleural effusion.
    """
    uids = tuple(filter(None, volume.sop_uids))
    unfit = _unfit(volume)
    if unfit is not None:
        return Reading(uids, reason=unfit)
    found = lungs.find(volume, networks["lungs"])
    millilitres = sum(found.millilitres)
    if millilitres < LEAST_ML:
        facts = {"wanted": "a CT of the chest", "found": f"{millilitres:.0f} mL"}
        return Reading(uids, reason=Reason(ReasonCode.NOT_THIS_REGION, facts))
    nodule, effusion = manifest.output.label if manifest.output else ()
    findings = [
        *_nodules(volume, found, networks, nodule),
        *(_fluid(volume, one, effusion) for one in fluid.find(volume, found)),
    ]
    segments = [_segment(volume, *one) for one in lungs.pack(volume, found).items()]
    return Reading(uids, tuple(findings), tuple(segments), _remarks(found))


def _unfit(volume: Volume) -> Reason | None:
    """Why the slices are not such as the model reads."""
    apart = abs(float(np.linalg.det(volume.steps))) / (volume.spacing[1] * volume.spacing[2])
    if not THINNEST <= apart <= THICKEST:
        facts = {"found": f"{apart:.1f}", "wanted": f"{THINNEST:g}–{THICKEST:g}"}
        return Reason(ReasonCode.SLICE_SPACING, facts)
    reach = apart * len(volume.voxels)
    if reach < FEWEST_MM:
        facts = {"found": f"{reach:.0f}", "wanted": f"{FEWEST_MM:.0f}"}
        return Reason(ReasonCode.TOO_SHORT, facts)
    return None


def _nodules(volume: Volume, found: Lungs, networks: Networks, label: Label) -> list[Finding]:
    """The most probable nodules, at most as many as the label says; one absent where none is."""
    told: list[Finding] = []
    faint = 0.0
    for candidate in candidates.find(volume, found, networks["nodules"]):
        faint = max(faint, min(candidate.probability, 0.99 * label.threshold))
        if candidate.probability < label.threshold or len(told) == label.most:
            break
        measured = measure.measure(volume, found, candidate)
        if measured is not None and measured.long >= SMALLEST_MM:
            told.append(_nodule(volume, found, candidate, measured, label))
    if told:
        return told
    uid = volume.sop_uids[volume.nearest(len(volume.voxels) / 2)]
    return [Finding(label.code.code, faint, label.threshold, uid, site=LUNG)]


def _nodule(
    volume: Volume, found: Lungs, candidate: Candidate, measured: Measured, label: Label
) -> Finding:
    uid = volume.sop_uids[measured.slice]
    side = _side(found, candidate.centre)
    x, y, z = measured.centre.tolist()
    return Finding(
        label.code.code, candidate.probability, label.threshold, uid, site=LUNG,
        laterality=SIDES.get(side), region=Region(uid, _points(measured.points)),
        measurements=_sizes(measured.long, measured.short, measured.volume),
        position=(x, y, z), anchor=_anchor(found, side, measured.centre),
    )  # fmt: skip


def _side(found: Lungs, centre: NDArray[np.float64]) -> int:
    """The lung that `centre` (LPS) lies in, or else the nearest within `REACH_MM`; 0 for none.

    The middle of a large nodule at the pleura may lie outside of both masks.
    """
    cells = int(REACH_MM / found.grid.spacing)
    index = np.rint(found.grid.to_index(centre[None])[0]).astype(int)
    low = np.clip(index - cells, 0, np.array(found.side.shape) - 1)
    part = found.side[tuple(slice(a, b + cells + 1) for a, b in zip(low, index, strict=True))]
    inside = np.argwhere(part)
    if not len(inside):
        return 0
    gaps = np.linalg.norm(inside + low - index, axis=1)
    nearest = int(gaps.argmin())
    near = gaps[nearest] * found.grid.spacing <= REACH_MM
    return int(part[tuple(inside[nearest])]) if near else 0


def _anchor(found: Lungs, side: int, centre: NDArray[np.float64]) -> Anchor | None:
    """`centre` (LPS) as shares of the extent of the lung that it lies in."""
    if side not in SIDES:
        return None
    inside = np.argwhere(found.side == side)[:, ::-1] * found.grid.spacing + found.grid.low
    low, high = inside.min(0), inside.max(0)
    x, y, z = ((centre - low) / np.maximum(high - low, 1)).round(4).tolist()
    return Anchor("lung L" if SIDES[side] is LEFT else "lung R", (x, y, z))


def _sizes(long: float, short: float, volume: float) -> tuple[Measurement, ...]:
    """Both axes in mm and the volume in mm³, to a tenth."""
    return (
        Measurement(LONG_AXIS, round(long, 1), MILLIMETRE),
        Measurement(SHORT_AXIS, round(short, 1), MILLIMETRE),
        Measurement(VOLUME, round(volume, 1), CUBIC_MILLIMETRE),
    )


def _fluid(volume: Volume, one: Fluid, label: Label) -> Finding:
    """Present or not, on its side; how much only where it is present."""
    uid = volume.sop_uids[one.slice]
    site = label.site.code if label.site else None
    if one.probability < label.threshold or not len(one.points):
        probability = min(one.probability, 0.99 * label.threshold)
        return Finding(
            label.code.code, probability, label.threshold, uid, site=site,
            laterality=SIDES[one.side],
        )  # fmt: skip
    x, y, z = one.centre.tolist()
    return Finding(
        label.code.code, one.probability, label.threshold, uid, site=site,
        laterality=SIDES[one.side], region=Region(uid, _points(one.points)),
        measurements=(Measurement(VOLUME, round(one.millilitres, 1), MILLILITRE),),
        position=(x, y, z),
    )  # fmt: skip


def _points(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((float(column), float(row)) for column, row in points)


def _segment(volume: Volume, side: int, packed: Packed) -> Segment:
    slices, rows, columns = volume.voxels.shape
    volumes = (Measurement(VOLUME, round(packed.millilitres, 1), MILLILITRE),)
    return Segment(
        STRUCTURE, LUNG, volume.sop_uids, (slices, rows, columns), packed.bits, SIDES[side], volumes
    )


def _remarks(found: Lungs) -> tuple[Reason, ...]:
    """Whether the lungs go on beyond the slices."""
    cell = found.grid.spacing**3 / 1000
    sliced = (found.lung * (found.side > 0)).sum((1, 2)) * cell
    cut = any(end.sum() > RIM_ML for end in (sliced[:2], sliced[-2:]))
    return (Reason(ReasonCode.CUT_OFF),) if cut else ()
