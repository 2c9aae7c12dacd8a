import numpy as np
import pytest

from models.chest_xray import evaluate, scores
from models.chest_xray.cases import LABELS
from simulator.findings_chest import FINDINGS


def test_the_model_and_the_simulator_name_the_same_findings() -> None:
    assert tuple(FINDINGS) == LABELS


def test_the_model_knows_images_that_it_was_not_trained_on() -> None:
    told = evaluate.evaluate(count=40, seed=2_100_000)
    assert told["images"] == 40
    assert told["accepted"] >= 0.95
    for name in ("pneumothorax", "pleural_effusion", "cardiomegaly"):
        assert told["labels"][name]["auc"][0] > 0.9
    assert scores.table(told).count("\n") > 10


def test_area_under_the_curve() -> None:
    truth = np.array([True, True, False, False])
    assert scores.auc(truth, np.array([0.9, 0.8, 0.2, 0.1])) == 1
    assert scores.auc(truth, np.array([0.9, 0.1, 0.5, 0.5])) == pytest.approx(0.5)
    assert np.isnan(scores.auc(np.ones(4, bool), np.arange(4.0)))


def test_cells_inside_a_polyline() -> None:
    square = np.array([[8.0, 16], [24, 16], [24, 32], [8, 32], [8, 16]])
    inside = scores.inside(square, (40, 40), 320)
    assert inside.sum() == 4
    assert inside[2:4, 1:3].all()
