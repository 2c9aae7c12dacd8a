"""What standardises a network's embedding: `python -m models.training.standard chest_xray`.

Measured on simulated studies of the makers that were trained on, as the folder's
`typical.py` makes them, and stored in its `reference.json`. Needs no torch.

The file has one function:

    def embeddings(count: int, threads: int = 1) -> Iterator[Vector]   # (d,) a study
"""

import argparse
import importlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from models import embedding
from models.embedding import Vector
from models.training.progress import Progress

LEAST: Final = 1e-3  #: share of the median deviation that a dimension's counts as at least
DIGITS: Final = 5  #: significant ones that are kept


def main(argv: list[str] | None = None) -> int:
    """Measure and store; 0."""
    parser = argparse.ArgumentParser(prog="python -m models.training.standard")
    parser.add_argument("algorithm", help="folder below models/")
    parser.add_argument("--count", type=int, default=300, help="simulated studies")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args(argv)
    typical = importlib.import_module(f"models.{arguments.algorithm}.typical")
    folder = Path(str(typical.__file__)).parent
    bar, found = Progress("studies"), []
    for one in typical.embeddings(arguments.count, arguments.threads):
        found.append(one)
        bar.tell(len(found) / arguments.count, f"{len(found)} of {arguments.count}")
    write(folder, found)
    return 0


def write(folder: Path, embeddings: Iterable[Vector]) -> None:
    """Put mean and standard deviation of (studies, d) into the folder's `reference.json`.

    A dimension that hardly moves gets a small deviation instead of none.
    """
    several = np.stack(list(embeddings))
    mean, sd = several.mean(0), several.std(0, ddof=1)
    path = folder / embedding.FILE
    told = json.loads(path.read_text(encoding="utf-8"))
    least = LEAST * float(np.median(sd[sd > 0])) if sd.any() else 1.0
    told[embedding.OUTPUT] = {
        "images": "simulated studies, makers seen in training",
        "count": len(several),
        "mean": _short(mean),
        "sd": _short(np.maximum(sd, least)),
    }
    text = json.dumps(told, indent=1)
    path.write_text(_folded(text, told[embedding.OUTPUT]) + "\n", encoding="utf-8")
    embedding.standard.cache_clear()


def _short(numbers: Vector) -> list[float]:
    return [float(f"{one:.{DIGITS}g}") for one in numbers]


def _folded(text: str, told: dict[str, object]) -> str:
    """The long lists on one line each: the rest of the file stays readable."""
    for name in ("mean", "sd"):
        long = json.dumps({name: told[name]}, indent=1)[1:-2].replace("\n", "\n ").strip()
        text = text.replace(long, f'"{name}": {json.dumps(told[name])}')
    return text


if __name__ == "__main__":
    raise SystemExit(main())
