"""What turns exported weights into a model: thresholds, the golden case, the reference."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import golden
from models import manifest as manifests
from models.chest_xray.cases import LABELS
from models.golden import Golden
from models.manifest import FILE

SENSITIVITY = 0.95  #: wanted on the validation images
COVERED = 0.25  #: a cell belongs to the true finding from this share on
MOST_FALSE = 0.08  #: share of the images without a finding that may be called positive


def thresholds(present: NDArray[np.bool_], probability: NDArray[np.float32]) -> list[float]:
    """For each label the threshold of `SENSITIVITY`, or a higher one for `MOST_FALSE`.

    Both arrays are (images, labels).
    """
    chosen = []
    for label in range(len(LABELS)):
        truth, score = present[:, label], probability[:, label]
        sensitive = float(np.quantile(score[truth], 1 - SENSITIVITY))
        specific = float(np.quantile(score[~truth], 1 - MOST_FALSE))
        quiet = float(np.quantile(score[~truth], 0.98))
        between = min(max(sensitive, specific), 0.95)
        # where both are easily met, halfway to where hardly anything is false
        chosen.append(round((between + max(between, min(quiet, sensitive))) / 2, 3))
    return chosen


def places(
    present: NDArray[np.bool_], cells: NDArray[np.float32], location: NDArray[np.float32]
) -> list[float]:
    """For each label the location threshold of the best Dice index on the positive images."""
    chosen = []
    for label in range(len(LABELS)):
        true = cells[present[:, label], label] >= COVERED
        said = location[present[:, label], label]
        tried = np.arange(0.2, 0.8, 0.05)
        dice = [2 * (true & (said >= at)).sum() / (true.sum() + (said >= at).sum()) for at in tried]
        chosen.append(round(float(tried[int(np.argmax(dice))]), 2))
    return chosen


def write_manifest(folder: Path, probability: Sequence[float], location: Sequence[float]) -> None:
    """Put the thresholds and the SHA-256 of the weights into the manifest's text."""
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    text = re.sub(r'sha256 = "[0-9a-f]{64}"', f'sha256 = "{digest}"', text)
    head, *labels = text.split("[[output.label]]")
    for number, (whole, cell) in enumerate(zip(probability, location, strict=True)):
        part = re.sub(r"\nthreshold = [0-9.]+", f"\nthreshold = {whole:g}", labels[number])
        at = f"location_threshold = {cell:g}"
        labels[number] = re.sub(r"location_threshold = [0-9.]+", at, part)
    path.write_text("[[output.label]]".join([head, *labels]), encoding="utf-8")


def write_golden(
    folder: Path, pixels: NDArray[np.uint16], outputs: dict[str, NDArray[np.float32]]
) -> None:
    """Store an image and what the network gives for it."""
    golden.write(folder, manifests.read(folder), "network", Golden(pixels, outputs, 2e-3))


def write_reference(
    folder: Path,
    probability: NDArray[np.float32],
    chosen: Sequence[float],
    ages: Sequence[int],
    images: str,
) -> None:
    """Distributions of what the model says where nothing has drifted."""
    edges = np.linspace(0, 1, 21)
    labels: dict[str, Any] = {}
    for number, name in enumerate(LABELS):
        column = probability[:, number]
        labels[name] = {
            "counts": np.histogram(column, edges)[0].tolist(),
            "mean": round(float(column.mean()), 4),
            "positive_share": round(float((column >= chosen[number]).mean()), 4),
        }
    told = {
        "images": images,
        "count": len(probability),
        "edges": [round(float(edge), 2) for edge in edges],
        "labels": labels,
        "age_years": {
            "edges": list(range(10, 101, 10)),
            "counts": np.histogram(ages, np.arange(10, 101, 10))[0].tolist(),
        },
    }
    (folder / "reference.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
