"""Results as JSON: nothing is lost on the way through a row, and old rows are still read."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.codes import Code
from core.domain.finding import (
    Finding,
    Measurement,
    Outcome,
    Provenance,
    Region,
    Result,
    Segment,
)
from core.domain.reason import Reason, ReasonCode
from core.store import result_json

words = st.text(max_size=12)
number = st.floats(allow_nan=False, allow_infinity=False)
code = st.builds(Code, words, words, words, words)
facts = st.dictionaries(words, words, max_size=3)
reason = st.builds(Reason, st.sampled_from(list(ReasonCode)), facts)
measurements = st.lists(st.builds(Measurement, code, number, code), max_size=2).map(tuple)
points = st.lists(st.tuples(number, number), min_size=1, max_size=4).map(tuple)
finding = st.builds(
    Finding,
    code=code,
    probability=number,
    threshold=number,
    sop_uid=words,
    site=st.none() | code,
    laterality=st.none() | code,
    region=st.none() | st.builds(Region, words, points, st.integers(1, 9)),
    measurements=measurements,
    tracking_id=words,
    tracking_uid=words,
    answer=st.none() | code,
    position=st.none() | st.tuples(number, number, number),
)
segment = st.builds(
    Segment,
    category=code,
    code=code,
    sop_uids=st.lists(words, max_size=3).map(tuple),
    shape=st.tuples(*[st.integers(0, 600)] * 3),
    bits=st.binary(max_size=80),
    laterality=st.none() | code,
    measurements=measurements,
)
moment = st.datetimes(timezones=st.just(dt.UTC))
result = st.builds(
    Result,
    job_id=words,
    outcome=st.sampled_from(list(Outcome)),
    provenance=st.builds(
        Provenance,
        *[words] * 9,
        started_at=moment,
        finished_at=moment,
        parameters=facts,
        intended_use_nb=words,
    ),
    findings=st.lists(finding, max_size=2).map(tuple),
    read=st.lists(words, max_size=3).map(tuple),
    reason=st.none() | reason,
    segments=st.lists(segment, max_size=2).map(tuple),
    remarks=st.lists(reason, max_size=2).map(tuple),
)


@given(result=result)
def test_a_result_comes_back_as_it_was(result: Result) -> None:
    row = json.loads(json.dumps(result_json.dump(result)))
    assert result_json.load(row) == result


AT = "2026-03-01T22:30:15+00:00"
OLD: dict[str, Any] = {
    "job_id": "job-1",
    "outcome": "findings",
    "provenance": {
        "algorithm": "chest_xray", "name": "Varde chest X-ray", "version": "1.0.0",
        "weights_sha256": "ab", "device_uid": "2.25.1", "intended_use": "", "platform_version": "",
        "provider": "", "worker": "", "started_at": AT, "finished_at": AT,
    },
    "findings": [{
        "code": {"value": "1", "scheme": "SCT", "meaning": "Nodule", "meaning_nb": ""},
        "probability": 0.9, "threshold": 0.5, "sop_uid": "1.2", "site": None, "laterality": None,
        "region": {"sop_uid": "1.2", "points": [[1.0, 2.0], [3.0, 2.0], [1.0, 2.0]], "frame": 1},
        "measurements": [], "tracking_id": "", "tracking_uid": "",
    }],
    "read": ["1.2"],
    "reason": None,
}  # fmt: skip


def test_a_row_from_before_answers_positions_segments_and_remarks() -> None:
    read = result_json.load(OLD)
    (finding,) = read.findings
    assert finding.region == Region("1.2", ((1.0, 2.0), (3.0, 2.0), (1.0, 2.0)))
    assert (finding.answer, finding.position) == (None, None)
    assert (read.segments, read.remarks) == ((), ())


def test_bits_that_are_no_base64_are_refused() -> None:
    segment = {"category": OLD["findings"][0]["code"], "code": OLD["findings"][0]["code"],
               "sop_uids": [], "shape": [0, 0, 0], "bits": "%%%", "laterality": None,
               "measurements": []}  # fmt: skip
    with pytest.raises(ValueError, match="base64"):
        result_json.load({**OLD, "segments": [segment]})
