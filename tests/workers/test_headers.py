import dataclasses
import io
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from simulator import studies
from tests.workers.instances import as_file, image, ramp
from workers import headers
from workers.headers import MISSING, Header
from workers.serials import Serials

SERIALS = Serials(b"key")


def read(dataset: Dataset) -> Header:
    return headers.read(dataset, SERIALS)


def tagged(**tags: Any) -> Header:
    """The header of an image with these tags, as it is read from a file."""
    made = image(ramp(), tags=tags)
    return read(pydicom.dcmread(io.BytesIO(as_file(made)), stop_before_pixels=True))


def raw(tag: int, vr: str, value: bytes) -> Header:
    """The header of an image with one value that no library would have written."""
    made = pydicom.dcmread(io.BytesIO(as_file(image(ramp()))))
    made._dict[Tag(tag)] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    return read(made)


def test_a_radiograph_says_how_it_was_taken() -> None:
    (dataset,), truth = studies.study("chest", 6, scanner="strand", size=256)
    found = read(dataset)
    assert found.modality == "DX"
    assert (found.equipment.manufacturer, found.equipment.model) == ("Strand Health", "Strand S2")
    assert found.equipment.software == "7.2"
    assert found.sex == truth.sex
    assert found.numbers["kvp"] == 102
    assert found.numbers["mas"] == dataset.Exposure
    assert found.numbers["age_years"] == pytest.approx(truth.age + 0.5, abs=0.51)
    assert found.categories == {
        "body_part": "CHEST", "view": truth.view, "photometric": "MONOCHROME1",
        "kernel": MISSING, "manufacturer_model": "Strand Health Strand S2", "software": "7.2",
    }  # fmt: skip


def test_the_numbers_of_a_ct_and_of_an_exposure_index_are_read() -> None:
    found = tagged(
        CTDIvol=7.25, SliceThickness="1.5", ConvolutionKernel=["Br40", "s"], ExposureIndex="412",
        DeviationIndex="-1.3",
    )  # fmt: skip
    assert found.numbers == {
        "ctdi_vol": 7.25, "slice_thickness": 1.5, "exposure_index": 412, "deviation_index": -1.3,
    }  # fmt: skip
    assert found.categories["kernel"] == "BR40 S"


def test_the_serial_number_is_a_hash_and_the_patient_is_not_there() -> None:
    found = tagged(DeviceSerialNumber="SN-4711", PatientBirthDate="19690113", StudyDate="20260110")
    assert found.equipment.serial == SERIALS.hashed("SN-4711")
    told = str(dataclasses.asdict(found))
    assert not any(word in told for word in ("4711", "Nordmann", "13116900216", "19690113"))
    assert found.numbers["age_years"] == pytest.approx(57.0, abs=0.01)


@pytest.mark.parametrize(
    ("age", "years"), [("009M", 0.75), ("026W", 0.498), ("070Y", 70.0), ("999Y", None), ("x", None)]
)
def test_the_age_is_in_years_whatever_its_unit(age: str, years: float | None) -> None:
    found = raw(0x00101010, "AS", age.encode()).numbers.get("age_years")
    assert found == (None if years is None else pytest.approx(years, abs=0.001))


@pytest.mark.parametrize(
    ("tag", "vr", "value", "name"),
    [
        (0x00180060, "DS", b"-120", "kvp"),
        (0x00180060, "DS", b"nan", "kvp"),
        (0x00180060, "DS", b"1e999", "kvp"),
        (0x00180060, "DS", b"120\\80", "kvp"),
        (0x00180060, "DS", b"\xff\xfe", "kvp"),
        (0x00181152, "IS", b"99999999999999999999", "mas"),
        (0x00181152, "IS", b"1.7.2", "mas"),
        (0x00189345, "FD", b"\x00", "ctdi_vol"),
        (0x00189345, "FD", b"\x00\x00\x00\x00\x00\x00\xf0\x7f", "ctdi_vol"),
        (0x00180050, "DS", b"0", "slice_thickness"),
    ],
)
def test_numbers_that_no_device_can_mean_are_left_out(
    tag: int, vr: str, value: bytes, name: str
) -> None:
    assert name not in raw(tag, vr, value).numbers


def test_texts_are_printable_and_short() -> None:
    named = raw(0x00080070, "LO", b"Fjell\x1b[2J\r\n\t  Medical " + b"a" * 500).equipment
    assert named.manufacturer.startswith("Fjell [2J Medical aaa")
    assert len(named.manufacturer) == headers.LONGEST
    software = raw(0x00181020, "LO", b"1.0\\VB\x00 20 ").equipment.software
    assert software == "1.0 VB 20"
    assert raw(0x00180015, "CS", b" chest ").categories["body_part"] == "CHEST"
    assert raw(0x00100040, "CS", b"female").sex == ""


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    tag=st.sampled_from(
        [0x00080060, 0x00080070, 0x00081090, 0x00100030, 0x00100040, 0x00101010, 0x00180015,
         0x00180060, 0x00181000, 0x00181020, 0x00181152, 0x00181210, 0x00189345, 0x00280004]
    ),
    vr=st.sampled_from(["LO", "DS", "IS", "FD", "SQ", "AS", "DA", "CS", "UN", "XX"]),
    value=st.binary(max_size=200),
)  # fmt: skip
def test_no_header_stops_the_watch(tag: int, vr: str, value: bytes) -> None:
    found = raw(tag, vr, value)
    every = [*dataclasses.astuple(found.equipment), *found.categories.values(), found.modality]
    assert all(one.isprintable() and len(one) <= headers.LONGEST for one in every)
    assert all(-1e6 < number < 1e6 for number in found.numbers.values())
