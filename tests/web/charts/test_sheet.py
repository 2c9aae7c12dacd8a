"""CSV: opened by the reader's own spreadsheet, and never run by it."""

import csv
import datetime as dt
import io

import pytest

from web.charts.sheet import sheet
from web.words import Words

ROWS = [(dt.date(2026, 3, 1), 0.12345678, 12, None, True, 'Bærum; "øst"')]


def read(body: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_norwegian_has_semicolons_and_commas() -> None:
    body = sheet(("dag", "andel", "n", "tom", "ja", "sted"), ROWS, Words("nb"))
    assert body.startswith(b"\xef\xbb\xbf")
    assert read(body, ";")[1] == ["2026-03-01", "0,123457", "12", "", "1", 'Bærum; "øst"']


def test_english_has_commas_and_points() -> None:
    assert read(sheet(("a",), ROWS, Words("en")), ",")[1][1] == "0.123457"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_is_never_a_formula(text: str) -> None:
    (_, row) = read(sheet(("a",), [(text,)], Words("nb")), ";")
    assert row[0].startswith("'")


def test_control_characters_are_left_out() -> None:
    (_, row) = read(sheet(("a",), [("a\x00b\x1b[31mc\nd",)], Words("nb")), ";")
    assert row == ["ab[31mcd"]


def test_a_negative_number_stays_a_number() -> None:
    assert read(sheet(("a",), [(-0.5,)], Words("en")), ",")[1] == ["-0.5"]
