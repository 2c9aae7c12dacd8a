"""Numbers, times and names as a reader of each language expects them."""

import datetime as dt

import pytest

from web.words import Words

NB, EN = Words("nb"), Words("en")


def plain(text: str) -> str:
    """Text with ordinary spaces."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_numbers() -> None:
    assert plain(NB.number(12345.678, 1)) == "12 345,7"
    assert EN.number(12345.678, 1) == "12,345.7"


@pytest.mark.parametrize(
    ("share", "nb"),
    [
        (0, "0 %"),
        (0.001, "< 1 %"),
        (0.006, "1 %"),
        (0.874, "87 %"),
        (0.999, "> 99 %"),
        (1, "100 %"),
    ],
)
def test_percent_is_never_rounded_to_certainty(share: float, nb: str) -> None:
    assert plain(NB.percent(share)) == nb


@pytest.mark.parametrize(
    ("seconds", "nb", "en"),
    [
        (3.24, "3,2 s", "3.2 s"),
        (-1, "0,0 s", "0.0 s"),
        (250, "4 min 10 s", "4 min 10 s"),
        (7500, "2 t 5 min", "2 h 5 min"),
    ],
)
def test_seconds(seconds: float, nb: str, en: str) -> None:
    assert plain(NB.seconds(seconds)) == nb
    assert plain(EN.seconds(seconds)) == en


def test_times_are_those_of_norwegian_clocks() -> None:
    summer = dt.datetime(2026, 7, 1, 22, 30, 5, tzinfo=dt.UTC)
    assert NB.moment(summer) == "02.07.2026 00:30:05"
    assert EN.moment(summer) == "2026-07-02 00:30:05"
    assert NB.clock(summer - dt.timedelta(days=400)) == "28.05. 00:30"
    assert len(NB.clock(dt.datetime.now(dt.UTC))) == len("00:30:05")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Hansen^Kari^Marie^^", "Hansen, Kari Marie"),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou"),
        ("=山田^太郎", "山田, 太郎"),
        ("^Kari", "Kari"),
        ("", "Uten navn"),
        ("^^=^", "Uten navn"),
    ],
)
def test_person_names(name: str, shown: str) -> None:
    assert NB.person(name) == shown


def test_dates_and_sex() -> None:
    assert NB.day("19580214") == "14.02.1958"
    assert EN.day("19580214") == "1958-02-14"
    assert NB.day("1958") == "1958"
    assert NB.day("") == ""
    assert (NB.sex("F"), NB.sex("?"), EN.sex("M")) == ("kvinne", "", "male")
