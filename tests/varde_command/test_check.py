"""`varde check`: what is in force, what is wrong, and no secrets."""

import tomllib
from pathlib import Path

import pytest

from core import settings as core_settings
from core.settings import Settings
from varde import check, cli

SITE = """\
[regions.vest]
name = "Helse «Vest»"
[trusts.fonna]
name = "Fonna"
region = "vest"
[sites.odda]
name = "Odda"
trust = "fonna"
calling = ["ODDA_CT"]
destinations = ["pacs"]
[destinations.pacs]
ae_title = "PACS"
host = "pacs.example"
port = 104
"""


@pytest.fixture
def site(home: Path) -> Path:
    file = home.parent / "site.toml"
    file.write_text(SITE, encoding="utf-8")
    return file


def test_the_settings_are_shown_as_toml_that_means_the_same(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--site", str(site), "check"]) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    assert Settings(**shown) == core_settings.load(site)


def test_what_a_preset_gives_is_shown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with site.open("a", encoding="utf-8") as more:
        more.write('preset = "weasis"\nlanguage = "en"\nwithdraw = true\n')
    assert cli.main(["--site", str(site), "check"]) == 0
    told = "pacs: sr, gsps, seg, kos; en, ISO_IR 192, explicit, binary segmentations, withdrawn"
    assert f"#   {told} where replaced\n" in capsys.readouterr().out


def test_conditions_of_routes_are_shown_too() -> None:
    route = {
        "name": "CT",
        "algorithm": "chest",
        "when": {"Modality": "CT", "AgeYears": {"min": 18.0}},
    }
    settings = Settings(routes=(route,))  # type: ignore[arg-type]
    shown = tomllib.loads("\n".join(check.shown(settings)))
    assert Settings(**shown) == settings


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://varde:hemmelig@db:5432/varde", "postgresql+psycopg://***@db:5432/varde"),
        ("redis://:hemmelig@[::1]:6379/0", "redis://***@[::1]:6379/0"),
        ("redis://u:hem/me@lig@host", "redis://***@host"),
        ("sentinel://:hemmelig@a:26379;sentinel://:hemmelig@b:26379", "sentinel://***@b:26379"),
        ("postgresql://db/varde?user=v&password=hemmelig", "postgresql://db/varde?user=v&password=***"),
        ("sqlite:////srv/varde.db", "sqlite:////srv/varde.db"),
        ("Mail us: it@example.org", "Mail us: it@example.org"),
    ],
)  # fmt: skip
def test_passwords_in_urls_are_masked(url: str, shown: str) -> None:
    assert check.masked(url) == shown


def test_no_secret_is_printed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VARDE_QUEUE__URL", "redis://:hemmelig@127.0.0.1:1/0")
    monkeypatch.setenv("VARDE_DATABASE__URL", "postgresql://varde:hemmelig@127.0.0.1:1/varde")
    assert cli.main(["check"]) == 0
    told = capsys.readouterr()
    assert "***@127.0.0.1:1" in told.out
    assert "hemmelig" not in told.out + told.err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('calling = ["ODDA_CT"]', 'calling = ["*"]', "sites.odda: calling has «*»"),
        ('destinations = ["pacs"]', "destinations = []", "sites.odda: no destination"),
        ("[regions", '[web]\nhost = "0.0.0.0"\n[regions', "web.host is 0.0.0.0"),
        ("[regions", '[dicom]\nhost = "0.0.0.0"\n[regions', "dicom.host is 0.0.0.0"),
        ("[regions", "[intake]\nfsync = false\n[regions", "fsync is off"),
    ],
)
def test_what_deserves_a_second_look_is_said(
    site: Path, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(SITE.replace(old, new), encoding="utf-8")
    assert cli.main(["check"]) == 0
    assert f"# Warning: {told}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("[webb]\nport = 1", "site.toml:15: webb"),
        ("[web]\nport = 99999", "site.toml:16: web.port"),
        ('[web]\nport = "x', "site.toml: "),
        ('[[routes]]\nname = "x"\nalgorithm = "nobody"', "route «x»: no algorithm «nobody» here"),
    ],
)
def test_a_broken_setting_is_two_with_file_line_and_cause(
    site: Path, added: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(SITE + added, encoding="utf-8")
    assert cli.main(["check"]) == 2
    assert told in capsys.readouterr().err


def test_a_site_file_that_is_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--site", "elsewhere.toml", "check"]) == 2
    assert "elsewhere.toml: no such file" in capsys.readouterr().err
