"""What a truth says of a result, label by label and for the whole."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import codes
from core.domain.codes import Code
from core.domain.feedback import Comparison, Source, Truth
from core.domain.finding import Finding, Measurement, Outcome, Provenance, Region, Result
from core.domain.reason import Reason, ReasonCode
from monitoring import truths
from monitoring.truths import ANY

NOW = dt.datetime(2026, 3, 14, 9, tzinfo=dt.UTC)
PNEUMOTHORAX, EFFUSION, NODULE = (
    one.value for one in (codes.PNEUMOTHORAX, codes.PLEURAL_EFFUSION, codes.NODULE)
)
MADE_BY = Provenance(
    algorithm="chest", name="Chest", version="1.0.0", weights_sha256="", device_uid="2.25.9",
    intended_use="test", platform_version="0", provider="", worker="w", started_at=NOW,
    finished_at=NOW,
)  # fmt: skip
DENSITY = Code("129715009", "SCT", "Breast composition")
SCORE = Code("study-suspicion", "99VARDE", "Suspicion of breast lesion, study")
UNIT = Code("{score}", "UCUM", "score")


def finding(code: Code, probability: float, **more: object) -> Finding:
    return Finding(code, probability, 0.5, "2.25.1", **more)  # type: ignore[arg-type]


def result(*found: Finding, outcome: Outcome | None = None) -> Result:
    """A result whose outcome is what the pipeline makes of the findings."""
    positive = any(one.present for one in found)
    told = Outcome.FINDINGS if positive else Outcome.NOTHING_FOUND
    return Result("j", outcome or told, MADE_BY, found)


CHEST = result(finding(codes.PNEUMOTHORAX, 0.9), finding(codes.PLEURAL_EFFUSION, 0.1))


def compared(
    one: Result, said: Mapping[str, Truth], source: Source = Source.REPORT
) -> dict[str, tuple[bool, Truth]]:
    """(called, truth) by label."""
    return {c.label: (c.called, c.truth) for c in truths.compare(one, said, source)}


def test_a_label_that_the_truth_speaks_of_is_compared() -> None:
    said = {PNEUMOTHORAX: Truth.ABSENT, NODULE: Truth.PRESENT}
    assert compared(CHEST, said) == {
        PNEUMOTHORAX: (True, Truth.ABSENT),
        ANY: (True, Truth.UNKNOWN),
    }, "no nodule was looked for, and nothing is said of the effusion"


def test_any_is_present_where_one_is() -> None:
    said = {PNEUMOTHORAX: Truth.ABSENT, EFFUSION: Truth.PRESENT}
    assert compared(CHEST, said)[ANY] == (True, Truth.PRESENT)


def test_any_is_absent_only_where_all_are() -> None:
    assert compared(CHEST, {PNEUMOTHORAX: Truth.ABSENT})[ANY] == (True, Truth.UNKNOWN)
    said = dict.fromkeys((PNEUMOTHORAX, EFFUSION), Truth.ABSENT)
    assert compared(CHEST, said)[ANY] == (True, Truth.ABSENT)


def test_a_report_of_nothing_says_so_of_every_label() -> None:
    assert compared(CHEST, {ANY: Truth.ABSENT}) == {
        PNEUMOTHORAX: (True, Truth.ABSENT),
        EFFUSION: (False, Truth.ABSENT),
        ANY: (True, Truth.ABSENT),
    }


def test_uncertain_is_neither() -> None:
    said = {PNEUMOTHORAX: Truth.UNCERTAIN, EFFUSION: Truth.ABSENT}
    found = compared(CHEST, said)
    assert found[ANY] == (True, Truth.UNCERTAIN)
    assert not any(one.disagrees for one in truths.compare(CHEST, said, Source.REPORT)
                   if one.label != EFFUSION)  # fmt: skip


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
def test_what_was_not_evaluated_is_no_comparison(outcome: Outcome) -> None:
    reason = Reason(ReasonCode.TIMEOUT, {"detail": "60"})
    one = Result("j", outcome, MADE_BY, reason=reason)
    assert truths.compare(one, {ANY: Truth.ABSENT}, Source.REPORT) == ()


def test_several_findings_of_one_code_are_one_label() -> None:
    """A nodule in one image and none in another; a fracture of one bone and not of another."""
    one = result(finding(codes.NODULE, 0.1), finding(codes.NODULE, 0.8))
    assert compared(one, {NODULE: Truth.PRESENT}) == {
        NODULE: (True, Truth.PRESENT),
        ANY: (True, Truth.PRESENT),
    }
    assert truths.looked_for(one) == (codes.NODULE,)


def test_assessments_are_left_out() -> None:
    region = Region("2.25.1", ((0.0, 0.0), (1.0, 0.0), (0.0, 0.0)))
    score = Measurement(SCORE, 7.0, UNIT)
    one = result(
        finding(DENSITY, 0.9, answer=codes.LUNG),
        finding(SCORE, 0.2, measurements=(score,)),
        finding(codes.NODULE, 0.1, region=region, measurements=(score,)),
    )
    assert truths.looked_for(one) == (codes.NODULE,), "a lesion with a score is a lesion"
    told = compared(one, {DENSITY.value: Truth.PRESENT, SCORE.value: Truth.PRESENT})
    assert told == {ANY: (False, Truth.UNKNOWN)}


def test_any_is_what_the_reader_was_told() -> None:
    """A study score above its threshold is shown as findings, although it is no label."""
    score = Measurement(SCORE, 9.0, UNIT)
    one = result(finding(SCORE, 0.9, measurements=(score,)), finding(codes.NODULE, 0.1))
    assert one.outcome is Outcome.FINDINGS
    assert truths.calls(one) == {NODULE: False, ANY: True}


def test_an_empty_result_still_counts_as_one_that_was_compared() -> None:
    assert compared(result(), {ANY: Truth.ABSENT}) == {ANY: (False, Truth.ABSENT)}
    assert compared(result(), {NODULE: Truth.PRESENT}) == {ANY: (False, Truth.UNKNOWN)}


LABELS = (codes.PNEUMOTHORAX, codes.PLEURAL_EFFUSION, codes.NODULE, codes.CONSOLIDATION)
TOLD = st.dictionaries(
    st.sampled_from([*(one.value for one in LABELS), "4711"]), st.sampled_from(Truth), max_size=5
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), TOLD, st.booleans())
def test_what_holds_for_every_truth(
    probabilities: list[float], said: dict[str, Truth], nothing: bool
) -> None:
    one = result(*(finding(code, p) for code, p in zip(LABELS, probabilities, strict=True)))
    said = said | ({ANY: Truth.ABSENT} if nothing else {})
    found = truths.compare(one, said, Source.AUDIT, ("sex:F",))
    by_label = {each.label: each for each in found}
    assert len(by_label) == len(found), "one for each label"
    spoken = {code.value for code in LABELS if nothing or code.value in said}
    assert by_label.keys() == spoken | {ANY}
    whole = by_label.pop(ANY)
    states = {each.truth for each in by_label.values()}
    assert (whole.truth is Truth.PRESENT) == (Truth.PRESENT in states)
    if whole.truth is Truth.ABSENT:
        assert states <= {Truth.ABSENT, Truth.UNKNOWN}
        assert nothing or len(by_label) == len(LABELS)
    assert whole.called == any(each.called for each in truths.compare(one, {}, Source.AUDIT))
    assert all(each.groups == ("sex:F",) for each in found)
    assert all(each.called == (p >= 0.5) for each, p in _pairs(by_label, probabilities))


def _pairs(
    by_label: Mapping[str, Comparison], probabilities: list[float]
) -> list[tuple[Comparison, float]]:
    order = {code.value: p for code, p in zip(LABELS, probabilities, strict=True)}
    return [(each, order[label]) for label, each in by_label.items()]


def test_feedback_and_audits_are_told_apart() -> None:
    kinds = {
        source: truths.compare(CHEST, {ANY: Truth.ABSENT}, source)[0].source for source in Source
    }
    assert kinds == {source: source for source in Source}
    assert dataclasses.is_dataclass(Comparison)
