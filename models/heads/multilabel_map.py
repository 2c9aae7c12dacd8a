"""The head `multilabel_map`: a probability and a location map for each label.

It reads, all as probabilities in 0..1:

- `probability` (1, F): each label somewhere in the image,
- `location` (1, F, h, w): each label in each cell; the cells tile the input tensor.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.finding import Finding, Region
from models.heads.place import Outputs, Place, labels_of, tensor
from models.manifest import Label, Manifest
from models.outline import components, outline
from models.resample import resample

#: The location map is made this much finer before its outlines are drawn.
FINER = 2


def findings(outputs: Outputs, manifest: Manifest, place: Place) -> tuple[Finding, ...]:
    """Every label's findings, in the order of the manifest: at least one each.

    A label that is not present gives one finding without a region. One that is present
    gives a finding for each part of the location map above the label's
    `location_threshold` (for the strongest cell's surroundings where there is none). The
    strongest part has the label's probability p; a weaker one p times the ratio of the
    peaks, and is left out where that is below `threshold`, where it is smaller than
    `smallest`, and where `most` are stronger.

    Raises `ModelError` where the tensors are not as described.
    """
    labels = labels_of(manifest)
    probabilities = tensor(outputs, "probability", 2)[0]
    location = tensor(outputs, "location", 4)[0]
    if not len(labels) == len(probabilities) == len(location):
        message = f"{len(labels)} labels, {len(probabilities)} probabilities, {len(location)} maps"
        raise ModelError(message)
    tile = _tile(manifest, location.shape[1:])
    found: list[Finding] = []
    for label, probability, cells in zip(labels, probabilities, location, strict=True):
        found.extend(_Seen(label, float(probability), place, tile).findings(cells))
    return tuple(found)


class _Seen:
    """One label on one image."""

    def __init__(
        self, label: Label, probability: float, place: Place, tile: tuple[float, float]
    ) -> None:
        self.label, self.probability, self.place, self.tile = label, probability, place, tile

    def findings(self, cells: NDArray[np.float32]) -> list[Finding]:
        """`cells` (h, w) is the label's location map."""
        if self.probability < self.label.threshold:
            return [self.place.finding(self.label, self.probability)]
        parts = sorted(self._parts(cells), key=lambda part: -part[0])[: self.label.most]
        strongest = parts[0][0] or 1.0  # a map of zeros has one part, of strength 0
        scored = [(self.probability * peak / strongest, region) for peak, region in parts]
        scored[0] = (self.probability, scored[0][1])
        return [
            self.place.finding(self.label, score, region)
            for score, region in scored
            if score >= self.label.threshold
        ]

    def _parts(self, cells: NDArray[np.float32]) -> Iterator[tuple[float, Region]]:
        """Peak and region of every part above the threshold that is large enough; at least one."""
        finer = resample(cells, (cells.shape[0] * FINER, cells.shape[1] * FINER))
        mask = finer >= self.label.location_threshold
        least = self.label.smallest * self.place.share(finer.shape, self.tile, FINER)
        parts = [part for part in components(mask) if part.sum() >= least]
        for part in parts or [_strongest(finer)]:
            yield float(finer[part].max()), self._region(part)

    def _region(self, part: NDArray[np.bool_]) -> Region:
        """The part's outline in pixels of the original image, inside it."""
        tile_column, tile_row = self.tile
        return self.place.region(outline(part) * (tile_column / FINER, tile_row / FINER))


def _strongest(cells: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The surroundings of the strongest cell."""
    peak = float(cells.max())
    around = cells >= max(peak / 2, float(np.finfo(np.float32).tiny))
    return _holding(around, cells) if around.any() else cells >= peak


def _holding(mask: NDArray[np.bool_], cells: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The connected part of `mask` that holds the strongest cell."""
    strongest = np.unravel_index(int(cells.argmax()), cells.shape)
    return next(part for part in components(mask) if part[strongest])


def _tile(manifest: Manifest, cells: tuple[int, ...]) -> tuple[float, float]:
    """(columns, rows) of the input tensor that one cell of the location map covers."""
    sizes = [step.size for step in manifest.input.step if hasattr(step, "size")]
    if not sizes:
        message = f"{manifest.key} has no input step that gives the tensor its size"
        raise ModelError(message)
    rows, columns = sizes[-1]
    return columns / cells[1], rows / cells[0]
