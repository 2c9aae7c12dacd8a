"""The report: read back with highdicom, and compared with the result that it is of."""

import dataclasses
import io
from typing import Any, cast

import numpy as np
import pytest
from highdicom.sr import CodedConcept, Comprehensive3DSR, srread
from highdicom.sr.utils import find_content_items
from pydicom import Dataset

from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Measurement, Outcome, Region, Result
from core.domain.job import PLATFORM
from core.domain.reason import Reason, ReasonCode
from highdicom_out import concepts
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Report


@pytest.fixture
def report(encoded: Encode) -> Report:
    """Encode a result about its sources and read the report back as highdicom's."""

    def run(result: Result, sources: list[Dataset], **options: object) -> Comprehensive3DSR:
        (one,) = encoded(result, sources, objects=["sr"], **options)
        return cast("Comprehensive3DSR", srread(io.BytesIO(one.data)))

    return run


def values(report: Dataset, name: str) -> list[Any]:
    """The values of all content items of that name, in order."""
    items = find_content_items(report, recursive=True)
    return [item.value for item in items if item.name.meaning == name]


def named(concept: Code) -> CodedConcept:
    """The name of a content item to look for."""
    return concepts.coded(concept)


def meanings(report: Dataset, name: str) -> list[str]:
    return [value.meaning for value in values(report, name)]


def test_a_located_finding_reads_back_as_it_was(report: Report) -> None:
    source = samples.radiograph()
    finding = samples.located(measurements=samples.MEASURED)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    (group,) = made.content.get_planar_roi_measurement_groups()
    assert group.finding_type.value == "36118008"
    assert [site.value.value for site in group.finding_sites] == ["39607008"]
    assert group.finding_sites[0].laterality.value == "24028007"
    assert group.tracking_identifier == "Pneumothorax 1"
    roi = group.roi
    assert np.array_equal(roi.value, np.asarray(samples.TRIANGLE, np.float32))
    assert roi.GraphicType == "POLYLINE"
    numbers = {one.name.meaning: (one.value, one.unit.value) for one in group.get_measurements()}
    assert numbers == {
        "Probability": (87.0, "%"),
        "Diameter": (12.5, "mm"),
        "Mass ratio": (0.55, "1"),
    }
    referenced = roi.ContentSequence[0].ReferencedSOPSequence[0]
    assert referenced.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert "ReferencedFrameNumber" not in referenced


def test_every_group_names_algorithm_weights_and_threshold(report: Report) -> None:
    source = samples.radiograph()
    made = report(samples.of(Outcome.FINDINGS, source), [source])
    (group,) = made.content.get_planar_roi_measurement_groups()
    said = [(i.name.meaning, i.value) for i in group[0].ContentSequence if i.ValueType == "TEXT"]
    assert ("Algorithm Name", "Varde chest X-ray") in said
    assert ("Algorithm Version", "1.0.0") in said
    assert ("Algorithm Parameters", f"weights_sha256={'ab' * 32}") in said
    assert ("Algorithm Parameters", "threshold=0.42") in said


def test_the_report_says_who_with_what_and_what_for(report: Report) -> None:
    source = samples.radiograph()
    made = report(samples.of(Outcome.FINDINGS, source), [source])
    assert meanings(made, "Observer Type") == ["Device"]
    assert values(made, "Device Observer UID") == ["2.25.424242"]
    parameters = values(made, "Algorithm Parameters")
    assert {
        "platform_version=0.1.0",
        "provider=CPUExecutionProvider",
        "resize=320x320",
        f"intended_use={samples.INTENDED_USE}",
    } < set(parameters)
    assert samples.INTENDED_USE in values(made, "Comment")
    assert "Laget av KI, ikke verifisert av lege: Varde chest X-ray 1.0.0." in values(
        made, "Comment"
    )
    assert (made.VerificationFlag, made.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert made.CompletionFlag == "COMPLETE"
    assert made.SeriesDescription == "Varde chest X-ray 1.0.0 – KI, ikke verifisert"


def test_contributing_equipment_names_the_algorithm_by_device_uid(report: Report) -> None:
    source = samples.radiograph()
    made = report(samples.of(Outcome.FINDINGS, source), [source])
    equipment = {
        item.PurposeOfReferenceCodeSequence[0].CodeMeaning: item
        for item in made.ContributingEquipmentSequence
        if item.ManufacturerModelName != "highdicom"
    }
    assert set(equipment) == {
        "Acquisition Equipment",
        "Processing Equipment",
        "Artificial Intelligence",
    }
    ours = equipment["Artificial Intelligence"]
    assert list(ours.DeviceUID if isinstance(ours.DeviceUID, list) else [ours.DeviceUID]) == [
        "2.25.424242"
    ]
    assert list(ours.SoftwareVersions) == ["1.0.0", "Varde 0.1.0"]
    assert ours.ContributionDescription == samples.INTENDED_USE
    assert ours.ContributionDateTime == "20260301223015.123456+0000"


def test_findings_without_region_are_answered_present_or_absent(report: Report) -> None:
    source = samples.radiograph()
    made = report(samples.of(Outcome.FINDINGS, source), [source])
    assert meanings(made, "Pleural effusion") == ["Present"]
    assert meanings(made, "Cardiomegaly") == ["Absent"]
    (absent,) = [
        item for item in find_content_items(made, recursive=True) if item.name.value == "8186001"
    ]
    (probability,) = [i for i in absent.ContentSequence if i.ValueType == "NUM"]
    assert probability.value == pytest.approx(7.0)


SAID = {
    Outcome.FINDINGS: "KI-funn: Pneumotoraks 87 %, Pleuravæske 64 %.",
    Outcome.NOTHING_FOUND: "KI fant ingenting av det den leter etter (Pneumotoraks, Kardiomegali).",
    Outcome.NOT_EVALUATED: "Ikke vurdert av KI: ingen algoritme her leser denne undersøkelsen "
    "(CT, 133 bilder). Ingenting er sagt om funn.",
    Outcome.FAILED: "KI-analysen feilet: algoritmen feilet: tomt svar\\fra nettet. "
    "Ingenting er sagt om funn.",
}


@pytest.mark.parametrize(
    ("outcome", "status", "found", "reason"),
    [
        (Outcome.FINDINGS, "Succeeded", ["All algorithms succeeded; with findings"], []),
        (Outcome.NOTHING_FOUND, "Succeeded", ["All algorithms succeeded; without findings"], []),
        (Outcome.NOT_EVALUATED, "Not Attempted", [], ["no-algorithm"]),
        (Outcome.FAILED, "Failed", [], ["error"]),
    ],
)
def test_the_four_outcomes_are_coded_and_readable(
    outcome: Outcome, status: str, found: list[str], reason: list[str], report: Report
) -> None:
    source = samples.radiograph()
    made = report(samples.of(outcome, source), [source])
    assert meanings(made, "Summary of Detections") == [status]
    assert meanings(made, "CAD Processing and Findings Summary") == found
    coded = values(made, "Reason why there is no evaluation")
    assert [(one.value, one.scheme_designator) for one in coded] == [
        (code, "99VARDE") for code in reason
    ]
    assert values(made, "Summary") == [SAID[outcome]]


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
@pytest.mark.parametrize("language", ["nb", "en"])
def test_what_was_not_evaluated_never_says_absent_or_nothing_found(
    outcome: Outcome, language: str, report: Report
) -> None:
    source = samples.radiograph()
    result = samples.of(outcome, source)
    result = dataclasses.replace(result, findings=(samples.finding(probability=0.1),))
    made = report(result, [source], language=language)
    items = find_content_items(made, recursive=True)
    coded = {item.value.meaning for item in items if item.ValueType == "CODE"}
    assert not coded & {"Absent", "Present"}
    words = " ".join(str(item.value) for item in items if item.ValueType == "TEXT").lower()
    assert "without findings" not in words
    assert "no findings" not in words
    assert "ingen funn" not in words


def test_a_ct_that_no_algorithm_reads_lists_all_slices_as_evidence(report: Report) -> None:
    sources = [samples.slice_of_ct(n) for n in range(1, 134)]
    made = report(samples.of(Outcome.NOT_EVALUATED, *sources), sources)
    evidence = {uid for *_, uid, _ in made.get_evidence()}
    assert evidence == {source.SOPInstanceUID for source in sources}
    assert len(values(made, "Source")) == 1
    assert values(made, "Algorithm Name") == ["Varde"]
    assert meanings(made, "Procedure reported") == ["CT unspecified body region"]
    assert made.ManufacturerModelName == "Varde"
    assert PLATFORM in values(made, "Device Observer Model Name")


def test_a_document_is_evidence_but_no_image(report: Report) -> None:
    made = report(samples.of(Outcome.NOT_EVALUATED, samples.pdf()), [samples.pdf()])
    assert len(made.get_evidence()) == 1
    assert values(made, "Source") == []


@pytest.mark.parametrize("name", ["bare", "broken"])
def test_no_millimetres_without_a_trustworthy_pixel_spacing(name: str, report: Report) -> None:
    source = samples.NASTY[name]()
    finding = samples.located(str(source.SOPInstanceUID), measurements=samples.MEASURED)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    assert values(made, "Diameter") == []
    assert values(made, "Mass ratio") == [0.55]
    assert any("pikselavstand" in str(words) for words in values(made, "Comment"))


def test_a_region_in_a_multi_frame_image_names_its_frame(report: Report) -> None:
    source = samples.enhanced()
    finding = samples.located(str(source.SOPInstanceUID), 2, measurements=samples.MEASURED)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    (group,) = made.content.get_planar_roi_measurement_groups()
    assert group.roi.ContentSequence[0].referenced_frame_numbers == [2]
    assert values(made, "Diameter") == [12.5]


def test_a_region_is_closed_and_kept_inside_the_image(report: Report) -> None:
    source = samples.bare()
    region = Region(source.SOPInstanceUID, ((-5.0, 10.0), (500.0, 10.0), (60.0, 101.0)))
    finding = samples.located(region=region)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    (group,) = made.content.get_planar_roi_measurement_groups()
    assert group.roi.value.tolist() == [[0, 10], [120, 10], [60, 100], [0, 10]]


@pytest.mark.parametrize(
    "region",
    [
        Region("1.2.3", samples.TRIANGLE),
        Region(f"{samples.STUDY}.1.1", samples.TRIANGLE, frame=2),
        Region(f"{samples.STUDY}.1.1", ((float("nan"), 1.0),)),
    ],
)
def test_a_region_that_cannot_be_drawn_leaves_the_finding_said(
    region: Region, report: Report
) -> None:
    source = samples.bare()
    finding = samples.located(region=region)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    assert made.content.get_planar_roi_measurement_groups() == []
    assert meanings(made, "Pneumothorax") == ["Present"]


def test_the_most_probable_finding_comes_first(report: Report) -> None:
    source = samples.radiograph()
    found = (samples.located(probability=0.6), samples.located(code=codes.NODULE, probability=0.9))
    made = report(samples.result(Outcome.FINDINGS, *found, read=(found[0].sop_uid,)), [source])
    groups = made.content.get_planar_roi_measurement_groups()
    assert [group.finding_type.meaning for group in groups] == ["Nodule", "Pneumothorax"]


def test_a_side_without_a_site_belongs_to_the_finding(report: Report) -> None:
    source = samples.radiograph()
    finding = samples.located(site=None)
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    (item,) = [i for i in find_content_items(made, recursive=True) if i.name.meaning == "Finding"]
    assert item.ContentSequence[0].value.meaning == "Right"


def test_a_nodule_has_its_axes_volume_and_centre(report: Report) -> None:
    sources = samples.volume()
    made = report(samples.read_as_volume(sources, samples.nodule(sources[4])), sources)
    (group,) = made.content.get_planar_roi_measurement_groups()
    numbers = {one.name.meaning: (one.value, one.unit.value) for one in group.get_measurements()}
    assert numbers == {
        "Probability": (91.0, "%"),
        "Long axis": (8.25, "mm"),
        "Short axis": (6.5, "mm"),
        "Volume": (181.5, "mm3"),
    }
    points = find_content_items(made, name=named(concepts.CENTER), recursive=True)
    (center,) = points
    assert center.GraphicType == "POINT"
    assert center.GraphicData == [-15.25, -27.5, -95.0]
    assert center.ReferencedFrameOfReferenceUID == sources[4].FrameOfReferenceUID


def test_a_centre_needs_a_frame_of_reference(report: Report) -> None:
    source = samples.radiograph()
    finding = samples.located(position=(1.0, 2.0, 3.0))
    made = report(samples.result(Outcome.FINDINGS, finding, read=(finding.sop_uid,)), [source])
    assert find_content_items(made, name=named(concepts.CENTER), recursive=True) == []


def test_a_question_gets_its_own_answer(report: Report) -> None:
    source = samples.mammogram(1, "R", "CC")
    density = samples.finding(
        samples.DENSITY, 0.7, answer=samples.SCATTERED, sop_uid=source.SOPInstanceUID
    )
    result = samples.result(Outcome.NOTHING_FOUND, density, read=(source.SOPInstanceUID,))
    made = report(result, [source])
    assert meanings(made, "Breast density") == ["Scattered fibroglandular densities"]
    assert values(made, "Probability") == [70.0]
    (summary,) = values(made, "Summary")
    assert summary.startswith("KI fant ingenting av det den leter etter. KI-vurdering: ")
    assert summary.endswith("Brysttetthet: b, spredt kjertelvev 70 %.")


def test_one_lesion_in_two_views_is_tracked_as_one(report: Report) -> None:
    sources = [samples.mammogram(1, "R", "CC"), samples.mammogram(2, "R", "MLO")]
    found = [
        samples.located(str(one.SOPInstanceUID), tracking_id="Lesion 1", tracking_uid="2.25.777")
        for one in sources
    ]
    result = samples.result(Outcome.FINDINGS, *found, read=tuple(f.sop_uid for f in found))
    made = report(result, sources)
    assert values(made, "Tracking Unique Identifier") == ["2.25.777", "2.25.777"]
    assert values(made, "Tracking Identifier") == ["Lesion 1", "Lesion 1"]


def test_a_score_is_a_measurement_that_needs_no_spacing(report: Report) -> None:
    source = samples.mammogram(1, "R", "CC")
    concept = Code("study-score", "99VARDE", "Study score")
    score = samples.finding(
        concept, 0.6, measurements=(Measurement(concept, 9, samples.RATIO),),
        sop_uid=source.SOPInstanceUID,
    )  # fmt: skip
    made = report(samples.result(Outcome.FINDINGS, score, read=(score.sop_uid,)), [source])
    assert 9 in values(made, "Study score")


def test_remarks_are_coded_and_readable(report: Report) -> None:
    source = samples.radiograph()
    remark = Reason(ReasonCode.MISSING_SLICES, {"count": "2"})
    result = dataclasses.replace(samples.of(Outcome.FINDINGS, source), remarks=(remark,))
    made = report(result, [source])
    (coded,) = values(made, "Remark beside the findings")
    assert (coded.value, coded.scheme_designator) == ("missing-slices", "99VARDE")
    assert f"Merk: {remark.text('nb')}." in values(made, "Comment")
    assert made.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99VARDE"
    english = report(result, [source], language="en")
    assert f"Note: {remark.text('en')}." in values(english, "Comment")


def test_a_segment_is_named_measured_and_referred_to(encoded: Encode) -> None:
    sources = samples.volume()
    lung = samples.segment(
        sources, np.ones((12, 16, 24), np.bool_), laterality=codes.LEFT,
        measurements=(Measurement(samples.VOLUME, 2400.0, Code("ml", "UCUM", "milliliter")),),
    )  # fmt: skip
    result = samples.read_as_volume(sources, segments=(lung,))
    sr, seg = encoded(result, sources, objects=["sr", "seg"])
    made = cast("Comprehensive3DSR", srread(io.BytesIO(sr.data)))
    assert meanings(made, "Anatomical Structure") == ["Lung"]
    assert meanings(made, "Laterality") == ["Left"]
    assert values(made, "Volume") == [2400.0]
    (reference,) = find_content_items(made, name=named(concepts.REFERENCED_SEGMENT), recursive=True)
    (item,) = reference.ReferencedSOPSequence
    assert (item.ReferencedSOPInstanceUID, item.ReferencedSegmentNumber) == (seg.sop_uid, 1)
    assert seg.sop_uid in {uid for *_, uid, _ in made.get_evidence()}


def test_a_report_without_a_segmentation_beside_it_refers_to_none(report: Report) -> None:
    sources = samples.volume()
    lung = samples.segment(sources, np.ones((12, 16, 24), np.bool_))
    made = report(samples.read_as_volume(sources, segments=(lung,)), sources)
    assert meanings(made, "Anatomical Structure") == ["Lung"]
    assert find_content_items(made, name=named(concepts.REFERENCED_SEGMENT), recursive=True) == []
    assert len(made.get_evidence()) == len(sources)


def test_the_library_of_a_volume_holds_the_slices_with_a_region(report: Report) -> None:
    sources = samples.volume(40)
    made = report(samples.read_as_volume(sources, samples.nodule(sources[20])), sources)
    sources_listed = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in find_content_items(made, recursive=True)
        if item.name.meaning == "Source" and item.ValueType == "IMAGE"
    ]
    assert sources_listed == [sources[20].SOPInstanceUID]
    assert len(made.get_evidence()) == 40


def test_the_language_is_declared(report: Report) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    name = "Language of Content Item and Descendants"
    assert [value.value for value in values(report(result, [source]), name)] == ["nb"]
    english = report(result, [source], language="en")
    assert [value.value for value in values(english, name)] == ["en"]
    assert values(english, "Summary") == ["AI findings: Pneumothorax 87%, Pleural effusion 64%."]
