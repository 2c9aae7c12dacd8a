import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.domain.codes import LEFT, RIGHT
from core.domain.errors import ModelError
from core.domain.finding import Finding
from core.domain.reason import ReasonCode
from models import manifest as manifests
from models.mammography import hooks, pairs
from models.mammography.detect import Seen, Spot
from models.mammography.prepare import COLUMNS, ROWS, prepare
from models.reading import Reading
from models.steps import Image
from models.volume import View

FOLDER = Path(hooks.__file__).parent
MANIFEST = manifests.read(FOLDER)
MM = 0.25
WANTED = (("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO"))

Read = Callable[..., Reading]


def breast(*, mirrored: bool = False, level: float = 900.0) -> NDArray[np.float32]:
    """Half a disc of 70 mm that touches the left edge, a marker off it, on air of 20."""
    row, column = np.mgrid[:800, :600]
    pixels = np.full((800, 600), 20.0, np.float32)
    far = np.hypot(row - 400, column) * MM
    texture = np.random.default_rng(1).normal(0, 40, pixels.shape)
    pixels = np.where(far < 70, level + texture, pixels).astype(np.float32)
    pixels[20:60, 540:580] = 4000
    return pixels[:, ::-1].copy() if mirrored else pixels


def view(side: str, position: str, number: int = 1, **more: Any) -> View:
    image = Image(breast(mirrored=side == "R"), (MM, MM))
    return View(image, f"1.2.{number}{side == 'L':d}{position == 'CC':d}", side, position, **more)


def four() -> list[View]:
    return [view(side, position) for side, position in WANTED]


def says(
    *, boxes: list[tuple[float, float, float, float]], scores: list[tuple[float, float]],
    position: tuple[float, float] = (0.5, 0.5), region: float = 0.9,
) -> Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]]:  # fmt: skip
    """A network that says the same of every view."""
    told = {
        "boxes": [boxes], "scores": [scores], "density": [[0.1, 0.6, 0.2, 0.1]],
        "view": [position], "region": [[region]],
    }  # fmt: skip
    return lambda _: {name: np.array(value, np.float32) for name, value in told.items()}


LESION = says(boxes=[(100.0, 200.0, 140.0, 250.0)], scores=[(0.97, 0.0)])


def read(views: list[View], network: Any = LESION) -> Reading:
    return hooks.read(views, {"network": network}, MANIFEST)


def masses(reading: Reading) -> list[Finding]:
    code = MANIFEST.output.label[0].code.value if MANIFEST.output else ""
    return [one for one in reading.findings if one.code.value == code]


def codes(reading: Reading) -> list[ReasonCode]:
    return [one.code for one in reading.remarks]


def test_the_breast_is_cut_out_and_mirrored_by_its_pixels() -> None:
    left = prepare(Image(breast(), (MM, MM)))
    right = prepare(Image(breast(mirrored=True), (MM, MM)))
    assert left is not None
    assert right is not None
    assert left.tensor.shape == (1, 2, ROWS, COLUMNS)
    np.testing.assert_allclose(left.tensor, right.tensor, atol=1e-5)
    assert not left.placing.mirrored
    assert right.placing.mirrored
    assert left.breast.sum() * MM**2 == pytest.approx(np.pi * 70**2 / 2, rel=0.05)
    assert 0 <= left.tensor.min() <= left.tensor.max() <= 1
    assert left.tensor[0, :, :, 330:].max() == 0


def test_boxes_come_back_to_where_they_were() -> None:
    for mirrored in (False, True):
        for spacing in (0.15, 0.25):
            ready = prepare(Image(breast(mirrored=mirrored), (spacing, spacing)))
            assert ready is not None
            boxes = np.array([[60.0, 300.0, 90.0, 350.0], [200.0, 410.0, 230.0, 425.0]])
            there = ready.placing.to_input(boxes)
            np.testing.assert_allclose(ready.placing.to_original(there), boxes, atol=1e-6)
            assert (there[:, 2:] > there[:, :2]).all()


def test_a_breast_larger_than_the_input_is_made_smaller() -> None:
    ready = prepare(Image(breast(), (0.6, 0.6)))
    assert ready is not None
    assert ready.placing.mm > 0.25
    assert ready.breast[:, -20:].any() or ready.breast[-20:].any()


def test_the_tone_of_a_maker_changes_little() -> None:
    plain = prepare(Image(breast(), (MM, MM)))
    other = prepare(Image(breast() * 3 + 100, (MM, MM)))
    assert plain is not None
    assert other is not None
    np.testing.assert_allclose(plain.tensor, other.tensor, atol=1e-3)


def test_an_image_without_a_breast_gives_none() -> None:
    assert prepare(Image(np.zeros((300, 200), np.float32), (0.5, 0.5))) is None
    small = np.zeros((600, 400), np.float32)
    small[100:120, 100:120] = 1
    assert prepare(Image(small, (0.25, 0.25))) is None
    assert prepare(Image(breast(), (0.25, 0.5))) is None


def test_a_lesion_in_both_views_has_one_tracking_identifier() -> None:
    reading = read(four())
    assert reading.reason is None
    assert reading.remarks == ()
    assert len(reading.read) == 4
    found = masses(reading)
    assert len(found) == 4
    for side, code in (("L", LEFT), ("R", RIGHT)):
        own = [one for one in found if one.laterality == code]
        assert len({one.tracking_uid for one in own}) == len({one.tracking_id for one in own}) == 1
        assert {one.sop_uid for one in own} == {v.sop_uid for v in four() if v.laterality == side}
    assert len({one.tracking_uid for one in found}) == 2
    assert read(four()) == reading
    other = [dataclasses.replace(one, sop_uid=one.sop_uid + "9") for one in four()]
    assert {one.tracking_uid for one in masses(read(other))}.isdisjoint(
        one.tracking_uid for one in found
    )


def test_a_region_is_a_closed_box_in_the_images_own_pixels() -> None:
    for one in masses(read(four())):
        assert one.region is not None
        assert one.region.points[0] == one.region.points[-1]
        left, top, right, bottom = one.region.box
        assert right - left == pytest.approx(40, abs=0.5)
        assert bottom - top == pytest.approx(50, abs=0.5)
        assert (left > 300) is (one.laterality == RIGHT)
        assert one.measurements[0].value == pytest.approx(12.5, abs=0.1)
        assert one.measurements[0].unit.value == "mm"


def test_missing_views_are_said() -> None:
    reading = read(four()[:3])
    (remark,) = reading.remarks
    assert remark.code is ReasonCode.MISSING_VIEWS
    assert remark.facts == {"views": "R MLO"}
    assert "R MLO" in remark.text("en")
    assert masses(read([four()[0]]))[0].region is not None


def test_views_that_are_not_of_screening_are_left_out() -> None:
    spot = view("L", "CC", 2, modifiers=("399055006",))
    lateral = view("R", "ML", 3)
    reading = read([*four(), spot, lateral])
    assert codes(reading) == [ReasonCode.LEFT_OUT] * 2
    assert "spot compression" in reading.remarks[0].text("en")
    assert len(reading.read) == 4
    alone = read([spot])
    assert alone.reason is not None
    assert not alone.read
    assert not alone.findings


def test_a_view_whose_pixels_contradict_its_tag_is_doubted() -> None:
    sure = says(boxes=[(100.0, 200.0, 140.0, 250.0)], scores=[(0.9, 0.0)], position=(0.995, 0.005))
    reading = read(four(), sure)
    assert codes(reading) == [ReasonCode.VIEW_DOUBTED] * 2
    assert reading.remarks[0].facts == {"said": "L MLO", "seen": "L CC"}
    assert not read(four()).remarks


def test_a_view_without_tags_is_read_and_said() -> None:
    nameless = dataclasses.replace(view("L", "CC"), laterality="", position="")
    reading = read([nameless])
    assert ReasonCode.VIEW_DOUBTED in codes(reading)
    assert ReasonCode.MISSING_VIEWS in codes(reading)
    (found,) = masses(reading)
    assert found.laterality is None
    assert found.region is not None


def test_images_of_something_else_are_declined() -> None:
    foreign = says(boxes=[(0.0, 0.0, 9.0, 9.0)], scores=[(0.9, 0.9)], region=0.01)
    reading = read(four(), foreign)
    assert reading.reason is not None
    assert reading.reason.code is ReasonCode.NOT_THIS_REGION
    assert not reading.read
    assert not reading.findings
    assert read([]).reason is not None


def test_every_label_has_a_finding_where_nothing_is_found() -> None:
    quiet = says(boxes=[(100.0, 200.0, 140.0, 250.0)], scores=[(0.0, 0.0)])
    reading = read(four(), quiet)
    assert MANIFEST.output is not None
    assert [one.code for one in reading.findings] == [
        label.code.code for label in MANIFEST.output.label
    ]
    assert not any(one.present for one in reading.findings)
    assert reading.findings[2].measurements[0].value == 1


def test_density_is_an_answer_and_never_a_finding() -> None:
    composition = read(four()).findings[-1]
    assert composition.answer is not None
    assert composition.answer.value == "129717001"
    assert not composition.present


def test_the_study_score_rises_with_the_lesion() -> None:
    steps = [
        read(four(), says(boxes=[(100.0, 200.0, 140.0, 250.0)], scores=[(score, 0.0)]))
        .findings[-2].measurements[0].value
        for score in (0.006, 0.2, 0.99)
    ]  # fmt: skip
    assert steps == sorted(steps)
    assert steps[0] == 1
    assert steps[-1] == 10


def seen(position: str, *spots: Spot, side: str = "L") -> Seen:
    image = Image(np.zeros((1, 1), np.float32))
    likely = np.array([0.5, 0.5])
    return Seen(View(image, position, side, position), spots, np.full(4, 0.25), likely, 1.0)


def spot(score: float, depth: float, size: float = 12.0, label: int = 0) -> Spot:
    return Spot(label, score, (0.0, 0.0, 9.0, 9.0), size, depth)


def test_what_agrees_in_depth_and_size_pairs_and_counts_more() -> None:
    rules = pairs.read(FOLDER)
    cc, mlo = seen("CC", spot(0.5, 40)), seen("MLO", spot(0.5, 43))
    (together,) = pairs.lesions([cc, mlo], rules)
    assert len(together.places) == 2
    apart = pairs.lesions([cc, seen("MLO", spot(0.5, 140))], rules)
    assert [len(one.places) for one in apart] == [1, 1]
    assert together.probability > apart[0].probability
    other = pairs.lesions([cc, seen("MLO", spot(0.5, 43), side="R")], rules)
    assert all(len(one.places) == 1 for one in other)
    kinds = pairs.lesions([cc, seen("MLO", spot(0.5, 43, label=1))], rules)
    assert all(len(one.places) == 1 for one in kinds)


def test_a_detection_pairs_once() -> None:
    cc = seen("CC", spot(0.9, 40), spot(0.85, 42))
    found = pairs.lesions([cc, seen("MLO", spot(0.9, 40))], pairs.read(FOLDER))
    assert sorted(len(one.places) for one in found) == [1, 2]
    ends = [id(place) for one in found for _, place in one.places]
    assert len(set(ends)) == 3


@pytest.mark.parametrize(
    "broken",
    [
        {"deciles": [0.1] * 8},
        {"deciles": [0.9, *[0.1] * 8]},
        {"pair": [[1, 2, 3, 4]]},
        {"lone": [[1, 2], [1]]},
        {"more": 1},
    ],
)
def test_a_calibration_is_read_strictly(broken: dict[str, Any], tmp_path: Path) -> None:
    told = json.loads((FOLDER / pairs.FILE).read_text(encoding="utf-8"))
    (tmp_path / pairs.FILE).write_text(json.dumps({**told, **broken}), encoding="utf-8")
    with pytest.raises(ModelError, match=pairs.FILE):
        pairs.read(tmp_path)


def test_a_missing_calibration_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=pairs.FILE):
        pairs.read(tmp_path)
