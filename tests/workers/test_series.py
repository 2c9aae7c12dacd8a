"""Series that become volumes: order, tilt, gaps, and what is no volume."""

import random
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from core import mask
from core.domain.errors import ModelError
from core.domain.finding import Outcome, Result
from core.domain.reason import ReasonCode
from core.sections import Worker
from models.registry import Algorithm
from models.volume import Volume
from tests.workers import slices
from tests.workers.test_pipeline import evaluate
from workers.runtime import Runtime


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(Worker(threads=1))


@pytest.fixture
def reader(tmp_path: Path) -> Algorithm:
    """An algorithm that finds the brightest voxel of a volume."""
    return slices.algorithm(tmp_path)


def position(dataset: Dataset, row: int, column: int) -> list[float]:
    """LPS of a pixel's centre by the formula of PS3.3 C.7.6.2.1.1."""
    axes = np.array(dataset.ImageOrientationPatient, float)
    down, right = (float(one) for one in dataset.PixelSpacing)
    origin = np.array(dataset.ImagePositionPatient, float)
    return list(origin + axes[:3] * right * column + axes[3:] * down * row)


@pytest.mark.parametrize(
    ("axes", "tilt"),
    [
        (slices.AXIAL, 0.0),
        (slices.AXIAL, 0.3),
        ((-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 0.0),
        ((0.0, 1.0, 0.0, 0.0, 0.0, -1.0), 0.0),
        ((0.8, 0.6, 0.0, -0.6, 0.8, 0.0), 0.0),
    ],
    ids=["axial", "tilted", "feet first", "sagittal", "oblique"],
)
def test_a_voxel_is_where_its_slice_says_in_whatever_order_they_come(
    reader: Algorithm, runtime: Runtime, axes: tuple[float, ...], tilt: float
) -> None:
    made = slices.series(axes=axes, tilt=tilt)
    shuffled = random.Random(4).sample(made, len(made))
    result = evaluate(reader, shuffled, runtime)
    (found,) = result.findings
    assert found.sop_uid == made[5].SOPInstanceUID
    assert found.position == pytest.approx(position(made[5], 3, 2), abs=1e-6)
    assert result.outcome is Outcome.FINDINGS
    assert result.read == tuple(one.SOPInstanceUID for one in made)


def test_a_missing_slice_is_filled_said_and_in_no_segment(
    reader: Algorithm, runtime: Runtime
) -> None:
    made = slices.series(40)
    del made[11]
    result = evaluate(reader, made, runtime)
    assert [remark.text("en") for remark in result.remarks] == [
        "1 slices are missing from the series and were filled in by interpolation"
    ]
    (segment,) = result.segments
    assert segment.shape == (39, 6, 4)
    assert segment.sop_uids == tuple(one.SOPInstanceUID for one in made)
    assert mask.unpack(segment.bits, segment.shape).sum() == 1


def test_a_damaged_slice_counts_as_missing(reader: Algorithm, runtime: Runtime) -> None:
    made = slices.series(40)
    made[20].PixelData = made[20].PixelData[:4]
    result = evaluate(reader, made, runtime)
    assert result.remarks[0].code is ReasonCode.MISSING_SLICES
    assert made[20].SOPInstanceUID not in result.read


def refused(result: Result) -> str:
    """Why it was not evaluated."""
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason
    assert result.reason.code is ReasonCode.NO_VOLUME
    return result.reason.facts["detail"]


def test_half_a_series_is_declined(reader: Algorithm, runtime: Runtime) -> None:
    made = slices.series(40)
    assert refused(evaluate(reader, made[:10] + made[25:], runtime)) == (
        "15 of 40 slices are missing"
    )
    assert refused(evaluate(reader, made[:3], runtime)) == "3 slices"
    made[0].PixelData = b"\0\0"
    assert "damaged" in refused(evaluate(reader, made, runtime))


def test_slices_without_a_place_are_declined(reader: Algorithm, runtime: Runtime) -> None:
    made = slices.series()
    for one in made:
        del one.ImagePositionPatient
    assert refused(evaluate(reader, made, runtime)) == "no slice has a position"
    crooked = slices.series(20)
    crooked[9].ImagePositionPatient = [-10.0, 20.0, 47.0]
    assert refused(evaluate(reader, crooked, runtime)) == "the slices are not evenly spaced"


def test_localizers_and_thicker_copies_are_left_alone(reader: Algorithm, runtime: Runtime) -> None:
    thin, thick = slices.series(40, spacing=1.0), slices.series(8, spacing=5.0)
    scout = slices.series(8, axes=(1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    for one in scout:
        one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    result = evaluate(reader, [*scout, *thick, *thin], runtime)
    assert set(result.read) == {one.SOPInstanceUID for one in thin}


def test_the_same_slice_twice_is_read_once(reader: Algorithm, runtime: Runtime) -> None:
    made = slices.series(20)
    again = slices.series(20)
    again[3].SeriesInstanceUID = made[0].SeriesInstanceUID
    assert len(evaluate(reader, [*made, again[3]], runtime).read) == 20


def test_hooks_that_fail_are_an_error_of_the_model(tmp_path: Path, runtime: Runtime) -> None:
    broken = slices.algorithm(tmp_path, hooks="import nothing_like_this\n")
    with pytest.raises(ModelError, match=r"hooks\.py: cannot be imported"):
        evaluate(broken, slices.series(), runtime)


def test_hooks_without_read_are_an_error_of_the_model(tmp_path: Path, runtime: Runtime) -> None:
    empty = slices.algorithm(tmp_path, hooks="x = 1\n")
    with pytest.raises(ModelError, match="has no function `read`"):
        evaluate(empty, slices.series(), runtime)


def test_indices_and_positions_are_each_others_inverse() -> None:
    steps = np.array([[0.1, 0.4, 2.0], [0.0, 0.5, 0.0], [0.25, 0.0, 0.0]])
    volume = Volume(np.zeros((3, 2, 2), np.int16), np.array([1.0, 2, 3]), steps, ("1", "", "3"))
    points = np.array([[0.5, 1.25, 7.0], [2, 0, 0]])
    np.testing.assert_allclose(volume.to_index(volume.to_patient(points)), points, atol=1e-9)
    assert volume.spacing == pytest.approx((2.0421, 0.5, 0.25), abs=1e-4)
    assert [volume.nearest(index) for index in (0.2, 1.0, 1.6, 9)] == [0, 0, 2, 2]
