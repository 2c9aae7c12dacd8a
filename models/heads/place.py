"""What every head shares: the tensors it reads, and the image that its findings are on."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.domain.codes import LEFT, RIGHT, Code
from core.domain.errors import ModelError
from core.domain.finding import Finding, Region
from models.manifest import Label, Manifest, Output
from models.steps import Geometry

Outputs = Mapping[str, NDArray[np.float32]]

#: A region whose centre is this near the middle of the image has no side (share of the width).
MIDDLE = 0.06


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One image: its instance, and the way from the network's input back to its pixels.

    `row_direction` is the first value of Patient Orientation (PS3.3 C.7.6.1.1.1), where
    columns increase towards; None or anything but L and R leaves the side unsaid.
    """

    sop_uid: str
    geometry: Geometry
    row_direction: str | None = None

    def finding(self, label: Label, probability: float, region: Region | None = None) -> Finding:
        """`label` here, with that probability."""
        return Finding(
            code=label.code.code,
            probability=probability,
            threshold=label.threshold,
            sop_uid=self.sop_uid,
            site=label.site.code if label.site else None,
            laterality=self._side(label, region),
            region=region,
        )

    def region(self, points: NDArray[np.float64]) -> Region:
        """The region with these `points` (n, 2) of the input tensor, clipped to the image."""
        original = self.geometry.to_original(points)
        inside = np.clip(original, 0, (self.geometry.columns, self.geometry.rows)).round(2)
        return Region(self.sop_uid, tuple((float(c), float(r)) for c, r in inside))

    def share(self, cells: tuple[int, ...], tile: tuple[float, float], finer: int) -> float:
        """How many of the `cells` of a map the image covers; a tile has `finer`² of them.

        `tile` is (columns, rows) of the input tensor.
        """
        wide, high = (size * scale for size, scale in zip(
            (self.geometry.columns, self.geometry.rows), self.geometry.scale, strict=True
        ))  # fmt: skip
        return min(wide * high * finer**2 / (tile[0] * tile[1]), float(np.prod(cells)))

    def _side(self, label: Label, region: Region | None) -> Code | None:
        """The patient's side on which the region's box has its middle, where that is certain."""
        if region is None or label.laterality == "none":
            return None
        left, _, right, _ = region.box
        place = (left + right) / 2 / self.geometry.columns - 0.5
        if self.row_direction not in {"L", "R"} or abs(place) < MIDDLE:
            return None
        return LEFT if (place > 0) == (self.row_direction == "L") else RIGHT


def output_of(manifest: Manifest) -> Output:
    """The manifest's `[output]`; `ModelError` where it has none."""
    if manifest.output is None:
        message = f"{manifest.key} has no [output]: it does not run here"
        raise ModelError(message)
    return manifest.output


def labels_of(manifest: Manifest) -> tuple[Label, ...]:
    """The manifest's labels, in the order of the tensors' channels."""
    return output_of(manifest).label


def tensor(outputs: Outputs, name: str, axes: int) -> NDArray[np.float32]:
    """The named tensor, of one image, with that many axes, finite; else `ModelError`."""
    found = outputs.get(name)
    if found is None or found.ndim != axes or found.shape[0] != 1:
        shape = None if found is None else found.shape
        message = f"output {name!r} should have {axes} axes and one image, it is {shape}"
        raise ModelError(message)
    if not np.isfinite(found).all():
        message = f"output {name!r} is not finite"
        raise ModelError(message)
    return found
