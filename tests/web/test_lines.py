"""What is said of a finding: place, size, view, and which ones are one lesion."""

import dataclasses

from core.domain import codes
from core.domain.finding import Finding, Measurement, Outcome, Region, Result
from core.domain.study import Instance
from tests.web import kinds
from tests.web.seed import circle, provenance
from tests.web.test_overlay import answer
from web import lines, overlay
from web.answers import Answer
from web.images import Image
from web.words import Words

NB, EN = Words("nb"), Words("en")
SPACE = "\N{NO-BREAK SPACE}"


def image(number: int, modality: str, **attributes: str | list[str]) -> Image:
    instance = Instance(
        f"1.2.{number}", "1.3", "1.4", "1.5", "x", 1, modality, 1, attributes=attributes
    )
    return Image(number, instance, 500, 400, 1, 1.0, "stamp")


def found(number: int, probability: float = 0.9, uid: str = "", **more: object) -> Finding:
    region = Region(f"1.2.{number}", circle(100, 100, 20))
    made = Finding(codes.NODULE, probability, 0.5, region.sop_uid, region=region, tracking_uid=uid)
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def told(said: Answer, images: list[Image], words: Words = NB) -> list[lines.Line]:
    return lines.present(said, overlay.marks([said], images, words), images, words)


def test_a_nodule_has_side_slice_and_size() -> None:
    slices = [
        image(n, "CT", InstanceNumber=str(n + 100), PixelSpacing=["0.7", "0.7"]) for n in (1, 2)
    ]
    measured = (
        Measurement(kinds.LONG, 8.25, codes.MILLIMETRE),
        Measurement(kinds.VOLUME, 1240.3, kinds.CUBIC),
    )
    one = found(2, site=codes.LUNG, laterality=codes.RIGHT, measurements=measured)
    (line,) = told(answer(one), slices)
    assert line.where == "lunge, høyre · snitt 102"
    assert line.sizes == (
        f"Lang akse 8,2{SPACE}mm",
        f"Volum 1\N{NARROW NO-BREAK SPACE}240{SPACE}mm³",
    )
    (line,) = told(answer(one), slices, EN)
    assert line.where == "lung, right · slice 102"
    assert line.sizes[0] == f"Long axis 8.2{SPACE}mm"


def test_no_millimetres_without_a_trustworthy_pixel_spacing() -> None:
    detector = image(1, "MG", ImagerPixelSpacing=["0.1", "0.1"])
    measured = (
        Measurement(kinds.LONG, 8.25, codes.MILLIMETRE),
        Measurement(kinds.SCORE, 3, kinds.NUMBER),
    )
    (line,) = told(answer(found(1, measurements=measured)), [detector])
    score, left_out = line.sizes
    assert score.endswith(" 3")
    assert "pikselavstand" in left_out


def test_a_finding_that_is_not_drawn_says_so() -> None:
    (line,) = told(answer(found(1, region=None)), [image(1, "DX")])
    assert (line.mark, line.where) == (None, "uten markering")


def test_views_of_one_lesion_share_a_number_and_follow_each_other() -> None:
    views = [
        image(n, "MG", ImageLaterality="L", ViewPosition=view)
        for n, view in ((1, "CC"), (2, "MLO"))
    ]
    said = answer(found(1, 0.9, "2.25.1"), found(1, 0.8, "2.25.2"), found(2, 0.7, "2.25.1"))
    rows = told(said, views)
    assert [row.mark and row.mark.number for row in rows] == [1, 1, 2]
    assert [row.where for row in rows] == ["L CC", "L MLO", "L CC"]
    assert [row.other_view for row in rows] == [False, True, False]


def test_density_and_score_are_assessments_and_no_findings() -> None:
    density = found(1, 0.7, region=None, answer=kinds.SCATTERED, code=kinds.DENSITY)
    score = found(
        1,
        0.6,
        region=None,
        code=kinds.SCORE,
        measurements=(Measurement(kinds.SCORE, 9, kinds.NUMBER),),
    )
    said = answer(density, score, found(1))
    assert [one.code for one in said.present] == [codes.NODULE]
    assert lines.assessments(said, NB) == [
        ("Brysttetthet", "b, spredt kjertelvev", f"sannsynlighet 70{SPACE}%"),
        ("Skår for undersøkelsen (1 til 10)", "9", f"60{SPACE}% mot grense 50{SPACE}%"),
    ]


def test_segments_are_named_with_their_volume() -> None:
    images, lungs = kinds.thorax_slices()
    marked = kinds.lung(images, lungs[0], codes.RIGHT, 2710.0)
    said = answer()
    result = Result("j", Outcome.NOTHING_FOUND, provenance(), segments=(marked,))
    told = lines.segments(dataclasses.replace(said, result=result), EN)
    assert told == [("Lung, right", f"Volume 2,710{SPACE}ml")]
