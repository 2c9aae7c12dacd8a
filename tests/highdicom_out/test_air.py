"""IHE AI Results (AIR), Evidence Creator: what `docs/ihe-air.md` claims and no other test shows.

Validators look at one object at a time and at its form. These tests look at what an object
says beside the result, the images and the other objects that it belongs to.
"""

import ast
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes as standard

from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Finding, Measurement, Outcome, Result
from core.domain.profile import REJECTION, Kind, Profile
from highdicom_out import concepts, provenance
from highdicom_out.encode import KINDS, encode
from highdicom_out.encoding import Pictures
from tests.conftest import ROOT
from tests.highdicom_out import samples

PAGE = ROOT / "docs" / "ihe-air.md"
MILLILITRE = Code("ml", "UCUM", "milliliter")
COMPOSITION = Code("129715009", "SCT", "Breast composition")


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """A result, what it is about, and everything that was made of it."""

    result: Result
    sources: Sequence[Dataset]
    objects: Sequence[tuple[str, Dataset]]

    def of(self, kind: str) -> list[Dataset]:
        """The objects of a kind, in order."""
        return [one for name, one in self.objects if name == kind]


def ramp(sources: Sequence[Dataset]) -> Pictures:
    """Pictures: a grey ramp of every source's size."""
    sizes = {str(one.SOPInstanceUID): (int(one.Rows), int(one.Columns)) for one in sources}

    def shown(sop_uid: str, frame: int) -> NDArray[np.uint8] | None:
        rows, columns = sizes[sop_uid]
        line = np.linspace(0, 255, columns).astype(np.uint8)
        return np.tile(line, (rows, 1)) if frame == 1 else None

    return shown


def made_of(result: Result, sources: Sequence[Dataset]) -> Made:
    """Every kind that there is, for a site that wants it all."""
    wanted = Profile(objects=tuple(kind for kind in KINDS if kind != REJECTION))
    found = encode(result, sources, at=samples.AT, profile=wanted, pictures=ramp(sources))
    objects = [(one.kind, pydicom.dcmread(io.BytesIO(one.data))) for one in found]
    return Made(result, sources, objects)


def radiograph(outcome: Outcome) -> Callable[[], Made]:
    def made() -> Made:
        source = samples.radiograph()
        result = samples.of(outcome, source)
        read = (str(source.SOPInstanceUID),) if outcome is not Outcome.NOT_EVALUATED else ()
        return made_of(dataclasses.replace(result, read=read), [source])

    return made


def volume() -> Made:
    sources = samples.volume(12, rows=64, columns=64)
    for one in sources:
        one.AccessionNumber, one.StudyID = "NOR7", "7"
    ball = np.zeros((12, 64, 64), np.bool_)
    ball[3:6, 10:20, 10:20] = True
    lung = samples.segment(
        sources, ball, laterality=codes.LEFT,
        measurements=(Measurement(samples.VOLUME, 0.123456789, MILLILITRE),),
    )  # fmt: skip
    absent = samples.finding(codes.PLEURAL_EFFUSION, 0.2, sop_uid=str(sources[0].SOPInstanceUID))
    result = samples.read_as_volume(sources, samples.nodule(sources[4]), absent, segments=(lung,))
    return made_of(result, sources)


def mammography() -> Made:
    views = [samples.mammogram(n, "RRLL"[n], ("CC", "MLO")[n % 2]) for n in range(4)]
    mass = Code("129788004", "SCT", "Mammographic breast mass")
    breast = Code("76752008", "SCT", "Breast")
    found = [
        samples.located(
            str(one.SOPInstanceUID), code=mass, site=breast, tracking_id="Lesion 1",
            tracking_uid="2.25.777",
        )
        for one in views[:2]
    ]  # fmt: skip
    density = samples.finding(
        COMPOSITION, 0.7, answer=samples.SCATTERED, sop_uid=str(views[0].SOPInstanceUID)
    )
    uids = tuple(str(one.SOPInstanceUID) for one in views)
    result = samples.result(Outcome.FINDINGS, *found, density, read=uids)
    who = samples.provenance(algorithm="mammography", name="Varde mammography")
    return made_of(dataclasses.replace(result, provenance=who), views)


CASES: dict[str, Callable[[], Made]] = {
    **{outcome.value: radiograph(outcome) for outcome in Outcome},
    "volume": volume,
    "mammography": mammography,
}
EVALUATED = ("findings", "nothing_found", "volume", "mammography")


@pytest.fixture(scope="module")
def cases() -> dict[str, Made]:
    """Every case, encoded once."""
    return {name: case() for name, case in CASES.items()}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, cases: dict[str, Made]) -> Made:
    """One case after the other."""
    return cases[request.param]


@pytest.fixture(params=EVALUATED)
def evaluated(request: pytest.FixtureRequest, cases: dict[str, Made]) -> Made:
    """The cases in which an algorithm ran."""
    return cases[request.param]


def walk(item: Dataset, parent: Dataset | None = None) -> Iterator[tuple[Dataset, Dataset | None]]:
    """(content item, its parent) of a document, from the top."""
    yield item, parent
    for child in item.get("ContentSequence", []):
        yield from walk(child, item)


def items(document: Dataset) -> list[Dataset]:
    return [item for item, _ in walk(document)]


def name_of(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].CodeValue) if names else ""


def named(document: Dataset, concept: Code) -> list[Dataset]:
    return [item for item in items(document) if name_of(item) == concept.value]


def children(item: Dataset, concept: Code) -> list[Dataset]:
    return [child for child in item.get("ContentSequence", []) if name_of(child) == concept.value]


def test_every_case_gives_a_report_and_no_object_is_made_twice(case: Made) -> None:
    assert len(case.of(Kind.SR)) == 1
    uids = [str(one.SOPInstanceUID) for _, one in case.objects]
    assert len(set(uids)) == len(uids)
    assert not set(uids) & {str(one.SOPInstanceUID) for one in case.sources}


def test_objects_are_of_the_patient_the_study_and_the_order_of_the_images(case: Made) -> None:
    source = case.sources[0]
    for kind, one in case.objects:
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyID"):
            assert str(one[keyword].value or "") == str(source.get(keyword) or ""), (kind, keyword)
        assert str(one.AccessionNumber or "") == str(source.get("AccessionNumber") or ""), kind


def test_objects_stand_in_series_of_their_own_one_for_each_kind(case: Made) -> None:
    acquired = {str(one.SeriesInstanceUID) for one in case.sources}
    series: dict[str, set[str]] = {}
    for kind, one in case.objects:
        series.setdefault(str(one.SeriesInstanceUID), set()).add(kind)
    assert not acquired & series.keys()
    assert all(len(kinds) == 1 for kinds in series.values())


def test_every_object_names_the_algorithm_in_contributing_equipment(case: Made) -> None:
    """6.5.3.1: purpose, manufacturer, model name, software versions and Device UID."""
    told = case.result.provenance
    for kind, one in case.objects:
        (item,) = [
            item
            for item in one.ContributingEquipmentSequence
            if item.PurposeOfReferenceCodeSequence[0].CodeValue
            == concepts.ARTIFICIAL_INTELLIGENCE.value
        ]
        assert item.Manufacturer == told.manufacturer, kind
        assert item.ManufacturerModelName == told.name
        assert told.version in item.SoftwareVersions
        assert item.DeviceUID == told.device_uid


def test_a_changed_algorithm_is_another_device_and_the_same_one_stays_itself() -> None:
    plain = samples.provenance(device_uid="")
    same = samples.provenance(device_uid="", worker="worker-2", provider="CUDAExecutionProvider")
    assert provenance.device_uid(plain) == provenance.device_uid(same)
    others = [
        samples.provenance(device_uid="", **change)
        for change in (
            {"version": "1.0.1"}, {"weights_sha256": "cd" * 32}, {"algorithm": "fracture"},
        )
    ]  # fmt: skip
    uids = {provenance.device_uid(one) for one in (plain, *others)}
    assert len(uids) == 1 + len(others)


def test_no_object_can_be_taken_for_a_verified_one(case: Made) -> None:
    (report,) = case.of(Kind.SR)
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    for kind, one in case.objects:
        assert "ikke verifisert" in one.SeriesDescription, kind
        assert one.get("VerificationFlag", "UNVERIFIED") == "UNVERIFIED"
        assert "VerifyingObserverSequence" not in one


def test_the_observer_is_a_device_and_nobody_is_named_as_one(case: Made) -> None:
    """TID 1001, 1002 and 1004."""
    (report,) = case.of(Kind.SR)
    (observer,) = named(report, Code("121005", "DCM", "Observer Type"))
    assert observer.ConceptCodeSequence[0].CodeValue == "121007"
    assert not [item for item in items(report) if item.ValueType == "PNAME"]
    (uid,) = named(report, Code("121012", "DCM", "Device Observer UID"))
    assert report.DeviceUID == uid.UID


def test_the_procedure_reported_is_that_of_the_images(case: Made) -> None:
    """TID 1500 row 4: of CID 100, and never the algorithm."""
    (report,) = case.of(Kind.SR)
    (procedure,) = named(report, concepts.PROCEDURE_REPORTED)
    known = {one.value for one in standard.CID100.concepts.values()}
    assert procedure.ConceptCodeSequence[0].CodeValue in known
    told = case.result.provenance
    assert told.name not in procedure.ConceptCodeSequence[0].CodeMeaning


def referred_to(document: Dataset) -> set[str]:
    """The SOP Instance UIDs that content items refer to."""
    return {
        str(reference.ReferencedSOPInstanceUID)
        for item in items(document)
        for reference in item.get("ReferencedSOPSequence", [])
    }


def evidence(document: Dataset) -> dict[str, tuple[str, str]]:
    """By SOP Instance UID: study and series, as the evidence sequences say."""
    return {
        str(instance.ReferencedSOPInstanceUID): (
            str(study.StudyInstanceUID),
            str(series.SeriesInstanceUID),
        )
        for keyword in (
            "CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence",
        )
        for study in document.get(keyword, [])
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    }  # fmt: skip


def test_every_reference_of_a_document_resolves(case: Made) -> None:
    """PS3.3 C.17.2.3: what is referred to is evidence, and is where the evidence says it is."""
    places = {
        str(one.SOPInstanceUID): (str(one.StudyInstanceUID), str(one.SeriesInstanceUID))
        for one in (*case.sources, *(one for _, one in case.objects))
    }
    documents = [(kind, one) for kind, one in case.objects if "ContentSequence" in one]
    assert documents
    for kind, one in documents:
        found = evidence(one)
        assert referred_to(one) <= found.keys(), kind
        assert all(places[uid] == place for uid, place in found.items()), kind


def test_whatever_was_read_is_evidence_of_the_report(case: Made) -> None:
    (report,) = case.of(Kind.SR)
    assert {str(one.SOPInstanceUID) for one in case.sources} <= evidence(report).keys()


def test_segmentations_and_states_refer_to_images_of_the_study(case: Made) -> None:
    images = {str(one.SOPInstanceUID) for one in case.sources}
    for kind in (Kind.GSPS, Kind.SEG, Kind.CAPTURE):
        for one in case.of(kind):
            found = set(re.findall(r"\(0008,1155\)[^\n]*UI: ([0-9.]+)", str(one)))
            assert found, kind
            assert found <= images | {str(other.SOPInstanceUID) for _, other in case.objects}


def groups(report: Dataset) -> list[Dataset]:
    return named(report, concepts.MEASUREMENT_GROUP)


def test_a_group_has_what_its_template_asks_for(evaluated: Made) -> None:
    """TID 1410 and 1411: one identity, one finding, where it is, and how sure."""
    (report,) = evaluated.of(Kind.SR)
    for group in groups(report):
        assert group.ContentTemplateSequence[0].TemplateIdentifier in {"1410", "1411"}
        for concept in (concepts.TRACKING_ID, concepts.TRACKING_UID, concepts.FINDING):
            assert len(children(group, concept)) == 1, concept.meaning
        regions = children(group, concepts.IMAGE_REGION)
        assert regions or children(group, concepts.REFERENCED_SEGMENT)
        for region in regions:
            assert region.ValueType == "SCOORD"
            (image,) = region.ContentSequence
            assert (image.RelationshipType, image.ValueType) == ("SELECTED FROM", "IMAGE")
        for number in (one for one in group.ContentSequence if one.ValueType == "NUM"):
            assert number.MeasuredValueSequence[0].MeasurementUnitsCodeSequence


def test_qualitative_evaluations_are_codes_and_texts(case: Made) -> None:
    """TID 1500 rows 12b to 14: what else there is stands below them, as properties."""
    (report,) = case.of(Kind.SR)
    (container,) = named(report, concepts.QUALITATIVE_EVALUATIONS)
    assert {item.ValueType for item in container.ContentSequence} <= {"CODE", "TEXT"}
    relations = {item.RelationshipType for item in container.ContentSequence}
    assert {"CONTAINS"} <= relations <= {"CONTAINS", "HAS CONCEPT MOD"}


def test_every_finding_of_the_result_is_said_once(evaluated: Made) -> None:
    (report,) = evaluated.of(Kind.SR)
    located = Counter(
        children(group, concepts.FINDING)[0].ConceptCodeSequence[0].CodeValue
        for group in groups(report)
    )
    (container,) = named(report, concepts.QUALITATIVE_EVALUATIONS)
    asked = Counter(map(name_of, container.ContentSequence))
    for code, count in Counter(one.code.value for one in evaluated.result.findings).items():
        assert located[code] + asked[code] == count, code


def test_present_and_absent_are_the_algorithms_own_words(evaluated: Made) -> None:
    (report,) = evaluated.of(Kind.SR)
    said = {
        name_of(item): item.ConceptCodeSequence[0].CodeValue
        for item in items(report)
        if item.ValueType == "CODE"
    }
    for one in evaluated.result.findings:
        if one.region is None and one.answer is None:
            expected = concepts.PRESENT if one.present else concepts.ABSENT
            assert said[one.code.value] == expected.value
        elif one.answer:
            assert said[one.code.value] == one.answer.value


def test_a_number_is_the_one_that_the_algorithm_said(evaluated: Made) -> None:
    """TID 300: to the last bit, with its unit, and as a decimal string that fits."""
    (report,) = evaluated.of(Kind.SR)
    found = [
        (name_of(item), item.MeasuredValueSequence[0])
        for item in items(report)
        if item.ValueType == "NUM"
    ]
    result = evaluated.result
    measured = [
        *(one for finding in result.findings for one in finding.measurements),
        *(one for segment in result.segments for one in segment.measurements),
    ]
    wanted = {(one.concept.value, one.value, one.unit.value) for one in measured}
    told = {
        (name, float(value.get("FloatingPointValue", value.NumericValue)), unit_of(value))
        for name, value in found
    }
    assert wanted <= told
    for _, value in found:
        assert len(str(value.NumericValue)) <= 16
        assert float(value.NumericValue) == pytest.approx(
            float(value.get("FloatingPointValue", value.NumericValue)), rel=1e-9
        )


def unit_of(value: Dataset) -> str:
    return str(value.MeasurementUnitsCodeSequence[0].CodeValue)


def test_an_identity_is_one_lesions_and_the_same_in_every_object(evaluated: Made) -> None:
    (report,) = evaluated.of(Kind.SR)
    by_uid: dict[str, set[str]] = {}
    for group in groups(report):
        (uid,), (identifier,) = (
            children(group, concept) for concept in (concepts.TRACKING_UID, concepts.TRACKING_ID)
        )
        by_uid.setdefault(str(uid.UID), set()).add(str(identifier.TextValue))
    assert all(len(names) == 1 for names in by_uid.values())
    drawn = {
        str(graphic.TrackingUID)
        for state in evaluated.of(Kind.GSPS)
        for annotation in state.GraphicAnnotationSequence
        for graphic in annotation.get("GraphicObjectSequence", [])
    }
    assert drawn <= by_uid.keys()


def test_two_lesions_have_two_identities() -> None:
    source = samples.radiograph()
    uid = str(source.SOPInstanceUID)
    found: list[Finding] = [samples.located(uid), samples.located(uid, probability=0.7)]
    made = made_of(samples.result(Outcome.FINDINGS, *found, read=(uid,)), [source])
    (report,) = made.of(Kind.SR)
    uids = [children(group, concepts.TRACKING_UID)[0].UID for group in groups(report)]
    assert len(set(uids)) == 2


def test_a_point_is_where_the_algorithm_says_in_the_patient(cases: dict[str, Made]) -> None:
    """Locations: SCOORD3D in the images' own frame of reference, LPS in mm."""
    made = cases["volume"]
    (report,) = made.of(Kind.SR)
    (point,) = named(report, concepts.CENTER)
    (nodule,) = [one for one in made.result.findings if one.position]
    assert (point.ValueType, point.GraphicType) == ("SCOORD3D", "POINT")
    assert tuple(point.GraphicData) == nodule.position
    assert point.ReferencedFrameOfReferenceUID == made.sources[0].FrameOfReferenceUID


def test_a_segment_is_found_from_the_report(cases: dict[str, Made]) -> None:
    """The report is the root: it names the segment, whose object names the images."""
    made = cases["volume"]
    (report,), (segmentation,) = made.of(Kind.SR), made.of(Kind.SEG)
    (reference,) = named(report, concepts.REFERENCED_SEGMENT)
    (target,) = reference.ReferencedSOPSequence
    assert target.ReferencedSOPInstanceUID == segmentation.SOPInstanceUID
    numbers = {int(one.SegmentNumber) for one in segmentation.SegmentSequence}
    assert int(target.ReferencedSegmentNumber) in numbers
    assert segmentation.FrameOfReferenceUID == made.sources[0].FrameOfReferenceUID


def codes_in(dataset: Dataset) -> Iterator[tuple[str, str, str]]:
    for element in dataset.iterall():
        if element.VR == "SQ":
            for item in element.value:
                if "CodeMeaning" in item:
                    value = item.get("CodeValue") or item.get("LongCodeValue")
                    yield str(value), str(item.CodingSchemeDesignator), str(item.CodeMeaning)


def test_a_code_means_the_same_in_every_object(cases: dict[str, Made]) -> None:
    meanings: dict[tuple[str, str], set[str]] = {}
    for made in cases.values():
        for _, one in made.objects:
            for value, scheme, meaning in codes_in(one):
                meanings.setdefault((value, scheme), set()).add(meaning)
                assert len(meaning) <= 64
    several = {code: words for code, words in meanings.items() if len(words) > 1}
    assert several == {}


def test_an_evaluation_that_was_not_made_is_told_apart_from_no_findings(
    cases: dict[str, Made],
) -> None:
    said = {}
    for name in ("nothing_found", "not_evaluated", "failed"):
        (report,) = cases[name].of(Kind.SR)
        (status,) = named(report, concepts.STATUS)
        said[name] = status.ConceptCodeSequence[0].CodeMeaning
        assert not groups(report)
    assert said == {
        "nothing_found": "Succeeded",
        "not_evaluated": "Not Attempted",
        "failed": "Failed",
    }


#: A row of the page: section, requirement, what Varde does, and the tests that show it.
ROW = re.compile(r"^\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[str, ...]]:
    """The rows of the page's tables, without titles and rules."""
    found = [
        tuple(cell.strip() for cell in row) for row in ROW.findall(PAGE.read_text(encoding="utf-8"))
    ]
    return [row for row in found if row[0] != "section" and not set(row[0]) <= {"-"}]


def written_in(file: Path) -> set[str]:
    """The names of the test functions in a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_the_page_has_rows() -> None:
    assert len(rows()) > 30


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1][:40])
def test_every_row_of_the_page_names_tests_that_there_are(row: tuple[str, ...]) -> None:
    """Or says that it is not done, and why."""
    shown = TEST.findall(row[3])
    if not shown:
        assert row[3].startswith("not done: "), row
        assert len(row[3]) > 30, row
    for file, name in shown:
        assert (ROOT / file).is_file(), file
        assert name in written_in(ROOT / file), f"{file} has no {name}"
