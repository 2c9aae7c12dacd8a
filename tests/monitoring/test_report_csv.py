"""Reading a file of reports: what it is, row by row, and never a word of what stands in it."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import InvalidError
from monitoring import report_csv
from monitoring.report_csv import Row

KNOWN = frozenset({"36118008", "any"})
HEAD = "site;study_uid;signed_at;text"
ROW = "drammen;2.25.1;2026-03-14 09:30;Ingen pneumotoraks"


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = folder / "reports.csv"
    file.write_bytes("\n".join(lines).encode(encoding))
    return file


def rows(file: Path) -> list[Row]:
    return list(report_csv.rows(report_csv.look(file, KNOWN)))


def test_what_a_file_is(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD, ROW)
    sheet = report_csv.look(file, KNOWN)
    assert sheet.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (sheet.size, sheet.encoding, sheet.separator) == (
        file.stat().st_size, "utf-8-sig", ";",
    )  # fmt: skip
    assert sheet.columns == ("site", "study_uid", "signed_at", "text")
    assert sheet.labels == ()
    (row,) = rows(file)
    assert (row.line, row.values["text"]) == (2, "Ingen pneumotoraks")


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8-sig"), ("iso-8859-1", "iso-8859-1")],
)
def test_encodings(tmp_path: Path, encoding: str, found: str) -> None:
    file = written(tmp_path, HEAD, ROW + " på høyre side", encoding=encoding)
    assert report_csv.look(file, KNOWN).encoding == found
    assert rows(file)[0].values["text"] == "Ingen pneumotoraks på høyre side"


def test_a_character_that_is_cut_by_the_end_of_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_csv, "_CHUNK", 7)
    file = written(tmp_path, HEAD, *(f"{ROW} {'ø' * n}" for n in range(20)))
    assert report_csv.look(file, KNOWN).encoding == "utf-8-sig"
    file.write_bytes(file.read_bytes() + "ø".encode()[:1])
    assert report_csv.look(file, KNOWN).encoding == "iso-8859-1", "the last character is half one"


def test_commas_quotes_and_line_breaks(tmp_path: Path) -> None:
    file = written(
        tmp_path, "accession_number,signed_at,text", 'A1,2026-03-14T09:30+01:00,"R: a, ""b""',
        'c;d"', "", "A2,2026-03-14T10:30+01:00,kort", "   ",
    )  # fmt: skip
    found = rows(file)
    assert [one.line for one in found] == [2, 5]
    assert found[0].values["text"] == 'R: a, "b"\nc;d'


@pytest.mark.parametrize(
    ("head", "cause"),
    [
        ("site;study_uid;signed_at;navn", "column 4"), ("", "column signed_at"),
        ("study_uid;signed_at;text;text", "one name"), ("study_uid;text", "column signed_at"),
        ("signed_at;text", "study_uid or accession_number"), ("study_uid;signed_at", "column text"),
        ("12121212345;Nordmann^Kari;text", "column 1, 2"),
        ("study_uid;signed_at;36118009", "column 3"),
    ],
)  # fmt: skip
def test_a_first_line_that_will_not_do(tmp_path: Path, head: str, cause: str) -> None:
    with pytest.raises(InvalidError, match=cause) as raised:
        report_csv.look(written(tmp_path, head, ROW), KNOWN)
    assert "Nordmann" not in str(raised.value)


def test_utf_16_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="UTF-16"):
        report_csv.look(written(tmp_path, HEAD, ROW, encoding="utf-16"), KNOWN)


def test_a_faulty_row_does_not_end_the_others(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD, ROW + ";more", ROW, 'drammen;2.25.1;"a"b;x', ROW, "drammen", ROW)
    found = rows(file)
    assert [(one.line, bool(one.fault)) for one in found] == [
        (2, True), (3, False), (4, True), (5, False), (6, True), (7, False),
    ]  # fmt: skip
    assert "5 columns, the first line 4" in found[0].fault
    assert "quotation mark" in found[2].fault


def test_what_an_open_quotation_swallows_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD, ROW, 'drammen;2.25.1;2026;"open', ROW, ROW)
    found = rows(file)
    assert [one.line for one in found] == [2, 3]
    assert "up to line 5" in found[1].fault


def test_a_field_that_is_too_long(tmp_path: Path) -> None:
    found = rows(written(tmp_path, HEAD, ROW + "x" * 300_000, ROW))
    assert [bool(one.fault) for one in found] == [True, False]


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("2026-03-14T09:30:00+02:00", "2026-03-14T09:30:00+02:00"),
        ("2026-03-14 09:30", "2026-03-14T09:30:00+01:00"),
        ("2026-07-14 09:30:15", "2026-07-14T09:30:15+02:00"),
        ("14.03.2026 09:30", "2026-03-14T09:30:00+01:00"),
        ("14.07.2026 09:30:15", "2026-07-14T09:30:15+02:00"),
        ("2026-03-14T08:30Z", "2026-03-14T08:30:00+00:00"),
    ],
)
def test_times(written_as: str, meant: str) -> None:
    found = report_csv.moment(written_as)
    assert getattr(found, "isoformat", str)() == meant


@pytest.mark.parametrize("written_as", ["", "2026-03-14", "03/14/2026 09:30", "20260314", "i går"])
def test_what_is_no_time_stays_what_it_is(written_as: str) -> None:
    assert report_csv.moment(written_as) == written_as


def test_codes_are_columns(tmp_path: Path) -> None:
    file = written(tmp_path, "study_uid;signed_at;36118008;any", "2.25.1;x;PRESENT;", "2.25.2;x;;")
    sheet = report_csv.look(file, KNOWN)
    assert sheet.labels == ("36118008", "any")
    one, two = report_csv.rows(sheet)
    assert report_csv.fields(one, sheet, "drammen")["truths"] == {"36118008": "present"}
    assert "truths" not in report_csv.fields(two, sheet, "drammen")
    assert report_csv.fields(two, sheet, "drammen")["site"] == "drammen"


def test_a_row_of_another_site(tmp_path: Path) -> None:
    file = written(tmp_path, HEAD, ROW)
    sheet = report_csv.look(file, KNOWN)
    (row,) = report_csv.rows(sheet)
    assert report_csv.fields(row, sheet, "drammen")["site"] == "drammen"
    with pytest.raises(ValueError, match="another than --site"):
        report_csv.fields(row, sheet, "baerum")


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.binary(max_size=400))
def test_whatever_stands_in_a_file_it_is_rows_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(HEAD.encode() + b"\n" + content)
    if b"\0" in content:
        with pytest.raises(InvalidError):
            rows(file)
        return
    assert all(bool(one.fault) != bool(one.values) for one in rows(file))
