"""Every algorithm reads pixels: another patient's name changes nothing, another image does."""

import copy
from collections.abc import Sequence
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import generate_uid

from core.domain.finding import Outcome, Result
from core.sections import Worker
from models import registry
from simulator import studies
from tests.workers.test_pipeline import evaluate
from workers.runtime import Runtime

#: What the simulator makes for each algorithm, and what keeps it small.
SMALL: dict[str, tuple[str, dict[str, Any]]] = {
    "chest_xray": ("chest", {"size": 512}),
    "fracture": ("wrist", {}),
    "mammography": ("mammography", {"pixel_mm": 0.2}),
    "ct_thorax": ("thorax", {"thickness": 5.0, "increment": 5.0, "size": 256}),
}
PERSON = {
    "PatientName": "Doe^Jane", "PatientID": "1", "PatientSex": "O", "PatientBirthDate": "19500101",
    "StudyDescription": "normal?", "SeriesDescription": "x", "AccessionNumber": "3",
    "Manufacturer": "Other", "ManufacturerModelName": "Other", "SoftwareVersions": "9",
    "InstitutionName": "Elsewhere", "StudyDate": "20200101", "ReferringPhysicianName": "A^B",
}  # fmt: skip


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(Worker(threads=2))


def retagged(datasets: Sequence[Dataset]) -> list[Dataset]:
    """The same pixels, as another patient's, study's and maker's."""
    made = [copy.deepcopy(one) for one in datasets]
    series = {one.SeriesInstanceUID: generate_uid() for one in made}
    study = generate_uid()
    for one in made:
        for keyword, value in PERSON.items():
            setattr(one, keyword, value)
        one.StudyInstanceUID, one.SeriesInstanceUID = study, series[one.SeriesInstanceUID]
    return made


def under_the_tags_of(datasets: Sequence[Dataset], others: Sequence[Dataset]) -> list[Dataset]:
    """The pixels of `others` with everything that the headers of `datasets` say of the patient."""
    made = [copy.deepcopy(one) for one in others]
    for one in made:
        for keyword in [*PERSON, "PatientAge", "StudyInstanceUID"]:
            setattr(one, keyword, datasets[0].get(keyword))
    return made


def said(result: Result) -> Any:
    """All that it says, but of the instances only their order."""
    place = {uid: number for number, uid in enumerate(result.read)}
    return (
        result.outcome,
        [
            (
                one.code, one.site, one.laterality, one.probability, one.position, one.measurements,
                one.answer, place[one.sop_uid], one.region and one.region.points,
            )
            for one in result.findings
        ],
        [(one.shape, one.bits) for one in result.segments],
    )  # fmt: skip


@pytest.mark.parametrize("key", SMALL)
def test_the_same_pixels_say_the_same_and_others_do_not(key: str, runtime: Runtime) -> None:
    algorithm, (kind, more) = registry.load()[key], SMALL[key]
    scanner = studies.scanners_of(kind)[0]
    one, _ = studies.study(kind, 11, scanner=scanner, **more)
    other, _ = studies.study(kind, 12, scanner=scanner, **more)
    result = evaluate(algorithm, one, runtime)
    assert result.outcome in {Outcome.FINDINGS, Outcome.NOTHING_FOUND}
    assert said(evaluate(algorithm, retagged(one), runtime)) == said(result)
    changed = evaluate(algorithm, under_the_tags_of(one, other), runtime)
    assert said(changed) != said(result)


def test_every_algorithm_is_tried_here() -> None:
    assert set(SMALL) == set(registry.load())
