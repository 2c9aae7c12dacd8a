"""Key objects: which images, which frames, in whose words, and when there are none."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Outcome, Region, Result
from core.domain.profile import Profile
from highdicom_out.encode import EncodedObject, encode
from highdicom_out.encoding import Predecessor
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge
from tests.highdicom_out.test_encode import result as any_result
from tests.services.validators import dciodvfy, pixelmed_sr

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
NORWEGIAN = (
    "KI-funn: Pneumotoraks 87 %, Pleuravæske 64 %. "
    "Laget av KI, ikke verifisert av lege: Varde chest X-ray 1.0.0."
)
ENGLISH = (
    "AI findings: Pneumothorax 87%, Pleural effusion 64%. "
    "Made by AI, not verified by a physician: Varde chest X-ray 1.0.0."
)
WITHOUT_PIXELS = {"pdf", "document"}


def referred(document: Dataset, value_type: str = "IMAGE") -> list[tuple[str, list[int]]]:
    """(SOP Instance UID, frame numbers) of the tree's references, in their order."""
    found = []
    for item in document.ContentSequence:
        if item.ValueType == value_type:
            (one,) = item.ReferencedSOPSequence
            frames = one.get("ReferencedFrameNumber") or []
            many = [frames] if isinstance(frames, int) else list(frames)
            found.append((str(one.ReferencedSOPInstanceUID), [int(frame) for frame in many]))
    return found


def evidence(document: Dataset) -> set[str]:
    """Every instance in the evidence, which is all of one study."""
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == document.StudyInstanceUID
    return {
        str(one.ReferencedSOPInstanceUID)
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }


def words(document: Dataset) -> str:
    """The Key Object Description."""
    (item,) = (one for one in document.ContentSequence if one.ValueType == "TEXT" and _key(one))
    return str(item.TextValue)


def _key(item: Dataset) -> bool:
    return bool(item.ConceptNameCodeSequence[0].CodeValue == "113012")


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("name", list(samples.NASTY))
def test_findings_on_any_source_are_a_valid_document(
    name: str, language: str, encoded: Encode, flawless: Judge
) -> None:
    source = samples.NASTY[name]()
    result = samples.of(Outcome.FINDINGS, source)
    made = encoded(result, [source], objects=["sr", "kos"], language=language)
    assert [one.kind for one in made] == (["sr"] if name in WITHOUT_PIXELS else ["sr", "kos"])
    for one in made[1:]:
        read = flawless(one)
        assert (read.SOPClassUID, read.Modality) == (KEY_OBJECTS, "KO")
        assert (read.SOPInstanceUID, read.SeriesInstanceUID) == (one.sop_uid, one.series_uid)
        (title,) = read.ConceptNameCodeSequence
        assert (title.CodeValue, title.CodingSchemeDesignator) == ("113000", "DCM")
        assert (title.CodeMeaning, read.SeriesNumber) == ("Of Interest", 9005)
        assert [uid for uid, _ in referred(read)] == [source.SOPInstanceUID]


@pytest.mark.parametrize("name", ["norwegian", "enhanced"])
def test_pixelmed_finds_no_error(name: str, encoded: Encode, tmp_path: Path) -> None:
    source = samples.NASTY[name]()
    _, document = encoded(samples.of(Outcome.FINDINGS, source), [source], objects=["sr", "kos"])
    path = tmp_path / "kos.dcm"
    path.write_bytes(document.data)
    verdict = pixelmed_sr(path)
    assert "Found Root Template TID_2010" in verdict.output
    assert (verdict.errors, verdict.warnings) == ((), ()), verdict.output


def test_references_have_no_concept_name(encoded: Encode, flawless: Judge) -> None:
    source = samples.radiograph()
    _, document = encoded(samples.of(Outcome.FINDINGS, source), [source], objects=["sr", "kos"])
    for item in flawless(document).ContentSequence:
        if item.ValueType in {"IMAGE", "COMPOSITE"}:
            assert "ConceptNameCodeSequence" not in item


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", NORWEGIAN),
        ("en", ENGLISH),
    ],
)
def test_the_description_says_who_says_what(
    language: str, said: str, encoded: Encode, flawless: Judge
) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    (document,) = encoded(result, [source], objects=["kos"], language=language)
    read = flawless(document)
    assert words(read) == said
    observers = [
        (one.ConceptNameCodeSequence[0].CodeMeaning, one.get("TextValue"))
        for one in read.ContentSequence
        if one.RelationshipType == "HAS OBS CONTEXT"
    ]
    assert ("Device Observer Name", "Varde chest X-ray") in observers


def test_it_refers_to_the_report_where_there_is_one(encoded: Encode, flawless: Judge) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    report, document = encoded(result, [source], objects=["sr", "kos"])
    read = flawless(document)
    assert referred(read, "COMPOSITE") == [(report.sop_uid, [])]
    assert evidence(read) == {report.sop_uid, str(source.SOPInstanceUID)}
    (alone,) = encoded(result, [source], objects=["kos"])
    read = flawless(alone)
    assert referred(read, "COMPOSITE") == []
    assert evidence(read) == {str(source.SOPInstanceUID)}


def test_of_a_volume_only_slices_with_a_region_are_key_images(
    encoded: Encode, flawless: Judge
) -> None:
    sources = samples.volume(40)
    seen = [samples.nodule(sources[20]), samples.nodule(sources[7])]
    beside = [samples.nodule(sources[3], region=None), samples.nodule(sources[5], 0.1)]
    result = samples.read_as_volume(sources, *seen, *beside)
    (document,) = encoded(result, sources, objects=["kos"])
    shown = [str(sources[n].SOPInstanceUID) for n in (7, 20)]
    read = flawless(document)
    assert [uid for uid, _ in referred(read)] == shown
    assert evidence(read) == set(shown)


def test_an_image_without_a_finding_is_no_key_image(encoded: Encode, flawless: Judge) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2)]
    (document,) = encoded(samples.of(Outcome.FINDINGS, *sources), sources, objects=["kos"])
    assert referred(flawless(document)) == [(str(sources[0].SOPInstanceUID), [])]


def test_a_multi_frame_image_is_referred_to_by_frame(encoded: Encode, flawless: Judge) -> None:
    source = samples.enhanced()
    uid = str(source.SOPInstanceUID)
    found = [samples.located(uid, 3), samples.located(uid, 1), samples.located(uid, 3)]
    result = samples.result(Outcome.FINDINGS, *found, read=(uid,))
    (document,) = encoded(result, [source], objects=["kos"])
    assert referred(flawless(document)) == [(uid, [1, 3])]


def nowhere(source: Dataset) -> Result:
    """A finding on an image that is not there."""
    found = samples.located(f"{samples.STUDY}.99", region=Region("1.2.3", samples.TRIANGLE))
    return samples.result(Outcome.FINDINGS, found, read=(str(source.SOPInstanceUID),))


def test_without_a_finding_on_an_image_there_is_none(encoded: Encode) -> None:
    source = samples.radiograph()
    told = [
        *(samples.of(one, source) for one in Outcome if one is not Outcome.FINDINGS),
        nowhere(source),
    ]
    for result in told:
        assert encoded(result, [source], objects=["kos"]) == ()


def test_an_image_of_another_study_is_not_referred_to(encoded: Encode, flawless: Judge) -> None:
    here, prior = samples.radiograph(1), samples.radiograph(2)
    prior.StudyInstanceUID = f"{samples.STUDY}.77"
    uid = str(prior.SOPInstanceUID)
    found = [samples.located(), samples.located(uid, code=codes.NODULE)]
    result = samples.result(Outcome.FINDINGS, *found, read=(str(here.SOPInstanceUID), uid))
    (document,) = encoded(result, [here, prior], objects=["kos"])
    assert referred(flawless(document)) == [(str(here.SOPInstanceUID), [])]


def test_a_question_with_an_answer_makes_no_key_image(encoded: Encode) -> None:
    source = samples.mammogram(1, "R", "CC")
    told = samples.located(str(source.SOPInstanceUID), answer=samples.SCATTERED)
    result = samples.result(Outcome.FINDINGS, told, read=(told.sop_uid,))
    assert encoded(result, [source], objects=["kos"]) == ()


def test_the_same_input_gives_the_same_bytes(encoded: Encode) -> None:
    source = samples.norwegian()
    result = samples.of(Outcome.FINDINGS, source)
    first = encoded(result, [source], objects=["kos"])
    assert first == encoded(result, [samples.norwegian()], objects=["kos"])
    (again,) = encoded(result, [source], objects=["kos"], run=2)
    assert again.sop_uid != first[0].sop_uid


def test_only_the_kinds_that_are_asked_for_are_made(encoded: Encode) -> None:
    """And they are the same objects as among all."""
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    everything: tuple[EncodedObject, ...] = encoded(result, [source], objects=["sr", "kos"])
    (document,) = encoded(result, [source], objects=["sr", "kos"], kinds=["kos"])
    assert document == everything[1]
    assert encode(dataclasses.replace(result), [source], at=samples.AT, kinds=()) == ()


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=any_result, name=st.sampled_from(list(samples.NASTY)))
def test_any_result_is_a_valid_document(told: Result, name: str, tmp_path: Path) -> None:
    """Key objects and, of the same result, the note that withdraws an earlier one."""
    sources = [samples.radiograph(1), samples.NASTY[name](), *samples.volume(3)]
    profile = Profile(objects=("kos",), withdraw=True)
    earlier = (Predecessor("seg", "1.2.840.10008.5.1.4.1.1.66.4", "2.25.15", "2.25.4"),)
    note, *documents = encode(told, sources, at=samples.AT, profile=profile, predecessors=earlier)
    assert note.kind == "rejection"
    for one in (note, *documents):
        path = tmp_path / "one.dcm"
        path.write_bytes(one.data)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
