import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.reports.sentences import LONGEST, Part, Splitter

SPLITTER = Splitter(
    ["problemstilling", "klinisk opplysning(er)?"],
    ["funn", "beskrivelse"],
    ["konklusjon", "vurdering"],
    ["ca", "ev", "hø", "ve", "mm", "bl.a", "us"],
)


def split(text: str) -> list[str]:
    return [" ".join(text[one.start : one.end].split()) for one in SPLITTER.sentences(text)]


def parts(text: str) -> list[tuple[Part, str]]:
    return [
        (one.part, " ".join(text[one.start : one.end].split())) for one in SPLITTER.sentences(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ingen fraktur. Normale funn.", ["Ingen fraktur.", "Normale funn."]),
        ("Nodulus på ca. 7 mm. hø. side.", ["Nodulus på ca. 7 mm. hø. side."]),
        ("Bredde 2,5 cm. Ingen væske.", ["Bredde 2,5 cm.", "Ingen væske."]),
        ("Uendret fra us. 12.03.2024 og 3. mai.", ["Uendret fra us. 12.03.2024 og 3. mai."]),
        ("Fraktur i 5. metakarp.", ["Fraktur i 5. metakarp."]),
        ("Infiltrat hø. Ingen væske.", ["Infiltrat hø.", "Ingen væske."]),
        ("Bl.a. infiltrat. ingen væske", ["Bl.a. infiltrat.", "ingen væske"]),
        (
            "Lungene uten\ninfiltrater.\nHjertet stort",
            ["Lungene uten infiltrater.", "Hjertet stort"],
        ),
        ("Pneumoni? Nei!", ["Pneumoni?", "Nei!"]),
        ("1. Normalt.\n2. Ingen væske.", ["1.", "Normalt.", "2.", "Ingen væske."]),
        ("", []),
        (" \n \n", []),
    ],
)
def test_sentences_end_where_they_end(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Problemstilling: Pneumoni?\nIngen infiltrat.",
            [(Part.REFERRAL, "Pneumoni?"), (Part.BODY, "Ingen infiltrat.")],
        ),
        (
            "Problemstilling:\nFall i går.\nBrudd?\n\nIngen brudd.",
            [
                (Part.REFERRAL, "Fall i går."),
                (Part.REFERRAL, "Brudd?"),
                (Part.BODY, "Ingen brudd."),
            ],
        ),
        (
            "Klinisk opplysning: Hoste og\nfeber.\nInfiltrat.",
            [(Part.REFERRAL, "Hoste og feber."), (Part.BODY, "Infiltrat.")],
        ),
        (
            "Funn: Fortetning. Konklusjon: Pneumoni.\nKontroll.",
            [
                (Part.BODY, "Fortetning."),
                (Part.CONCLUSION, "Pneumoni."),
                (Part.CONCLUSION, "Kontroll."),
            ],
        ),
        ("Dette er en konklusjon: ingen.", [(Part.BODY, "Dette er en konklusjon: ingen.")]),
    ],
)
def test_sections_are_told_apart(text: str, expected: list[tuple[Part, str]]) -> None:
    assert parts(text) == expected


def test_a_long_sentence_is_cut_between_words() -> None:
    text = "ord " * 1000
    cut = list(SPLITTER.sentences(text))
    assert max(one.end - one.start for one in cut) <= LONGEST
    assert {word for one in cut for word in text[one.start : one.end].split()} == {"ord"}


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    st.text(alphabet="aB.:?!;\n 1ø", max_size=80),
    st.sampled_from(["", "Funn: ", "Problemstilling:\n"]),
)
def test_sentences_keep_their_order_and_lose_no_word_but_headings(text: str, heading: str) -> None:
    whole = heading + text
    spans = [(one.start, one.end) for one in SPLITTER.sentences(whole)]
    assert spans == sorted(spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    kept = "".join(whole[start:end] for start, end in spans)
    assert re.findall(r"\w", kept) == re.findall(r"\w", text)
