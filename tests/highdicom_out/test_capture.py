"""Secondary captures: outlines to the pixel, grey levels untouched, words outside the image."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Finding, Outcome, Region, Result
from core.domain.profile import PALETTES
from core.domain.reason import Reason, ReasonCode
from highdicom_out import drawing, typeface
from highdicom_out.drawing import Line, Outline
from highdicom_out.encoding import Pictures, Predecessor
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.floating[Any]]
Captures = Callable[..., list[Dataset]]
GREY = 77


def flat(*sources: Dataset, value: int = GREY) -> Pictures:
    """Pictures of one grey level, in the size that the headers say."""
    sizes = {str(one.SOPInstanceUID): (int(one.Rows), int(one.Columns)) for one in sources}

    def picture(sop_uid: str, frame: int) -> Pixels:
        return np.full(sizes[sop_uid], value, np.uint8)

    return picture


@pytest.fixture
def captures(encoded: Encode, opened: Open, flawless: Judge) -> Captures:
    """Encode a result about its sources and read the captures back; the first one is judged."""

    def run(result: Result, sources: list[Dataset], **options: object) -> list[Dataset]:
        given = {"pictures": flat(*sources), **options}
        first, *others = encoded(result, sources, objects=["capture"], **given)
        return [flawless(first), *map(opened, others)]

    return run


def image_part(made: Dataset, value: int = GREY) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the flat image between the bands."""
    same = np.all(made.pixel_array == value, axis=2)
    rows = np.flatnonzero(same.sum(axis=1) > 20)
    columns = np.flatnonzero(same.sum(axis=0) > 20)
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def rgb(place: int, palette: str = "okabe-ito") -> tuple[int, ...]:
    return tuple(bytes.fromhex(PALETTES[palette][place].removeprefix("#")))


def words(made: Dataset) -> list[str]:
    """What is written on a capture, a line an item."""
    return str(made.ImageComments).splitlines()


def of(*findings: Finding, read: list[Dataset]) -> Result:
    outcome = Outcome.FINDINGS if any(one.present for one in findings) else Outcome.NOTHING_FOUND
    return samples.result(outcome, *findings, read=tuple(str(one.SOPInstanceUID) for one in read))


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("name", list(samples.NASTY))
def test_every_outcome_of_every_source_is_a_valid_object(
    name: str, outcome: Outcome, language: str, encoded: Encode, flawless: Judge
) -> None:
    source = samples.NASTY[name]()
    pictures = flat(source) if "Rows" in source else None
    result = samples.of(outcome, source)
    made = encoded(result, [source], objects=["capture"], language=language, pictures=pictures)
    assert made, "no outcome is silence"
    for read in map(flawless, made):
        assert read.StudyInstanceUID == source.StudyInstanceUID
        assert words(read)[0] == {"nb": "KI – ikke verifisert", "en": "AI, not verified"}[language]
        assert read.ImageType == ["DERIVED", "SECONDARY"]
        assert (read.BurnedInAnnotation, read.ConversionType) == ("YES", "WSD")
        assert read.pixel_array.shape == (read.Rows, read.Columns, 3)


@pytest.mark.parametrize("kind", ["capture", "pdf"])
@pytest.mark.parametrize("syntax", ["implicit", "deflated"])
def test_other_profiles_are_valid_and_mean_the_same(
    kind: str, syntax: str, encoded: Encode, opened: Open, flawless: Judge
) -> None:
    """Of a deflated file dciodvfy reads nothing: it is read back only."""
    source = samples.norwegian()
    latin = {"transfer_syntax": syntax, "character_set": "ISO_IR 100"}
    result, pictures = samples.of(Outcome.FINDINGS, source), flat(source)
    (plain,) = encoded(result, [source], objects=[kind], pictures=pictures)
    (other,) = encoded(result, [source], objects=[kind], pictures=pictures, **latin)
    one, two = flawless(plain), (opened if syntax == "deflated" else flawless)(other)
    assert two.SpecificCharacterSet == "ISO_IR 100"
    assert str(two.PatientName) == str(one.PatientName) == "Ødegård^Åse"
    if kind == "capture":
        assert words(two)[0] == "KI - ikke verifisert"
        assert np.array_equal(one.pixel_array, two.pixel_array)
    else:
        assert one.EncapsulatedDocument == two.EncapsulatedDocument


def test_the_outline_lies_on_the_region_to_the_pixel(captures: Captures) -> None:
    source = samples.radiograph()
    (made,) = captures(of(samples.located(), read=[source]), [source])
    left, top, right, bottom = image_part(made)
    assert (right - left, bottom - top) == (120, 100)
    part = made.pixel_array[top:bottom, left:right]
    for column, row in samples.TRIANGLE:
        assert tuple(part[int(row), int(column)]) == rgb(0)
    assert np.all(part[20, 10:61] == rgb(0))


def test_every_other_pixel_keeps_its_grey_level(captures: Captures) -> None:
    source = samples.radiograph()
    (made,) = captures(of(samples.located(), read=[source]), [source])
    left, top, right, bottom = image_part(made)
    part = made.pixel_array[top:bottom, left:right]
    changed = np.argwhere(np.any(part != GREY, axis=2))[:, ::-1] + 0.5
    off = changed[distance(changed, samples.TRIANGLE) > 1.5]
    assert 0 < len(off) < 17 * 12, "the number beside the outline, and nothing more"
    low, high = off.min(axis=0), off.max(axis=0)
    assert np.all(high - low < 17)
    assert high[1] < 20.25, "the number stands above the region, not in it"


def distance(points: Numbers, polyline: tuple[tuple[float, float], ...]) -> Numbers:
    """Of each point from the nearest edge, in pixels."""
    found = np.full(len(points), np.inf)
    for start, end in itertools.pairwise(polyline):
        a, b = np.array(start), np.array(end)
        along = np.clip((points - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        nearest = a + along[:, None] * (b - a)
        found = np.minimum(found, np.linalg.norm(points - nearest, axis=1))
    return found


def test_an_image_without_a_finding_is_unchanged(captures: Captures) -> None:
    source = samples.radiograph()
    values = np.random.default_rng(1).integers(0, 256, (100, 120), np.uint8)
    values[0] = values[-1] = values[:, 0] = values[:, -1] = 200
    result = samples.of(Outcome.NOTHING_FOUND, source)
    (made,) = captures(result, [source], pictures=lambda *_: values)
    at = np.argwhere(np.all(made.pixel_array == 200, axis=2))
    whole = made.pixel_array
    found = [
        (x, y)
        for y, x in at
        if np.array_equal(whole[y : y + 100, x : x + 120], np.stack([values] * 3, axis=2))
    ]
    assert len(found) == 1
    assert "KI: ingen funn" in words(made)


@pytest.mark.parametrize("palette", list(PALETTES))
def test_colours_are_the_palettes_in_the_order_of_the_labels(
    palette: str, captures: Captures
) -> None:
    source = samples.radiograph()
    uid = str(source.SOPInstanceUID)
    other = samples.located(code=codes.NODULE, region=Region(uid, square(80, 70, 10)))
    (made,) = captures(of(samples.located(), other, read=[source]), [source], palette=palette)
    left, top, *_ = image_part(made)
    part = made.pixel_array[top:, left:]
    assert tuple(part[20, 30]) == rgb(0, palette)
    assert tuple(part[70, 85]) == rgb(1 % len(PALETTES[palette]), palette)


def square(left: float, top: float, side: float) -> tuple[tuple[float, float], ...]:
    right, bottom = left + side, top + side
    return (left, top), (right, top), (right, bottom), (left, bottom), (left, top)


def test_a_large_image_is_made_smaller_and_says_so(captures: Captures) -> None:
    source = samples.radiograph()
    source.Rows, source.Columns, source.InstanceNumber = 3000, 2500, "7"
    uid = str(source.SOPInstanceUID)
    found = samples.located(region=Region(uid, square(600, 900, 1200)))
    (made,) = captures(of(found, read=[source]), [source])
    left, top, right, bottom = image_part(made)
    assert (bottom - top, right - left) == (2048, 1707)
    across, down = 1707 / 2500, 2048 / 3000
    for column, row in square(600, 900, 1200):
        pixel = made.pixel_array[top + int(row * down), left + int(column * across)]
        assert tuple(pixel) == rgb(0)
    assert np.allclose([float(one) for one in made.PixelSpacing], [0.15 / down, 0.15 / across])
    assert "made smaller" in made.DerivationDescription


def test_the_spacing_of_an_image_in_its_own_size_still_holds(captures: Captures) -> None:
    source = samples.radiograph()
    (made,) = captures(of(samples.located(), read=[source]), [source])
    assert made.PixelSpacing == [0.15, 0.15]
    source.PixelSpacing = ["0.000", "0.000"]
    (made,) = captures(of(samples.located(), read=[source]), [source])
    assert "PixelSpacing" not in made


@pytest.mark.parametrize(
    ("keyword", "value", "size"),
    [
        ("PixelSpacing", ["0.8", "0.4"], (200, 120)),
        ("PixelSpacing", ["0.4", "0.8"], (100, 240)),
        ("ImagerPixelSpacing", ["0.4", "0.8"], (100, 240)),
        ("PixelAspectRatio", ["2", "1"], (200, 120)),
        ("PixelAspectRatio", ["40", "1"], (100, 120)),
        ("PixelSpacing", ["0.4", "0.401"], (100, 120)),
    ],
)
def test_pixels_become_square(
    keyword: str, value: list[str], size: tuple[int, int], captures: Captures
) -> None:
    source = samples.bare()
    setattr(source, keyword, value)
    (made,) = captures(of(samples.located(), read=[source]), [source])
    left, top, right, bottom = image_part(made)
    assert (bottom - top, right - left) == size
    down, across = size[0] / 100, size[1] / 120
    for column, row in samples.TRIANGLE:
        assert tuple(made.pixel_array[top + int(row * down), left + int(column * across)]) == rgb(0)
    if keyword == "PixelSpacing":
        wanted = [float(value[0]) / down, float(value[1]) / across]
        assert np.allclose([float(one) for one in made.PixelSpacing], wanted)


def test_a_colour_image_stays_in_colour(captures: Captures) -> None:
    source = samples.coloured()
    teal = np.full((100, 120, 3), (20, 130, 140), np.uint8)
    made = captures(
        of(samples.finding(sop_uid=str(source.SOPInstanceUID)), read=[source]),
        [source],
        pictures=lambda *_: teal,
    )
    assert len(made) == 1
    assert np.all(made[0].pixel_array == (20, 130, 140), axis=2).sum() == 12_000


def test_a_picture_of_another_size_is_not_the_image(captures: Captures) -> None:
    source = samples.radiograph()
    wrong = np.full((50, 60), GREY, np.uint8)
    (made,) = captures(of(samples.located(), read=[source]), [source], pictures=lambda *_: wrong)
    assert "Bildepunktene i dette bildet kunne ikke vises her." in words(made)


def test_frames_with_a_region_have_a_capture_each(captures: Captures) -> None:
    source = samples.angiogram()
    uid = str(source.SOPInstanceUID)
    found = [samples.located(uid, 9), samples.located(uid, 4, probability=0.5)]
    asked: list[int] = []

    def picture(_: str, frame: int) -> Pixels:
        asked.append(frame)
        return np.full((100, 120), GREY, np.uint8)

    made = captures(of(*found, read=[source]), [source], pictures=picture)
    frames = [one.SourceImageSequence[0].ReferencedFrameNumber for one in made]
    assert asked == frames == [4, 9]
    assert [words(one)[3] for one in made] == [
        "1  Pneumotoraks 50 % (lunge, høyre)",
        "1  Pneumotoraks 87 % (lunge, høyre)",
    ]
    assert len({one.SOPInstanceUID for one in made}) == 2


def test_a_multi_frame_without_a_region_shows_the_frame_that_was_read(captures: Captures) -> None:
    source = samples.angiogram()
    (middle,) = captures(of(read=[source]), [source])
    source.RepresentativeFrameNumber = 3
    (named,) = captures(of(read=[source]), [source])
    frames = [one.SourceImageSequence[0].ReferencedFrameNumber for one in (middle, named)]
    assert frames == [6, 3]


def test_of_a_volume_only_slices_with_a_region_have_a_capture(captures: Captures) -> None:
    sources = samples.volume(40)
    found = [samples.nodule(sources[20]), samples.nodule(sources[7])]
    made = captures(samples.read_as_volume(sources, *found), sources)
    shown = [one.SourceImageSequence[0].ReferencedSOPInstanceUID for one in made]
    assert shown == [sources[7].SOPInstanceUID, sources[20].SOPInstanceUID]
    assert made[0].PatientOrientation == ["L", "P"]


def test_of_many_the_most_probable_are_kept_and_the_last_counts_the_rest(
    captures: Captures,
) -> None:
    sources = samples.volume(40)
    found = [samples.nodule(one, 0.5 + n / 100) for n, one in enumerate(sources[:35])]
    card, *made = captures(samples.read_as_volume(sources, *found), sources)
    shown = [one.SourceImageSequence[0].ReferencedSOPInstanceUID for one in made]
    assert shown == [str(one.SOPInstanceUID) for one in sources[5:35]]
    assert any(line.count("Nodulus") == 35 for line in words(card)), "all are told"
    assert words(made[-1])[-1] == "5 bilder til har KI-funn: se rapporten."
    assert not any("bilder til" in line for one in made[:-1] for line in words(one))


def test_a_volume_without_findings_is_a_card_that_says_so(captures: Captures) -> None:
    sources = samples.volume(40)
    absent = samples.finding(codes.NODULE, 0.1, sop_uid=str(sources[0].SOPInstanceUID))
    (made,) = captures(samples.read_as_volume(sources, absent), sources)
    assert "KI fant ingenting av det den leter etter (Nodulus)." in words(made)
    assert len(made.SourceImageSequence) == 40


def test_a_finding_that_is_on_no_image_is_told_on_a_card(captures: Captures) -> None:
    sources = samples.volume(40)
    there = samples.nodule(sources[7])
    nowhere = samples.finding(codes.PLEURAL_EFFUSION, 0.8, sop_uid=str(sources[0].SOPInstanceUID))
    card, one = captures(samples.read_as_volume(sources, there, nowhere), sources)
    assert any("Pleuravæske 80 %" in line for line in words(card))
    assert not any("Pleuravæske" in line for line in words(one))


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.NOT_EVALUATED, "Ikke vurdert av KI: ingen algoritme her leser"),
        (Outcome.FAILED, "KI-analysen feilet: algoritmen feilet: tomt svar/fra nettet."),
    ],
)
def test_what_was_not_evaluated_is_a_card_without_an_image(
    outcome: Outcome, said: str, captures: Captures
) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2)]
    (made,) = captures(samples.of(outcome, *sources), sources)
    assert any(line.startswith(said) for line in words(made))
    assert any(line.endswith("Ingenting er sagt om funn.") for line in words(made))
    assert "Dette er en melding, ikke et bilde av pasienten." in words(made)
    assert (made.Columns, made.Rows) == drawing.CARD
    assert not np.any(np.all(made.pixel_array == GREY, axis=2).sum(axis=1) > 20)


@pytest.mark.parametrize("pictures", [None, lambda *_: None])
def test_without_pixels_the_finding_is_told_in_words(
    pictures: Pictures | None, captures: Captures
) -> None:
    source = samples.radiograph()
    source.SeriesNumber, source.InstanceNumber = 4, 2
    result = samples.of(Outcome.FINDINGS, source)
    (made,) = captures(result, [source], pictures=pictures)
    assert words(made)[3:] == [
        "Serie 4, bilde 2",
        "Bildepunktene i dette bildet kunne ikke vises her.",
        "1  Pneumotoraks 87 % (lunge, høyre)",
        "Pleuravæske 64 %",
    ]


def test_an_image_without_a_finding_among_others_says_so(captures: Captures) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2)]
    first, second = captures(samples.of(Outcome.FINDINGS, *sources), sources)
    assert "KI: ingen funn i dette bildet" in words(second)
    assert "KI: ingen funn i dette bildet" not in words(first)
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)


def test_the_band_names_the_algorithm_and_what_it_is_for(captures: Captures) -> None:
    source = samples.radiograph()
    remark = Reason(ReasonCode.MISSING_VIEWS, {"views": "sidebilde"})
    result = dataclasses.replace(samples.of(Outcome.FINDINGS, source), remarks=(remark,))
    earlier = Predecessor("capture", "1.2.3", "1.2.3.4", "1.2.3.5")
    (made,) = captures(result, [source], predecessors=[earlier])
    assert words(made)[:3] == [
        "KI – ikke verifisert",
        "Varde chest X-ray 1.0.0",
        samples.INTENDED_USE,
    ]
    assert "Merk: undersøkelsen mangler sidebilde; lest uten." in words(made)
    assert any("erstatter et tidligere KI-resultat" in line for line in words(made))
    left, top, *_ = image_part(made)
    assert left > 0, "a small image stands in the middle of a band that can be read"
    band = made.pixel_array[:top]
    amber = np.all(band == drawing.AMBER, axis=2)
    assert amber.sum() > 300
    assert band.shape[1] == made.Columns


def test_nothing_of_the_patient_is_in_the_pixels(captures: Captures) -> None:
    one, other = samples.radiograph(), samples.radiograph()
    other.PatientName, other.PatientID = "Hansen^Kari", "01010112345"
    other.PatientBirthDate, other.AccessionNumber, other.StudyID = "20010101", "X9", "S9"
    other.PatientSex, other.PatientAge, other.StudyDate = "M", "025Y", "20270101"
    made = [captures(samples.of(Outcome.FINDINGS, it), [it])[0] for it in (one, other)]
    assert made[0].PixelData == made[1].PixelData
    assert made[0].ImageComments == made[1].ImageComments
    assert made[0].PatientName != made[1].PatientName


def test_the_same_arguments_give_the_same_bytes(encoded: Encode) -> None:
    source = samples.radiograph()
    made = [
        encoded(
            samples.of(Outcome.FINDINGS, source),
            [samples.radiograph()],
            objects=["capture"],
            pictures=flat(source),
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_what_was_lossy_stays_lossy_and_sides_are_kept(captures: Captures) -> None:
    sources = [samples.mammogram(n, "RL"[n % 2], "CC") for n in range(2)]
    for one in sources:
        one.LossyImageCompression, one.LossyImageCompressionRatio = "01", "12"
        one.LossyImageCompressionMethod = "ISO_10918_1"
        one.PatientOrientation = ["A", "R"]
    made = captures(of(read=sources), sources)
    assert [one.LossyImageCompression for one in made] == ["01", "01"]
    assert [one.LossyImageCompressionRatio for one in made] == [12, 12]
    assert [one.ImageLaterality for one in made] == ["R", "L"]
    assert [one.get("Laterality") for one in made] == [None, None]
    assert [one.BodyPartExamined for one in made] == ["BREAST", "BREAST"]
    assert made[0].PatientOrientation == ["A", "R"]
    (alone,) = captures(of(read=sources[:1]), sources[:1])
    assert alone.Laterality == "R"


def test_the_source_is_named(captures: Captures) -> None:
    source = samples.radiograph()
    (made,) = captures(of(samples.located(), read=[source]), [source])
    (reference,) = made.SourceImageSequence
    assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert reference.ReferencedSOPClassUID == source.SOPClassUID
    assert "ReferencedFrameNumber" not in reference
    assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert made.DerivationDescription == "Own window, AI outlines and text bands burnt in"


def test_the_typeface_has_what_norwegian_and_units_need() -> None:
    font = typeface.drawn(typeface.REGULAR, 20)
    lacking = bytes(font.getmask("\u4e00"))
    for letter in "æøåÆØÅäöéšáčđ²³µ–«»°±<>%":
        assert bytes(font.getmask(letter)) != lacking, letter
        assert typeface.legible(letter) == letter
    assert typeface.legible("ŋ 山 ′ ṩ →") == "? ? ' s ->"


def test_a_band_is_as_high_as_its_text_needs_and_breaks_no_number_from_its_unit() -> None:
    lines = [Line(" ".join(["Nodulus 87 %"] * n)) for n in (1, 8)]
    pixels = np.full((50, 50), GREY, np.uint8)
    short, long = (drawing.image(pixels, 1, [], [line], []) for line in lines)
    assert short.top < long.top
    assert short.shown.shape == long.shown.shape == (50, 50, 3)
    font = typeface.drawn(typeface.REGULAR, 13)
    broken = drawing.wrapped("Nodulus 87\xa0% " * 8, font, 378)
    assert len(broken) > 1
    assert all(row.count("87") == row.count("%") for row in broken)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 90),
    columns=st.integers(1, 90),
    aspect=st.floats(0.1, 10),
    points=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
    text=st.text(max_size=60),
)
def test_any_outline_on_any_image_can_be_drawn(
    rows: int, columns: int, aspect: float, points: list[tuple[float, float]], text: str
) -> None:
    inside = tuple((x * columns, y * rows) for x, y in points)
    outline = Outline((*inside, inside[0]), (255, 0, 0), "1")
    pixels = np.full((rows, columns), GREY, np.uint8)
    made = drawing.image(pixels, aspect, [outline], [Line(text)], [], largest=64)
    high, wide = made.shown.shape[:2]
    assert max(high, wide) <= max(64, 1)
    part = made.pixels[made.top : made.top + high, made.left : made.left + wide]
    assert np.array_equal(part, made.shown)
    column, row = (
        min(int(inside[0][0] * made.across), wide - 1),
        min(int(inside[0][1] * made.down), high - 1),
    )
    dots = np.all(made.shown == (255, 0, 0), axis=2)
    assert dots.any()
    assert dots[row, column] or min(high, wide) < 16, "only a number may cover a tiny image"
