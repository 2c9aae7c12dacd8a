"""The bytes of a file: character set and syntax of a profile, and what must not change in them."""

import io

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from core.domain.profile import SYNTAXES, Profile
from highdicom_out import written


def read_back(made: Dataset, **profile: str) -> Dataset:
    """`made` as it is in the file that such a destination gets."""
    return dcmread(io.BytesIO(written.file_bytes(made, Profile(**profile))))  # type: ignore[arg-type]


@pytest.fixture
def made() -> Dataset:
    """Texts of every sort in UTF-8."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = UID("2.25.1")
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName = "Ødegård^Åse"
    made.SeriesDescription = "Røntgen – KI"
    made.SoftwareVersions = ["1.0 –", "2.0…"]
    return made


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_typography_becomes_plain_where_latin_1_is_asked_for(made: Dataset, syntax: str) -> None:
    found = read_back(made, transfer_syntax=syntax, character_set="ISO_IR 100")
    assert found.file_meta.TransferSyntaxUID == SYNTAXES[syntax]
    assert found.SpecificCharacterSet == "ISO_IR 100"
    assert found.SeriesDescription == "Røntgen - KI"
    assert list(found.SoftwareVersions) == ["1.0 -", "2.0..."]
    assert found.PatientName == "Ødegård^Åse"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientName", "O’Brien^Ann"),
        ("PatientID", "12–34"),
        ("PatientName", "Yamada^Tarou=山田^太郎"),
        ("SoftwareVersions", ["1", "α"]),
        ("SoftwareVersions", ["1", "zero\u200bwidth"]),
    ],
)
def test_what_latin_1_cannot_write_keeps_the_object_in_utf_8(
    made: Dataset, keyword: str, value: str | list[str]
) -> None:
    setattr(made, keyword, value)
    found = read_back(made, character_set="ISO_IR 100")
    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert found[keyword].value == value
