"""Mammography CAD SR: TID 4000 row by row, for every outcome, as three judges read it."""

import dataclasses
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataset import Dataset as Item
from pydicom.uid import MammographyCADSRStorage

from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Finding, Measurement, Outcome, Region, Result
from core.domain.profile import Profile
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import EncodedObject, encode
from highdicom_out.encoding import Predecessor
from simulator.mammography import dicom as simulated
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.need import need
from tests.services.validators import dciodvfy, pixelmed_sr

MASS = Code("129788004", "SCT", "Mammographic breast mass", "Oppfylning i brystet")
CALCIFICATIONS = Code("129769006", "SCT", "Calcification Cluster", "Mikroforkalkninger")
SCORE = Code("study-suspicion", "99VARDE", "Suspicion of breast lesion, study", "Mistanke")
COMPOSITION = Code("129715009", "SCT", "Breast composition", "Brysttetthet")
SCATTERED = Code("129717001", "SCT", "Scattered fibroglandular densities", "b: spredt kjertelvev")
BREAST = Code("76752008", "SCT", "Breast", "Bryst")
LONG_AXIS = Code("103339001", "SCT", "Long Axis", "Lengste akse")
SIDES = {"L": codes.LEFT, "R": codes.RIGHT}
WITHOUT = {"pdf", "document"}  #: sources that are no image

Box = tuple[float, float, float, float]


@pytest.fixture
def sources() -> list[Dataset]:
    """Four views with what the simulator's mammograms say."""
    views = (("L", "CC"), ("R", "CC"), ("L", "MLO"), ("R", "MLO"))
    made = [samples.mammogram(n, *view) for n, view in enumerate(views, start=1)]
    for one in made:
        one.SeriesInstanceUID = f"{samples.STUDY}.8"
        one.PatientOrientation = ["A", "R"] if one.ImageLaterality == "L" else ["P", "L"]
        one.StudyDate, one.StudyTime, one.PositionerPrimaryAngle = "20260301", "2315", "45"
    return made


def lesion(source: Dataset, box: Box, probability: float = 0.8, **changes: object) -> Finding:
    """A mass, as models/mammography/hooks.py gives it."""
    left, top, right, bottom = box
    points = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    uid = str(source.SOPInstanceUID)
    facts: dict[str, object] = {
        "code": MASS,
        "probability": probability,
        "threshold": 0.1,
        "sop_uid": uid,
        "site": BREAST,
        "laterality": SIDES[str(source.ImageLaterality)],
        "region": Region(uid, points),
        "measurements": (Measurement(LONG_AXIS, 12.5, codes.MILLIMETRE),),
        "tracking_id": "Mass L1",
        "tracking_uid": "2.25.11",
    }
    return Finding(**{**facts, **changes})  # type: ignore[arg-type]


def absent(source: Dataset, code: Code = MASS) -> Finding:
    return Finding(code, 0.02, 0.1, str(source.SOPInstanceUID), site=BREAST)


def dense(source: Dataset) -> Finding:
    uid = str(source.SOPInstanceUID)
    return Finding(COMPOSITION, 0.7, 1.0, uid, site=BREAST, answer=SCATTERED)


def read(outcome: Outcome, sources: Sequence[Dataset], *findings: Finding) -> Result:
    """A result of the mammography algorithm that read all of `sources`."""
    uids = tuple(str(one.SOPInstanceUID) for one in sources)
    made = samples.result(outcome, *findings, read=uids)
    told = dataclasses.replace(
        made.provenance, algorithm="mammography", name="Varde mammography", version="1.2.3"
    )
    return dataclasses.replace(made, provenance=told)


def every(outcome: Outcome, sources: Sequence[Dataset]) -> Result:
    """What the algorithm says for each outcome."""
    match outcome:
        case Outcome.FINDINGS:
            found = (
                lesion(sources[0], (20.5, 30.25, 60.0, 70.5)),
                lesion(sources[2], (30.0, 40.0, 70.0, 80.0)),
                lesion(sources[3], (5, 6, 25, 30), 0.4, code=CALCIFICATIONS, tracking_uid=""),
            )
            return read(outcome, sources, *found, dense(sources[0]))
        case Outcome.NOTHING_FOUND:
            labels = (absent(sources[0]), absent(sources[0], CALCIFICATIONS), dense(sources[0]))
            return read(outcome, sources, *labels)
        case _:
            return samples.result(outcome)


def written(one: EncodedObject, folder: Path) -> Path:
    path = folder / f"{one.sop_uid}.dcm"
    path.write_bytes(one.data)
    return path


def judged(path: Path) -> None:
    """PixelMed knows the templates (several seconds)."""
    verdict = pixelmed_sr(path)
    assert "Found Root Template TID_4000" in verdict.output
    assert verdict, verdict.output
    assert "illegal" not in verdict.output
    readable(path)


def readable(path: Path) -> None:
    """DCMTK refuses a document with a relationship that PS3.3 A.35.5 does not have."""
    dsrdump = need("dsrdump", package="dcmtk")
    done = subprocess.run([dsrdump, str(path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def walk(item: Item, place: tuple[int, ...] = (1,)) -> Iterator[tuple[tuple[int, ...], Item]]:
    """Every item with its place in the tree."""
    yield place, item
    for number, child in enumerate(item.get("ContentSequence", []), start=1):
        yield from walk(child, (*place, number))


def name(item: Item) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning) if _is_named(item) else ""


def _is_named(item: Item) -> bool:
    """Items by reference and the images of the library have no name."""
    return "ConceptNameCodeSequence" in item


def called(item: Item, wanted: str) -> list[Item]:
    """The children of an item with that name."""
    return [child for child in item.get("ContentSequence", []) if name(child) == wanted]


def value(item: Item, wanted: str) -> str:
    """The value of a CODE, TEXT, UIDREF or NUM among the children."""
    (found,) = called(item, wanted)
    match found.ValueType:
        case "CODE":
            return str(found.ConceptCodeSequence[0].CodeValue)
        case "NUM":
            return str(float(found.MeasuredValueSequence[0].NumericValue))
        case "UIDREF":
            return str(found.UID)
        case _:
            return str(found.TextValue)


def below(item: Item, *names: str) -> Item:
    """The one descendant by its names."""
    for wanted in names:
        (item,) = called(item, wanted)
    return item


def meaning(item: Item) -> str:
    return str(item.ConceptCodeSequence[0].CodeMeaning)


SUMMARY = "CAD Processing and Findings Summary"


def impressions(made: Dataset) -> list[Item]:
    return called(below(made, SUMMARY), "Individual Impression/Recommendation")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_valid_and_unverified(
    outcome: Outcome, sources: list[Dataset], encoded: Encode, flawless: Judge, tmp_path: Path
) -> None:
    """With findings: a pair, one in one view, one below its threshold, and lengths."""
    result = every(outcome, sources)
    if result.findings:
        under = lesion(sources[0], (80, 90, 99, 99), 0.099, tracking_uid="")
        result = dataclasses.replace(result, findings=(*result.findings, under))
    for source in sources:
        source.PixelSpacing = [0.1, 0.1]
    (one,) = encoded(result, sources, objects=["cad"])
    made = flawless(one)
    judged(written(one, tmp_path))
    assert (one.kind, one.sop_class_uid) == ("cad", MammographyCADSRStorage)
    assert made.file_meta.MediaStorageSOPClassUID == MammographyCADSRStorage
    assert (made.CompletionFlag, made.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert made.PreliminaryFlag == "PRELIMINARY"
    assert (made.Modality, made.SeriesNumber) == ("SR", 9007)
    assert "KI, ikke verifisert" in made.SeriesDescription
    (template,) = made.ContentTemplateSequence
    assert (template.TemplateIdentifier, template.MappingResource) == ("4000", "DCMR")
    purposes = [
        item.PurposeOfReferenceCodeSequence[0].CodeValue
        for item in made.ContributingEquipmentSequence
    ]
    assert "123110" in purposes


#: Summary, detections, analyses, and the list of images below the detections.
SAID = {
    Outcome.FINDINGS: ("111242", "111222", "111222", "Successful Detections"),
    Outcome.NOTHING_FOUND: ("111241", "111222", "111222", "Successful Detections"),
    Outcome.NOT_EVALUATED: ("111245", "111225", "111225", ""),
    Outcome.FAILED: ("111245", "111224", "111225", "Failed Detections"),
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_nothing_found_not_evaluated_and_failed_are_told_apart(
    outcome: Outcome, sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    made = opened(encoded(every(outcome, sources), sources, objects=["cad"])[0])
    *status, listed = SAID[outcome]
    named = (SUMMARY, "Summary of Detections", "Summary of Analyses")
    assert [value(made, one) for one in named] == status
    detections = below(made, "Summary of Detections")
    assert [name(one) for one in detections.get("ContentSequence", [])] == [listed] * bool(listed)
    assert len(impressions(made)) == (2 if outcome is Outcome.FINDINGS else 0)
    said = value(below(made, SUMMARY), "Impression Description")
    assert "ikke verifisert av lege" in said
    words = {
        Outcome.FINDINGS: "KI-funn: ",
        Outcome.NOTHING_FOUND: "KI fant ingenting av det den leter etter",
        Outcome.NOT_EVALUATED: "Ikke vurdert av KI: ",
        Outcome.FAILED: "KI-analysen feilet: ",
    }
    assert [one for one, word in words.items() if word in said] == [outcome]


def test_what_ran_on_which_image(sources: list[Dataset], encoded: Encode, opened: Open) -> None:
    """The last view is in the library, but was not attempted: it is in no list."""
    result = every(Outcome.FINDINGS, sources[:3] + sources[:1])
    result = dataclasses.replace(result, read=result.read[:3])
    made = opened(encoded(result, sources, objects=["cad"])[0])
    images = below(made, "Image Library").ContentSequence
    assert [one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for one in images] == [
        one.SOPInstanceUID for one in sources
    ]
    done = below(made, "Summary of Detections", "Successful Detections").ContentSequence
    assert [meaning(one) for one in done] == ["Mammography breast density", "Calcification Cluster"]
    done += below(made, "Summary of Analyses", "Successful Analyses").ContentSequence
    assert [meaning(one) for one in done[2:]] == [
        "Spatial collocation analysis", "Breast composition analysis",
    ]  # fmt: skip
    for one in done:
        assert (value(one, "Algorithm Name"), value(one, "Algorithm Version")) == (
            "Varde mammography",
            "1.2.3",
        )
        places = [
            list(item.ReferencedContentItemIdentifier)
            for item in one.ContentSequence
            if "ReferencedContentItemIdentifier" in item
        ]
        assert places == [[1, 2, 1], [1, 2, 2], [1, 2, 3]]
    assert any("weights_sha256" in one.TextValue for one in called(done[0], "Algorithm Parameters"))


@pytest.mark.parametrize(
    ("labels", "sought"), [(0, "Selected region"), (1, "Calcification Cluster")]
)
def test_a_failed_run_names_its_images_and_what_it_looked_for_if_it_says_so(
    labels: int, sought: str, sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    named = [absent(sources[0], CALCIFICATIONS)][:labels]
    result = read(Outcome.FAILED, sources[1:3], *named)
    made = opened(encoded(result, sources, objects=["cad"])[0])
    (failed,) = below(made, "Summary of Detections", "Failed Detections").ContentSequence
    assert meaning(failed) == sought
    places = [
        list(item.ReferencedContentItemIdentifier)
        for item in failed.ContentSequence
        if "ReferencedContentItemIdentifier" in item
    ]
    assert places == [[1, 2, 1], [1, 2, 2]]
    assert len(below(made, "Image Library").ContentSequence) == 4
    assert impressions(made) == []


def shown(made: Dataset, finding: Item) -> tuple[str, list[float], list[float]]:
    """The image of a single image finding, its centre and its outline, through the references."""
    places = dict(walk(made))
    center, outline = below(finding, "Center"), below(finding, "Outline")
    assert (center.GraphicType, outline.GraphicType) == ("POINT", "POLYLINE")
    targets = set()
    for one in (center, outline):
        (reference,) = one.ContentSequence
        assert reference.RelationshipType == "SELECTED FROM"
        target = places[tuple(reference.ReferencedContentItemIdentifier)]
        assert target.ValueType == "IMAGE"
        targets.add(str(target.ReferencedSOPSequence[0].ReferencedSOPInstanceUID))
    (uid,) = targets
    return uid, list(center.GraphicData), list(outline.GraphicData)


def test_a_lesion_in_two_views_is_one_composite_feature_of_two_findings(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    made = opened(encoded(every(Outcome.FINDINGS, sources), sources, objects=["cad"])[0])
    pair, single = impressions(made)
    feature = below(pair, "Composite Feature")
    assert feature.ConceptCodeSequence[0].CodeValue == MASS.value
    assert value(feature, "Tracking Unique Identifier") == "2.25.11"
    assert value(feature, "Composite Type") == "111154"
    assert value(feature, "Scope of Feature") == "111158"
    assert value(feature, "Certainty of Feature") == "80.0"
    assert value(feature, "Observer Type") == "121007"
    first, second = called(feature, "Single Image Finding")
    assert {meaning(first), meaning(second)} == {"Mammography breast density"}
    assert shown(made, first) == (
        str(sources[0].SOPInstanceUID),
        [40.25, 50.375],
        [20.5, 30.25, 60.0, 30.25, 60.0, 70.5, 20.5, 70.5, 20.5, 30.25],
    )
    assert shown(made, second)[:2] == (str(sources[2].SOPInstanceUID), [50.0, 60.0])
    assert value(first, "Tracking Unique Identifier") == "2.25.11"
    alone = below(single, "Single Image Finding")
    assert meaning(alone) == "Calcification Cluster"
    assert value(alone, "Certainty of Finding") == "40.0"
    assert value(alone, "Device Observer Name") == "Varde mammography"
    assert shown(made, alone)[:2] == (str(sources[3].SOPInstanceUID), [15.0, 18.0])


def test_the_threshold_decides_whether_it_is_to_be_shown(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    above = lesion(sources[0], (20, 30, 60, 70), 0.1, tracking_uid="")
    under = lesion(sources[0], (80, 90, 99, 99), 0.099, tracking_uid="")
    result = read(Outcome.FINDINGS, sources, under, above)
    made = opened(encoded(result, sources, objects=["cad"])[0])
    intents = [
        (value(impression, "Rendering Intent"), value(finding, "Rendering Intent"))
        for impression in impressions(made)
        for finding in called(impression, "Single Image Finding")
    ]
    assert intents == [("111150", "111150"), ("111152", "111152")]


def test_the_library_says_how_each_image_was_taken(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    view = Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "R-10226", "SRT", "MLO"
    magnified, unknown = Dataset(), Dataset()
    magnified.CodeValue, magnified.CodingSchemeDesignator = "399163009", "SCT"
    unknown.CodeValue, unknown.CodingSchemeDesignator = "1234", "99VENDOR"
    view.ViewModifierCodeSequence = [magnified, unknown]
    sources[2].ViewCodeSequence, sources[2].ViewPosition = [view], ""
    made = opened(encoded(every(Outcome.FINDINGS, sources), sources, objects=["cad"])[0])
    first, _, third, _ = below(made, "Image Library").ContentSequence
    assert (value(first, "Image Laterality"), value(first, "Image View")) == (
        "80248007",
        "399162004",
    )
    assert [value(first, f"Patient Orientation {one}") for one in ("Row", "Column")] == ["A", "R"]
    assert [value(first, f"{one} Pixel Spacing") for one in ("Horizontal", "Vertical")] == [
        "100.0", "100.0",
    ]  # fmt: skip
    assert (below(first, "Study Date").Date, below(first, "Study Time").Time) == (
        "20260301", "2315",
    )  # fmt: skip
    assert value(first, "Positioner Primary Angle") == "45.0"
    assert value(third, "Image View") == "399368009"
    modifiers = called(below(third, "Image View"), "Image View Modifier")
    assert [meaning(one) for one in modifiers] == ["Magnification"]


def test_a_length_is_told_where_the_pixel_spacing_bears_it(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    result = every(Outcome.FINDINGS, sources)
    made = opened(encoded(result, sources, objects=["cad"])[0])
    assert "Long Axis" not in {name(one) for _, one in walk(made)}
    left_out = "ingen pålitelig pikselavstand"
    assert left_out in value(below(made, SUMMARY), "Impression Description")
    for one in sources:
        one.PixelSpacing = [0.1, 0.1]
    made = opened(encoded(result, sources, objects=["cad"])[0])
    assert value(below(impressions(made)[1], "Single Image Finding"), "Long Axis") == "12.5"
    assert left_out not in value(below(made, SUMMARY), "Impression Description")


def test_density_score_and_remarks_are_in_the_sentences(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    score = Finding(SCORE, 0.64, 0.18, str(sources[0].SOPInstanceUID))
    result = read(Outcome.FINDINGS, sources, absent(sources[0]), score, dense(sources[0]))
    remark = Reason(ReasonCode.MISSING_VIEWS, {"views": "R MLO"})
    result = dataclasses.replace(result, remarks=(remark,))
    made = opened(encoded(result, sources, objects=["cad"])[0])
    said = value(below(made, SUMMARY), "Impression Description")
    assert "KI-funn: Mistanke 64 %." in said
    assert "Brysttetthet: b: spredt kjertelvev 70 %" in said
    assert "undersøkelsen mangler R MLO" in said
    assert "Referansemodell" in said or samples.INTENDED_USE in said


def test_other_results_have_none(sources: list[Dataset], encoded: Encode) -> None:
    chest = samples.radiograph()
    uid = str(chest.SOPInstanceUID)
    others = [
        (samples.of(Outcome.FINDINGS, chest), [chest]),
        (samples.result(Outcome.NOT_EVALUATED), [chest]),
        (samples.result(Outcome.FAILED, read=(uid,)), [chest, *sources]),
        (read(Outcome.NOTHING_FOUND, sources, dense(sources[0])), sources),
        (read(Outcome.NOTHING_FOUND, [*sources, chest], absent(sources[0])), [*sources, chest]),
        (read(Outcome.NOTHING_FOUND, [], absent(sources[0])), sources),
        (read(Outcome.FAILED, sources, samples.finding()), sources),
    ]
    for result, given_sources in others:
        assert encoded(result, given_sources, objects=["cad"]) == ()


def test_the_evidence_is_the_mammograms(
    sources: list[Dataset], encoded: Encode, opened: Open
) -> None:
    given_sources = [samples.pdf(), *sources]
    made = opened(encoded(every(Outcome.FINDINGS, sources), given_sources, objects=["cad"])[0])
    (study,) = made.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert [one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence] == [
        one.SOPInstanceUID for one in sources
    ]


def test_the_same_input_gives_the_same_bytes(sources: list[Dataset], encoded: Encode) -> None:
    result = every(Outcome.FINDINGS, sources)
    first, second = (encoded(result, sources, objects=["cad"]) for _ in range(2))
    assert first == second
    assert encoded(result, sources, objects=["cad"], run=2)[0].sop_uid != first[0].sop_uid


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("source", [one for one in samples.NASTY if one not in WITHOUT])
def test_nasty_sources(
    source: str, outcome: Outcome, encoded: Encode, flawless: Judge, tmp_path: Path
) -> None:
    image = samples.NASTY[source]()
    image.Modality, image.ImageLaterality = "MG", "L"
    frame = 2 if "NumberOfFrames" in image else 1
    uid = str(image.SOPInstanceUID)
    points = ((1.0, 2.0), (9.5, 2.0), (9.5, 8.0), (1.0, 2.0))
    found = lesion(image, (0, 0, 1, 1), region=Region(uid, points, frame), tracking_uid="")
    labels = {Outcome.FINDINGS: (found,), Outcome.NOTHING_FOUND: (absent(image),)}
    result = read(outcome, [image], *labels.get(outcome, ()))
    (one,) = encoded(result, [image], objects=["cad"])
    made = flawless(one)
    if source != "private":  # DCMTK reads no reference to an image of a class it does not know
        readable(written(one, tmp_path))
    assert made.StudyInstanceUID == image.StudyInstanceUID
    if outcome is Outcome.FINDINGS:
        seen = below(impressions(made)[0], "Single Image Finding")
        assert shown(made, seen)[1] == [5.25, 5.0]
        (reference,) = below(seen, "Center").ContentSequence
        target = dict(walk(made))[tuple(reference.ReferencedContentItemIdentifier)]
        frames = target.ReferencedSOPSequence[0].get("ReferencedFrameNumber")
        assert frames == (2 if frame > 1 else None)


def test_pixelmed_finds_no_error_of_a_frame(encoded: Encode, tmp_path: Path) -> None:
    image = samples.enhanced()
    image.Modality, image.ImageLaterality, image.PatientName = "MG", "R", "Ødegård^Åse"
    uid = str(image.SOPInstanceUID)
    points = ((1.0, 2.0), (9.5, 2.0), (9.5, 8.0), (1.0, 2.0))
    found = lesion(image, (0, 0, 1, 1), region=Region(uid, points, 2))
    (one,) = encoded(read(Outcome.FINDINGS, [image], found), [image], objects=["cad"])
    judged(written(one, tmp_path))


def test_a_predecessor_is_named(sources: list[Dataset], encoded: Encode, opened: Open) -> None:
    before = [
        Predecessor("cad", MammographyCADSRStorage, "2.25.77", "2.25.78"),
        Predecessor("sr", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.79", "2.25.80"),
    ]
    result = every(Outcome.FINDINGS, sources)
    made = opened(encoded(result, sources, objects=["cad"], predecessors=before)[0])
    (study,) = made.PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    (item,) = series.ReferencedSOPSequence
    assert item.ReferencedSOPInstanceUID == "2.25.77"


def headers() -> tuple[list[Dataset], list[Finding]]:
    """A simulated study without its pixels, and its true lesions as findings in every view."""
    views, truth = simulated.study(3, prevalence=1.0, pixel_mm=0.4)
    by_view = {(str(one.ImageLaterality), str(one.ViewPosition)): one for one in views}
    found = []
    for number, one in enumerate(truth.findings, start=1):
        for position, box in one.boxes.items():
            source = by_view[one.side, position]
            code = MASS if one.name == "mass" else CALCIFICATIONS
            identity = {"tracking_id": one.id, "tracking_uid": f"2.25.{number}"}
            found.append(lesion(source, box, 0.9 - number / 10, code=code, **identity))
    for view in views:
        del view.PixelData
    return views, found


def test_four_simulated_views_with_paired_lesions(
    encoded: Encode, flawless: Judge, tmp_path: Path
) -> None:
    views, found = headers()
    assert len(found) > 1
    result = read(Outcome.FINDINGS, views, *found, dense(views[0]))
    (one,) = encoded(result, views, objects=["cad"])
    made = flawless(one)
    judged(written(one, tmp_path))
    expected = {
        (finding.tracking_uid, finding.sop_uid): [
            pytest.approx(number, abs=1e-3) for point in finding.region.points for number in point
        ]
        for finding in found
        if finding.region
    }
    marked = {}
    for impression in impressions(made):
        feature = below(impression, "Composite Feature")
        assert value(impression, "Rendering Intent") == "111150"
        for single in called(feature, "Single Image Finding"):
            uid, _, outline = shown(made, single)
            marked[value(feature, "Tracking Unique Identifier"), uid] = outline
    assert marked == expected
    views_named = [value(one, "Image View") for one in below(made, "Image Library").ContentSequence]
    assert views_named == ["399162004", "399162004", "399368009", "399368009"]


number = st.floats(-50, 400)
region = st.builds(
    Region,
    sop_uid=st.sampled_from([f"{samples.STUDY}.8.1", f"{samples.STUDY}.8.2", "1.2.3"]),
    points=st.lists(st.tuples(number, number), min_size=1, max_size=6).map(tuple),
    frame=st.integers(0, 2),
)
finding = st.builds(
    samples.finding,
    code=st.sampled_from([MASS, CALCIFICATIONS, COMPOSITION, SCORE, codes.NODULE]),
    probability=st.sampled_from([0.0, 0.05, 0.1, 0.93, 1.0, float("nan")]),
    threshold=st.just(0.1),
    sop_uid=st.sampled_from([f"{samples.STUDY}.8.1", "1.2.3"]),
    laterality=st.sampled_from([None, codes.LEFT]),
    region=st.none() | region,
    measurements=st.sampled_from([(), samples.MEASURED, samples.NODULE[0]]).map(
        lambda one: one if isinstance(one, tuple) else (one,)
    ),
    tracking_id=st.text(max_size=100),
    tracking_uid=st.sampled_from(["", "2.25.11", "2.25.12"]),
    answer=st.sampled_from([None, SCATTERED]),
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    outcome=st.sampled_from(list(Outcome)),
    found=st.lists(finding, max_size=6).map(tuple),
    count=st.integers(0, 3),
    spacing=st.sampled_from([None, [0.1, 0.1], [0, 0]]),
    words=st.text(max_size=200),
)
def test_any_result_is_valid_or_none(
    outcome: Outcome,
    found: tuple[Finding, ...],
    count: int,
    spacing: list[float] | None,
    words: str,
    tmp_path: Path,
) -> None:
    images = [samples.mammogram(n, "RL"[n % 2], "CC") for n in range(1, 4)]
    for image in images:
        image.PixelSpacing = spacing
    uids = tuple(str(one.SOPInstanceUID) for one in images[:count])
    made = samples.provenance(name=words, version=words, intended_use=words * 9)
    result = Result("job-1", outcome, made, found, uids)
    profile = Profile(objects=("cad",))
    for one in encode(result, images, at=samples.AT, profile=profile):
        path = written(one, tmp_path)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
        readable(path)
