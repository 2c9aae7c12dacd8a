"""What turns exported weights into a model: manifest, golden case, reference distributions.

The manifest is changed as text, so that its comments and its order stay.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import golden as goldens
from models.golden import Golden
from models.manifest import FILE, Manifest

EDGES: Final = 21  #: of the bins of a probability
TOLERANCE: Final = 2e-3  #: of a golden case, absolute
DIGITS: Final = 4  #: decimals of its outputs


def weights(folder: Path, manifest: str = FILE) -> dict[str, str]:
    """Put the SHA-256 of every file of `[weights]` or `[[weights]]` into the manifest.

    Returns the digests by file name.
    """
    path = folder / manifest
    tables = _tables(path.read_text(encoding="utf-8"))
    found = {}
    for number, table in enumerate(tables):
        if not re.match(r"\[{1,2}weights\]", table):
            continue
        named = re.search(r'^file\s*=\s*"([^"]+)"', table, re.MULTILINE)
        if named is None:
            message = f"{path}: a table of weights names no file"
            raise ValueError(message)
        found[named[1]] = hashlib.sha256((folder / named[1]).read_bytes()).hexdigest()
        tables[number] = _with(table, "sha256", f'"{found[named[1]]}"')
    path.write_text("".join(tables), encoding="utf-8")
    return found


def threshold(folder: Path, label: str, manifest: str = FILE, /, **numbers: float) -> None:
    """Put `numbers` (threshold, location_threshold, smallest, …) into the table of `label`."""
    path = folder / manifest
    tables = _tables(path.read_text(encoding="utf-8"))
    for number, table in enumerate(tables):
        named = re.search(r'^name\s*=\s*"([^"]+)"', table, re.MULTILINE)
        if table.startswith("[[output.label]]") and named and named[1] == label:
            for key, value in numbers.items():
                tables[number] = _with(tables[number], key, f"{value:g}")
            path.write_text("".join(tables), encoding="utf-8")
            return
    message = f"{path}: there is no label {label!r}"
    raise ValueError(message)


def golden(
    folder: Path,
    manifest: Manifest,
    given: NDArray[Any],
    outputs: Mapping[str, NDArray[np.float32]],
    *,
    network: str = "",
    scale: float = 1.0,
) -> None:
    """Store what goes into a network (the first one where not named) and what it gives.

    `given`: see `models.golden`; it is multiplied by `scale` on its way in.
    """
    # as doubles, whose decimals are short: a float32 is written with all the digits it has not
    short: dict[str, NDArray[Any]] = {
        name: np.round(array.astype(np.float64), DIGITS) for name, array in outputs.items()
    }
    told = Golden(given, short, TOLERANCE, scale)
    goldens.write(folder, manifest, network or manifest.weights[0].name, told)


def reference(
    folder: Path,
    probability: Mapping[str, NDArray[np.floating[Any]]],
    chosen: Mapping[str, float],
    ages: Sequence[int],
    images: str,
    **more: Any,  # noqa: ANN401 - further distributions, as plain data
) -> None:
    """Write `reference.json`: what the model says where nothing has drifted.

    `probability`: (studies,) by label; `chosen`: its threshold; `images` tells which.
    """
    edges = np.linspace(0, 1, EDGES)
    labels = {
        name: {
            "counts": np.histogram(column, edges)[0].tolist(),
            "mean": round(float(column.mean()), 4),
            "positive_share": round(float((column >= chosen[name]).mean()), 4),
        }
        for name, column in probability.items()
    }
    decades = np.arange(0, 101, 10)
    told = {
        "images": images,
        "count": len(ages),
        "edges": [round(float(edge), 2) for edge in edges],
        "labels": labels,
        "age_years": {
            "edges": decades.tolist(),
            "counts": np.histogram(ages, decades)[0].tolist(),
        },
        **more,
    }
    (folder / "reference.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _tables(text: str) -> list[str]:
    """The text cut before every table's header."""
    return re.split(r"(?m)^(?=\[)", text)


def _with(table: str, key: str, value: str) -> str:
    """The table with `key` set to `value`, added at its end where it was missing."""
    changed, count = re.subn(rf"(?m)^{key}\s*=[^\n#]*?(\s*#.*)?$", rf"{key} = {value}\1", table)
    if count:
        return changed
    body = table.rstrip("\n")
    return f"{body}\n{key} = {value}{table[len(body) :] or chr(10)}"
