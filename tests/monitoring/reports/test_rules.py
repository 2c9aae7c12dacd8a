import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import InvalidError
from core.domain.feedback import Truth
from monitoring.reports.reading import Weight, normalised
from monitoring.reports.rule_file import RuleFile, load
from monitoring.reports.rules import LONGEST, Rules

RULES = Rules.load()
PNEUMOTHORAX, FLUID, CONSOLIDATION = "36118008", "60046008", "95436008"
NODULE, HEART, FRACTURE, SUSPICION = "27925004", "8186001", "125605004", "study-suspicion"


def read(text: str, finding: str) -> Truth:
    return RULES.read(text).truths[finding]


@pytest.mark.parametrize(
    ("text", "finding", "truth"),
    [
        # negation, its reach and what ends it
        ("Ingen pneumothorax, pleuravæske eller infiltrat.", CONSOLIDATION, Truth.ABSENT),
        ("Ingen infiltrat, men litt pleuravæske.", FLUID, Truth.PRESENT),
        ("Infiltrat uten ledsagende pleuravæske.", CONSOLIDATION, Truth.PRESENT),
        ("Pleuravæske, men pneumothorax påvises ikke.", FLUID, Truth.PRESENT),
        ("Hjertet er ikke forstørret.", HEART, Truth.ABSENT),
        # a double denial is none
        ("Pneumothorax kan ikke utelukkes.", PNEUMOTHORAX, Truth.UNCERTAIN),
        ("Ingen endring av pleuravæsken.", FLUID, Truth.PRESENT),
        # what was is not what is
        ("Tidligere pneumothorax.", PNEUMOTHORAX, Truth.UNKNOWN),
        ("Kjent pleuravæske, uendret.", FLUID, Truth.PRESENT),
        ("Tidligere infiltrat er ikke lenger synlig.", CONSOLIDATION, Truth.ABSENT),
        # who says it
        ("Problemstilling: Fraktur i radius.", FRACTURE, Truth.UNKNOWN),
        ("Fraktur?", FRACTURE, Truth.UNCERTAIN),
        ("Fraktur? Ingen fraktur.", FRACTURE, Truth.ABSENT),
        ("Mulig infiltrat.\nKonklusjon: Pneumoni.", CONSOLIDATION, Truth.PRESENT),
        ("Infiltrat.\nKonklusjon: Ingen pneumoni.", CONSOLIDATION, Truth.ABSENT),
        # "normal" is outranked by what is named, and an organ is not the whole
        ("Pneumothorax. For øvrig normale funn.", PNEUMOTHORAX, Truth.PRESENT),
        ("Pneumothorax. For øvrig normale funn.", HEART, Truth.ABSENT),
        ("Lungene er upåfallende.", CONSOLIDATION, Truth.ABSENT),
        ("Lungene er upåfallende.", HEART, Truth.UNKNOWN),
        ("Mediastinum er upåfallende.", CONSOLIDATION, Truth.UNKNOWN),
        # other organs, other words
        ("Forstørrede lymfeknuter.", NODULE, Truth.UNKNOWN),
        ("Knute i leveren.", NODULE, Truth.UNKNOWN),
        ("Stripeatelektase.", CONSOLIDATION, Truth.UNKNOWN),
        ("BI-RADS 4.", SUSPICION, Truth.PRESENT),
        ("BI-RADS 3.", SUSPICION, Truth.UNCERTAIN),
        ("Ingen mistanke om malignitet.", SUSPICION, Truth.ABSENT),
        ("", FRACTURE, Truth.UNKNOWN),
    ],
)
def test_a_report_is_read(text: str, finding: str, truth: Truth) -> None:
    assert read(text, finding) is truth


def test_silence_is_absence_only_where_the_rules_say_so() -> None:
    file = load()
    one = file.finding[FRACTURE].model_copy(update={"silence": "absent"})
    rules = Rules(file.model_copy(update={"finding": {**file.finding, FRACTURE: one}}))
    truths = rules.read("CVK i god posisjon.").truths
    assert (truths[FRACTURE], truths[NODULE]) == (Truth.ABSENT, Truth.UNKNOWN)
    assert rules.version != RULES.version


def test_a_reading_explains_itself_with_positions_and_rules() -> None:
    text = "Konklusjon: Ingen sikker pleuravæske."
    (one,) = RULES.read(text).evidence
    assert text[one.start : one.end] == "pleuravæske"
    assert (one.finding, one.truth, one.weight) == (FLUID, Truth.ABSENT, Weight.CONCLUSION)
    assert one.rules == ("finding.60046008.present:1", "negation.before:1")
    assert load().negation.before[0] == "ingen"


def test_no_word_of_the_text_is_in_what_is_kept() -> None:
    reading = RULES.read("Olsen, Kari 01015012345 har pneumothorax og pleuravæske.")
    assert not {"Olsen", "Kari", "01015012345"} & set(repr(reading).replace(",", " ").split())
    assert "har" not in repr(reading)


def test_a_report_too_long_to_be_one_is_refused_without_its_text() -> None:
    with pytest.raises(InvalidError, match=f"{LONGEST + 1} characters; at most {LONGEST}") as told:
        RULES.read("æ" * (LONGEST + 1))
    assert "æ" not in str(told.value)


#: Texts that catch a regular expression which tries everything twice.
HOSTILE = {
    "one word": "a",
    "spaces": " ",
    "line feeds": "\n",
    "negations": "ikke ",
    "a name": "pneumothorax ",
    "half a gap": "hjertet er ",
    "full stops": ".",
    "question marks": "? ",
    "commas": ", ",
    "headings": "Konklusjon: ",
    "referrals": "Problemstilling:\n",
    "brackets": "(((",
    "no sentence ever ends": "ingen pleuravæske og mulig infiltrat i lungene som tidligere ",
    "combining": "a\u0301\u0323",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_report_takes_time_in_proportion_to_its_length(kind: str) -> None:
    """Twice the length in less than four times the time: a square would take that already."""
    spent = []
    for size in (15_000, 30_000):
        text = (HOSTILE[kind] * size)[:size]
        started = time.process_time()
        RULES.read(text)
        spent.append(time.process_time() - started)
    assert spent[1] < 4 * max(spent[0], 0.1)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Ingen ", "fraktur", " pleuravæske", ". ", "\n", "?", "Konklusjon: ", " mulig ", ", "]
        ),
        max_size=25,
    ).map("".join)
)
def test_any_text_is_read_the_same_twice_and_told_within_its_bounds(text: str) -> None:
    reading = RULES.read(text)
    assert reading == RULES.read(text)
    assert reading.truths.keys() == RULES.findings.keys()
    for one in reading.evidence:
        assert 0 <= one.start < one.end <= len(normalised(text))
        assert one.truth is not Truth.UNKNOWN


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert RULES.read(text).version == RULES.version


def test_line_ends_and_composed_letters_do_not_matter() -> None:
    text = "Ingen pleuravæske.\nPa\u030avist fraktur."
    assert RULES.read(text.replace("\n", "\r\n")).truths == RULES.read(text).truths
    assert RULES.read(text).truths[FRACTURE] is Truth.PRESENT


def test_a_site_s_own_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'name = "own"\nextends = "norwegian"\n[finding.36118008]\npresent = ["klappet lunge"]\n',
        encoding="utf-8",
    )
    rules = Rules.load(file)
    assert rules.read("Ingen klappet lunge.").truths[PNEUMOTHORAX] is Truth.ABSENT
    assert rules.version.startswith("own ")


def test_rules_without_a_word_read_nothing() -> None:
    assert Rules(RuleFile(name="empty")).read("Fraktur.").truths == {}
