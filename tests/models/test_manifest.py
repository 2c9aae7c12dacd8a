from pathlib import Path

import pytest

from core.domain import codes
from core.domain.errors import SettingsError
from models import manifest
from models.manifest import Manifest, Resize


def changed(folder: Path, old: str, new: str) -> int:
    """Replace `old` in the manifest; the line it stands in."""
    path = folder / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_reference_model_says_what_it_is_for(chest: Manifest) -> None:
    assert chest.key == "chest_xray"
    assert "not for clinical use" in chest.algorithm.intended_use
    assert "ikke til klinisk bruk" in chest.algorithm.intended_use_nb
    assert chest.accepts.min_age_years == 18
    assert isinstance(chest.input.step[0], Resize)
    assert chest.output
    assert [label.code.code for label in chest.output.label] == [
        codes.PNEUMOTHORAX, codes.PLEURAL_EFFUSION, codes.CONSOLIDATION, codes.NODULE,
        codes.CARDIOMEGALY,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('queue = "cpu"', 'queue = "tpu"', "run.queue"),
        ("min_age_years = 18", "min_age = 18", "accepts.min_age"),
        ("timeout_s = 60", "timeout_s = 0", "run.timeout_s"),
        ('version = "2.1.1"', 'version = "one"', "algorithm.version"),
        ('objects = ["sr", "gsps"]', 'objects = ["pdf"]', "encode.objects"),
    ],
)
def test_a_wrong_value_is_told_with_file_and_line(
    copied: Path, old: str, new: str, place: str
) -> None:
    line = changed(copied, old, new)
    with pytest.raises(SettingsError) as caught:
        manifest.read(copied)
    assert f"{copied / 'manifest.toml'}:{line}: {place}" in str(caught.value)


def test_a_wrong_label_is_told_where_it_stands(copied: Path) -> None:
    line = changed(copied, 'name = "Nodule"\n', 'name = ""\n')
    with pytest.raises(SettingsError, match=rf":{line}: output\.label\.3\.name"):
        manifest.read(copied)


def test_what_is_no_toml_is_told(copied: Path) -> None:
    changed(copied, "[algorithm]", "[algorithm")
    with pytest.raises(SettingsError, match=r"manifest\.toml.*line"):
        manifest.read(copied)


def test_the_folder_gives_the_key(copied: Path) -> None:
    changed(copied, "[algorithm]", 'key = "other"\n[algorithm]')
    with pytest.raises(SettingsError, match="the folder's name is the key"):
        manifest.read(copied)


def test_a_model_needs_weights(copied: Path) -> None:
    path = copied / "manifest.toml"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("[weights]"), text.index("[accepts]")
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(SettingsError, match=r"needs \[weights\]"):
        manifest.read(copied)


def test_ages_are_in_order(copied: Path) -> None:
    changed(copied, "min_age_years = 18", "min_age_years = 18\nmax_age_years = 3")
    with pytest.raises(SettingsError, match="above max_age_years"):
        manifest.read(copied)
