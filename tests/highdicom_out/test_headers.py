"""Headers as they arrive: decoded, complete, and no value that its VR forbids."""

import datetime as dt

import pytest
from pydicom import Dataset

from core.domain.finding import Outcome
from highdicom_out import headers
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Open


@pytest.mark.parametrize(
    ("name", "patient", "study"),
    [
        ("norwegian", "Ødegård^Åse", "RG Thorax, stående på føttene"),
        ("japanese", "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部撮影"),
    ],
)
def test_names_of_any_character_set_come_back_in_utf_8(
    name: str, patient: str, study: str, encoded: Encode, opened: Open
) -> None:
    source = samples.NASTY[name]()
    for one in encoded(samples.of(Outcome.FINDINGS, source), [source]):
        read = opened(one)
        assert read.SpecificCharacterSet == "ISO_IR 192"
        assert str(read.PatientName) == patient
        assert read.StudyDescription == study
        assert patient.encode() in one.data


def test_patient_study_and_accession_are_the_sources(encoded: Encode, opened: Open) -> None:
    source = samples.radiograph()
    for one in encoded(samples.of(Outcome.FINDINGS, source), [source]):
        read = opened(one)
        for keyword in (*headers.TYPE_2, "StudyInstanceUID", "PatientAge"):
            assert str(read[keyword].value) == str(source[keyword].value)


def test_absent_attributes_of_type_2_are_empty() -> None:
    made = headers.header(samples.bare())
    assert all(keyword in made and not made[keyword].value for keyword in headers.TYPE_2)


def test_values_that_a_vr_forbids_are_mended_or_emptied() -> None:
    made = headers.header(samples.broken())
    assert (made.PatientSex, made.PatientBirthDate) == ("", "")
    assert (made.StudyDate, made.StudyTime) == ("20260301", "123000")
    assert "PatientAge" not in made
    assert made.PatientName == "Nobody"


def test_identifiers_of_any_length_are_kept() -> None:
    source = samples.bare()
    headers.put(source, "AccessionNumber", "A" * 40)
    assert headers.header(source).AccessionNumber == "A" * 40


def test_issuers_come_along_without_private_attributes() -> None:
    source, item = samples.bare(), Dataset()
    item.UniversalEntityID, item.UniversalEntityIDType = "1.2.3", "ISO"
    item.add_new(0x00091001, "LO", "secret")
    source.IssuerOfAccessionNumberSequence = [item]
    (copied,) = headers.header(source).IssuerOfAccessionNumberSequence
    assert copied.UniversalEntityID == "1.2.3"
    assert len(copied) == 2


@pytest.mark.parametrize(
    ("value", "hours"), [("+0200", 2), ("-0930", -9.5), ("CET", None), ("+9900", None), ("", None)]
)
def test_time_zones(value: object, hours: float | None) -> None:
    source = samples.bare()
    headers.put(source, "TimezoneOffsetFromUTC", value)
    expected = None if hours is None else dt.timezone(dt.timedelta(hours=hours))
    assert headers.offset(source) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["0.7", "0.8"], (0.7, 0.8)), (["0.000", "0.000"], None), (["0.7"], None), (None, None)],
)
def test_pixel_spacing_is_trusted_only_where_it_is_positive(
    value: object, expected: object
) -> None:
    source = samples.bare()
    source.PixelSpacing = value
    assert headers.spacing(source) == expected


@pytest.mark.parametrize(("value", "expected"), [(None, 1), ("", 1), ("12", 12), ("0", 1)])
def test_frames(value: object, expected: object) -> None:
    source = samples.bare()
    source.NumberOfFrames = value
    assert headers.frames(source) == expected
