import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.reports.phrases import Phrases, expression


def found(phrase: str, text: str) -> list[str]:
    return [text[start:end] for start, end, _ in Phrases([phrase]).found(text, 0, len(text))]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("pleuravæske*", "Litt PLEURAVÆSKEN her", ["PLEURAVÆSKEN"]),
        ("pleuravæske", "Litt pleuravæsken her", []),
        ("*fraktur", "Radiusfraktur, ikke frakturer", ["Radiusfraktur"]),
        ("(høyre|hø) side", "på hø  side og høyre\nside", ["hø  side", "høyre\nside"]),
        ("(sikker )?fraktur", "sikker fraktur", ["sikker fraktur"]),
        ("sikre? tegn", "sikr tegn, sikre tegn", ["sikr tegn", "sikre tegn"]),
        ("bi-?rads ?3", "BIRADS3 bi-rads 3", ["BIRADS3", "bi-rads 3"]),
        ("hjertet .. stort", "hjertet er i dag meget stort", ["hjertet er i dag meget stort"]),
        ("hjertet .. stort", "hjertet er i dag dog ikke for stort", []),
        ("u.a", "us. er u.a. og uXa", ["u.a"]),
        (";", "a;b", [";"]),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str, expected: list[str]) -> None:
    assert found(phrase, text) == expected


def test_of_two_phrases_that_begin_alike_the_longer_is_found() -> None:
    phrases = Phrases(["ikke", "ikke lenger"])
    assert phrases.found("ikke lenger, ikke", 0, 17) == [(0, 11, 1), (13, 17, 0)]


@pytest.mark.parametrize(
    "phrase", ["", " a", "a ", "a[b", "(a", "((a)b)", "a**?", "a{9}", "a\\b", "x" * 301]
)
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"phrase|cannot read"):
        expression(phrase)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(alphabet="aæ *()|?.,;-x", max_size=30), st.text(alphabet="aæx .,\n", max_size=60))
def test_every_phrase_is_refused_or_found_within_the_text(phrase: str, text: str) -> None:
    try:
        pattern = re.compile(expression(phrase))
    except ValueError:
        return
    for one in pattern.finditer(text):
        assert 0 <= one.start() <= one.end() <= len(text)


@pytest.mark.parametrize("phrase", ["*a*b*c*", "a .. b .. c .. d", "(a |aa )?(a |aa )?*b", "a b c"])
@pytest.mark.parametrize("unit", ["a", "a ", "aa b ", " ", "a b c "])
def test_no_phrase_runs_away(phrase: str, unit: str) -> None:
    """A sentence is the longest text that a phrase meets: 800 characters, here ten times that."""
    text = (unit * 8000)[:8000]
    started = time.perf_counter()
    found(phrase, text)
    assert time.perf_counter() - started < 2
