"""What the network sees in one view, in numbers that two views can be compared by."""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.mammography.prepare import Prepared, prepare
from models.volume import Network, View

Floats = NDArray[np.float64]

KEPT: Final = 6  #: detections of each label in a view
LEAST: Final = 0.005  #: weaker ones are noise


@dataclasses.dataclass(frozen=True, slots=True)
class Spot:
    """One detection: `box` in original pixels, `depth_mm` behind the nipple, as seen."""

    label: int
    score: float
    box: tuple[float, float, float, float]
    size_mm: float
    depth_mm: float


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One view as read. `density` (4,), `position` (2,: CC, MLO) and `region` are probabilities."""

    view: View
    spots: tuple[Spot, ...]
    density: Floats
    position: Floats
    region: float


def look(view: View, network: Network, overlap: float) -> Seen | None:
    """Read one view; None where there is no breast to be found in it."""
    ready = prepare(view.image)
    return None if ready is None else see(view, ready, network, overlap)


def see(view: View, ready: Prepared, network: Network, overlap: float) -> Seen:
    """The view that was made `ready`, through the network."""
    out = network(ready.tensor)
    boxes, scores = np.asarray(out["boxes"][0], np.float64), np.asarray(out["scores"][0])
    spots = [
        _spot(label, float(scores[row, label]), boxes[row], ready)
        for label in range(scores.shape[1])
        for row in _kept(boxes, scores[:, label], ready, overlap)
    ]
    rows, columns = view.image.pixels.shape
    inside = tuple(dataclasses.replace(one, box=_inside(one.box, rows, columns)) for one in spots)
    return Seen(
        view, inside, np.asarray(out["density"][0], np.float64),
        np.asarray(out["view"][0], np.float64), float(out["region"][0, 0]),
    )  # fmt: skip


def placed(seen: Seen, position: str) -> Seen:
    """The same view under another View Position."""
    return dataclasses.replace(seen, view=dataclasses.replace(seen.view, position=position))


def nipple_column(breast: NDArray[np.bool_]) -> float:
    """How far the breast reaches from the chest wall, in pixels of the input."""
    return float(np.flatnonzero(breast.any(0))[-1] + 1)


def iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union (n,) of one box (4,) and others (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    area = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(1)
    return np.asarray(common / np.maximum(area - common, 1e-9))


def _kept(boxes: Floats, score: NDArray[np.float32], ready: Prepared, overlap: float) -> list[int]:
    """The strongest that lie in the breast and do not cover one another."""
    chosen: list[int] = []
    for row in np.argsort(-score, kind="stable"):
        if score[row] < LEAST or len(chosen) == KEPT:
            break
        column, line = (boxes[row, :2] + boxes[row, 2:]) / 2
        limit = ready.breast.shape
        at = min(max(int(line), 0), limit[0] - 1), min(max(int(column), 0), limit[1] - 1)
        if ready.breast[at] and not (chosen and iou(boxes[row], boxes[chosen]).max() > overlap):
            chosen.append(int(row))
    return chosen


def _spot(label: int, score: float, box: Floats, ready: Prepared) -> Spot:
    depth = (nipple_column(ready.breast) - (box[0] + box[2]) / 2) * ready.placing.mm
    size = float((box[2:] - box[:2]).max()) * ready.placing.mm
    left, top, right, bottom = (float(edge) for edge in ready.placing.to_original(box[None])[0])
    return Spot(label, score, (left, top, right, bottom), size, float(depth))


def _inside(
    box: tuple[float, float, float, float], rows: int, columns: int
) -> tuple[float, float, float, float]:
    """The part of the box that is in the image, in hundredths of a pixel."""
    limits = columns, rows, columns, rows
    left, top, right, bottom = (
        round(min(max(edge, 0.0), float(limit)), 2) for edge, limit in zip(box, limits, strict=True)
    )
    return left, top, right, bottom
