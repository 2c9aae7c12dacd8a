"""The trained network through its hooks, on simulated studies."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from core.domain.finding import Finding
from core.domain.reason import ReasonCode
from models import golden
from models import manifest as manifests
from models.mammography import hooks, pairs
from models.mammography.runtime import network
from models.reading import Reading
from models.steps import Image
from models.volume import View
from simulator import dx
from simulator.mammography import four_views
from simulator.mammography.four_views import FourViews
from simulator.mammography.scanners import HELD_OUT

FOLDER = Path(hooks.__file__).parent
MANIFEST = manifests.read(FOLDER)
NETWORK = network(FOLDER, threads=2)
FINE = 0.125
REAL = Path(__file__).parents[3] / "shared" / "data" / "mammography_4view"


def obvious() -> FourViews:
    """A study of a held-out maker with one obvious mass in one breast."""
    for seed in range(40_000_000, 40_001_000):
        body, found = four_views.planned(seed, prevalence=1)
        if (
            len(found) == 1
            and found[0].name == "mass"
            and found[0].subtlety < 0.15
            and body.density in {"a", "b"}
        ):
            return four_views.make(seed, scanner=HELD_OUT[0], prevalence=1, pixel_mm=FINE)
    raise AssertionError


STUDY = obvious()


def views(study: FourViews, *, uid: str = "1.2") -> list[View]:
    return [
        View(
            Image(one.pixels.astype(np.float32), (one.pixel_mm, one.pixel_mm)),
            f"{uid}.{number}", one.side, one.position,
        )
        for number, one in enumerate(study.views)
    ]  # fmt: skip


def read(given: list[View]) -> Reading:
    return hooks.read(given, {"network": NETWORK}, MANIFEST)


def located(reading: Reading) -> list[Finding]:
    return [one for one in reading.findings if one.region is not None]


def test_the_network_gives_its_golden_case() -> None:
    case = golden.read(FOLDER, MANIFEST)["network"]
    assert case.agrees(NETWORK(case.tensor(MANIFEST)))


def test_an_obvious_mass_is_found_in_both_views_and_paired() -> None:
    reading = read(views(STUDY))
    truth = STUDY.truth.findings[0]
    assert reading.remarks == ()
    right = []
    for one in located(reading):
        assert one.region is not None
        shown = STUDY.views[int(one.sop_uid.rsplit(".", 1)[1])]
        if shown.side != truth.side:
            continue
        left, top, east, bottom = truth.boxes[shown.position]
        box = one.region.box
        middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if left <= middle[0] <= east and top <= middle[1] <= bottom:
            right.append(one)
    assert len(right) == 2
    assert right[0].tracking_uid == right[1].tracking_uid
    assert right[0].sop_uid != right[1].sop_uid
    assert right[0].measurements[0].value == pytest.approx(truth.size_mm, rel=0.5)
    assert reading.findings[-2].measurements[0].value >= 9


def test_a_mirrored_image_gives_mirrored_regions() -> None:
    given = views(STUDY)
    turned = [
        View(
            Image(np.ascontiguousarray(one.image.pixels[:, ::-1]), one.image.spacing),
            one.sop_uid, one.laterality, one.position,
        )
        for one in given
    ]  # fmt: skip
    plain, mirrored = located(read(given)), located(read(turned))
    assert len(plain) == len(mirrored) > 0
    for one, other in zip(plain, mirrored, strict=True):
        assert one.region is not None
        assert other.region is not None
        width = given[0].image.pixels.shape[1]
        assert one.region.box[0] == pytest.approx(width - other.region.box[2], abs=0.05)
        assert one.region.box[1] == pytest.approx(other.region.box[1], abs=0.05)
        assert one.probability == pytest.approx(other.probability, abs=1e-4)


def test_other_tags_on_the_same_pixels_give_the_same_boxes() -> None:
    plain = read(views(STUDY))
    other = read(views(STUDY, uid="1.9"))
    assert [one.probability for one in plain.findings] == [
        one.probability for one in other.findings
    ]
    points = [one.region.points for one in located(plain) if one.region]
    assert points == [one.region.points for one in located(other) if one.region]


def test_other_pixels_under_the_same_tags_do_not() -> None:
    healthy = four_views.make(40_100_000, scanner=HELD_OUT[0], prevalence=0, pixel_mm=FINE)
    score = [read(views(study)).findings[-2].probability for study in (STUDY, healthy)]
    assert score[0] > score[1] + 0.2


def test_a_view_under_the_wrong_name_is_doubted() -> None:
    given = views(STUDY)
    swapped = [
        View(one.image, one.sop_uid, one.laterality, "MLO" if one.position == "CC" else "CC")
        for one in given
    ]
    remarks = [one.code for one in read(swapped).remarks]
    assert remarks.count(ReasonCode.VIEW_DOUBTED) >= 2


def test_a_chest_radiograph_is_no_mammogram() -> None:
    dataset = dx.study(3, scanner="fjell", size=640)[0][0]
    pixels = dataset.pixel_array.astype(np.float32)
    reading = read([View(Image(pixels, (0.4, 0.4)), "1.2.3", "L", "CC")])
    assert reading.reason is not None
    assert reading.findings == ()


def test_the_maker_s_own_pixels_give_what_the_coarser_ones_do() -> None:
    truth = STUDY.truth
    fine = four_views.make(truth.seed, scanner=truth.scanner, prevalence=1)
    assert fine.views[0].pixel_mm < FINE
    score = read(views(fine)).findings[-2]
    assert score.measurements[0].value >= 9


def test_the_study_score_has_ten_steps() -> None:
    rules = pairs.read(FOLDER)
    assert [pairs.step(value, rules) for value in (0.0, *rules.deciles)] == list(range(1, 11))


def test_the_real_study_is_read() -> None:
    if not REAL.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{REAL} is missing", pytrace=False)
        pytest.skip(f"{REAL} is missing")
    given = []
    for side in "LR":
        for position in ("CC", "MLO"):
            with Picture.open(REAL / f"{side}-{position}.png") as picture:
                pixels = np.asarray(picture.convert("L"), np.float32)
            given.append(
                View(
                    Image(pixels, (0.07, 0.07)),
                    f"1.{side == 'L':d}{position == 'CC':d}",
                    side,
                    position,
                )
            )
    reading = read(given)
    assert reading.reason is None
    assert reading.findings[-1].answer is not None
