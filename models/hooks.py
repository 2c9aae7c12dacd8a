"""An algorithm's own `hooks.py`: how it reads a series or a whole study.

The file has one function `read`, given what its `unit` says:

    def read(volume: Volume, networks: Networks, manifest: Manifest) -> Reading   # series
    def read(views: Sequence[View], networks: Networks, manifest: Manifest) -> Reading  # study
"""

import functools
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from core.domain.errors import ModelError
from models.reading import Reading

FILE = "hooks.py"
Read = Callable[..., Reading]


@functools.cache
def load(folder: Path) -> Read:
    """The function `read` of `folder/hooks.py`; `ModelError` where it cannot be had."""
    try:
        module = _module(folder)
    except Exception as error:  # whatever the file does when it is imported
        message = f"{folder / FILE}: cannot be imported: {type(error).__name__}: {error}"
        raise ModelError(message) from error
    read: Any = getattr(module, "read", None)
    if not callable(read):
        message = f"{folder / FILE} has no function `read`"
        raise ModelError(message)
    return read  # type: ignore[no-any-return]


def _module(folder: Path) -> ModuleType:
    """A folder beside this file is a package of `models`; one elsewhere stands for itself."""
    if folder.resolve().parent == Path(__file__).resolve().parent:
        return importlib.import_module(f"models.{folder.name}.hooks")
    name = f"varde_hooks_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, folder / FILE)
    if spec is None or spec.loader is None:
        message = f"{folder / FILE} is no Python file"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
