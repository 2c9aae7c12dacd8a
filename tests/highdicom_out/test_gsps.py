"""Presentation states: what is drawn, where, in which layer, over which image."""

import dataclasses
import itertools

import pytest
from pydicom import Dataset

from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Outcome, Region, Result
from highdicom_out import viewing
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Open, States


@pytest.fixture
def states(encoded: Encode, opened: Open) -> States:
    """Encode a result about its sources and read the states back."""

    def run(result: Result, sources: list[Dataset], **options: object) -> list[Dataset]:
        return [opened(one) for one in encoded(result, sources, objects=["gsps"], **options)]

    return run


def texts(state: Dataset) -> list[str]:
    return [
        item.UnformattedTextValue
        for annotation in state.GraphicAnnotationSequence
        for item in annotation.get("TextObjectSequence", [])
    ]


def test_a_located_finding_is_outlined_and_named_in_a_layer_of_its_own(states: States) -> None:
    source = samples.radiograph()
    (state,) = states(samples.of(Outcome.FINDINGS, source), [source])
    assert [layer.GraphicLayer for layer in state.GraphicLayerSequence] == [
        "PNEUMOTHORAX",
        "PLEURAL_EFFUSION",
        "VARDE_AI",
    ]
    colours = [
        tuple(layer.GraphicLayerRecommendedDisplayCIELabValue)
        for layer in state.GraphicLayerSequence
    ]
    assert len(set(colours)) == 3
    annotation = state.GraphicAnnotationSequence[0]
    assert annotation.GraphicLayer == "PNEUMOTHORAX"
    (outline,) = annotation.GraphicObjectSequence
    assert outline.GraphicAnnotationUnits == "PIXEL"
    assert outline.GraphicType == "POLYLINE"
    assert outline.GraphicData == [value for point in samples.TRIANGLE for value in point]
    assert texts(state)[:2] == ["Pneumotoraks 87 %", "Pleuravæske 64 %"]


def test_every_text_is_inside_the_image(states: States) -> None:
    source = samples.bare()
    found = [samples.finding(code) for code in (codes.NODULE, codes.CARDIOMEGALY)]
    found += [samples.located(), samples.located()]
    (state,) = states(samples.result(Outcome.FINDINGS, *found, read=(found[0].sop_uid,)), [source])
    for annotation in state.GraphicAnnotationSequence:
        for text in annotation.TextObjectSequence:
            left, top = text.BoundingBoxTopLeftHandCorner
            right, bottom = text.BoundingBoxBottomRightHandCorner
            assert 0 <= left < right <= source.Columns
            assert 0 <= top < bottom <= source.Rows


def test_the_reader_sees_who_says_it_and_what_for(states: States) -> None:
    source = samples.radiograph()
    (state,) = states(samples.of(Outcome.FINDINGS, source), [source])
    assert texts(state)[-2:] == [
        samples.INTENDED_USE,
        "Varde chest X-ray 1.0.0 – KI, ikke verifisert",
    ]
    assert state.ContentLabel == "VARDE_AI"
    assert state.ContentDescription == state.SeriesDescription


@pytest.mark.parametrize(
    ("language", "words"), [("nb", "KI: ingen funn"), ("en", "AI: no findings")]
)
def test_nothing_found_is_said_on_the_image(language: str, words: str, states: States) -> None:
    source = samples.radiograph()
    (state,) = states(samples.of(Outcome.NOTHING_FOUND, source), [source], language=language)
    assert texts(state)[0] == words


def test_an_image_without_a_finding_among_others_says_so(states: States) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2)]
    _, second = states(samples.of(Outcome.FINDINGS, *sources), sources)
    assert texts(second)[0] == "KI: ingen funn i dette bildet"
    assert second.InstanceNumber == 2


def test_of_a_volume_only_slices_with_a_region_have_a_state(states: States) -> None:
    sources = samples.volume(40)
    found = [samples.nodule(sources[20]), samples.nodule(sources[7])]
    made = states(samples.read_as_volume(sources, *found), sources)
    referred = [
        one.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedSOPInstanceUID
        for one in made
    ]
    assert referred == [sources[7].SOPInstanceUID, sources[20].SOPInstanceUID]
    assert [one.InstanceNumber for one in made] == [1, 2]
    assert texts(made[0])[0] == "Nodulus 91 %, 8,2 mm"


def test_a_volume_without_findings_has_no_state(states: States) -> None:
    sources = samples.volume(40)
    assert states(samples.read_as_volume(sources), sources) == []


def test_few_images_of_one_series_are_no_volume(states: States) -> None:
    """Four views of a breast study are looked at one by one, all of them."""
    sources = [samples.mammogram(n, "RL"[n % 2], "CC") for n in range(4)]
    for one in sources:
        one.SeriesInstanceUID = f"{samples.STUDY}.8"
    uids = tuple(str(one.SOPInstanceUID) for one in sources)
    made = states(samples.result(Outcome.NOTHING_FOUND, read=uids), sources)
    assert len(made) == 4


def test_texts_of_several_findings_keep_off_each_other_and_off_the_regions(states: States) -> None:
    source = samples.radiograph()
    source.Rows, source.Columns = 2000, 1600
    places = [(300.0, 400.0), (380.0, 620.0), (340.0, 800.0), (900.0, 800.0)]
    regions = [(x, y, x + 260, y + 160) for x, y in places]
    uid = str(source.SOPInstanceUID)
    found = [samples.located(region=Region(uid, rectangle(*one))) for one in regions]
    (state,) = states(samples.result(Outcome.FINDINGS, *found, read=(found[0].sop_uid,)), [source])
    boxes = [
        (*text.BoundingBoxTopLeftHandCorner, *text.BoundingBoxBottomRightHandCorner)
        for annotation in state.GraphicAnnotationSequence
        for text in annotation.TextObjectSequence
    ]
    assert not [pair for pair in itertools.combinations(boxes, 2) if overlap(*pair)]
    assert not [(box, one) for box in boxes for one in regions if overlap(box, one)]


def rectangle(
    left: float, top: float, right: float, bottom: float
) -> tuple[tuple[float, float], ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom), (left, top)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
def test_what_was_not_evaluated_has_no_state(outcome: Outcome, states: States) -> None:
    source = samples.radiograph()
    result = dataclasses.replace(samples.of(outcome, source), read=(source.SOPInstanceUID,))
    assert states(result, [source]) == []


def test_the_first_window_and_the_whole_image_are_shown(states: States) -> None:
    source = samples.radiograph()
    (state,) = states(samples.of(Outcome.FINDINGS, source), [source])
    (window,) = state.SoftcopyVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth) == (2048, 4096)
    assert (state.RescaleSlope, state.RescaleIntercept, state.RescaleType) == (1, 0, "US")
    (area,) = state.DisplayedAreaSelectionSequence
    assert area.DisplayedAreaTopLeftHandCorner == [1, 1]
    assert area.DisplayedAreaBottomRightHandCorner == [120, 100]
    assert area.PresentationPixelSpacing == [0.15, 0.15]
    assert state.PresentationLUTShape == "IDENTITY"
    assert state.BodyPartExamined == "CHEST"


def test_monochrome1_stays_inverse_and_keeps_its_first_table(states: States) -> None:
    source = samples.inverted()
    (state,) = states(samples.of(Outcome.FINDINGS, source), [source])
    assert state.PresentationLUTShape == "INVERSE"
    (first,) = state.SoftcopyVOILUTSequence[0].VOILUTSequence
    assert first.LUTDescriptor == [4, -2, 16]
    assert first.LUTData == source.VOILUTSequence[0].LUTData
    assert state.ModalityLUTSequence[0].ModalityLUTType == "US"


def test_broken_windows_spacing_and_rescaling_are_left_out(states: States) -> None:
    source = samples.broken()
    (state,) = states(samples.of(Outcome.FINDINGS, source), [source])
    assert "SoftcopyVOILUTSequence" not in state
    assert "RescaleSlope" not in state
    (area,) = state.DisplayedAreaSelectionSequence
    assert area.PresentationPixelAspectRatio == [1, 1]
    assert "PresentationPixelSpacing" not in area


def test_a_multi_frame_image_names_frames(states: States) -> None:
    source = samples.enhanced()
    finding = samples.located(str(source.SOPInstanceUID), 2)
    result = samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,))
    (state,) = states(result, [source])
    drawn, notice = state.GraphicAnnotationSequence
    assert drawn.ReferencedImageSequence[0].ReferencedFrameNumber == 2
    assert "ReferencedFrameNumber" not in notice.ReferencedImageSequence[0]
    windows = [
        (item.WindowCenter, item.ReferencedImageSequence[0].ReferencedFrameNumber)
        for item in state.SoftcopyVOILUTSequence
    ]
    assert windows == [(40, [1, 2]), (600, 3)]
    assert state.RescaleIntercept == -1024


def test_report_and_state_track_a_finding_by_the_same_uid(encoded: Encode, opened: Open) -> None:
    source = samples.radiograph()
    report, state = map(opened, encoded(samples.of(Outcome.FINDINGS, source), [source]))
    (outline,) = state.GraphicAnnotationSequence[0].GraphicObjectSequence
    assert outline.TrackingUID in str(report)
    assert outline.TrackingID == "Pneumothorax 1"


def test_layer_names_are_code_strings_and_differ() -> None:
    words = ["Nodule", "nodule", "Solitary pulmonary nodule", "Ødem", "123", "Varde AI"]
    names = list(viewing.layers({Code(str(n), "SCT", word): None for n, word in enumerate(words)}))
    assert names == [
        "NODULE",
        "NODULE_2",
        "SOLITARY_PULMONA",
        "DEM",
        "FINDING",
        "VARDE_AI_2",
    ]
