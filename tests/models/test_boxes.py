"""The head `boxes`, on tensors written by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.domain.errors import ModelError
from models import heads
from models.heads import Place
from models.heads.boxes import shared, suppress
from models.manifest import Manifest
from models.steps import Geometry

LABEL = {"code": {"value": "125605004", "scheme": "SCT", "meaning": "Fracture of bone"}}
#: An image of 200 rows and 100 columns that is half as large in the tensor, 10 further down.
PLACE = Place("1.2", Geometry(200, 100, scale=(0.5, 0.5), offset=(0.0, 10.0)))
BOXES = [[10, 20, 20, 40], [11, 21, 21, 41], [30, 60, 40, 80], [0, 0, 1, 1]]
SCORES = [[0.9, 0.1], [0.8, 0.2], [0.6, 0.1], [0.2, 0.1]]


def manifest(**label: Any) -> Manifest:
    """Two labels with the head `boxes`."""
    labels = [
        {**LABEL, "name": name, "threshold": 0.5, "location_threshold": 0.4, **label}
        for name in ("radius", "ulna")
    ]
    return Manifest.model_validate(
        {
            "key": "fracture",
            "algorithm": {
                "name": "F", "version": "1.0.0", "purpose": "fracture", "kind": "onnx",
                "licence": "Apache-2.0", "intended_use": "Tests.", "intended_use_nb": "Tester.",
            },
            "weights": {"file": "model.onnx", "sha256": "0" * 64},
            "output": {"head": "boxes", "label": labels},
            "encode": {"objects": ["sr"]},
            "run": {"queue": "cpu", "timeout_s": 1},
        }
    )  # fmt: skip


def outputs(
    boxes: Any = BOXES, scores: Any = SCORES, **more: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    return {
        "boxes": np.array([boxes], np.float32), "scores": np.array([scores], np.float32), **more
    }  # fmt: skip


def test_each_box_is_a_finding_once_and_an_absent_label_one_without() -> None:
    found = heads.findings(outputs(), manifest(), PLACE)
    assert [round(one.probability, 3) for one in found] == [0.9, 0.6, 0.2]
    assert [one.present for one in found] == [True, True, False]
    assert found[0].region
    assert found[0].region.box == (20.0, 20.0, 40.0, 60.0)
    assert found[0].region.points[0] == found[0].region.points[-1]
    assert found[2].region is None


def test_the_networks_own_probability_goes_before_the_strongest_box() -> None:
    whole = np.array([[0.6, 0.7]], np.float32)
    found = heads.findings(outputs(probability=whole), manifest(), PLACE)
    assert [round(one.probability, 3) for one in found] == [0.6, 0.7]
    assert found[1].region
    assert found[1].region.box == (22.0, 22.0, 42.0, 62.0), "the strongest box, however weak it is"


def test_no_more_boxes_than_most_and_none_that_is_too_small() -> None:
    assert len(heads.findings(outputs(), manifest(most=1), PLACE)) == 2
    (radius, _) = heads.findings(outputs(), manifest(smallest=0.05), PLACE)
    assert radius.present
    assert radius.region is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"boxes": [[[0, 0, 1]]]},
        {"scores": [[0.1, 0.2]]},
        {"scores": [[0.1, 0.2, 0.3]] * 4},
        {"boxes": [[np.nan] * 4] * 4},
    ],
)
def test_tensors_of_another_form_are_a_model_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        heads.findings(outputs(**wrong), manifest(), PLACE)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(-300, 900, width=32)] * 4, *[st.floats(0, 1, width=32)] * 2),
        max_size=8,
    )
)
def test_whatever_the_network_says_regions_are_closed_and_inside(rows: list[Any]) -> None:
    table = np.array(rows, np.float32).reshape(-1, 6)
    given = outputs(table[:, :4], table[:, 4:])
    for finding in heads.findings(given, manifest(), PLACE):
        if finding.region is None:
            continue
        left, top, right, bottom = finding.region.box
        assert 0 <= left < right <= 100
        assert 0 <= top < bottom <= 200
        assert finding.present


def test_overlap_is_intersection_over_union() -> None:
    one, other = np.array([0, 0, 2, 2], np.float32), np.array([1, 0, 3, 2], np.float32)
    assert shared(one, other) == pytest.approx(1 / 3)
    assert shared(one, one + 5) == 0
    boxes = np.stack([one, other])
    assert suppress(boxes, np.array([0.5, 0.9], np.float32), 0.3) == [1]
    assert suppress(boxes, np.array([0.5, 0.9], np.float32), 0.4) == [1, 0]
