import io
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.domain.errors import UnreadableError
from tests.workers.instances import Numbers, as_file, cut, image, ramp, through_file
from workers import pixels, stored
from workers.layout import Layout

COMPRESSED = (JPEG2000Lossless, JPEGLSLossless, RLELossless)


def told(dataset: Dataset) -> str:
    """Why an image cannot be read."""
    with pytest.raises(UnreadableError) as caught:
        pixels.read(dataset)
    assert "Nordmann" not in str(caught.value)
    assert "13116900216" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("allocated", "bits", "signed"),
    [(8, 8, False), (8, 6, False), (8, 8, True), (16, 10, False), (16, 12, False), (16, 15, False),
     (16, 16, False), (16, 12, True), (16, 16, True), (32, 20, False)],
)  # fmt: skip
def test_every_depth_is_read_as_it_was_stored(allocated: int, bits: int, signed: bool) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    values = ramp(top=(1 << bits) - 1) + low
    read = pixels.read(through_file(image(values, allocated=allocated, stored=bits, signed=signed)))
    assert read.pixels.dtype == np.float32
    np.testing.assert_array_equal(read.pixels, values)


@given(
    st.integers(1, 16).flatmap(lambda bits: st.tuples(st.just(bits), st.integers(bits - 1, 15))),
    st.booleans(),
    st.lists(st.integers(0, 65535), min_size=6, max_size=6),
)
def test_only_the_used_bits_count(place: tuple[int, int], signed: bool, words: list[int]) -> None:
    bits, high = place
    values = np.array(words).reshape(2, 3)
    dataset = image(values, stored=bits, high=high)
    dataset.PixelRepresentation = int(signed)

    def used(word: int) -> int:
        value = (word >> (high + 1 - bits)) & ((1 << bits) - 1)
        return value - (1 << bits) if signed and value >> (bits - 1) else value

    read = stored.values(dataset, Layout.of(dataset), 1)
    assert read.ravel().tolist() == [used(word) for word in words]


@pytest.mark.parametrize("syntax", COMPRESSED)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(("allocated", "bits"), [(8, 8), (16, 12), (16, 16)])
def test_compressed_images_are_read_as_they_were(
    syntax: UID, signed: bool, allocated: int, bits: int
) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    values = ramp(64, 48, top=(1 << bits) - 1) + low
    dataset = image(values, allocated=allocated, stored=bits, signed=signed)
    dataset.compress(syntax)
    np.testing.assert_array_equal(pixels.read(through_file(dataset)).pixels, values)


def test_lossless_jpeg_is_read_as_it_was(tmp_path: Path) -> None:
    values = ramp(64, 48)
    image(values, stored=12).save_as(tmp_path / "native.dcm", enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(tmp_path / "native.dcm"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "jpeg.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    dataset = pydicom.dcmread(tmp_path / "jpeg.dcm")
    assert dataset.file_meta.TransferSyntaxUID == JPEGLosslessSV1
    np.testing.assert_array_equal(pixels.read(dataset).pixels, values)


def test_baseline_jpeg_is_read_nearly_as_it_was() -> None:
    values = ramp(64, 48, top=255)
    buffer = io.BytesIO()
    Picture.fromarray(values.astype(np.uint8)).save(buffer, "JPEG", quality=95)
    dataset = image(values, allocated=8, syntax=JPEGBaseline8Bit)
    dataset.PixelData = encapsulate([buffer.getvalue()])
    assert np.abs(pixels.read(through_file(dataset)).pixels - values).max() < 4


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_native_transfer_syntaxes_are_read_as_they_are(syntax: UID) -> None:
    read = pixels.read(through_file(image(ramp(), stored=12, syntax=syntax)))
    np.testing.assert_array_equal(read.pixels, ramp())


def test_monochrome1_is_turned_over_within_its_range() -> None:
    read = pixels.read(image(ramp(), stored=12, photometric="MONOCHROME1"))
    np.testing.assert_array_equal(read.pixels, 4095 - ramp())


def test_monochrome1_is_turned_over_after_the_rescale() -> None:
    tags = {"RescaleSlope": "2", "RescaleIntercept": "-100"}
    read = pixels.read(image(ramp(), stored=12, photometric="MONOCHROME1", tags=tags))
    np.testing.assert_array_equal(read.pixels, 2 * (4095 - ramp()) - 100)


def test_rescale_gives_the_modalitys_scale() -> None:
    tags = {"RescaleSlope": "0.5", "RescaleIntercept": "-1024"}
    read = pixels.read(image(ramp(), tags=tags))
    np.testing.assert_allclose(read.pixels, ramp() * 0.5 - 1024)


def test_a_slope_of_nothing_is_refused() -> None:
    assert told(image(ramp(), tags={"RescaleSlope": "0"})) == "RescaleSlope is 0"


def lut(table: Numbers, *, first: int = 0, bits: int = 16, vr: str = "US") -> list[Dataset]:
    """A LUT sequence of one item."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(table) % 65536, first % 65536, bits])
    words = table.astype("u1" if vr == "OB" else "<u2")
    item.add_new(
        "LUTData", "OW" if vr == "OB" else vr, words.tobytes() if vr != "US" else words.tolist()
    )
    return [item]


@pytest.mark.parametrize("vr", ["US", "OW"])
def test_a_modality_lut_replaces_the_rescale(vr: str) -> None:
    table = np.arange(4096)[::-1] ** 2 // 300
    tags = {"ModalityLUTSequence": lut(table, vr=vr), "RescaleSlope": "7"}
    read = pixels.read(through_file(image(ramp(), stored=12, tags=tags)))
    np.testing.assert_array_equal(read.pixels, table[ramp()])


def test_a_lut_holds_its_ends_outside_its_range() -> None:
    tags = {"ModalityLUTSequence": lut(np.array([10, 20, 30]), first=-1)}
    values = np.array([[-5, -1, 0], [1, 2, 99]])
    read = pixels.read(image(values, signed=True, tags=tags))
    assert read.pixels.tolist() == [[10, 10, 20], [30, 30, 30]]


def test_a_lut_of_bytes_is_read() -> None:
    tags = {"ModalityLUTSequence": lut(np.arange(256)[::-1], bits=8, vr="OB")}
    read = pixels.read(image(ramp(top=255), allocated=8, tags=tags))
    np.testing.assert_array_equal(read.pixels, 255 - ramp(top=255))


def test_a_lut_that_is_too_short_is_refused() -> None:
    item = lut(np.arange(100), vr="OW")
    item[0].LUTDescriptor = [200, 0, 16]
    assert told(image(ramp(), tags={"ModalityLUTSequence": item})) == "a LUT has 100 of 200 entries"


def test_a_voi_lut_is_applied_only_where_there_is_no_window() -> None:
    table = np.arange(4096) // 16
    alone = image(ramp(), stored=12, tags={"VOILUTSequence": lut(table, bits=8)})
    both = image(ramp(), stored=12, tags={"VOILUTSequence": lut(table), "WindowCenter": "9"})
    np.testing.assert_array_equal(pixels.read(alone).pixels, ramp() // 16)
    np.testing.assert_array_equal(pixels.read(both).pixels, ramp())


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_becomes_the_darkest_pixel(photometric: str) -> None:
    values = ramp() // 4 + 500
    values[:, :6] = 4000
    tags = {"PixelPaddingValue": 4000}
    read = pixels.read(image(values, stored=12, photometric=photometric, tags=tags)).pixels
    assert (read[:, :6] == read[:, 6:].min()).all()
    assert read[:, 6:].std() > 0


def test_padding_of_signed_pixels_may_be_written_unsigned() -> None:
    values = ramp() - 1000
    values[0] = -2000
    dataset = image(values, signed=True)
    dataset.add_new("PixelPaddingValue", "US", 63536)
    assert pixels.read(dataset).pixels.min() == values[1:].min()


def test_padding_may_be_a_range() -> None:
    values = ramp() + 100
    values[0] = np.arange(24)
    tags = {"PixelPaddingValue": 23, "PixelPaddingRangeLimit": 0}
    assert pixels.read(image(values, tags=tags)).pixels.min() == values[1:].min()


def test_an_image_of_padding_alone_is_refused() -> None:
    blank = np.full((4, 4), 7)
    assert told(image(blank, tags={"PixelPaddingValue": 7})) == "every pixel is padding"


def frames(count: int = 5) -> Numbers:
    """(frames, rows, columns), each frame brighter than the one before."""
    return np.stack([ramp(64, 48) // 8 + 500 * number for number in range(count)])


@pytest.mark.parametrize("syntax", [None, *COMPRESSED])
def test_the_middle_frame_is_read_unless_another_is_asked_for(syntax: UID | None) -> None:
    dataset = image(frames(), stored=12)
    if syntax:
        dataset.compress(syntax)
    dataset = through_file(dataset)
    np.testing.assert_array_equal(pixels.read(dataset).pixels, frames()[2])
    np.testing.assert_array_equal(pixels.read(dataset, 5).pixels, frames()[4])


def test_the_representative_frame_goes_before_the_middle_one() -> None:
    assert pixels.chosen_frame(image(frames(), tags={"RepresentativeFrameNumber": 4})) == 4
    assert pixels.chosen_frame(image(frames(), tags={"RepresentativeFrameNumber": 9})) == 3


def test_a_frame_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnreadableError, match="no frame 6: the image has 5"):
        pixels.read(image(frames()), 6)


def group(keyword: str, **values: Any) -> Dataset:
    """A functional group with one macro."""
    macro, made = Dataset(), Dataset()
    for name, value in values.items():
        setattr(macro, name, value)
    setattr(made, keyword, [macro])
    return made


def test_enhanced_images_have_a_rescale_for_each_frame() -> None:
    keyword = "PixelValueTransformationSequence"
    each = [group(keyword, RescaleSlope=str(n), RescaleIntercept="1") for n in range(1, 6)]
    shared = group("PixelMeasuresSequence", PixelSpacing=["0.5", "0.25"])
    tags = {"PerFrameFunctionalGroupsSequence": each, "SharedFunctionalGroupsSequence": [shared]}
    read = pixels.read(image(frames(), tags=tags), 4)
    np.testing.assert_array_equal(read.pixels, frames()[3] * 4 + 1)
    assert read.spacing == (0.5, 0.25)


def test_one_frame_of_a_large_file_is_read_from_disk(tmp_path: Path) -> None:
    (tmp_path / "cine.dcm").write_bytes(as_file(image(frames(), stored=12)))
    dataset = pydicom.dcmread(tmp_path / "cine.dcm", defer_size=100)
    np.testing.assert_array_equal(pixels.read(dataset, 4).pixels, frames()[3])
    assert dataset.get_item("PixelData", keep_deferred=True).value is None


@pytest.mark.parametrize(
    ("tags", "spacing"),
    [
        ({}, None),
        ({"PixelSpacing": ["0.2", "0.1"]}, (0.2, 0.1)),
        ({"ImagerPixelSpacing": ["0.2", "0.1"]}, (0.2, 0.1)),
        ({"PixelSpacing": ["0.3", "0.3"], "ImagerPixelSpacing": ["0.2", "0.1"]}, (0.3, 0.3)),
        ({"PixelSpacing": ["0.000", "0.000"]}, None),
        ({"PixelSpacing": ["0", "0"], "ImagerPixelSpacing": ["0.2", "0.1"]}, (0.2, 0.1)),
        ({"PixelSpacing": ["-1", "1"]}, None),
        ({"PixelSpacing": "1"}, None),
        ({"PixelSpacing": ""}, None),
    ],
)
def test_spacing_is_told_only_where_it_can_be_true(
    tags: dict[str, Any], spacing: tuple[float, float] | None
) -> None:
    assert pixels.read(image(ramp(), tags=tags)).spacing == spacing


def test_colour_becomes_luminance() -> None:
    dataset = image(ramp(top=255), allocated=8)
    colours = np.zeros((16, 24, 3), np.uint8)
    colours[:8, :, 0], colours[8:, :, 1] = 200, 100
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration, dataset.PixelData = 0, colours.tobytes()
    read = pixels.read(through_file(dataset)).pixels
    assert read[0, 0] == pytest.approx(200 * 0.299)
    assert read[15, 0] == pytest.approx(100 * 0.587)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("syntax", COMPRESSED)
def test_a_cut_code_stream_is_refused(syntax: UID, share: float) -> None:
    noise = np.random.default_rng(2).integers(0, 4096, (48, 64))
    dataset = image(noise, stored=12)
    dataset.compress(syntax)
    assert "cannot be decoded" in told(cut(dataset, share))


def test_short_pixel_data_is_refused() -> None:
    dataset = image(ramp())
    dataset.PixelData = dataset.PixelData[:-2]
    assert told(dataset) == "frame 1 has 766 of 768 bytes"


@pytest.mark.parametrize(
    ("tags", "cause"),
    [
        ({"Rows": None}, "Rows is missing or 0"),
        ({"Columns": 0}, "Columns is missing or 0"),
        ({"BitsAllocated": None}, "BitsAllocated is missing or 0"),
        ({"BitsStored": 17}, "17 bits up to bit 15 of 16"),
        ({"HighBit": 3}, "16 bits up to bit 3 of 16"),
        ({"Rows": 65535, "Columns": 65535}, "65535 rows of 65535 columns are too many"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "'PALETTE COLOR' with 1 samples a pixel"),
        ({"PhotometricInterpretation": None}, "photometric interpretation 'missing'"),
        ({"PhotometricInterpretation": "RGB"}, "'RGB' with 1 samples a pixel"),
        ({"NumberOfFrames": "many"}, "damaged (ValueError)"),
        ({"RescaleSlope": "nan"}, "RescaleSlope is not a number"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_headers_that_make_no_sense_are_refused(tags: dict[str, Any], cause: str) -> None:
    dataset = image(ramp())
    for keyword, value in tags.items():
        if keyword in {"NumberOfFrames", "RescaleSlope"}:
            element = pydicom.DataElement(keyword, "LO", value)
            dataset[keyword] = element
        else:
            setattr(dataset, keyword, value)
    assert cause in told(dataset)


def test_an_object_without_pixels_is_refused() -> None:
    dataset = image(ramp())
    del dataset.PixelData
    assert told(dataset) == "no Pixel Data"


def test_a_video_has_no_decoder() -> None:
    dataset = image(ramp(), allocated=16, syntax=MPEG2MPML)
    assert "no decoder is installed" in told(dataset)
