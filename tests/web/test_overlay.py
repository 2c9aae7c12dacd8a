"""Labels that neither collide nor leave the image."""

import dataclasses
import datetime as dt
import itertools

from core.domain import codes
from core.domain.finding import Finding, Outcome, Region, Result
from core.domain.job import Job, Priority, State
from core.domain.study import Instance
from tests.web.seed import circle, provenance
from web import overlay
from web.answers import Answer
from web.images import Image
from web.words import Words

IMAGE = Image(
    1, Instance("1.2", "1.3", "1.4", "1.5", "x", 1, "DX", 1), 500, 400, 1, 1.0, "stamp"
)  # fmt: skip
NB = Words("nb")


def answer(*findings: Finding) -> Answer:
    """A delivered answer with these findings."""
    job = Job(
        "j", "s", "1.2", "drammen", 1, "chest_xray", "1.0.0", "cpu", Priority.ROUTINE,
        State.DELIVERED, 1, 1, 60, dt.datetime.now(dt.UTC), outcome=Outcome.FINDINGS,
    )  # fmt: skip
    return Answer(job, Result("j", Outcome.FINDINGS, provenance(), findings), (), None)


def found(x: float, y: float, uid: str = "1.2", probability: float = 0.9) -> Finding:
    """A nodule at (column, row)."""
    return Finding(codes.NODULE, probability, 0.5, uid, region=Region(uid, circle(x, y, 20)))


def test_numbers_tones_and_exact_points() -> None:
    marks = overlay.marks([answer(*[found(200, 100 + 50 * n) for n in range(6)])], [IMAGE], NB)
    assert [mark.number for mark in marks.values()] == [1, 2, 3, 4, 5, 6]
    assert [mark.tone for mark in marks.values()] == [1, 2, 3, 4, 1, 2]
    assert marks["j", 0].points.startswith("220,100 ")
    assert marks["j", 0].label == "Nodulus 90\N{NO-BREAK SPACE}%"


def test_labels_do_not_collide() -> None:
    marks = overlay.marks([answer(*[found(200, 250) for _ in range(8)])], [IMAGE], NB)
    heights = sorted(mark.y for mark in marks.values())
    step = overlay.LINE * next(iter(marks.values())).size
    assert all(high - low >= step - 1e-6 for low, high in itertools.pairwise(heights))


def test_labels_stay_on_the_image() -> None:
    for x, y in ((0, 0), (400, 0), (0, 500), (400, 500), (-50, 900)):
        mark = overlay.marks([answer(found(x, y))], [IMAGE], NB)["j", 0]
        assert 0 < mark.x < IMAGE.columns - 10 * mark.size * overlay.LETTER
        assert 0 < mark.y < IMAGE.rows


def test_absent_findings_and_other_images_are_not_drawn() -> None:
    said = answer(found(9, 9, probability=0.1), found(9, 9, uid="9.9"))
    assert not overlay.marks([said], [IMAGE], NB)


def test_a_label_is_placed_in_square_units() -> None:
    tall = dataclasses.replace(IMAGE, ratio=2.0)
    mark = overlay.marks([answer(found(200, 250))], [tall], NB)["j", 0]
    assert abs(mark.y - 2 * 230) < 3 * mark.size
