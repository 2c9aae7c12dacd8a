"""The contract of the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.domain.errors import NotFoundError, SettingsError
from varde import cli
from varde.arguments import Arguments, parser

CONTRACT = {
    "up": "up:run",
    "demo": "demo:run",
    "demo --once --out found --json a.dcm folder": "demo:run",
    "demo --studies 3 --rate 30 --seed 7": "demo:run",
    "check": "check:run",
    "--site other.toml check": "check:run",
    "send a.dcm folder": "send:run",
    "send a.dcm --to ARKIV@127.0.0.1:104": "send:run",
    "explain 1.2.3": "explain:run",
    "explain 1.2.3 --json": "explain:run",
    "routes test 1.2.3": "explain:test",
    "jobs list": "jobs:listed",
    "jobs list --state failed --state running --json": "jobs:listed",
    "jobs retry abc": "jobs:retry",
    "jobs cancel abc": "jobs:cancel",
    "models list": "algorithms:listed",
    "models check chest_xray": "model_check:run",
    "models new hip": "new_model.command:run",
    "models train chest_xray": "algorithms:train",
    "models train chest_xray -- --epochs 3": "algorithms:train",
    "models evaluate chest_xray --json": "algorithms:evaluate",
    "watch list --json": "watch:listed",
    "watch night": "watch:night",
    "watch night --until 2026-03-01 --json": "watch:night",
    "watch relearn * chest_xray --by Kari --reason why --from 2026-01-01": "watch:relearn",
    "watch references trust:bergen chest_xray --json": "watch:known",
    "router": "programs:run",
    "worker": "programs:run",
    "web": "programs:run",
    "monitor": "programs:run",
}


@pytest.mark.parametrize("line", CONTRACT)
def test_every_command_of_the_contract_names_a_function_that_is_there(line: str) -> None:
    arguments = parser().parse_args(line.split(), namespace=Arguments())
    assert arguments.command == CONTRACT[line]
    assert callable(cli._command(arguments.command))


@pytest.mark.parametrize(
    "line", ["", "nothing", "demo --studies 0", "demo --rate -1", "send", "jobs", "models new"]
)
def test_what_is_not_in_the_contract_is_refused(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(line.split(), namespace=Arguments())
    assert ended.value.code == 2
    assert "usage: varde" in capsys.readouterr().err


def test_help_imports_no_library(root: Path) -> None:
    heavy = "{'pydantic', 'sqlalchemy', 'pydicom', 'pynetdicom', 'celery', 'numpy'}"
    code = f"import sys, varde.cli; varde.cli.parser(); sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_options_of_the_demonstration() -> None:
    line = "demo --once --out found --json --studies 3 --rate 30 --seed 7 a.dcm b"
    arguments = parser().parse_args(line.split(), namespace=Arguments())
    assert (arguments.once, arguments.json, arguments.out) == (True, True, Path("found"))
    assert (arguments.studies, arguments.rate, arguments.seed) == (3, 30.0, 7)
    assert arguments.paths == [Path("a.dcm"), Path("b")]


@pytest.mark.parametrize("error", [SettingsError, NotFoundError])
def test_an_error_on_purpose_is_a_sentence_and_two(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: Arguments) -> int:
        message = "the cause, and the cure"
        raise error(message)

    monkeypatch.setattr(cli, "_command", lambda _: fail)
    assert cli.main(["check"]) == 2
    told = capsys.readouterr()
    assert told.err == "varde: the cause, and the cure\n"
    assert not told.out


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Arguments) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_command", lambda _: interrupted)
    assert cli.main(["check"]) == 130
