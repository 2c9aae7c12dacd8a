"""A lesion is followed from study to study of one patient, and never to another patient."""

import pytest
from pydicom import Dataset

from core.domain.finding import Anchor
from tests.workers.instances import image, ramp
from tests.workers.place import Place
from workers import tasks


def bright(**tags: object) -> Dataset:
    """An image on which the tiny network finds its region always in the same place."""
    said = {"PatientOrientation": ["L", "F"], "PatientBirthDate": "19161113", **tags}
    return image(ramp(24, 24) // 2 + 2047, stored=12, tags=said)


def answered(place: Place, **tags: object) -> list[tuple[str, str]]:
    """Tracking identifier and UID of what is found on a new study."""
    job = place.job(place.study([bright(**tags)]))
    tasks.perform(place.station, job)
    result = place.result(job)
    assert result
    return [(one.tracking_id, one.tracking_uid) for one in result.present]


def test_the_next_study_of_a_patient_goes_on_with_the_identifiers(place: Place) -> None:
    first = answered(place, StudyDate="20260102")
    assert first
    assert all(uid.startswith("2.25.") for _, uid in first)
    assert answered(place, StudyDate="20260302") == first


def test_a_study_of_an_earlier_date_is_no_follow_up(place: Place) -> None:
    later = answered(place, StudyDate="20260302")
    assert answered(place, StudyDate="20260102") != later


@pytest.mark.parametrize(
    "tags",
    [
        {"PatientID": "01010112345"},
        {"PatientBirthDate": "19500101"},
        {"ViewPosition": "AP"},
        {"ViewPosition": ""},
    ],
    ids=lambda tags: next(iter(tags)),
)
def test_another_patient_or_another_view_begins_anew(place: Place, tags: dict[str, str]) -> None:
    first = answered(place, StudyDate="20260102")
    second = answered(place, StudyDate="20260302", **tags)
    assert {uid for _, uid in first}.isdisjoint(uid for _, uid in second)


def test_nobody_is_everybody_without_an_identifier(place: Place) -> None:
    first = answered(place, PatientID="", StudyDate="20260102")
    second = answered(place, PatientID="", StudyDate="20260302")
    assert {uid for _, uid in first}.isdisjoint(uid for _, uid in second)


def test_the_place_is_kept_with_the_result(place: Place) -> None:
    job = place.job(place.study([bright(ImageLaterality="L")]))
    tasks.perform(place.station, job)
    result = place.result(job)
    assert result
    (finding, *_) = result.present
    assert isinstance(finding.anchor, Anchor)
    assert finding.anchor.frame == "L PA"
    assert all(0 <= share <= 1 for share in finding.anchor.place)
