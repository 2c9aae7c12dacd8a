"""Every object of every algorithm, outcome and profile: valid, and equal to the result.

The results are real: each algorithm reads a simulated study in this process (`readings`).
"""

import dataclasses
import io
import itertools
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)

from core.domain.finding import Finding, Outcome, Result, Segment
from core.domain.profile import PALETTES, PRESETS, REJECTION, SYNTAXES, Kind, Profile
from core.mask import pack, unpack
from highdicom_out.encode import EncodedObject, encode
from highdicom_out.encoding import Predecessor
from tests.services.validators import Verdict, dciodvfy, pixelmed_all
from tests.system import read_back, readings
from tests.system.read_back import Coded, Said
from tests.system.readings import Case

EVERYTHING = tuple(Kind)
#: What a profile may say.
SETTINGS: dict[str, tuple[Any, ...]] = {
    "language": ("nb", "en"),
    "character_set": ("ISO_IR 192", "ISO_IR 100"),
    "transfer_syntax": tuple(SYNTAXES),
    "segmentation": ("binary", "labelmap"),
    "palette": tuple(PALETTES),
    "one_series": (True, False),
    "withdraw": (True, False),
}
#: Seven profiles of these, in which every two values of two settings meet, but not each palette
#: with each transfer syntax: neither knows of the other.
ROWS: tuple[tuple[Any, ...], ...] = (
    ("nb", "ISO_IR 100", "deflated", "labelmap", "white", True, False),
    ("en", "ISO_IR 192", "implicit", "labelmap", "yellow", True, True),
    ("en", "ISO_IR 192", "deflated", "binary", "white", False, True),
    ("nb", "ISO_IR 192", "explicit", "labelmap", "okabe-ito", False, True),
    ("en", "ISO_IR 192", "explicit", "labelmap", "okabe-ito", False, False),
    ("en", "ISO_IR 100", "explicit", "binary", "okabe-ito", True, True),
    ("nb", "ISO_IR 100", "implicit", "binary", "yellow", False, False),
)
TOGETHER = {
    " ".join(map(str, one)): Profile(
        EVERYTHING, **dict(zip(SETTINGS, one, strict=True)), series_number=200
    )
    for one in ROWS
}
DEFAULT = Profile(EVERYTHING)
DEFLATED = next(
    one
    for one in TOGETHER.values()
    if (one.transfer_syntax, one.segmentation) == ("deflated", "labelmap")
)
PROFILES = {**PRESETS, "everything": DEFAULT, **TOGETHER}
#: One of every kind; a rejection note names them, and reports name the reports.
EARLIER = (
    Predecessor("sr", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.11", "2.25.1"),
    Predecessor("cad", "1.2.840.10008.5.1.4.1.1.88.50", "2.25.12", "2.25.2"),
    Predecessor("gsps", "1.2.840.10008.5.1.4.1.1.11.1", "2.25.13", "2.25.3"),
    Predecessor("seg", "1.2.840.10008.5.1.4.1.1.66.4", "2.25.14", "2.25.4"),
    Predecessor("capture", "1.2.840.10008.5.1.4.1.1.7", "2.25.15", "2.25.5"),
    Predecessor("pdf", "1.2.840.10008.5.1.4.1.1.104.1", "2.25.16", "2.25.6"),
    Predecessor("kos", "1.2.840.10008.5.1.4.1.1.88.59", "2.25.17", "2.25.7"),
)
EVALUATED = {Outcome.FINDINGS, Outcome.NOTHING_FOUND}
STATUSES = {
    Outcome.FINDINGS: ("111222", "DCM"),
    Outcome.NOTHING_FOUND: ("111222", "DCM"),
    Outcome.NOT_EVALUATED: ("111225", "DCM"),
    Outcome.FAILED: ("111224", "DCM"),
}
FOUNDS = {Outcome.FINDINGS: ("111242", "DCM"), Outcome.NOTHING_FOUND: ("111241", "DCM")}
Judge = Callable[[Iterable[EncodedObject]], None]


def objects(case: Case, profile: Profile) -> tuple[EncodedObject, ...]:
    """Everything that a destination of that profile gets."""
    return encode(
        case.result,
        case.sources,
        at=readings.START,
        profile=profile,
        pictures=case.picture,
        predecessors=EARLIER if profile.withdraw else (),
    )


def opened(one: EncodedObject) -> Dataset:
    return pydicom.dcmread(io.BytesIO(one.data))


def of(made: Iterable[EncodedObject], kind: str) -> list[Dataset]:
    return [opened(one) for one in made if one.kind == kind]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Judge every object with dciodvfy, two at a time; it cannot read deflated files."""

    def verdict(one: EncodedObject) -> Verdict:
        path = tmp_path / f"{one.sop_uid}.dcm"
        path.write_bytes(one.data)
        again = pydicom.dcmread(path)
        if again.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
            again.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            again.save_as(path, enforce_file_format=True)
        return dciodvfy(path)

    def judged(made: Iterable[EncodedObject]) -> None:
        made = list(made)
        assert len({one.sop_uid for one in made}) == len(made)
        with ThreadPoolExecutor(2) as pool:
            for one, said in zip(made, pool.map(verdict, made), strict=True):
                assert said, (one.kind, said.output)

    return judged


def kinds_of(case: Case, profile: Profile) -> set[str]:
    """The kinds of object that a result has where the profile asks for all."""
    result = case.result
    wanted: set[str] = {Kind.SR, Kind.CAPTURE, Kind.PDF}
    if result.outcome in EVALUATED and not result.segments:
        wanted.add(Kind.GSPS)
    if any(one.region for one in result.present):
        wanted |= {Kind.GSPS, Kind.KOS}
    if result.segments:
        wanted.add(Kind.SEG)
    if result.provenance.algorithm == "mammography":
        wanted.add(Kind.CAD)
    return {one for one in wanted if one in profile.objects} | (
        {REJECTION} if profile.withdraw else set()
    )


def test_every_two_settings_of_profiles_meet() -> None:
    for one, other in itertools.combinations(SETTINGS, 2):
        met = {(getattr(p, one), getattr(p, other)) for p in TOGETHER.values()}
        if {one, other} != {"transfer_syntax", "palette"}:
            assert met == set(itertools.product(SETTINGS[one], SETTINGS[other])), (one, other)


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("kind", list(readings.STUDIES))
def test_every_object_of_every_profile_is_valid(kind: str, outcome: Outcome, judge: Judge) -> None:
    case = readings.OUTCOMES[outcome](kind)
    assert objects(case, DEFAULT) == objects(case, DEFAULT), "the same bytes again"
    for name, profile in PROFILES.items():
        made = objects(case, profile)
        assert {one.kind for one in made} == kinds_of(case, profile), name
        judge(made)


def test_pixelmed_finds_no_error_in_any_document(tmp_path: Path) -> None:
    """Reports, CAD reports, key objects and notes of every algorithm and outcome."""
    documents: dict[Path, EncodedObject] = {}
    names = list(TOGETHER)
    for n, (kind, outcome) in enumerate(itertools.product(readings.STUDIES, Outcome)):
        case = readings.OUTCOMES[outcome](kind)
        wanted = (Kind.SR, Kind.CAD, Kind.KOS, *((Kind.SEG,) if case.result.segments else ()))
        profile = dataclasses.replace(
            TOGETHER[names[n % len(names)]], objects=wanted, transfer_syntax="explicit"
        )
        for one in objects(case, profile):
            if one.kind != Kind.SEG:
                path = tmp_path / f"{kind}-{outcome}-{one.kind}.dcm"
                path.write_bytes(one.data)
                documents[path] = one
    assert {one.kind for one in documents.values()} == {Kind.SR, Kind.CAD, Kind.KOS, REJECTION}
    roots = {Kind.SR: "TID_1500", Kind.CAD: "TID_4000", Kind.KOS: "TID_2010"}
    for path, said in pixelmed_all(list(documents), tmp_path).items():
        assert said, (path.name, said.errors)
        root = roots.get(Kind(documents[path].kind)) if documents[path].kind != REJECTION else None
        assert f"Found Root Template {root or 'TID_2010'}" in said.output, path.name


def inverted(kind: str) -> Case:
    """MONOCHROME1, the same picture; read again by the algorithm."""
    images = [pydicom.dcmread(io.BytesIO(_file(one))) for one in readings.made(kind)]
    for one in images:
        top = 2**one.BitsStored - 1
        one.PixelData = (top - one.pixel_array).astype(one.pixel_array.dtype).tobytes()
        turned = {"MONOCHROME1": "MONOCHROME2", "MONOCHROME2": "MONOCHROME1"}
        one.PhotometricInterpretation = turned[one.PhotometricInterpretation]
    return readings.read(kind, images)


def cropped(kind: str) -> Case:
    """Cut to a collimation of odd size; read again."""
    images = [pydicom.dcmread(io.BytesIO(_file(one))) for one in readings.made(kind)]
    for one in images:
        stored = one.pixel_array[5 : -6 + one.Rows % 2, 3 : -4 + one.Columns % 2]
        one.Rows, one.Columns = stored.shape
        assert one.Rows % 2 == one.Columns % 2 == 1
        one.PixelData = stored.tobytes()
    return readings.read(kind, images)


def multi_frame(kind: str) -> Case:
    """The image as the middle one of three frames, the others black; read again.

    The class of the source is then one that may have frames, which the gate does not accept.
    """
    images = [pydicom.dcmread(io.BytesIO(_file(one))) for one in readings.made(kind)]
    for one in images:
        one.NumberOfFrames = 3
        black = bytes(len(one.PixelData))
        one.PixelData = black + one.PixelData + black
    case = readings.read(kind, images)
    for source in case.sources:
        source.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    return case


def _file(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def moved(case: Case, change: Callable[[Dataset], None], **told: object) -> Case:
    """The same slices with other headers; `told` are fields of the result."""
    sources = tuple(pydicom.dcmread(io.BytesIO(_file(one))) for one in case.sources)
    for one in sources:
        change(one)
    result = dataclasses.replace(case.result, **told)  # type: ignore[arg-type]
    return Case(result, sources)


def rotation() -> np.ndarray[Any, Any]:
    """A turn by 35 degrees about an axis that is no axis of anything."""
    axis = np.array([2.0, -1.0, 3.0]) / np.sqrt(14)
    cross = np.cross(np.eye(3), axis * -1)
    return np.asarray(np.eye(3) + np.sin(0.61) * cross + (1 - np.cos(0.61)) * cross @ cross)


def oblique(kind: str) -> Case:
    """The patient lies askew: every place and direction is turned and shifted."""
    turn, shift, case = rotation(), np.array([31.5, -12.25, 400.0]), readings.real(kind)

    def change(one: Dataset) -> None:
        place = turn @ np.array(one.ImagePositionPatient, float) + shift
        axes = (turn @ np.reshape(np.array(one.ImageOrientationPatient, float), (2, 3)).T).T
        one.ImagePositionPatient = [f"{value:.6f}" for value in place]
        one.ImageOrientationPatient = [f"{value:.9f}" for value in axes.ravel()]

    turned = tuple(
        dataclasses.replace(one, position=tuple((turn @ one.position + shift).tolist()))
        if one.position
        else one
        for one in case.result.findings
    )
    return moved(case, change, findings=turned)


def flipped(kind: str) -> Case:
    """Every row the other way round: columns count down the same line in the patient."""
    case = readings.real(kind)
    columns = int(case.sources[0].Columns)

    def change(one: Dataset) -> None:
        row = np.array(one.ImageOrientationPatient[:3], float)
        last = np.array(one.ImagePositionPatient, float) + row * (columns - 1) * float(
            one.PixelSpacing[1]
        )
        one.ImagePositionPatient = [f"{value:.6f}" for value in last]
        one.ImageOrientationPatient = [
            *(f"{v:.6f}" for v in -row),
            *one.ImageOrientationPatient[3:],
        ]
        one.PixelData = np.ascontiguousarray(one.pixel_array[:, ::-1]).tobytes()

    def finding(one: Finding) -> Finding:
        if one.region is None:
            return one
        points = tuple((columns - x, y) for x, y in one.region.points)
        return dataclasses.replace(one, region=dataclasses.replace(one.region, points=points))

    def segment(one: Segment) -> Segment:
        return dataclasses.replace(one, bits=pack(unpack(one.bits, one.shape)[:, :, ::-1]))

    return moved(
        case,
        change,
        findings=tuple(map(finding, case.result.findings)),
        segments=tuple(map(segment, case.result.segments)),
    )


FORMS: dict[str, Callable[[], Case]] = {
    **{f"{kind}-findings": (lambda k=kind: readings.real(k)) for kind in readings.STUDIES},  # type: ignore[misc]
    **{
        f"{kind}-nothing": (lambda k=kind: readings.nothing_found(k))  # type: ignore[misc]
        for kind in readings.STUDIES
    },
    "chest-monochrome1": lambda: inverted("chest"),
    "wrist-monochrome1": lambda: inverted("wrist"),
    "chest-cropped": lambda: cropped("chest"),
    "wrist-cropped": lambda: cropped("wrist"),
    "chest-multi-frame": lambda: multi_frame("chest"),
    "thorax-oblique": lambda: oblique("thorax"),
    "thorax-flipped": lambda: flipped("thorax"),
}


@pytest.fixture(params=list(FORMS))
def form(request: pytest.FixtureRequest) -> Case:
    """A result of images in another form."""
    return FORMS[request.param]()


def check_equal(found: list[Said], wanted: list[Said]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert read_back.same(one, other), (one, other)


def asked(result: Result) -> Collection[Coded]:
    return {(one.code.value, one.code.scheme) for one in result.findings}


@pytest.mark.parametrize("profile", [DEFAULT, DEFLATED], ids=["binary", "label map, deflated"])
def test_every_form_is_valid_and_reads_back(form: Case, profile: Profile, judge: Judge) -> None:
    made = objects(form, profile)
    judge(made)
    assert {one.kind for one in made} == kinds_of(form, profile)
    drawn, rest = read_back.expected(form.result, form.sources)
    (report,) = of(made, Kind.SR)
    check_equal(read_back.groups(report), drawn)
    check_equal(read_back.answers(report, list(asked(form.result))), rest)
    check_outlines(form, made)
    check_voxels(form, made)
    check_key_images(form, made)


def check_outlines(case: Case, made: Iterable[EncodedObject]) -> None:
    """Presentation states draw what is there, where it is, on every image that was read."""
    states = of(made, Kind.GSPS)
    found = sorted(one for state in states for one in read_back.outlines(state))
    (report,) = of(made, Kind.SR)
    drawn = read_back.groups(report)  # which are what the result says: asked before
    assert found == sorted((*said.seen_on, said.tracking, said.outline) for said in drawn)
    by_uid = {one.SOPInstanceUID: one for one in case.sources}
    for state in states:
        (image,) = state.ReferencedSeriesSequence[0].ReferencedImageSequence
        source = by_uid[image.ReferencedSOPInstanceUID]
        turned = source.PhotometricInterpretation == "MONOCHROME1"
        assert (state.PresentationLUTShape == "INVERSE") == turned
        (area,) = state.DisplayedAreaSelectionSequence
        assert list(area.DisplayedAreaBottomRightHandCorner) == [source.Columns, source.Rows]


def check_voxels(case: Case, made: Iterable[EncodedObject]) -> None:
    """Every voxel of every segment, in the planes of the slices that it was marked on."""
    if not case.result.segments:
        return
    (one,) = of(made, Kind.SEG)
    found = read_back.marked(one)
    by_uid = {str(source.SOPInstanceUID): source for source in case.sources}
    assert len(one.SegmentSequence) - (one.SegmentationType == "LABELMAP") == len(
        case.result.segments
    )
    (report,) = of(made, Kind.SR)
    numbered = one.SegmentationType == "BINARY"
    assert read_back.segments(report) == [
        (one.SOPInstanceUID, item.TrackingUID, item.SegmentNumber if numbered else 0)
        for item in one.SegmentSequence
        if item.SegmentNumber
    ]
    for number, segment in enumerate(case.result.segments, start=1):
        wanted = read_back.voxels_of(segment)
        assert found.voxels[number].keys() == wanted.keys()
        assert all(np.array_equal(found.voxels[number][uid], wanted[uid]) for uid in wanted)
    for uid, place in found.places.items():
        assert np.allclose(place, np.array(by_uid[uid].ImagePositionPatient, float), atol=1e-4)
    said = np.array(case.sources[0].ImageOrientationPatient, float)
    assert np.allclose(found.orientation, said, atol=1e-6)


def check_key_images(case: Case, made: Iterable[EncodedObject]) -> None:
    """The key images are those with a finding that is there."""
    for one in of(made, Kind.KOS):
        images = {
            item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            for item in one.ContentSequence
            if item.get("ValueType") == "IMAGE"
        }
        drawn, _ = read_back.expected(case.result, case.sources)
        assert {said.seen_on[0] for said in drawn} <= images
        assert images <= {one.sop_uid for one in case.result.present}


def test_a_segment_stays_where_it_is_in_the_patient() -> None:
    """Turned, it turns with the patient; with rows the other way round, nothing moves."""
    profile = Profile(objects=(Kind.SEG,))

    def centres(case: Case) -> list[np.ndarray]:
        (one,) = of(objects(case, profile), Kind.SEG)
        found = read_back.marked(one)
        return [found.centre(number) for number in sorted(found.voxels)]

    before = centres(readings.real("thorax"))
    after, turned = centres(flipped("thorax")), centres(oblique("thorax"))
    assert len(before) == len(after) == len(turned) == 2
    for plain, other, askew in zip(before, after, turned, strict=True):
        assert np.abs(plain - other).max() < 0.1
        expected = rotation() @ plain + np.array([31.5, -12.25, 400.0])
        assert np.abs(expected - askew).max() < 0.1
    assert np.abs(before[0] - before[1]).max() > 50, "two lungs"


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("kind", list(readings.STUDIES))
def test_outcome_and_reason_read_back(kind: str, outcome: Outcome) -> None:
    case = readings.OUTCOMES[outcome](kind)
    result = case.result
    for language in ("nb", "en"):
        (report,) = of(objects(case, Profile(objects=(Kind.SR,), language=language)), Kind.SR)
        (container,) = (
            one
            for one in read_back.children(report)
            if read_back.named(one) == read_back.EVALUATIONS
        )

        def values(name: Coded, within: Dataset = container) -> list[Coded]:
            return [read_back.value(one) for one in read_back.children(within, name)]

        assert values(read_back.STATUS) == [STATUSES[outcome]]
        found = [FOUNDS[outcome]] if outcome in FOUNDS else []
        assert values(read_back.FOUND) == found
        why = [(result.reason.code.value, "99VARDE")] if result.reason else []
        assert values(read_back.REASON) == why
        told = [(one.code.value, "99VARDE") for one in result.remarks]
        assert values(read_back.REMARK) == told
        words = " ".join(
            str(one.TextValue) for one in read_back.below(report) if one.get("ValueType") == "TEXT"
        )
        for reason in (*result.remarks, *([result.reason] if result.reason else [])):
            assert reason.text(language) in words
        for name in (result.provenance.name, result.provenance.version):
            assert name in words


def test_a_cad_report_has_the_outline_of_every_lesion() -> None:
    case = readings.real("mammography")
    (report,) = of(objects(case, Profile(objects=(Kind.CAD,))), Kind.CAD)
    found = [
        read_back.single(np.reshape(one.GraphicData, (-1, 2)))
        for one in read_back.below(report)
        if one.get("ValueType") == "SCOORD" and one.GraphicType == "POLYLINE"
    ]
    drawn, _ = read_back.expected(case.result, case.sources)
    assert sorted(found) == sorted(one.outline for one in drawn)
