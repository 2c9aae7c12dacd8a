"""Words: what is rounded, cut and cleaned, and that no reason goes unsaid."""

import pytest

from core.domain.finding import Outcome, Result
from core.domain.reason import ReasonCode
from highdicom_out import concepts, wording
from tests.highdicom_out import samples


@pytest.mark.parametrize(
    ("probability", "nb", "en"),
    [
        (0.874, "87 %", "87%"),
        (0.001, "< 1 %", "< 1%"),
        (0.999, "> 99 %", "> 99%"),
        (0.0, "0 %", "0%"),
        (1.0, "100 %", "100%"),
    ],
)
def test_per_cent_never_rounds_to_certainty(probability: float, nb: str, en: str) -> None:
    assert wording.percent(probability, "nb") == nb
    assert wording.percent(probability, "en") == en


def test_a_long_name_leaves_room_for_what_matters() -> None:
    made = samples.provenance(name="Å" * 80, version="9" * 80)
    words = wording.description(Result("job", Outcome.FINDINGS, made), "nb")
    assert words.endswith("– KI, ikke verifisert")
    assert len(words.encode()) <= 64


@pytest.mark.parametrize("template", ["ø" * 40, "{name}" + "x" * 58, "x" * 50 + "{unverified}"])
def test_a_long_template_does_not_push_out_that_nobody_has_verified_it(template: str) -> None:
    result = Result("job", Outcome.FINDINGS, samples.provenance())
    words = wording.description(result, "nb", template)
    assert words.endswith(" – KI, ikke verifisert")
    assert len(words.encode()) <= 64


def test_text_is_cut_at_whole_characters() -> None:
    assert wording.cut("æææ", 5) == "ææ"
    assert wording.long_string("a\\b\nc\x07") == "a/b c"


def test_a_missing_reason_is_said_to_be_missing() -> None:
    result = Result("job", Outcome.FAILED, samples.provenance())
    assert "ingen grunn er oppgitt" in wording.summary(result, "nb")


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_a_code_that_fits(code: ReasonCode) -> None:
    coded = concepts.reason(code)
    assert 0 < len(coded.value) <= 16
    assert 0 < len(coded.meaning) <= 64
