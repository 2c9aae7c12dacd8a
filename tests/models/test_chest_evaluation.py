import numpy as np
import pytest
from numpy.typing import NDArray

from core.domain.codes import NODULE
from core.domain.finding import Finding, Region
from models import manifest as manifests
from models.chest_xray import choose, evaluate, judge, report
from models.chest_xray.cases import CELLS, LABELS, SIZE, case, stored
from models.steps import Geometry
from simulator import chest
from simulator.chest import FINDINGS

WHOLE = Geometry(SIZE, SIZE)


def square(left: float, top: float, side: float) -> Finding:
    """A nodule with a square region, in pixels."""
    right, bottom = left + side, top + side
    points = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return Finding(NODULE, 0.9, 0.5, "1", region=Region("1", points))


def cells(*places: tuple[int, int]) -> NDArray[np.float32]:
    """A true part of 4 by 4 cells at each (row, column)."""
    made = np.zeros((CELLS, CELLS), np.float32)
    for row, column in places:
        made[row : row + 4, column : column + 4] = 1
    return made


def test_the_model_and_the_simulator_name_the_same_findings() -> None:
    assert tuple(FINDINGS) == LABELS


def test_the_model_knows_images_that_it_was_not_trained_on() -> None:
    told = evaluate.evaluate(count=28, seed=2_100_000, prevalence=0.4)
    assert told["images"] == 28
    assert told["accepted"][0] >= 0.9
    assert np.mean([told["labels"][name]["auc"][0] for name in LABELS]) > 0.9
    told["laterals_accepted"] = 0.0
    assert report.block(told).count("\n") > 20


def test_a_stored_case_holds_the_image_and_where_findings_are() -> None:
    image = chest.make(2_100_003, scanner="fjell", size=160, prevalence=1.0)
    manifest = manifests.read(evaluate.FOLDER)
    one = stored(case(image.pixels, image.masks, manifest))
    assert one["image"].shape == (SIZE, SIZE)
    assert one["cells"].shape == (len(LABELS), CELLS, CELLS)
    for number, name in enumerate(LABELS):
        assert bool(one["present"][number]) == (name in image.masks)
        if name in image.masks:
            share = one["cells"][number].mean() / 255
            columns = image.pixels.shape[1] / image.pixels.shape[0]
            assert share == pytest.approx(image.masks[name].mean() * columns, rel=0.1, abs=1e-3)


def test_cells_inside_a_polyline() -> None:
    points = np.array([[8.0, 16], [24, 16], [24, 32], [8, 32], [8, 16]])
    inside = judge.inside(points, (40, 40), 320)
    assert inside.sum() == 4
    assert inside[2:4, 1:3].all()
    tiny = judge.inside(points / 100 + 50, (40, 40), 320)
    assert tiny.sum() == 1


def test_regions_on_the_truth_are_right_and_others_false() -> None:
    truth = cells((10, 20), (34, 40))
    at = SIZE / CELLS
    said = [square(20 * at, 10 * at, 4 * at), square(5 * at, 40 * at, 4 * at)]
    told = judge.judge(said, truth, WHOLE, SIZE)
    assert (told.right, told.false, told.parts, told.found) == (1, 1, 2, 1)
    # a region over most of the image touches both, and is right about neither
    broad = judge.judge([square(0, 0, 46 * at)], truth, WHOLE, SIZE)
    assert (broad.right, broad.false, broad.found) == (0, 1, 0)


def test_thresholds_separate_what_is_there_from_what_is_not() -> None:
    rng = np.random.default_rng(1)
    manifest = manifests.read(evaluate.FOLDER)
    present = rng.random((24, len(LABELS))) < 0.5
    places = np.stack([[cells((30, 40)) * there for there in row] for row in present])
    location = np.clip(0.6 * places + 0.1 * rng.random(places.shape), 0, 1).astype(np.float32)
    probability = np.where(present, 0.8, 0.2).astype(np.float32)
    outputs = {"probability": probability, "location": location}
    for values in choose.numbers(manifest, outputs, places, present).values():
        assert 0.2 <= values["threshold"] <= 0.8
        assert 0.1 < values["location_threshold"] < 0.7
        assert values["smallest"] * CELLS**2 <= 16
