"""`varde models new NAME`: a folder from the template, or one around weights that are there."""

import re
import shutil
from pathlib import Path
from typing import Final

from core.domain.errors import SettingsError
from models import manifest, registry
from varde.arguments import Arguments
from varde.new_model import drafted
from varde.terminal import say

MODELS: Final = Path(registry.__file__).parent
TEMPLATE: Final = Path(__file__).parent / "template"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")
#: What is there whether or not there is anything to train.
ALWAYS: Final = ("__init__.py", "card.md")
TRAINED: Final = ("manifest.draft.toml", "train.py", "evaluate.py")


def run(arguments: Arguments) -> int:
    """Make `models/NAME/`; `SettingsError` where the name is taken or is none."""
    folder = _free(arguments.name)
    weights: Path | None = arguments.weights
    text = drafted.text(arguments.name, weights) if weights else ""
    folder.mkdir()
    for name in ALWAYS if weights else (*ALWAYS, *TRAINED):
        _copy(name, folder)
    if weights:
        shutil.copyfile(weights, folder / drafted.FILE)
        (folder / manifest.DRAFT).write_text(text, encoding="utf-8")
    _invite(arguments.name, trained=weights is None)
    return 0


def _free(name: str) -> Path:
    """The folder of a name that nobody has yet."""
    if not NAME.fullmatch(name):
        message = f"«{name[:80]}» is no name for an algorithm: small letters, digits and _, 2 to 40"
        raise SettingsError(message)
    folder = MODELS / name
    if folder.exists() or (MODELS / f"{name}.py").exists():
        message = f"{folder}: there is something of that name already"
        raise SettingsError(message)
    return folder


def _copy(name: str, folder: Path) -> None:
    """One file of the template, with the algorithm's name in it."""
    text = (TEMPLATE / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace("NAME", folder.name), encoding="utf-8")


def _invite(name: str, *, trained: bool) -> None:
    """What there is to do now."""
    say(f"models/{name} is there. Next:")
    if trained:
        say(f"  varde models train {name}              five minutes on two cores, as it stands")
    else:
        say(f"  models/{name}/{manifest.DRAFT}   fill in what is empty")
        say(f"  varde models check {name} --golden FILE  keep a golden case from an image")
    say(f"  varde models check {name}              says what is still missing")
    say("docs/new-model.md goes through it.")
