"""The strict walk over a data set: the same values as pydicom's, and no mercy for half ones."""

import io
import random

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.domain.errors import NotDicomError, TruncatedError, VardeError
from router.attributes import Reader
from router.header import Header, Syntax, walk
from tests.router.conftest import instance

READER = Reader()


def nested() -> Dataset:
    """An instance with sequences in sequences, of undefined length."""
    inner = Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "x" * 40
    middle = Dataset()
    middle.PurposeOfReferenceCodeSequence = Sequence([inner, inner])
    data = instance()
    data.SourceImageSequence = Sequence([middle, Dataset()])
    for sequence in (data.SourceImageSequence, middle.PurposeOfReferenceCodeSequence):
        sequence.is_undefined_length = True
        for item in sequence:
            item.is_undefined_length_sequence_item = True
    data["SourceImageSequence"].is_undefined_length = True
    return data


def bytes_of(data: Dataset, syntax: Syntax) -> bytes:
    """The data set as it travels in `syntax`."""
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream, data, implicit_vr=syntax.implicit, little_endian=not syntax.big, force_encoding=True
    )
    return stream.getvalue()


def walked(data: bytes, syntax: Syntax) -> Header:
    """Walk bytes in memory."""
    return walk(
        lambda at, count: data[at : at + count],
        start=0,
        size=len(data),
        syntax=syntax,
        wanted=READER.wanted,
    )


@pytest.mark.parametrize("syntax", [Syntax(), Syntax(implicit=True), Syntax(big=True)])
def test_reads_what_was_written(syntax: Syntax) -> None:
    header = walked(bytes_of(nested(), syntax), syntax)
    kept, study, uids = READER.read(header.values, big=syntax.big)
    assert header.pixel_bytes == 512
    assert uids["SOPInstanceUID"] == "2.25.200.1"
    assert (kept["Rows"], kept["Modality"], kept["StudyDescription"]) == (
        "16",
        "CT",
        "CT toraks Ærøy",
    )
    assert study["patient_name"] == "Nordmann^Kari"
    assert kept["AgeYears"] == "70.00"


@pytest.mark.parametrize("syntax", [Syntax(), Syntax(implicit=True)])
def test_every_truncation_is_found(syntax: Syntax) -> None:
    """No cut, wherever it falls inside an element, passes as a whole data set."""
    data = bytes_of(nested(), syntax)
    whole = {0, len(data)}
    stream = io.BytesIO(data)
    for _ in pydicom.filereader.data_element_generator(stream, syntax.implicit, True):
        whole.add(stream.tell())
    for cut in range(1, len(data), 3):
        if cut not in whole:
            with pytest.raises((TruncatedError, NotDicomError, VardeError)):
                walked(data[:cut], syntax)


@given(st.integers(0, 1 << 30), st.integers(1, 12))
def test_damaged_bytes_never_crash(seed: int, changes: int) -> None:
    dice = random.Random(seed)
    data = bytearray(bytes_of(nested(), Syntax()))
    for _ in range(changes):
        data[dice.randrange(len(data))] = dice.randrange(256)
    try:
        header = walked(bytes(data), Syntax())
        READER.read(header.values)
    except VardeError:
        pass


def test_endless_nesting_is_an_error() -> None:
    opened = b"\x08\x00\x12\x21SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(NotDicomError, match="nested deeper"):
        walked(opened * 500, Syntax())


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Åse^Ødegård"),
        ("ISO_IR 100", "Åse^Ødegård"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO_IR 144", "Люкceмбypг"),
    ],
)
def test_names_in_their_own_letters(charset: str | list[str], name: str) -> None:
    data = instance(SpecificCharacterSet=charset, PatientName=name, StudyDescription="CT")
    header = walked(bytes_of(data, Syntax()), Syntax())
    assert READER.read(header.values)[1]["patient_name"] == name


def test_a_character_set_that_nobody_knows_is_still_read() -> None:
    data = bytes_of(instance(), Syntax()).replace(b"ISO_IR 100", b"ISO_XX 999")
    assert READER.read(walked(data, Syntax()).values)[2]["SOPInstanceUID"] == "2.25.200.1"


@pytest.mark.parametrize(
    ("age", "years"), [("045Y", "45.00"), ("006M", "0.50"), ("014D", "0.04"), ("old", None)]
)
def test_age_without_a_birth_date(age: str, years: str | None) -> None:
    values = {0x00101010: age.encode()}
    assert READER.read(values)[0].get("AgeYears") == years
