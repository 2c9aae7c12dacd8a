from pathlib import Path

import pytest

from core.domain.errors import SettingsError
from models import registry


def test_the_reference_model_is_there(folder: Path) -> None:
    found = registry.load()["chest_xray"]
    assert found.weights == {"network": folder / "model.onnx"}
    assert found.device_uid.startswith("2.25.")
    assert len(found.device_uid) <= 64


def test_a_device_uid_is_of_name_version_and_weights(copied: Path, folder: Path) -> None:
    assert registry.read(copied).device_uid == registry.read(folder).device_uid
    path = copied / "manifest.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"2.1.1"', '"2.1.2"'), "utf-8")
    assert registry.read(copied).device_uid != registry.read(folder).device_uid


def test_other_weights_than_the_manifest_names_are_refused(copied: Path) -> None:
    with (copied / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SettingsError, match=r"model\.onnx: SHA-256 is [0-9a-f]{64}, the manifest"):
        registry.read(copied)


def test_missing_weights_are_told(copied: Path) -> None:
    (copied / "model.onnx").unlink()
    with pytest.raises(SettingsError, match="the weights cannot be read"):
        registry.load(copied.parent)


def test_a_folder_without_a_manifest_is_no_algorithm(tmp_path: Path) -> None:
    (tmp_path / "something").mkdir()
    assert not registry.load(tmp_path)
