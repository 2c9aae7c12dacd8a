"""Thresholds, chosen on the validation images through the head that will use them."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import heads, scores
from models.chest_xray.cases import SIZE
from models.chest_xray.judge import judge
from models.heads import Place
from models.manifest import Label, Manifest
from models.steps import Geometry

SENSITIVITY: Final = 0.95  #: wanted on the validation images
MOST_FALSE: Final = 0.15  #: share of the images without a finding that may be called positive
HIGHEST: Final = 0.95
PLACES: Final = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)  #: of the map
COVERED: Final = 0.25  #: a cell belongs to the true finding from this share on
SMALLEST: Final = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01)  #: shares of the image
COST: Final = 0.5  #: of a false region an image, against the share of images that are localised

HALF: Final = 0.5  #: of a small true finding: no region that could be one is left out

Outputs = dict[str, NDArray[np.float32]]


def numbers(
    manifest: Manifest, outputs: Outputs, cells: NDArray[np.float32], present: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """`threshold`, `location_threshold` and `smallest` by the label's name.

    `outputs`: the tensors of all images together; `cells` (images, labels, h, w);
    `present` (images, labels).
    """
    assert manifest.output is not None
    chosen = {}
    for number, label in enumerate(manifest.output.label):
        truth, score = present[:, number], outputs["probability"][:, number]
        cut = scores.threshold(truth, score, sensitivity=SENSITIVITY, most_false=MOST_FALSE)
        place = _closest(outputs["location"][truth, number], cells[truth, number])
        best = _with(label, threshold=round(min(cut, HIGHEST), 3), location_threshold=place)
        most = HALF * _typical(cells[truth, number])
        tried = [_with(best, smallest=value) for value in SMALLEST if value < most]
        worth = [_worth(manifest, one, outputs, cells[:, number], number) for one in tried]
        best = tried[int(np.argmax(worth))]
        chosen[label.name] = {
            key: getattr(best, key) for key in ("threshold", "location_threshold", "smallest")
        }
    return chosen


def _worth(
    manifest: Manifest, label: Label, outputs: Outputs, cells: NDArray[np.float32], number: int
) -> float:
    """The share of the true parts that are found, less the cost of false regions."""
    assert manifest.output is not None
    alone = manifest.model_copy(
        update={"output": manifest.output.model_copy(update={"label": (label,)})}
    )
    place = Place("1", Geometry(SIZE, SIZE))
    found = parts = false = 0
    for image, truth in enumerate(cells):
        part = {
            name: outputs[name][image : image + 1, number : number + 1]
            for name in ("probability", "location")
        }
        judged = judge(heads.findings(part, alone, place), truth, place.geometry, SIZE)
        found, parts, false = found + judged.found, parts + judged.parts, false + judged.false
    return found / max(parts, 1) - COST * false / len(cells)


def _closest(location: NDArray[np.float32], cells: NDArray[np.float32]) -> float:
    """The threshold of the map with the best Dice index on the images with the finding.

    Not the one that finds most: a low one joins neighbours and reaches beyond them.
    """
    true = cells >= COVERED
    dice = [
        2 * (true & (location >= at)).sum() / (true.sum() + (location >= at).sum()) for at in PLACES
    ]
    return PLACES[int(np.argmax(dice))]


def _typical(cells: NDArray[np.float32]) -> float:
    """The tenth percentile of the true findings' size, as a share of the image."""
    return float(np.quantile(cells.mean(axis=(1, 2)), 0.1))


def _with(label: Label, **values: Any) -> Label:  # noqa: ANN401 - the fields of Label
    return label.model_copy(update=values)
