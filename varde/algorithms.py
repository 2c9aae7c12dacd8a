"""`varde models`: which algorithms are here, and how they are trained and measured."""

import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from core import settings as core_settings
from core.domain.errors import ModelError, NotFoundError
from core.settings import Settings
from models import registry
from models.registry import Algorithm
from varde.arguments import Arguments
from varde.terminal import say, table

FOLDER: Final = Path(registry.__file__).parent
TITLES: Final = ("key", "name", "version", "purpose", "kind", "queue", "routes")


def listed(arguments: Arguments) -> int:
    """Print every algorithm, and the routes that ask for it."""
    settings = core_settings.load(arguments.site)
    told = [_told(algorithm, settings) for algorithm in registry.load(FOLDER).values()]
    if arguments.json:
        for one in told:
            say(json.dumps(one, ensure_ascii=False))
        return 0
    rows = [[_word(one[title]) for title in TITLES] for one in told]
    say(table(TITLES, rows) if rows else "no algorithm has a manifest")
    return 0


def train(arguments: Arguments) -> int:
    """Run `models/NAME/train.py`; it needs the extra `train`."""
    return _run(arguments, "train")


def evaluate(arguments: Arguments) -> int:
    """Run `models/NAME/evaluate.py`."""
    return _run(arguments, "evaluate")


def _run(arguments: Arguments, name: str) -> int:
    """Hand over to the model's own program, with its own arguments."""
    program = _program(arguments.name, name)
    entry = getattr(program, "main", None)
    if not callable(entry):
        message = f"models/{arguments.name}/{name}.py has no main(argv)"
        raise ModelError(message)
    more = ["--json"] if arguments.json else []
    return int(entry([*more, *arguments.rest]) or 0)


def _program(key: str, name: str) -> ModuleType:
    module = f"models.{key}.{name}"
    if not key.isidentifier() or importlib.util.find_spec(f"models.{key}") is None:
        message = f"no folder models/{key}"
        raise NotFoundError(message)
    if importlib.util.find_spec(module) is None:
        message = f"models/{key} has no {name}.py"
        raise NotFoundError(message)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed: `make train-setup` installs what training needs"
        raise ModelError(message) from error


def _told(algorithm: Algorithm, settings: Settings) -> dict[str, Any]:
    named, run = algorithm.manifest.algorithm, algorithm.manifest.run
    routes = [route.name for route in settings.routes if route.algorithm == algorithm.key]
    return {
        "key": algorithm.key, "name": named.name, "version": named.version,
        "purpose": named.purpose, "kind": named.kind, "queue": run.queue, "routes": routes,
        "licence": named.licence, "intended_use": named.intended_use,
        "weights_sha256": algorithm.weights_sha256,
    }  # fmt: skip


def _word(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
