import numpy as np
import pytest

from models import scores


def test_area_under_the_curve() -> None:
    truth = np.array([True, True, False, False])
    assert scores.auc(truth, np.array([0.9, 0.8, 0.2, 0.1])) == 1
    assert scores.auc(truth, np.array([0.9, 0.1, 0.5, 0.5])) == pytest.approx(0.5)
    assert np.isnan(scores.auc(np.ones(4, bool), np.arange(4.0)))


def test_an_interval_holds_the_figure_and_narrows_with_more_images() -> None:
    rng = np.random.default_rng(3)
    widths = []
    for count in (60, 600):
        truth = rng.random(count) < 0.4
        score = truth + rng.normal(0, 1, count)
        value, low, high = scores.interval(scores.auc, truth, score)
        assert low < value < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_rows_of_one_study_are_drawn_together() -> None:
    rng = np.random.default_rng(4)
    one = rng.random(80) < 0.5
    said = rng.random(80) < 0.5
    several = [np.repeat(column, 10) for column in (one, said)]
    apart = scores.interval(scores.share, *several)
    together = scores.interval(scores.share, *several, studies=np.repeat(np.arange(80), 10))
    assert together[0] == apart[0]
    assert together[2] - together[1] > 2 * (apart[2] - apart[1])


def test_wilson_stays_inside_and_is_the_known_value() -> None:
    assert scores.wilson(9, 10) == pytest.approx((0.9, 0.5958, 0.9821), abs=1e-3)
    assert scores.wilson(5, 5)[2] == 1
    assert scores.wilson(0, 5)[:2] == (0, 0)
    assert all(np.isnan(scores.wilson(0, 0)))


def test_a_threshold_keeps_the_sensitivity_or_the_false_ones() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(4000) < 0.5
    for gap, sensitive in ((4.0, True), (1.0, False)):
        score = truth * gap + rng.normal(0, 1, 4000)
        said = score >= scores.threshold(truth, score, sensitivity=0.95, most_false=0.05)
        assert (said[truth].mean() >= 0.945) == sensitive
        assert said[~truth].mean() <= 0.055


def test_the_operating_point_is_the_most_sensitive_one_that_is_allowed() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    match = np.array([0, -1, 0, 1, -1, 2])  # the third hits a truth that was found already
    curve = scores.froc(score, match, truths=4, images=2)
    np.testing.assert_allclose(curve.sensitivity, [0.25, 0.25, 0.25, 0.5, 0.5, 0.75])
    np.testing.assert_allclose(curve.false_per_image, [0, 0.5, 0.5, 0.5, 1, 1])
    assert curve.at(0.5) == (0.6, 0.5, 0.5)
    assert curve.at(1.0) == (0.4, 0.75, 1.0)
    nothing = scores.froc(np.zeros(0), np.zeros(0, int), truths=4, images=2)
    assert nothing.at(0.5)[1:] == (0, 0)


def test_equal_scores_are_one_point() -> None:
    curve = scores.froc(np.ones(3), np.array([-1, 0, -1]), truths=1, images=1)
    assert curve.at(1.0) == (float("inf"), 0.0, 0.0)
    assert curve.at(2.0) == (1.0, 1.0, 2.0)


def test_boxes_match_by_their_overlap() -> None:
    truths = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], float)
    boxes = np.array([[1, 1, 11, 11], [0, 0, 10, 10], [21, 20, 31, 30], [50, 50, 60, 60]], float)
    np.testing.assert_allclose(scores.iou(boxes[:1], truths[:1]), 81 / 119)
    found = scores.matches(boxes, np.array([0.3, 0.9, 0.5, 0.8]), truths)
    np.testing.assert_array_equal(found, [0, 0, 1, -1])
    assert not len(scores.matches(boxes[:0], np.zeros(0), truths))
    np.testing.assert_array_equal(scores.matches(boxes, np.ones(4), truths[:0]), [-1] * 4)


def test_subgroups_hold_each_row_once_for_each_kind() -> None:
    groups = [{"sex": "F", "view": "PA"}, {"sex": "M", "view": "PA"}, {"sex": "F", "view": "AP"}]
    told = scores.subgroups(groups, lambda rows: {"sum": int(rows.sum())})
    assert told["sex F"] == {"studies": 2, "sum": 2}
    assert told["view PA"] == {"studies": 2, "sum": 1}
    assert sum(row["studies"] for row in told.values()) == 6
