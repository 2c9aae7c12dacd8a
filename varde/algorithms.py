"""`varde models`: which algorithms are here, whether they hold, how they are trained."""

import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from core import settings as core_settings
from core.domain.errors import ModelError, NotFoundError
from core.settings import Settings
from models import golden, registry
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


def check(arguments: Arguments) -> int:
    """Read the manifest, verify the weights, run the golden case; raises `ModelError`."""
    algorithm = _algorithm(arguments.name)
    differences: Mapping[str, float] = {}
    if algorithm.weights:
        differences = _golden(algorithm, core_settings.load(arguments.site))
    if arguments.json:
        say(json.dumps({"key": algorithm.key, "version": algorithm.version, **differences}))
        return 0
    say(f"{algorithm.key} {algorithm.version}: the manifest is in order")
    if algorithm.weights:
        say(f"  weights {algorithm.weights_sha256}")
    for name, gap in differences.items():
        say(f"  golden case, {name}: largest difference {gap:.2g}")
    return 0


def train(arguments: Arguments) -> int:
    """Run `models/NAME/train.py`; it needs the extra `train`."""
    return _run(arguments, "train")


def evaluate(arguments: Arguments) -> int:
    """Run `models/NAME/evaluate.py`."""
    return _run(arguments, "evaluate")


def _algorithm(name: str) -> Algorithm:
    """One algorithm; the broken manifest of another is no concern here."""
    folder = FOLDER / name
    if not name.isidentifier() or not (folder / "manifest.toml").is_file():
        message = f"no algorithm «{name}»: there is no models/{name}/manifest.toml"
        raise NotFoundError(message)
    return registry.read(folder)


def _golden(algorithm: Algorithm, settings: Settings) -> Mapping[str, float]:
    """The largest difference of each tensor from the golden case of its network."""
    from workers.runtime import Runtime  # noqa: PLC0415 - ONNX Runtime, for this command alone

    differences: dict[str, float] = {}
    networks = Runtime(settings.worker).sessions(algorithm)
    cases = golden.read(algorithm.folder, algorithm.manifest)
    for name, case in cases.items():
        outputs = networks[name](case.tensor(algorithm.manifest))
        found = case.differences(outputs)
        if not case.agrees(outputs):
            message = f"{algorithm.key}: the golden case does not hold: {dict(found)}"
            raise ModelError(message)
        prefix = f"{name}." if len(cases) > 1 else ""
        differences |= {f"{prefix}{tensor}": gap for tensor, gap in found.items()}
    return differences


def _run(arguments: Arguments, name: str) -> int:
    """Hand over to the model's own program, with its own arguments."""
    program = _program(arguments.name, name)
    entry: Callable[[list[str]], int | None] | None = getattr(program, "main", None)
    if entry is None:
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
