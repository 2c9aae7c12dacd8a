import pytest

from core.domain.reason import ReasonCode
from models import gate
from models.gate import Attributes
from models.manifest import Manifest

FITS = {"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA", "AgeYears": "52"}


@pytest.mark.parametrize(
    "change",
    [{}, {"Modality": "CR"}, {"ViewPosition": " ap "}, {"BodyPartExamined": "THORAX"},
     {"AgeYears": ""}, {"AgeYears": "18"}],
)  # fmt: skip
def test_a_chest_is_accepted(chest: Manifest, change: Attributes) -> None:
    assert gate.judge(chest, {**FITS, **change}) is None


@pytest.mark.parametrize(
    ("change", "code", "found"),
    [
        ({"Modality": "CT"}, ReasonCode.MODALITY, "CT"),
        ({"Modality": ""}, ReasonCode.MODALITY, gate.MISSING),
        ({"BodyPartExamined": "HAND"}, ReasonCode.BODY_PART, "HAND"),
        ({"ViewPosition": "LL"}, ReasonCode.VIEW, "LL"),
        ({"AgeYears": "9"}, ReasonCode.AGE, "9"),
    ],
)
def test_anything_else_is_declined_with_the_reason(
    chest: Manifest, change: Attributes, code: ReasonCode, found: str
) -> None:
    reason = gate.judge(chest, {**FITS, **change})
    assert reason
    assert reason.code is code
    assert reason.facts["found"] == found


def test_an_unknown_age_is_declined_where_the_manifest_requires_one(chest: Manifest) -> None:
    accepts = chest.accepts.model_copy(update={"age_required": True})
    strict = chest.model_copy(update={"accepts": accepts})
    reason = gate.judge(strict, {**FITS, "AgeYears": ""})
    assert reason
    assert reason.code is ReasonCode.AGE


def test_a_missing_body_part_is_accepted_where_the_manifest_lets_the_pixels_tell(
    chest: Manifest,
) -> None:
    accepts = chest.accepts.model_copy(update={"body_part_may_be_missing": True})
    lenient = chest.model_copy(update={"accepts": accepts})
    assert gate.judge(chest, {**FITS, "BodyPartExamined": ""}) is not None
    assert gate.judge(lenient, {**FITS, "BodyPartExamined": ""}) is None
    reason = gate.judge(lenient, {**FITS, "BodyPartExamined": "KNEE"})
    assert reason is not None
    assert reason.code is ReasonCode.BODY_PART
