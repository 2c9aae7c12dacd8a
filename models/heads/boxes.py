"""The head `boxes`: a detector's boxes, each with a score for every label.

It reads:

- `boxes` (1, N, 4): left, top, right, bottom in pixels of the input tensor, 0,0 the outer
  corner of its first pixel,
- `scores` (1, N, F): each label in each box, in 0..1,
- `probability` (1, F), where the network has it: each label somewhere in the image.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.finding import Finding
from models.heads.place import Outputs, Place, labels_of, output_of, tensor
from models.manifest import Label, Manifest

Floats = NDArray[np.float32]


def findings(outputs: Outputs, manifest: Manifest, place: Place) -> tuple[Finding, ...]:
    """Every label's findings, in the order of the manifest: at least one each.

    A label is present where its probability (the largest score where the network gives none)
    reaches `threshold`. Then each box with a score of `location_threshold` or more is a
    finding (the strongest box where there is none), without those that overlap a stronger
    one. The strongest has the label's probability, a weaker one less in the ratio of the
    scores, and is left out below `threshold`. A label that is absent is one finding
    without a region.

    Raises `ModelError` where the tensors are not as described.
    """
    labels = labels_of(manifest)
    boxes, scores = tensor(outputs, "boxes", 3)[0], tensor(outputs, "scores", 3)[0]
    whole = (
        tensor(outputs, "probability", 2)[0]
        if "probability" in outputs
        else scores.max(axis=0, initial=0)
    )
    if boxes.shape != (len(scores), 4) or not scores.shape[1] == len(labels) == len(whole):
        message = (
            f"{len(labels)} labels, boxes {boxes.shape}, scores {scores.shape}, "
            f"{len(whole)} probabilities"
        )
        raise ModelError(message)
    overlap = output_of(manifest).overlap
    return tuple(
        finding
        for label, column, probability in zip(labels, scores.T, whole, strict=True)
        for finding in _label(
            label, boxes, column, float(probability), overlap=overlap, place=place
        )
    )


def _label(
    label: Label, boxes: Floats, scores: Floats, probability: float, *, overlap: float, place: Place
) -> Iterator[Finding]:
    """The findings of one label; `scores` (N,) are its column."""
    if probability < label.threshold:
        yield place.finding(label, probability)
        return
    usable = [n for n in suppress(boxes, scores, overlap) if _large_enough(boxes[n], label, place)]
    if not usable:
        yield place.finding(label, probability)
        return
    strongest = float(scores[usable[0]])
    for n in usable[: label.most]:
        score = probability * float(scores[n]) / strongest
        certain = scores[n] >= label.location_threshold and score >= label.threshold
        if certain or n == usable[0]:
            left, top, right, bottom = boxes[n]
            corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
            yield place.finding(label, score, place.region(np.array(corners, np.float64)))


def suppress(boxes: Floats, scores: Floats, overlap: float) -> list[int]:
    """Indices of `boxes` (N, 4) that score above 0, the strongest first, without duplicates.

    A box is dropped whose intersection over union with a stronger one is above `overlap`.
    """
    kept: list[int] = []
    for n in np.argsort(-scores, kind="stable"):
        if scores[n] > 0 and all(shared(boxes[n], boxes[other]) <= overlap for other in kept):
            kept.append(int(n))
    return kept


def shared(one: Floats, other: Floats) -> float:
    """Intersection over union of two boxes (left, top, right, bottom); 0 for empty ones."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return float(both / (sum(areas) - both))


def _large_enough(box: Floats, label: Label, place: Place) -> bool:
    """Whether the box, within the image, covers the share that the label asks for."""
    left, top, right, bottom = place.region(np.array([box[:2], box[2:]], np.float64)).box
    area = max(0.0, right - left) * max(0.0, bottom - top)
    return area > 0 and area >= label.smallest * place.geometry.rows * place.geometry.columns
