"""Segmentations: the mask comes back voxel by voxel, at the place where its slices are."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import highdicom.seg
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Result
from highdicom_out.encode import EncodedObject
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open

REAL = Path(__file__).parents[3] / "shared" / "data" / "ct_chest_lidc_0001"


def ball(count: int, rows: int, columns: int, middle: float = 0.5) -> NDArray[np.bool_]:
    """(slices, rows, columns): an ellipsoid that leaves the first and the last slice empty."""
    z, y, x = (np.square(3 * ((np.arange(size) + 0.5) / size - at)) for size, at in (
        (count, 0.5), (rows, 0.5), (columns, middle)
    ))  # fmt: skip
    return np.stack([one + y[:, None] + x < 1 for one in z])


def of(sources: Sequence[Dataset], **changes: object) -> Result:
    """Two lungs on `sources`."""
    rows, columns = int(sources[0].Rows), int(sources[0].Columns)
    lungs = tuple(
        samples.segment(sources, ball(len(sources), rows, columns, middle), laterality=side)
        for middle, side in ((0.35, codes.RIGHT), (0.65, codes.LEFT))
    )
    return samples.read_as_volume(sources, segments=lungs, **changes)


def read_back(one: EncodedObject) -> highdicom.seg.Segmentation:
    return highdicom.seg.segread(io.BytesIO(one.data))


@pytest.mark.parametrize(("rows", "columns"), [(16, 24), (15, 13)], ids=["whole bytes", "odd size"])
@pytest.mark.parametrize(
    ("turned", "tilt"), [(0, 0), (33, 0), (180, 0), (0, 21), (12, -17)], ids=str
)
def test_every_voxel_comes_back_where_it_was(
    turned: float, tilt: float, rows: int, columns: int, encoded: Encode, flawless: Judge
) -> None:
    sources = samples.volume(turned=turned, tilt=tilt, rows=rows, columns=columns)
    (one,) = encoded(of(sources), sources[::-1], objects=["seg"])
    flawless(one)
    made = read_back(one)
    uids = [str(source.SOPInstanceUID) for source in sources]
    pixels = made.get_pixels_by_source_instance(
        uids, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels[..., 0], ball(12, rows, columns, 0.35))
    assert np.array_equal(pixels[..., 1], ball(12, rows, columns, 0.65))
    (shared,) = made.SharedFunctionalGroupsSequence
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    assert np.allclose(orientation, np.array(sources[0].ImageOrientationPatient, float), atol=1e-8)
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.7, 0.8]
    by_uid = {str(source.SOPInstanceUID): source for source in sources}
    for group in made.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        place = by_uid[source.ReferencedSOPInstanceUID].ImagePositionPatient
        assert group.PlanePositionSequence[0].ImagePositionPatient == place


def test_empty_frames_are_left_out_and_planes_are_counted_along_the_normal(
    encoded: Encode, opened: Open
) -> None:
    sources = samples.volume()
    (one,) = encoded(of(sources), sources, objects=["seg"])
    made = opened(one)
    filled = int(np.any(ball(12, 16, 24, 0.35), axis=(1, 2)).sum())
    assert 0 < filled < 12
    assert made.NumberOfFrames == 2 * filled
    content = [g.FrameContentSequence[0] for g in made.PerFrameFunctionalGroupsSequence]
    first = (12 - filled) // 2 + 1
    expected = [[n, first + i] for n in (1, 2) for i in range(filled)]
    assert [list(one.DimensionIndexValues) for one in content] == expected
    (measures,) = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    assert (measures.SliceThickness, measures.SpacingBetweenSlices) == (3, 2.5)


def test_it_says_what_it_is_who_made_it_and_of_what(encoded: Encode, opened: Open) -> None:
    sources = samples.volume()
    made = opened(encoded(of(sources), sources, objects=["seg"])[0])
    right, left = made.SegmentSequence
    assert (right.SegmentLabel, left.SegmentLabel) == ("Lunge, høyre", "Lunge, venstre")
    (kind,) = right.SegmentedPropertyTypeCodeSequence
    assert (kind.CodeValue, kind.CodeMeaning) == ("39607008", "Lung")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"
    assert right.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning == "Anatomical Structure"
    assert right.SegmentAlgorithmType == "AUTOMATIC"
    (algorithm,) = right.SegmentationAlgorithmIdentificationSequence
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("Varde CT thorax", "1.0.0")
    assert (made.SegmentationType, made.ContentLabel, made.SeriesNumber) == (
        "BINARY", "VARDE_AI", 9003,
    )  # fmt: skip
    assert made.FrameOfReferenceUID == sources[0].FrameOfReferenceUID
    assert made.PatientName == "Bø^Åge"
    (series,) = made.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == sources[0].SeriesInstanceUID
    assert len(series.ReferencedInstanceSequence) == 12
    assert "SourceImageSequence" not in made


def test_the_label_follows_the_language(encoded: Encode, opened: Open) -> None:
    sources = samples.volume()
    (one,) = encoded(of(sources), sources, objects=["seg"], language="en")
    assert opened(one).SegmentSequence[0].SegmentLabel == "Lung, right"


def test_the_same_input_gives_the_same_bytes(encoded: Encode) -> None:
    first, second = (
        encoded(of(sources), sources, objects=["seg"])
        for sources in (samples.volume(), samples.volume())
    )
    assert first == second
    (other,) = encoded(of(samples.volume()), samples.volume(), objects=["seg"], run=2)
    assert other.sop_uid != first[0].sop_uid


def test_each_series_has_its_own_object(encoded: Encode, flawless: Judge) -> None:
    first, second = samples.volume(), samples.volume(5)
    for one in second:
        one.SeriesInstanceUID = f"{samples.STUDY}.22"
        one.SOPInstanceUID = f"{samples.STUDY}.22.{one.SOPInstanceUID.rpartition('.')[2]}"
    both = (*of(first).segments, *of(second).segments)
    result = samples.read_as_volume([*first, *second], segments=both)
    made = [flawless(one) for one in encoded(result, [*first, *second], objects=["seg"])]
    referred = [one.ReferencedSeriesSequence[0].SeriesInstanceUID for one in made]
    assert referred == [first[0].SeriesInstanceUID, second[0].SeriesInstanceUID]
    assert [one.InstanceNumber for one in made] == [1, 2]
    assert len({one.SeriesInstanceUID for one in made}) == 1


def test_a_segment_without_a_voxel_is_an_empty_frame(encoded: Encode, flawless: Judge) -> None:
    sources = samples.volume()
    nothing = samples.segment(sources, np.zeros((12, 16, 24), np.bool_))
    result = samples.read_as_volume(sources, segments=(nothing,))
    made = flawless(encoded(result, sources, objects=["seg"])[0])
    assert made.NumberOfFrames == 1
    assert not any(made.PixelData)


def test_no_segments_no_object(encoded: Encode) -> None:
    sources = samples.volume()
    assert encoded(samples.read_as_volume(sources), sources, objects=["seg"]) == ()


UNPLACED = {
    "FrameOfReferenceUID": None,
    "ImagePositionPatient": None,
    "PixelSpacing": ["0", "0"],
    "ImageOrientationPatient": [1, 0, 0, 1, 0, 0],
    "Rows": 17,
}


@pytest.mark.parametrize("keyword", list(UNPLACED))
def test_slices_that_do_not_say_where_they_are_have_none_and_the_report_says_so(
    keyword: str, encoded: Encode
) -> None:
    sources = samples.volume()
    result = of(sources)
    value = UNPLACED[keyword]
    for one in sources if keyword != "Rows" else sources[:1]:
        setattr(one, keyword, value) if value is not None else delattr(one, keyword)
    made = encoded(result, sources, objects=["sr", "seg"])
    assert [one.kind for one in made] == ["sr"]
    assert b"Segmenteringer er utelatt" in made[0].data


def test_lossy_sources_give_a_lossy_object(encoded: Encode, flawless: Judge) -> None:
    sources = samples.volume()
    for one in sources:
        one.LossyImageCompression, one.LossyImageCompressionRatio = "01", "10"
        one.LossyImageCompressionMethod = "ISO_15444_1"
    made = flawless(encoded(of(sources), sources, objects=["seg"])[0])
    assert (made.LossyImageCompression, made.LossyImageCompressionRatio) == ("01", 10)


def test_a_real_series(encoded: Encode, flawless: Judge) -> None:
    if not REAL.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{REAL} is not here")
        pytest.skip(f"{REAL} is not here")
    sources = [
        pydicom.dcmread(file, stop_before_pixels=True) for file in sorted(REAL.glob("*.dcm"))
    ]
    sources.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    result = samples.read_as_volume(
        sources, samples.nodule(sources[60]), segments=of(sources).segments
    )
    objects = encoded(result, sources, objects=["sr", "gsps", "seg"])
    assert [one.kind for one in objects] == ["sr", "gsps", "seg"]
    *_, made = (flawless(each) for each in objects)
    one = objects[-1]
    assert (
        made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices == 2.5
    )
    pixels = read_back(one).get_pixels_by_source_instance(
        [sources[60].SOPInstanceUID], assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels[0, ..., 0], ball(133, 512, 512, 0.35)[60])
