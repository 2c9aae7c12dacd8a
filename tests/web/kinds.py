"""One study of each of the kinds that the reference algorithms read, with its answer.

The pictures are drawn, only the shapes that a reader needs to find his way.
"""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset

from core import mask
from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Finding, Measurement, Outcome, Segment
from core.domain.reason import Reason, ReasonCode
from tests.web.seed import CT, MG, NOW, Seed, chosen, circle, dataset, finding

STRUCTURE = Code("123037004", "SCT", "Anatomical Structure", "Anatomisk struktur")
LONG = Code("103339001", "SCT", "Long axis", "Lang akse")
SHORT = Code("103340004", "SCT", "Short axis", "Kort akse")
VOLUME = Code("118565006", "SCT", "Volume", "Volum")
CUBIC = Code("mm3", "UCUM", "cubic millimeter")
MILLILITRE = Code("ml", "UCUM", "milliliter", "milliliter")
NUMBER = Code("1", "UCUM", "no units")
BREAST = Code("76752008", "SCT", "Breast", "Bryst")
LESION = Code("129788005", "SCT", "Mammographic mass", "Fortetning")
DENSITY = Code("129793001", "SCT", "Breast density", "Brysttetthet")
SCATTERED = Code("b", "99VARDE", "b, scattered fibroglandular tissue", "b, spredt kjertelvev")
SCORE = Code("study-score", "99VARDE", "Study score (1 to 10)", "Skår for undersøkelsen (1 til 10)")
FRACTURE = Code("125605004", "SCT", "Fracture", "Fraktur")
RADIUS = Code("75129005", "SCT", "Distal radius", "Distale radius")
SLICES = 60
SIZE = 96


def thorax_slices() -> tuple[list[FileDataset], npt.NDArray[np.bool_]]:
    """Slices of two lungs in a body, and the lungs as (2, slices, rows, columns)."""
    level, row, column = np.mgrid[0:SLICES, 0:SIZE, 0:SIZE]
    body = ((row - 48) / 40) ** 2 + ((column - 48) / 46) ** 2 < 1
    width = 15 * np.sin(np.pi * (level + 0.5) / SLICES) ** 0.5
    lungs = np.stack([
        ((column - x) / (width + 0.01)) ** 2 + ((row - 46) / (1.9 * width + 0.01)) ** 2 < 1
        for x in (27, 69)
    ])  # fmt: skip
    values = np.where(body, 50, -1000)
    values[lungs.any(axis=0)] = -850
    values[(level - 31) ** 2 + (row - 52) ** 2 + (column - 24) ** 2 < 12] = 40
    values[(level - 44) ** 2 + (row - 40) ** 2 + (column - 70) ** 2 < 7] = 20
    images = [
        dataset(
            values[n].astype(np.int16), SOPClassUID=CT, Modality="CT", InstanceNumber=n + 1,
            SeriesDescription="Thorax 2,5 mm lunge", WindowCenter=40, WindowWidth=400,
            PixelSpacing=[3.5, 3.5],
        )
        for n in range(SLICES)
    ]  # fmt: skip
    return images, lungs


def nodule(
    image: FileDataset, x: float, y: float, size: float, probability: float, **more: Any
) -> Finding:
    """A nodule with two axes and a volume, `size` mm long."""
    measured = (
        Measurement(LONG, size, codes.MILLIMETRE),
        Measurement(SHORT, size * 0.8, codes.MILLIMETRE),
        Measurement(VOLUME, 0.4 * size**3, CUBIC),
    )
    ring = circle(x, y, 4.5)
    return finding(
        codes.NODULE, probability, image, ring, site=codes.LUNG, measurements=measured, **more
    )


def lung(
    images: list[FileDataset], voxels: npt.NDArray[np.bool_], side: Code, volume: float
) -> Segment:
    """A lung on all slices."""
    uids = tuple(str(one.SOPInstanceUID) for one in images)
    shape = (len(images), SIZE, SIZE)
    measured = (Measurement(VOLUME, volume, MILLILITRE),)
    return Segment(STRUCTURE, codes.LUNG, uids, shape, mask.pack(voxels), side, measured)


def thorax(
    seed: Seed, images: list[FileDataset], segments: list[Segment], found: list[Finding]
) -> str:
    """A CT with lungs and nodules."""
    study = seed.study(images, name="Strand^Nils", description="CT thorax", patient_sex="M")
    remark = Reason(ReasonCode.MISSING_SLICES, {"count": "2"})
    _answer(seed, study, "ct_thorax", found, segments=segments, remarks=[remark])
    return study


def drawn_thorax(seed: Seed) -> str:
    """`thorax` of the drawn slices: three nodules, one of them below the threshold."""
    images, lungs = thorax_slices()
    found = [
        nodule(images[31], 24.5, 52.5, 11.2, 0.93, laterality=codes.RIGHT),
        nodule(images[44], 70.5, 40.5, 7.4, 0.58, laterality=codes.LEFT),
        nodule(images[20], 60.0, 30.0, 4.1, 0.12, laterality=codes.LEFT),
    ]
    sides = ((codes.RIGHT, 2710.0), (codes.LEFT, 2380.5))
    segments = [lung(images, lungs[n], *one) for n, one in enumerate(sides)]
    return thorax(seed, images, segments, found)


def breast(side: str, view: str, *, mirrored: bool = False) -> FileDataset:
    """A view: chest wall to the right for the right breast, unless `mirrored`."""
    row, column = np.mgrid[0:520, 0:400]
    outline = ((row - 260) / 200) ** 2 + ((column - 400) / 300) ** 2
    tissue = 2200 * np.clip(1.05 - outline, 0, 1) ** 0.5
    tissue += 500 * (np.sin(row / 23) * np.sin(column / 17) > 0.3) * (outline < 0.8)
    if view == "MLO":
        tissue = np.maximum(tissue, 2400.0 * (column + 0.8 * (260 - row) > 480))
    pixels = tissue if (side == "R") is not mirrored else tissue[:, ::-1]
    towards = "P" if (side == "R") is not mirrored else "A"
    return dataset(
        pixels.astype(np.uint16), SOPClassUID=MG, Modality="MG", ImageLaterality=side,
        ViewPosition=view, PatientOrientation=[towards, "F"], WindowCenter=1500, WindowWidth=3000,
    )  # fmt: skip


def mammography(
    seed: Seed, images: list[FileDataset], found: list[Finding], *remarks: Reason
) -> str:
    """A breast study with an answer."""
    study = seed.study(images, name="Lunde^Anne Berit", description="Mammografi")
    _answer(seed, study, "mammography", found, remarks=remarks)
    return study


def assessments(image: FileDataset) -> list[Finding]:
    """Density and score."""
    score = (Measurement(SCORE, 9.0, NUMBER),)
    return [
        finding(DENSITY, 0.71, image, answer=SCATTERED),
        finding(SCORE, 0.64, image, measurements=score),
    ]


def lesion(image: FileDataset, x: float, y: float, radius: float, probability: float) -> Finding:
    """One view of a lesion; all of a study are the same lesion."""
    side = codes.RIGHT if image.ImageLaterality == "R" else codes.LEFT
    tracked = {"tracking_id": "Lesion 1", "tracking_uid": "2.25.8812"}
    return finding(
        LESION, probability, image, circle(x, y, radius), site=BREAST, laterality=side, **tracked
    )


def drawn_mammography(seed: Seed) -> str:
    """Four views, a lesion in both views of the left breast; one image comes mirrored."""
    images = [
        breast("L", "MLO"), breast("R", "CC"), breast("R", "MLO", mirrored=True), breast("L", "CC"),
    ]  # fmt: skip
    found = [
        lesion(images[3], 120, 230, 26, 0.82),
        lesion(images[0], 150, 300, 26, 0.77),
        *assessments(images[1]),
    ]
    return mammography(seed, images, found)


def half_mammography(seed: Seed) -> str:
    """One view is missing, and nothing was found."""
    images = [breast("L", "MLO"), breast("R", "CC"), breast("L", "CC")]
    found = [finding(LESION, 0.06, images[1]), *assessments(images[1])[:1]]
    remark = Reason(ReasonCode.MISSING_VIEWS, {"views": "R MLO"})
    study = seed.study(images, name="Moe^Turid", description="Mammografi")
    _answer(seed, study, "mammography", found, remarks=[remark], outcome=Outcome.NOTHING_FOUND)
    return study


def wrist(view: str) -> FileDataset:
    """A radius and an ulna."""
    row, column = np.mgrid[0:560, 0:400]
    bone = 0.0
    for x, wide in ((160, 48), (260, 28)):
        flare = wide * (1 + np.exp(-(((row - 380) / 90) ** 2)) * 0.7)
        bone = bone + 1900 * (np.abs(column - x) < flare) * (row < 430)
    hand = 500 * (np.abs(column - 200) < 150)
    noise = np.random.default_rng(3).normal(0, 40, row.shape)
    pixels = np.clip(bone + hand + noise + 200, 0, 4095).astype(np.uint16)
    return dataset(pixels, ViewPosition=view, WindowCenter=1500, WindowWidth=3000)


def fracture(seed: Seed, images: list[FileDataset], found: list[Finding]) -> str:
    """Two views of a wrist, with an answer."""
    study = seed.study(images, name="Nygård^Emma", description="RG håndledd", patient_sex="F")
    _answer(seed, study, "fracture", found)
    return study


def drawn_fracture(seed: Seed) -> str:
    """Boxes in both views."""
    images = [wrist("PA"), wrist("LAT")]
    found = [
        broken(images[0], (95, 320, 235, 400), 0.91, RADIUS),
        broken(images[0], (230, 330, 300, 395), 0.47, None),
        broken(images[1], (90, 310, 240, 395), 0.88, RADIUS),
    ]
    return fracture(seed, images, found)


def broken(
    image: FileDataset,
    box: tuple[float, float, float, float],
    probability: float,
    site: Code | None,
) -> Finding:
    """A fracture in a box: left, top, right, bottom."""
    left, top, right, bottom = box
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return finding(FRACTURE, probability, image, corners, site=site, laterality=codes.LEFT)


def _answer(
    seed: Seed, study: str, algorithm: str, found: list[Finding], *, site: str = "drammen",
    outcome: Outcome = Outcome.FINDINGS, **more: Any,
) -> None:  # fmt: skip
    at = NOW - dt.timedelta(minutes=1)
    seed.complete(study, decisions=[chosen(algorithm)])
    job = seed.job(study, site=site, algorithm=algorithm)
    seed.claim(job)
    seed.answer(job, outcome, found, algorithm=algorithm, at=at, **more)
