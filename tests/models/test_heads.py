from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.domain import codes
from core.domain.errors import ModelError
from core.domain.reason import ReasonCode
from models import heads, manifest
from models.heads import Place
from models.manifest import Manifest
from models.steps import Geometry, Image, prepare
from tests.models.conftest import FOLDER

ROWS, COLUMNS = 500, 400


def outputs(
    cells: NDArray[np.float32] | None = None, probability: float = 0.99, label: int = 3
) -> Mapping[str, NDArray[np.float32]]:
    """Nothing anywhere, but `cells` (40, 40) for one label."""
    location = np.zeros((1, 5, 40, 40), np.float32)
    whole = np.zeros((1, 5), np.float32)
    if cells is not None:
        location[0, label], whole[0, label] = cells, probability
    return {"probability": whole, "location": location, "region": np.ones((1, 1), np.float32)}


def geometry(chest: Manifest) -> Geometry:
    return prepare(Image(np.zeros((ROWS, COLUMNS), np.float32)), chest.input.step).geometry


def spot(row: int, column: int, peak: float = 1.0) -> NDArray[np.float32]:
    cells = np.zeros((40, 40), np.float32)
    cells[row : row + 2, column : column + 2] = peak
    return cells


def test_every_label_answers_also_where_nothing_is(chest: Manifest) -> None:
    found = heads.findings(outputs(), chest, Place("1.2", geometry(chest)))
    assert len(found) == 5
    assert not any(finding.present or finding.region for finding in found)


@settings(deadline=None, max_examples=25)
@given(
    values=st.lists(st.floats(0, 1, width=32), min_size=16, max_size=16),
    rows=st.integers(20, 3000),
    columns=st.integers(20, 3000),
)
def test_regions_are_closed_and_inside_the_image(
    values: list[float], rows: int, columns: int
) -> None:
    chest = manifest.read(FOLDER)
    cells = np.kron(np.array(values, np.float32).reshape(4, 4), np.ones((10, 10), np.float32))
    place = prepare(Image(np.zeros((rows, columns), np.float32)), chest.input.step).geometry
    for finding in heads.findings(outputs(cells), chest, Place("1.2", place, "L")):
        if finding.region is None:
            assert not finding.present
            continue
        left, top, right, bottom = finding.region.box
        assert 0 <= left <= right <= columns
        assert 0 <= top <= bottom <= rows
        assert finding.region.points[0] == finding.region.points[-1]


def test_a_region_lies_where_the_map_is_bright(chest: Manifest) -> None:
    place = geometry(chest)
    found = heads.findings(outputs(spot(10, 26)), chest, Place("1.2", place, "L"))
    (nodule,) = [finding for finding in found if finding.present]
    assert nodule.code == codes.NODULE
    assert nodule.laterality == codes.LEFT
    assert nodule.region
    left, top, right, bottom = nodule.region.box
    middle = place.to_original(np.array([[27, 11]]) * 384 / 40)[0]
    np.testing.assert_allclose([(left + right) / 2, (top + bottom) / 2], middle, atol=3)


@pytest.mark.parametrize(
    ("direction", "side"), [("L", codes.RIGHT), ("R", codes.LEFT), ("F", None), (None, None)]
)
def test_the_side_needs_to_be_known(
    chest: Manifest, direction: str | None, side: codes.Code | None
) -> None:
    place = Place("1.2", geometry(chest), direction)
    found = heads.findings(outputs(spot(10, 12)), chest, place)
    assert [finding.laterality for finding in found if finding.present] == [side]


def test_two_spots_are_two_findings(chest: Manifest) -> None:
    cells = spot(10, 12) + spot(25, 28, 0.97)
    found = heads.findings(outputs(cells), chest, Place("1.2", geometry(chest)))
    present = [finding for finding in found if finding.present]
    assert len(present) == 2
    assert present[0].probability > present[1].probability


def test_what_is_no_chest_is_declined(chest: Manifest) -> None:
    assert heads.decline(outputs(), chest) is None
    reason = heads.decline({**outputs(), "region": np.zeros((1, 1), np.float32)}, chest)
    assert reason
    assert reason.code is ReasonCode.NOT_THIS_REGION


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": np.zeros((1, 4, 40, 40), np.float32)},
        {"probability": np.zeros((2, 5), np.float32)},
        {"probability": np.full((1, 5), np.nan, np.float32)},
    ],
)
def test_tensors_that_are_not_as_described_are_refused(
    chest: Manifest, wrong: dict[str, NDArray[np.float32]]
) -> None:
    with pytest.raises(ModelError):
        heads.findings({**outputs(), **wrong}, chest, Place("1.2", geometry(chest)))
