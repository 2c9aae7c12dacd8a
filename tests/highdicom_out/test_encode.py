"""The face: what comes out for what, the same every time, valid for whoever judges it."""

import datetime as dt
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as st_numpy
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core import mask
from core.domain import codes
from core.domain.finding import Finding, Outcome, Region, Result, Segment
from core.domain.profile import Profile
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import EncodedObject, encode, warm_up
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.validators import dciodvfy, pixelmed_sr

EXPLICIT = "1.2.840.10008.1.2.1"
WITHOUT_STATE = {"coloured", "pdf", "document"}


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("name", list(samples.NASTY))
def test_every_outcome_of_every_source_is_a_valid_object(
    name: str, outcome: Outcome, language: str, encoded: Encode, flawless: Judge
) -> None:
    source = samples.NASTY[name]()
    made = encoded(samples.of(outcome, source), [source], language=language)
    viewed = outcome in {Outcome.FINDINGS, Outcome.NOTHING_FOUND} and name not in WITHOUT_STATE
    assert [one.kind for one in made] == ["sr", "gsps"][: 1 + viewed]
    for one in made:
        read = flawless(one)
        assert read.file_meta.TransferSyntaxUID == EXPLICIT
        assert (read.SOPClassUID, read.SOPInstanceUID) == (one.sop_class_uid, one.sop_uid)
        assert read.StudyInstanceUID == source.StudyInstanceUID


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("norwegian", Outcome.FINDINGS),
        ("enhanced", Outcome.FINDINGS),
        ("japanese", Outcome.NOTHING_FOUND),
        ("pdf", Outcome.NOT_EVALUATED),
        ("broken", Outcome.FAILED),
    ],
)
def test_pixelmed_finds_no_error_in_the_report(
    name: str, outcome: Outcome, encoded: Encode, tmp_path: Path
) -> None:
    source = samples.NASTY[name]()
    (report,) = encoded(samples.of(outcome, source), [source], objects=["sr"])
    path = tmp_path / "report.dcm"
    path.write_bytes(report.data)
    verdict = pixelmed_sr(path)
    assert "Found Root Template TID_1500" in verdict.output
    assert verdict, verdict.output


def test_pixelmed_finds_no_error_in_a_report_with_everything(
    encoded: Encode, flawless: Judge, tmp_path: Path
) -> None:
    """Centres, measurements, answers, segments and remarks, located and not."""
    sources = samples.volume()
    lung = samples.segment(sources, np.ones((12, 16, 24), np.bool_), measurements=samples.NODULE)
    found = (
        samples.nodule(sources[4]),
        samples.nodule(sources[7], answer=samples.SCATTERED),
        samples.nodule(sources[8], region=None),
        samples.nodule(sources[8], region=None, probability=0.1),
        samples.finding(
            samples.DENSITY, 0.7, answer=samples.SCATTERED, sop_uid=sources[2].SOPInstanceUID
        ),
    )
    result = samples.read_as_volume(
        sources,
        *found,
        segments=(lung,),
        remarks=(Reason(ReasonCode.MISSING_SLICES, {"count": "2"}),),
    )
    objects = encoded(result, sources, objects=["sr", "gsps", "seg"])
    assert [one.kind for one in objects] == ["sr", "gsps", "seg"]
    for one in objects:
        flawless(one)
    path = tmp_path / "report.dcm"
    path.write_bytes(objects[0].data)
    verdict = pixelmed_sr(path)
    assert "Found Root Template TID_1500" in verdict.output
    assert verdict, verdict.output


def test_two_radiographs_with_findings_give_a_report_and_two_states(
    encoded: Encode, opened: Open
) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2)]
    result = samples.of(Outcome.FINDINGS, *sources)
    report, *states = encoded(result, sources)
    assert report.kind == "sr"
    referred = [
        opened(state).ReferencedSeriesSequence[0].ReferencedImageSequence[0] for state in states
    ]
    assert [item.ReferencedSOPInstanceUID for item in referred] == list(result.read)
    assert len({one.sop_uid for one in (report, *states)}) == 3


def test_the_same_input_gives_the_same_bytes(encoded: Encode) -> None:
    source = samples.norwegian()
    result = samples.of(Outcome.FINDINGS, source)
    assert encoded(result, [source]) == encoded(result, [samples.norwegian()])


def test_no_date_or_uid_is_of_the_moment(encoded: Encode, opened: Open) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    today = dt.datetime.now(tz=dt.UTC).strftime("%Y%m%d")
    for one in encoded(result, [source]):
        read = opened(one)
        assert read.InstanceCreationDate == "20260301"
        assert read.InstanceCreationTime == "223015.123456"
        assert today not in str(read)
        for element in read.iterall():
            if element.VR == "UI" and str(element.value).startswith("1.2.826.0.1.3680043"):
                assert element.keyword == "ImplementationClassUID"


def test_another_run_is_another_object_in_the_same_series(encoded: Encode, opened: Open) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    for first, second in zip(
        encoded(result, [source]), encoded(result, [source], run=2), strict=True
    ):
        assert first.sop_uid != second.sop_uid
        assert opened(first).SeriesInstanceUID == opened(second).SeriesInstanceUID


def test_the_sources_time_zone_rules_the_clock(encoded: Encode, opened: Open) -> None:
    source = samples.radiograph()
    source.TimezoneOffsetFromUTC = "+0200"
    for one in encoded(samples.of(Outcome.FINDINGS, source), [source]):
        read = opened(one)
        assert "SeriesDate" not in read
        assert read.TimezoneOffsetFromUTC == "+0200"


def test_only_the_objects_asked_for_are_made(encoded: Encode) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    assert [one.kind for one in encoded(result, [source], objects=["gsps", "sr"])] == ["gsps", "sr"]
    assert encoded(result, [source], objects=[]) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sources": []}, "sources is empty"),
        ({"at": dt.datetime(2026, 3, 1)}, "time zone"),  # noqa: DTZ001
        ({"run": 0}, "run is 0"),
        ({"profile": Profile(objects=("pixie",))}, "unknown object kind 'pixie'"),
        ({"profile": Profile(transfer_syntax="jpeg")}, "unknown transfer syntax 'jpeg'"),
    ],
)
def test_what_cannot_be_encoded_is_refused(changes: dict[str, object], words: str) -> None:
    source = samples.radiograph()
    given_: dict[str, Any] = {"sources": [source], "at": samples.AT, **changes}
    with pytest.raises(ValueError, match=words):
        encode(samples.of(Outcome.FINDINGS, source), **given_)


def test_sources_are_left_as_they_were(encoded: Encode) -> None:
    source = samples.norwegian()
    before = source.to_json()
    encoded(samples.of(Outcome.FINDINGS, source), [source])
    assert source.to_json() == before


def test_warming_up_leaves_nothing_behind() -> None:
    warm_up()
    source = samples.radiograph()
    (one, _) = encode(samples.of(Outcome.FINDINGS, source), [source], at=samples.AT)
    assert b"Rehearsal" not in one.data


EVERYTHING = Profile(objects=("sr", "gsps", "seg"))
number = st.floats(min_value=-1e4, max_value=1e4, width=32) | st.just(float("nan"))
region = st.builds(
    Region,
    sop_uid=st.sampled_from([f"{samples.STUDY}.1.1", f"{samples.STUDY}.1.2", "1.2.3"]),
    points=st.lists(st.tuples(number, number), min_size=1, max_size=8).map(tuple),
    frame=st.integers(0, 2),
)
finding = st.builds(
    Finding,
    code=st.sampled_from([codes.NODULE, codes.PNEUMOTHORAX, codes.PLEURAL_EFFUSION]),
    probability=st.floats(0, 1),
    threshold=st.floats(0, 1),
    sop_uid=st.sampled_from([f"{samples.STUDY}.1.1", "1.2.3"]),
    site=st.sampled_from([None, codes.LUNG]),
    laterality=st.sampled_from([None, codes.LEFT]),
    region=st.none() | region,
    measurements=st.sampled_from([(), samples.MEASURED]),
    tracking_id=st.text(max_size=100),
    answer=st.sampled_from([None, samples.SCATTERED]),
    position=st.none() | st.tuples(number, number, number),
)
SLICES = [str(one.SOPInstanceUID) for one in samples.volume(3)]
segment = st.builds(
    lambda uids, voxels, side: Segment(
        samples.STRUCTURE, codes.LUNG, tuple(uids), voxels.shape, mask.pack(voxels), side
    ),
    uids=st.sampled_from([SLICES, [*SLICES[:2], "1.2.3"], ["1.2.3", "1.2.4", "1.2.5"]]),
    voxels=st_numpy.arrays(np.bool_, st.sampled_from([(3, 16, 24), (3, 7, 3)])),
    side=st.sampled_from([None, codes.LEFT]),
)
reason = st.builds(Reason, st.sampled_from(list(ReasonCode)), st.just({"found": "«æ»\\\x00"}))
result = st.builds(
    Result,
    job_id=st.text(min_size=1, max_size=8),
    outcome=st.sampled_from(list(Outcome)),
    provenance=st.builds(
        samples.provenance,
        name=st.text(max_size=100),
        version=st.text(max_size=100),
        intended_use=st.text(max_size=2000),
        manufacturer=st.text(max_size=100),
    ),
    findings=st.lists(finding, max_size=4).map(tuple),
    read=st.sampled_from([(), (f"{samples.STUDY}.1.1",), (f"{samples.STUDY}.1.2", "1.2.3")]),
    reason=st.none() | reason,
    segments=st.lists(segment, max_size=2).map(tuple),
    remarks=st.lists(reason, max_size=2).map(tuple),
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(result=result, names=st.lists(st.sampled_from(list(samples.NASTY)), max_size=2))
def test_any_result_is_a_valid_object(result: Result, names: list[str], tmp_path: Path) -> None:
    sources = [samples.radiograph(1), samples.radiograph(2), *(samples.NASTY[n]() for n in names)]
    sources += samples.volume(3)
    for one in encode(result, sources, at=samples.AT, profile=EVERYTHING):
        assert isinstance(one, EncodedObject)
        path = tmp_path / "one.dcm"
        path.write_bytes(one.data)
        assert pydicom.dcmread(path).SOPInstanceUID == one.sop_uid
        verdict = dciodvfy(path)
        assert verdict, verdict.output
