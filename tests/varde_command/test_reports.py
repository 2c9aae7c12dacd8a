"""`varde reports import`: what became of every row is said, and nobody is named."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.feedback import Truth
from core.store.watch import comparisons, concordance, reports
from monitoring import report_import
from tests.web.answered import EFFUSION, PNEUMOTHORAX, answered
from tests.web.seed import NOW, Seed, open_seed
from varde import cli, terminal
from varde import reports as command

HEAD = "site;accession_number;signed_at;text"
SAYS = "Ingen pneumotoraks. Moderat pleuravæske."


@pytest.fixture
def seed(home: Path) -> Iterator[Seed]:
    """The home that the command finds, with its sites in the database."""
    _, made = open_seed(home)
    yield made
    made.database.close()


def import_(
    tmp_path: Path, *lines: str, more: tuple[str, ...] = (), encoding: str = "utf-8"
) -> int:
    file = tmp_path / "reports.csv"
    file.write_bytes("\n".join(lines).encode(encoding))
    return cli.main(["reports", "import", *more, str(file)])


def rows(out: str) -> dict[str, int]:
    """The table of what became of the rows."""
    table = out[out.index("\nreports ") : out.index("\ncolumn ")]
    found = re.findall(r"^([a-z][^\d\n]*?) {2,}(\d+)$", table, re.MULTILINE)
    return {name: int(count) for name, count in found}


def kept(seed: Seed, study: str) -> dict[str, Truth] | None:
    with seed.database.read() as connection:
        found = reports.get(connection, study)
    return dict(found.truths) if found else None


def line(number: int, *, time: str = "14.03.2026 09:30", text: str = SAYS) -> str:
    return f"drammen;A{number};{time};{text}"


def test_every_row_is_accounted_for(
    seed: Seed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, job = answered(seed, accession_number="A1")
    answered(seed, accession_number="A2")
    for _ in range(2):
        answered(seed, accession_number="A3")
    lines = [
        HEAD, line(1), line(1), line(1, time="15.03.2026 09:30"), line(1), line(2, text="Hmm."),
        line(3), line(4), line(5, time="i går, Kari"), line(6).replace("drammen", "Nordmann"),
        "drammen;A7", "",
    ]  # fmt: skip
    assert import_(tmp_path, *lines) == 1
    told = capsys.readouterr()
    found = rows(told.out)
    assert found.pop("rows") == 10
    assert found == {
        "stored": 2, "unchanged": 1, "replaced an earlier one": 1, "older than what is here": 1,
        "of studies that are not here": 1, "faulty": 4,
    }  # fmt: skip
    assert sum(found.values()) == 10
    for number, cause in ((7, "several studies"), (9, "signed_at: is no time"),
                          (10, "site: "), (11, "has 2 columns")):  # fmt: skip
        assert re.search(f"line {number}: .*{re.escape(cause)}", told.err), told.err
    assert "1 texts say nothing" in told.out
    assert re.search("SHA-256 [0-9a-f]{64}", told.out)
    assert re.search(r"text +9 of 10", told.out)
    for name in ("Kari", "Nordmann", "A1", "pleuravæske"):
        assert name not in told.out + told.err
    truths = kept(seed, study)
    assert truths
    assert (truths[PNEUMOTHORAX], truths[EFFUSION]) == (Truth.ABSENT, Truth.PRESENT)
    with seed.database.read() as connection:
        assert len(comparisons.of_job(connection, job)) >= 3
        day = comparisons.changed(connection, NOW)[0][2]
        counted = concordance.of(
            connection, algorithm="chest_xray", first=day, last=day, label=EFFUSION, subgroup=""
        )
    assert [(one.false_negative, one.known) for one in counted] == [(1, 1)], "days are counted"


def test_importing_again_changes_nothing(
    seed: Seed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        answered(seed, accession_number=f"A{number}")
    assert import_(tmp_path, HEAD, line(1), line(2)) == 0
    assert rows(capsys.readouterr().out) == {"rows": 2, "stored": 2}
    assert import_(tmp_path, HEAD, line(1), line(2)) == 0
    told = capsys.readouterr().out
    assert rows(told) == {"rows": 2, "unchanged": 2}
    assert "0 days of an algorithm" in told


def test_old_files_are_read_with_a_warning(
    seed: Seed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, _ = answered(seed, accession_number="A1")
    assert import_(tmp_path, HEAD, line(1), encoding="iso-8859-1") == 0
    assert "read as ISO-8859-1" in capsys.readouterr().err
    truths = kept(seed, study)
    assert truths
    assert truths[EFFUSION] is Truth.PRESENT, "the æ was right"


def test_codes_instead_of_text_and_the_site_by_option(seed: Seed, tmp_path: Path) -> None:
    study, _ = answered(seed, accession_number="A1")
    lines = (f"accession_number,signed_at,{PNEUMOTHORAX}", "A1,2026-03-14T09:30,absent")
    assert import_(tmp_path, *lines, more=("--site", "drammen")) == 0
    assert kept(seed, study) == {PNEUMOTHORAX: Truth.ABSENT}
    assert import_(tmp_path, *lines, more=("--site", "nowhere")) == 2
    assert import_(tmp_path, *lines) == 1, "a row without a site is faulty"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [(("a;b;c",), "no known name"), (("",), "no column"), (("\0",), "zero bytes")],
)
def test_what_is_no_table_is_refused_as_a_whole(
    seed: Seed, tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: tuple[str], cause: str
) -> None:
    assert seed.database.sqlite
    assert import_(tmp_path, *lines, line(1)) == 2
    assert cause in capsys.readouterr().err


def test_no_such_file(seed: Seed, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seed.files.home == home
    assert cli.main(["reports", "import", "none.csv"]) == 2
    assert "none.csv: No such file" in capsys.readouterr().err


def test_an_import_that_is_stopped_says_how_far_it_came(
    seed: Seed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C between two steps: the first step stays and is counted, the rest is not there."""
    studies = [answered(seed, accession_number=f"A{n}")[0] for n in range(1, 7)]
    monkeypatch.setattr(report_import, "STEP", 2)
    steps = iter(range(9))

    def stop(*_: object) -> None:
        if next(steps) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(terminal.Bar, "show", stop)
    monkeypatch.setattr(command, "PATIENCE_S", -1.0)
    assert import_(tmp_path, HEAD, *(line(n) for n in range(1, 7))) == 130
    told = capsys.readouterr().err
    assert "up to line 5 are imported" in told
    assert "import the file again" in told
    assert [kept(seed, study) is not None for study in studies] == [True] * 4 + [False] * 2
    with seed.database.read() as connection:
        day = comparisons.changed(connection, NOW)[0][2]
        (one,) = concordance.of(
            connection, algorithm="chest_xray", first=day, last=day, label=EFFUSION, subgroup=""
        )
    assert one.known == 4


def test_a_command_that_only_imports_makes_no_database(home: Path, tmp_path: Path) -> None:
    assert import_(tmp_path, HEAD, line(1)) == 2
    assert not (home / "varde.db").exists()
