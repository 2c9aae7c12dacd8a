"""`varde models new`: from a network to findings in a result, with files in one folder alone."""

import re
from pathlib import Path

import numpy as np
import pytest

from core.domain.finding import Outcome
from core.domain.job import State
from models import manifest, registry
from tests.workers import tiny_onnx
from tests.workers.instances import image, ramp
from tests.workers.place import Place
from varde import cli, model_check
from varde.new_model import command
from workers import tasks

FILLED = {
    'purpose = ""': 'purpose = "brightness"',
    'licence = ""': 'licence = "Apache-2.0"',
    'intended_use = ""': 'intended_use = "Tests."',
    'intended_use_nb = ""': 'intended_use_nb = "Tester."',
    'modality = [""]': 'modality = ["DX"]',
    'wanted = ""': 'wanted = "an image with anything on it"',
    'name = ""': 'name = "Bright"',
    'value = "", scheme = "SCT", meaning = ""': 'value = "1", scheme = "99T", meaning = "Bright"',
}

#: More bright pixels than dark ones.
BRIGHT = np.sqrt(ramp(24, 24) / 4095) * 4095

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `models/` of its own, empty."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(command, "MODELS", folder)
    monkeypatch.setattr(model_check, "MODELS", folder)
    return folder


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network that somebody has made somewhere."""
    path = tmp_path / "somewhere.onnx"
    path.write_bytes(tiny_onnx.model())
    return path


def test_a_fifth_algorithm_without_touching_the_platform(
    models: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", "new", "bright", "--weights", str(network)]) == 0
    draft = models / "bright" / manifest.DRAFT
    assert not registry.load(models), "a draft is in nobody's way"

    assert cli.main(["models", "check", "bright"]) == 2
    told = capsys.readouterr().err
    assert re.search(r"manifest\.draft\.toml:\d+: algorithm\.purpose: ", told)
    assert re.search(r"manifest\.draft\.toml:\d+: output\.label\.0\.name: ", told)

    text = draft.read_text(encoding="utf-8")
    for empty, filled in FILLED.items():
        assert empty in text
        text = text.replace(empty, filled)
    draft.write_text(text, encoding="utf-8")
    seen = tmp_path / "image.dcm"
    image(BRIGHT, stored=12).save_as(seen, enforce_file_format=True)
    assert cli.main(["models", "check", "bright", "--golden", str(seen)]) == 0
    assert "to put it in use: mv" in capsys.readouterr().out
    draft.rename(draft.with_name(manifest.FILE))

    place = Place(tmp_path / "home", registry.load(models))
    study = place.study([image(BRIGHT, stored=12)])
    job = place.job(study, algorithm="bright", version="0.1.0")
    tasks.perform(place.station, job)
    assert place.state(job).state is State.ENCODED
    result = place.result(job)
    assert result
    assert result.outcome is Outcome.FINDINGS
    assert [one.code.meaning for one in result.present] == ["Bright"]
    assert {made.kind for made in place.objects(job)} == {"sr", "gsps"}
    place.close()


def test_the_template_is_a_manifest_that_holds_once_it_is_trained(models: Path) -> None:
    assert cli.main(["models", "new", "mine"]) == 0
    told = manifest.read(models / "mine", manifest.DRAFT)
    assert told.output
    assert [label.name for label in told.output.label] == ["pneumothorax", "pleural_effusion"]
    names = {path.name for path in (models / "mine").iterdir()}
    assert names == {"__init__.py", "card.md", "train.py", "evaluate.py", manifest.DRAFT}
    for path in (models / "mine").glob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
    assert "NAME" not in (models / "mine" / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["../up", "Big", "a", "has-dash", "x" * 50])
def test_what_is_no_name(models: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "new", name]) == 2
    assert "is no name for an algorithm" in capsys.readouterr().err
    assert not list(models.iterdir())


def test_a_name_that_is_taken(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "new", "mine"]) == 0
    assert cli.main(["models", "new", "mine"]) == 2
    assert "something of that name already" in capsys.readouterr().err


def test_a_file_that_is_no_network(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    assert cli.main(["models", "new", "mine", "--weights", str(broken)]) == 2
    assert "ONNX Runtime does not take it" in capsys.readouterr().err
    assert not (models / "mine").exists()


def test_a_golden_image_that_is_none(
    models: Path, network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["models", "new", "bright", "--weights", str(network)]) == 0
    draft = models / "bright" / manifest.DRAFT
    text = draft.read_text(encoding="utf-8")
    for empty, filled in FILLED.items():
        text = text.replace(empty, filled)
    draft.write_text(text, encoding="utf-8")
    capsys.readouterr()
    np.save(tmp_path / "image.npy", np.zeros((4, 4)))
    assert cli.main(["models", "check", "bright", "--golden", str(tmp_path / "image.npy")]) == 2
    assert "is no DICOM file" in capsys.readouterr().err
    assert cli.main(["models", "check", "bright"]) == 2
    assert "golden case cannot be read" in capsys.readouterr().err
