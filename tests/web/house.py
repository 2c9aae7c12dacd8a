"""The demonstration's worth of studies that most of the pages' tests look at."""

import dataclasses
import datetime as dt

import numpy as np

from core.domain import codes
from core.domain.finding import Outcome
from core.domain.job import PLATFORM
from core.domain.reason import Reason, ReasonCode
from tests.web import kinds
from tests.web.seed import CT, NOW, Seed, chest, chosen, circle, dataset, finding, no_route

HOSTILE = "<script>alert(1)</script>^\"'&"


@dataclasses.dataclass
class House:
    """The ids of the studies, by what is to be seen on them."""

    findings: str = ""
    nothing: str = ""
    declined: str = ""
    failed: str = ""
    waiting: str = ""
    running: str = ""
    receiving: str = ""
    slices: str = ""
    report: str = ""
    undelivered: str = ""
    hostile: str = ""
    revised: str = ""
    thorax: str = ""
    mammography: str = ""
    half: str = ""
    fracture: str = ""


def fill(seed: Seed) -> House:
    """Write them all."""
    house = House()
    _answered(seed, house)
    _declined(seed, house)
    _unfinished(seed, house)
    _large(seed, house)
    house.thorax = kinds.drawn_thorax(seed)
    house.mammography = kinds.drawn_mammography(seed)
    house.half = kinds.half_mammography(seed)
    house.fracture = kinds.drawn_fracture(seed)
    seed.refuse()
    seed.refuse(site=None, code="unavailable", message="calling AE title is not known", path="")
    return house


def _answered(seed: Seed, house: House) -> None:
    """Findings, nothing found, undelivered, revised, and a hostile name."""
    image = dataset(chest(), ViewPosition="PA", PixelSpacing=[0.2, 0.2])
    at = NOW - dt.timedelta(minutes=2)
    house.findings = seed.study([image], at=at)
    seed.complete(house.findings, decisions=[chosen(), no_route("ct_nodule"), no_route("fracture")])
    job = seed.job(house.findings)
    seed.claim(job)
    found = [
        finding(codes.PNEUMOTHORAX, 0.874, image, circle(165, 180, 62), laterality=codes.RIGHT),
        finding(codes.CARDIOMEGALY, 0.61, image, circle(315, 405, 88), site=codes.HEART),
        finding(codes.PLEURAL_EFFUSION, 0.55, image),
        finding(codes.NODULE, 0.17, image),
        finding(codes.CONSOLIDATION, 0.03, image),
    ]
    seed.answer(job, Outcome.FINDINGS, found, at=at + dt.timedelta(seconds=14.24))
    absent = [dataclasses.replace(one, probability=0.004) for one in found]
    for name, receipt, person in (
        ("nothing", 0, "Olsen^Per"),
        ("undelivered", 0xA700, "Berg^Åse^Ø"),
        ("hostile", 0, HOSTILE),
        ("revised", 0, "Dahl^Ingrid"),
    ):
        picture = dataset(chest(400, 360))
        at -= dt.timedelta(minutes=1)
        study = seed.study([picture], name=person, site="baerum", at=at)
        setattr(house, name, study)
        seed.complete(study)
        job = seed.job(study, site="baerum")
        seed.claim(job)
        answered = at + dt.timedelta(seconds=6.5)
        seed.answer(job, Outcome.NOTHING_FOUND, absent, receipt=receipt, at=answered)


def _declined(seed: Seed, house: House) -> None:
    """Not evaluated by the platform, and failed."""
    house.declined = seed.study([dataset(chest(200, 180))], name="Lie^Odd")
    seed.complete(house.declined, decisions=[no_route("chest_xray")])
    job = seed.job(house.declined, algorithm=PLATFORM)
    seed.claim(job)
    reason = Reason(ReasonCode.NO_ALGORITHM, {"found": "MG"})
    seed.answer(job, Outcome.NOT_EVALUATED, reason=reason, algorithm=PLATFORM)
    house.failed = seed.study([dataset(chest(200, 180))], name="Moen^Siri")
    seed.complete(house.failed)
    job = seed.job(house.failed)
    seed.claim(job)
    seed.answer(job, Outcome.FAILED, reason=Reason(ReasonCode.TIMEOUT, {"detail": "60"}))
    lost = seed.job(house.failed, algorithm="fracture")
    seed.claim(lost)
    seed.fail(lost, "the result could not be encoded")


def _unfinished(seed: Seed, house: House) -> None:
    """Waiting, running and still arriving."""
    for name, person in (("waiting", "Vik^Tor"), ("running", "Sund^Eva")):
        study = seed.study([dataset(chest(200, 180))], name=person)
        setattr(house, name, study)
        seed.complete(study)
        job = seed.job(study, at=NOW - dt.timedelta(seconds=90))
        if name == "running":
            seed.claim(job)
    house.receiving = seed.study([dataset(chest(200, 180))], name="Haug^Liv")


def _large(seed: Seed, house: House) -> None:
    """Hundreds of slices, and a study without an image."""
    slices = []
    for number in range(1, 151):
        pixels = np.zeros((96, 96), np.int16)
        row, column = np.mgrid[0:96, 0:96]
        pixels[(row - 48) ** 2 + (column - 48) ** 2 < (10 + number / 5) ** 2] = 60
        slices.append(
            dataset(pixels, SOPClassUID=CT, Modality="CT", InstanceNumber=number,
                    SeriesDescription="Thorax 2,5 mm", WindowCenter=40, WindowWidth=400)
        )  # fmt: skip
    house.slices = seed.study(slices, name="Ruud^Jan", description="CT thorax")
    seed.complete(house.slices, decisions=[no_route("chest_xray")])
    house.report = seed.study([], name="Foss^Nina", description="Rapport")
    seed.complete(house.report)
