"""`varde models`: what is here, whether it holds, and how training is called."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import models
from core.sections import Worker
from models import golden
from models.registry import Algorithm
from tests.workers import tiny_onnx
from varde import algorithms, cli, model_check
from workers.runtime import Runtime

pytestmark = pytest.mark.usefixtures("home")
TRAIN = "import sys\ndef main(argv):\n    print('trains', *argv)\n    return 3\n"
NO_TORCH = "import a_library_that_nobody_has\n"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Algorithm:
    """An algorithm with a golden case, in a `models/` of its own."""
    made = tiny_onnx.folder(tmp_path / "models")
    pixels = np.linspace(0, 4095, 64, dtype=np.uint16).reshape(8, 8)
    case = golden.Golden(pixels, {}, 1e-4)
    outputs = Runtime(Worker()).sessions(made)["network"](case.tensor(made.manifest))
    case = dataclasses.replace(case, tensors=outputs)
    golden.write(made.folder, made.manifest, "network", case)
    monkeypatch.setattr(algorithms, "FOLDER", tmp_path / "models")
    monkeypatch.setattr(model_check, "MODELS", tmp_path / "models")
    monkeypatch.setattr(models, "__path__", [str(tmp_path / "models")])
    for name in [name for name in sys.modules if name.startswith("models.tiny")]:
        del sys.modules[name]
    return made


def test_every_algorithm_is_listed(tiny: Algorithm, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[:4] == ["tiny", "Tiny", "1.0.0", "tests"]
    assert cli.main(["models", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["weights_sha256"]) == ("tiny", tiny.weights_sha256)


def test_nothing_to_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(algorithms, "FOLDER", tmp_path)
    assert cli.main(["models", "list"]) == 0
    assert capsys.readouterr().out == "no algorithm has a manifest\n"


def test_a_golden_case_that_holds(tiny: Algorithm, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "check", "tiny"]) == 0
    told = capsys.readouterr().out
    assert tiny.weights_sha256 in told
    assert "golden case, probability: largest difference" in told
    assert cli.main(["models", "check", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["probability"] < 1e-4


def test_a_golden_case_that_does_not_hold(
    tiny: Algorithm, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.folder / "golden" / "output.json"
    told = json.loads(file.read_text())
    told["tensors"]["probability"][0][0] += 0.5
    file.write_text(json.dumps(told))
    assert cli.main(["models", "check", "tiny"]) == 2
    assert "the golden case does not hold" in capsys.readouterr().err


def test_weights_that_are_not_the_manifests(
    tiny: Algorithm, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.weights["network"].write_bytes(b"other")
    assert cli.main(["models", "check", "tiny"]) == 2
    assert "SHA-256 is" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nobody", "../tiny", "golden"])
def test_no_such_algorithm(tiny: Algorithm, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models", "check", name]) == 2
    assert f"no algorithm «{name}»" in capsys.readouterr().err


def test_training_gets_its_own_arguments(
    tiny: Algorithm, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny.folder / "train.py").write_text(TRAIN)
    assert cli.main(["models", "train", "tiny", "--", "--epochs", "2"]) == 3
    assert capsys.readouterr().out == "trains --epochs 2\n"


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("tiny", None, "models/tiny has no evaluate.py"),
        ("nobody", None, "no folder models/nobody"),
        ("tiny", "", "models/tiny/evaluate.py has no main(argv)"),
        ("tiny", NO_TORCH, "a_library_that_nobody_has is not installed: `make train-setup`"),
    ],
)
def test_an_evaluation_that_cannot_run(
    tiny: Algorithm,
    name: str,
    code: str | None,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if code is not None:
        (tiny.folder / "evaluate.py").write_text(code)
    assert cli.main(["models", "evaluate", name, "--json"]) == 2
    assert told in capsys.readouterr().err
