"""One frozen tree: arguments > environment > file > defaults; what is wrong stops the start."""

from pathlib import Path

import pydantic
import pytest

from core.domain.errors import SettingsError
from core.domain.job import Priority
from core.settings import Settings, load

SITE = """\
[dicom]
port = 104
ae_title = "VARDE1"

[regions.vest]
name = "Vest"
[trusts.fonna]
name = "Fonna"
region = "vest"
[sites.haugesund]
name = "Haugesund"
trust = "fonna"
calling = ["CR1"]
destinations = ["pacs"]
[sites.others]
name = "Others"
trust = "fonna"
calling = ["*"]
destinations = []
[destinations.pacs]
ae_title = "PACS"
host = "10.0.0.1"
port = 104
[[routes]]
name = "Thorax"
algorithm = "chest_xray"
priority = "urgent"
[routes.when]
Modality = ["CR", "DX"]
"""

TWO_MORE = """\
preset = "weasis"
objects = ["sr"]
withdraw = true
[destinations.second]
ae_title = "TWO"
preset = "wesis"
objects = "sr"
withdraw = "ja"
[destinations.third]
ae_title = "THREE"
objects = ["gsps"]
host = "10.0.0.3"
port = 104
[[routes]]"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `site.toml` in the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    return path


def refused(site: Path, old: str, new: str) -> str:
    """What `load` says of a changed file."""
    site.write_text(SITE.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(site)
    return str(caught.value)


def test_defaults_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert (settings.dicom.port, settings.dicom.host, settings.web.port) == (
        11112, "127.0.0.1", 8080,
    )  # fmt: skip
    assert settings.database_url == f"sqlite:///{tmp_path.resolve() / 'var' / 'varde.db'}"


def test_the_order_of_precedence(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().dicom.port == 104
    monkeypatch.setenv("VARDE_DICOM__PORT", "105")
    assert load().dicom.port == 105
    assert load(dicom={"port": 106}).dicom.port == 106
    assert load(dicom={"port": 106}).dicom.ae_title == "VARDE1"


def test_the_environment_names_the_file(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = site.rename(tmp_path / "other.toml")
    assert load().dicom.port == 11112
    monkeypatch.setenv("VARDE_SITE", str(other))
    assert load().dicom.port == 104


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load(tmp_path / "nothing.toml")


def test_frozen(site: Path) -> None:
    with pytest.raises(pydantic.ValidationError):
        load().dicom.port = 1  # type: ignore[misc]


def test_the_site_of_an_association(site: Path) -> None:
    settings = load()
    assert settings.called_titles() == {"VARDE1"}
    assert settings.site_of("VARDE1", "CR1") == "haugesund"
    assert settings.site_of("VARDE1", "ANY") == "others"
    assert settings.site_of("VARDE", "CR1") is None
    assert settings.routes[0].queue_priority is Priority.URGENT


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("port = 104\nae", "prot = 104\nae", "site.toml:2: dicom.prot: there is no such"),
        ("port = 104\nae", 'port = "many"\nae', "site.toml:2: dicom.port"),
        ('region = "vest"', 'region = "west"', "trusts.fonna.region names «west»"),
        (
            'destinations = ["pacs"]',
            'destinations = ["pcs"]',
            "names «pcs», which is not described",
        ),
        ('calling = ["*"]', 'calling = ["CR1"]', "both have CR1 calling VARDE1"),
        ('calling = ["CR1"]', 'calling = ["A TITLE THAT IS LONG"]', "at most 16 characters"),
        ("[dicom]", "[dicom", "site.toml: "),
        ('priority = "urgent"', 'sites = ["nowhere"]', "route «Thorax» names «nowhere»"),
        ('["CR", "DX"]', '{ pattern = "(" }', "is no regular expression"),
        ("[dicom]", "[dcm]", "dcm: there is no such"),
        ("[[routes]]", TWO_MORE, "site.toml:29: destinations.second.preset: Input should be"),
        ("[[routes]]", TWO_MORE, "site.toml:30: destinations.second.objects: this must be a list"),
        ("[[routes]]", TWO_MORE, "site.toml:31: destinations.second.withdraw: this must be true"),
        ("[[routes]]", TWO_MORE, "site.toml:32: destinations.third: objects must name"),
        ("[[routes]]", 'x."y z" = 1\n[[routes]]', "site.toml:24: destinations.pacs.x: there is"),
        ("Modality", "KVP = {}\nModality", "site.toml:29: routes.0.when.KVP: an empty condition"),
        ("port = 104\n[[", "port = 104\ntimeout_s = inf\n[[", "finite number"),
        ("port = 104\n[[", "port = 104\ncommitment_s = 1e9\n[[", "less than or equal to"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_key(site: Path, old: str, new: str, told: str) -> None:
    assert told in refused(site, old, new)


def test_a_bad_environment_is_told_too(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARDE_DICOM__PORT", "99999")
    with pytest.raises(SettingsError, match=r"dicom\.port"):
        load()


def test_a_variable_that_sets_nothing_is_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARDE_DICMO__PORT", "104")
    with pytest.raises(SettingsError, match="VARDE_DICMO__PORT: there is no such setting"):
        load()


def test_a_destination_takes_reports(site: Path) -> None:
    told = refused(site, 'ae_title = "PACS"', 'ae_title = "PACS"\nobjects = ["gsps"]')
    assert 'objects must name "sr"' in told


@pytest.mark.parametrize(
    "text", ["{nme}", "{}", "{name", "}", "{name.__class__}", "{name!r}", "{unverified:.0}"]
)
def test_a_series_description_has_three_fields(site: Path, text: str) -> None:
    told = refused(site, 'ae_title = "PACS"', f'ae_title = "PACS"\nseries_description = "{text}"')
    assert "site.toml:22: destinations.pacs.series_description: series_description may" in told


def test_every_setting_has_a_default() -> None:
    assert Settings().sites == {}
