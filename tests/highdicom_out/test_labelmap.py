"""Label maps: the number of a segment in every voxel, or binary where that cannot be said."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import highdicom.seg
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Result, Segment
from core.domain.profile import Profile
from highdicom_out import labelmap
from highdicom_out.encode import EncodedObject, encode
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.validators import dciodvfy

LABEL_MAP, BINARY = "1.2.840.10008.5.1.4.1.1.66.7", "1.2.840.10008.5.1.4.1.1.66.4"
FORM = {"objects": ["seg"], "segmentation": "labelmap"}
AS_MAP = Profile(objects=("seg",), segmentation="labelmap")


def lungs(count: int, rows: int, columns: int) -> NDArray[np.uint8]:
    """(slices, rows, columns): 1 in one half and 2 in the other, the first and last slice empty."""
    made = np.zeros((count, rows, columns), np.uint8)
    made[1:-1, 2:-1, 1 : columns // 2] = 1
    made[2:-1, 1:-2, columns // 2 : -1] = 2
    return made


def of(sources: Sequence[Dataset], numbers: NDArray[np.uint8], most: int = 2) -> Result:
    """A result with a segment for each number from 1 to `most`."""
    segments = tuple(
        samples.segment(sources, numbers == n, laterality=(codes.RIGHT, codes.LEFT)[n % 2])
        for n in range(1, most + 1)
    )
    return samples.read_as_volume(sources, segments=segments)


def read_back(one: EncodedObject, sources: Sequence[Dataset]) -> NDArray[np.uint8]:
    """(slices, rows, columns) of numbers, as highdicom puts them on the sources."""
    made = highdicom.seg.segread(io.BytesIO(one.data))
    uids = [str(source.SOPInstanceUID) for source in sources]
    found = made.get_pixels_by_source_instance(
        uids, combine_segments=True, relabel=False, ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )  # fmt: skip
    return np.asarray(found, np.uint8)


def flipped() -> list[Dataset]:
    """Slices whose rows run to the left and whose normal points to the feet."""
    made = samples.volume()
    for one in made:
        one.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
    return made


VOLUMES: dict[str, Callable[[], list[Dataset]]] = {
    "straight": samples.volume,
    "turned": lambda: samples.volume(turned=33),
    "upside down": lambda: samples.volume(turned=180),
    "oblique": lambda: samples.volume(turned=12, tilt=-17),
    "flipped": flipped,
    "odd size": lambda: samples.volume(turned=7, rows=15, columns=13),
    "odd count": lambda: samples.volume(5, rows=3, columns=7),
}


@pytest.mark.parametrize("name", list(VOLUMES))
def test_every_voxel_has_the_number_of_its_segment(
    name: str, encoded: Encode, flawless: Judge
) -> None:
    sources = VOLUMES[name]()
    numbers = lungs(len(sources), int(sources[0].Rows), int(sources[0].Columns))
    (one,) = encoded(of(sources, numbers), sources[::-1], **FORM)
    made = flawless(one)
    assert (one.sop_class_uid, made.SegmentationType) == (LABEL_MAP, "LABELMAP")
    assert (made.BitsAllocated, made.PixelPaddingValue) == (8, 0)
    assert np.array_equal(read_back(one, sources), numbers)


def test_each_slice_has_one_frame_at_its_own_place(encoded: Encode, opened: Open) -> None:
    sources = flipped()
    numbers = lungs(12, 16, 24)
    made = opened(encoded(of(sources, numbers), sources, **FORM)[0])
    filled = numbers.any(axis=(1, 2))
    assert made.NumberOfFrames == filled.sum() == 10
    by_uid = {str(one.SOPInstanceUID): (n, one) for n, one in enumerate(sources)}
    for group, pixels in zip(made.PerFrameFunctionalGroupsSequence, made.pixel_array, strict=True):
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        number, header = by_uid[source.ReferencedSOPInstanceUID]
        assert np.array_equal(pixels, numbers[number])
        assert group.PlanePositionSequence[0].ImagePositionPatient == header.ImagePositionPatient
        assert group.FrameContentSequence[0].DimensionIndexValues == 12 - number
        assert "SegmentIdentificationSequence" not in group
    (dimension,) = made.DimensionIndexSequence
    assert dimension.DimensionDescriptionLabel == "Image Position Patient"


@pytest.mark.parametrize(("language", "words"), [("nb", "Bakgrunn"), ("en", "Background")])
def test_the_background_is_segment_0(
    language: str, words: str, encoded: Encode, opened: Open
) -> None:
    sources = samples.volume()
    result = of(sources, lungs(12, 16, 24))
    made = opened(encoded(result, sources, language=language, **FORM)[0])
    background, *segments = made.SegmentSequence
    assert (background.SegmentNumber, background.SegmentLabel) == (0, words)
    assert background.SegmentedPropertyTypeCodeSequence[0].CodeValue == "125040"
    assert background.SegmentAlgorithmName == "Varde CT thorax"
    assert [one.SegmentNumber for one in segments] == [1, 2]
    assert made.SegmentsOverlap == "NO"


def referred(report: Dataset) -> list[tuple[str, str, int | None]]:
    """SOP class, instance and number, where it is said, of the segments of a report."""
    return [
        (
            item.ReferencedSOPClassUID,
            item.ReferencedSOPInstanceUID,
            item.get("ReferencedSegmentNumber"),
        )
        for top in report.ContentSequence
        for child in top.get("ContentSequence", [])
        for below in child.get("ContentSequence", [])
        for item in below.get("ReferencedSOPSequence", [])
        if below.ConceptNameCodeSequence[0].CodeValue == "121191"
    ]


@pytest.mark.parametrize("overlapping", [False, True])
def test_the_report_refers_to_the_object_that_was_made(
    overlapping: bool,
    encoded: Encode,
    opened: Open,
) -> None:
    sources = samples.volume()
    result = of(sources, lungs(12, 16, 24))
    if overlapping:
        segments = (*result.segments, samples.segment(sources, lungs(12, 16, 24) > 0))
        result = samples.read_as_volume(sources, segments=segments)
    report, made = encoded(result, sources, **{**FORM, "objects": ["sr", "seg"]})
    expected = BINARY if overlapping else LABEL_MAP
    assert made.sop_class_uid == expected
    count = len(result.segments)
    numbers = [n + 1 if overlapping else None for n in range(count)]  # PS3.3 10.3
    assert referred(opened(report)) == [(expected, made.sop_uid, number) for number in numbers]
    evidence = opened(report).CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    classes = {
        item.ReferencedSOPInstanceUID: item.ReferencedSOPClassUID
        for series in evidence
        for item in series.ReferencedSOPSequence
    }
    assert classes[made.sop_uid] == expected


def test_only_the_series_whose_segments_overlap_stays_binary(
    encoded: Encode, flawless: Judge
) -> None:
    """A nodule in a lung: a label map would have to cut a hole in one of them."""
    first, second = samples.volume(), samples.volume(5)
    for one in second:
        one.SeriesInstanceUID = f"{samples.STUDY}.22"
        one.SOPInstanceUID = f"{samples.STUDY}.22.{one.SOPInstanceUID.rpartition('.')[2]}"
    lung, nodule = lungs(12, 16, 24) == 1, np.zeros((12, 16, 24), np.bool_)
    nodule[5, 5:7, 4:6] = True
    segments = tuple(samples.segment(first, one) for one in (lung, nodule))
    assert not labelmap.possible(segments)
    both = (*segments, *of(second, lungs(5, 16, 24)).segments)
    result = samples.read_as_volume([*first, *second], segments=both)
    binary, numbered = encoded(result, [*first, *second], **FORM)
    assert (binary.sop_class_uid, numbered.sop_class_uid) == (BINARY, LABEL_MAP)
    assert (flawless(binary).SegmentationType, flawless(numbered).SegmentationType) == (
        "BINARY",
        "LABELMAP",
    )
    made = highdicom.seg.segread(io.BytesIO(binary.data))
    pixels = made.get_pixels_by_source_instance(
        [first[5].SOPInstanceUID], assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels[0, ..., 0], lung[5])
    assert np.array_equal(pixels[0, ..., 1], nodule[5])


def test_more_segments_than_a_byte_can_number_stay_binary() -> None:
    sources = samples.volume(1)
    numbers = np.arange(16 * 24).reshape(1, 16, 24)
    many = tuple(samples.segment(sources, numbers == n) for n in range(256))
    assert labelmap.possible(many[:255])
    assert not labelmap.possible(many)


def test_a_segment_without_a_voxel_is_an_empty_frame(encoded: Encode, flawless: Judge) -> None:
    sources = samples.volume()
    made = flawless(encoded(of(sources, np.zeros((12, 16, 24), np.uint8)), sources, **FORM)[0])
    assert (made.NumberOfFrames, made.SegmentationType) == (1, "LABELMAP")
    assert not made.pixel_array.any()


def test_binary_is_what_nobody_asked_to_change(encoded: Encode) -> None:
    sources = samples.volume()
    (one,) = encoded(of(sources, lungs(12, 16, 24)), sources, objects=["seg"])
    assert one.sop_class_uid == BINARY


@pytest.mark.parametrize("syntax", ["implicit", "deflated"])
def test_other_syntaxes_carry_the_same_voxels(
    syntax: str, encoded: Encode, flawless: Judge
) -> None:
    """Dciodvfy does not read deflated files; the same data set is judged in the others."""
    sources = samples.volume(7, rows=15, columns=13)
    numbers = lungs(7, 15, 13)
    (one,) = encoded(
        of(sources, numbers), sources, transfer_syntax=syntax, character_set="ISO_IR 100", **FORM
    )
    if syntax == "implicit":
        flawless(one)
    assert np.array_equal(read_back(one, sources), numbers)


def test_the_same_input_gives_the_same_bytes(encoded: Encode) -> None:
    first, second = (
        encoded(of(sources, lungs(12, 16, 24)), sources, **FORM)
        for sources in (samples.volume(), samples.volume())
    )
    assert first == second


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    numbers=st_numpy.arrays(
        np.uint8,
        st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9)),
        elements=st.integers(0, 3),
    ),
    turned=st.sampled_from([0.0, 41.0, 180.0]),
    tilt=st.sampled_from([0.0, 21.0]),
)
def test_any_numbers_come_back(
    numbers: NDArray[np.uint8], turned: float, tilt: float, tmp_path: Path
) -> None:
    count, rows, columns = numbers.shape
    sources = samples.volume(count, turned=turned, tilt=tilt, rows=rows, columns=columns)
    (one,) = encode(of(sources, numbers, most=3), sources, at=samples.AT, profile=AS_MAP)
    path = tmp_path / "one.dcm"
    path.write_bytes(one.data)
    verdict = dciodvfy(path)
    assert verdict, verdict.output
    made = pydicom.dcmread(path)
    assert made.SegmentationType == "LABELMAP"
    assert np.array_equal(read_back(one, sources), numbers)


@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    masks=st.lists(
        st_numpy.arrays(np.bool_, (2, 3, 5), elements=st.booleans()), min_size=1, max_size=3
    )
)
def test_segments_that_share_a_voxel_are_told(masks: list[NDArray[np.bool_]]) -> None:
    sources = samples.volume(2, rows=3, columns=5)
    segments = tuple(samples.segment(sources, one) for one in masks)
    shared = np.sum(masks, axis=0).max() > 1
    assert labelmap.possible(segments) != shared


def test_segments_meet_where_their_slices_do() -> None:
    """Two segments of different slices have no voxel in common, whatever their masks."""
    sources = samples.volume(4)
    full = np.ones((2, 16, 24), np.bool_)
    apart: tuple[Segment, ...] = (
        samples.segment(sources[:2], full),
        samples.segment(sources[2:], full),
    )
    assert labelmap.possible(apart)
    assert not labelmap.possible((*apart, samples.segment(sources[1:3], full)))
