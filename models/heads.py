"""Heads: from a network's output tensors to findings in pixels of the original image.

`multilabel_map` reads, all as probabilities in 0..1:

- `probability` (1, F): each label somewhere in the image,
- `location` (1, F, h, w): each label in each cell; the cells tile the input tensor,
- the recognition tensor (1, 1), where the manifest names one: is it this kind of image.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from core.domain.codes import LEFT, RIGHT, Code
from core.domain.errors import ModelError
from core.domain.finding import Finding, Region
from core.domain.reason import Reason, ReasonCode
from models.manifest import Label, Manifest, Output
from models.outline import components, outline
from models.resample import resample
from models.steps import Geometry

Outputs = Mapping[str, NDArray[np.float32]]

#: The location map is made this much finer before its outlines are drawn.
FINER = 2
#: A region whose centre is this near the middle of the image has no side (share of the width).
MIDDLE = 0.06


def decline(outputs: Outputs, manifest: Manifest) -> Reason | None:
    """Why the network says that this is not its kind of image; None where it does not."""
    recognition = _output(manifest).recognition
    if recognition is None:
        return None
    probability = float(_tensor(outputs, recognition.tensor, 2)[0, 0])
    if probability >= recognition.threshold:
        return None
    facts = {"wanted": recognition.wanted, "found": f"{probability:.3f}"}
    return Reason(ReasonCode.NOT_THIS_REGION, facts)


def findings(
    outputs: Outputs,
    *,
    geometry: Geometry,
    manifest: Manifest,
    sop_uid: str,
    row_direction: str | None = None,
) -> tuple[Finding, ...]:
    """Every label's findings, in the order of the manifest: at least one each.

    `outputs`: the tensors by name. `geometry`: of the `Prepared` that went in.
    `row_direction`: the first value of Patient Orientation (PS3.3 C.7.6.1.1.1), where
    columns increase towards; None or anything but L and R leaves the side unsaid.

    A label that is not present gives one finding without a region. One that is present
    gives a finding for each part of the location map above the label's
    `location_threshold` (for the strongest cell's surroundings where there is none). The
    strongest part has the label's probability p; a weaker one p times the ratio of the
    peaks, and is left out where that is below `threshold`.

    Raises `ModelError` where the tensors are not as described.
    """
    labels = _output(manifest).label
    probabilities = _tensor(outputs, "probability", 2)[0]
    location = _tensor(outputs, "location", 4)[0]
    if not len(labels) == len(probabilities) == len(location):
        message = f"{len(labels)} labels, {len(probabilities)} probabilities, {len(location)} maps"
        raise ModelError(message)
    tile = _tile(manifest, location.shape[1:])
    found: list[Finding] = []
    for label, probability, cells in zip(labels, probabilities, location, strict=True):
        seen = _Seen(label, float(probability), sop_uid, geometry, row_direction, tile)
        found.extend(seen.findings(cells))
    return tuple(found)


class _Seen:
    """One label on one image."""

    def __init__(  # noqa: PLR0917 - the facts of one finding
        self,
        label: Label,
        probability: float,
        sop_uid: str,
        geometry: Geometry,
        row_direction: str | None,
        tile: tuple[float, float],
    ) -> None:
        self.label, self.probability, self.sop_uid = label, probability, sop_uid
        self.geometry, self.row_direction, self.tile = geometry, row_direction, tile

    def findings(self, cells: NDArray[np.float32]) -> list[Finding]:
        """`cells` (h, w) is the label's location map."""
        if self.probability < self.label.threshold:
            return [self._finding(self.probability, None)]
        parts = sorted(self._parts(cells), key=lambda part: -part[0])
        strongest = parts[0][0] or 1.0  # a map of zeros has one part, of strength 0
        scored = [(self.probability * peak / strongest, region) for peak, region in parts]
        scored[0] = (self.probability, scored[0][1])
        return [
            self._finding(score, region)
            for score, region in scored
            if score >= self.label.threshold
        ]

    def _parts(self, cells: NDArray[np.float32]) -> Iterator[tuple[float, Region]]:
        """Peak and region of every part above the threshold; at least one."""
        finer = resample(cells, (cells.shape[0] * FINER, cells.shape[1] * FINER))
        peak = float(finer.max())
        mask = finer >= self.label.location_threshold
        if not mask.any():
            around = finer >= max(peak / 2, float(np.finfo(np.float32).tiny))
            mask = _holding(around, finer) if around.any() else finer >= peak
        for part in components(mask):
            yield float(finer[part].max()), self._region(part)

    def _region(self, part: NDArray[np.bool_]) -> Region:
        """The part's outline in pixels of the original image, inside it."""
        tile_column, tile_row = self.tile
        points = self.geometry.to_original(outline(part) * (tile_column / FINER, tile_row / FINER))
        inside = np.clip(points, 0, (self.geometry.columns, self.geometry.rows)).round(2)
        return Region(self.sop_uid, tuple((float(c), float(r)) for c, r in inside))

    def _finding(self, probability: float, region: Region | None) -> Finding:
        site = self.label.site.code if self.label.site else None
        return Finding(
            code=self.label.code.code,
            probability=probability,
            threshold=self.label.threshold,
            sop_uid=self.sop_uid,
            site=site,
            laterality=self._side(region),
            region=region,
        )

    def _side(self, region: Region | None) -> Code | None:
        """The patient's side on which the region's box has its middle, where that is certain."""
        if region is None or self.label.laterality == "none":
            return None
        left, _, right, _ = region.box
        place = (left + right) / 2 / self.geometry.columns - 0.5
        if self.row_direction not in {"L", "R"} or abs(place) < MIDDLE:
            return None
        return LEFT if (place > 0) == (self.row_direction == "L") else RIGHT


def _holding(mask: NDArray[np.bool_], cells: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The connected part of `mask` that holds the strongest cell."""
    strongest = np.unravel_index(int(cells.argmax()), cells.shape)
    return next(part for part in components(mask) if part[strongest])


def _output(manifest: Manifest) -> Output:
    if manifest.output is None:
        message = f"{manifest.key} has no [output]: it does not run here"
        raise ModelError(message)
    return manifest.output


def _tensor(outputs: Outputs, name: str, axes: int) -> NDArray[np.float32]:
    """The named tensor, of one image, with that many axes and without NaN."""
    tensor = outputs.get(name)
    if tensor is None or tensor.ndim != axes or tensor.shape[0] != 1:
        shape = None if tensor is None else tensor.shape
        message = f"output {name!r} should have {axes} axes and one image, it is {shape}"
        raise ModelError(message)
    if not np.isfinite(tensor).all():
        message = f"output {name!r} is not finite"
        raise ModelError(message)
    return tensor


def _tile(manifest: Manifest, cells: tuple[int, ...]) -> tuple[float, float]:
    """(columns, rows) of the input tensor that one cell of the location map covers."""
    sizes = [step.size for step in manifest.input.step if hasattr(step, "size")]
    if not sizes:
        message = f"{manifest.key} has no input step that gives the tensor its size"
        raise ModelError(message)
    rows, columns = sizes[-1]
    return columns / cells[1], rows / cells[0]
