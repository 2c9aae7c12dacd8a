"""What the network should say of boxes, and how far it is from it."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from models.fracture.cases import DOUBT, SITES
from models.fracture.network import STRIDE, TYPICAL

SPREAD: Final = 0.10  #: of a middle's mark on the heat map, relative to the box
NEAR: Final = 1.5  #: cells about a middle whose sizes are learnt
SMALLEST: Final = 6.0  #: pixels; what is left of a box at the window's edge counts from here on


def targets(boxes: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """`heat` (batch, 4, h, w) in 0..1, `place` (batch, 4, h, w), `known` (batch, 1, h, w).

    `heat` is -1 in doubtful boxes: nothing is learnt there.

    `boxes` (batch, n, 5) are left, top, right, bottom in pixels and the site, -1 for none;
    `rows` and `columns` are the image's.
    """
    h, w = rows // STRIDE, columns // STRIDE
    heat = torch.zeros(len(boxes), len(SITES), h, w)
    place, known = torch.zeros(len(boxes), 4, h, w), torch.zeros(len(boxes), 1, h, w)
    down = (torch.arange(h) + 0.5)[:, None]
    across = (torch.arange(w) + 0.5)[None]
    for image, box in ((n, box) for n, several in enumerate(boxes) for box in several):
        if not 0 <= box[4] < DOUBT:
            continue
        left, top, right, bottom = (box[:4] / STRIDE).tolist()
        x, y, wide, high = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        x, y = min(max(x, 0.01), w - 0.01), min(max(y, 0.01), h - 0.01)
        reach_x, reach_y = max(SPREAD * wide, 0.6), max(SPREAD * high, 0.6)
        mark = torch.exp(
            -((across - x) ** 2) / (2 * reach_x**2) - (down - y) ** 2 / (2 * reach_y**2)
        )
        mark[int(y), int(x)] = 1.0
        plane = heat[image, int(box[4])]
        torch.maximum(plane, mark, out=plane)
        near = (across - x).abs().maximum((down - y).abs()) < NEAR
        sizes = [wide * STRIDE / TYPICAL, high * STRIDE / TYPICAL]
        logs = [torch.tensor(max(size, 0.05)).log() for size in sizes]
        for channel, value in enumerate((x - across, y - down, *logs)):
            place[image, channel][near] = (value + torch.zeros(h, w))[near]
        known[image, 0][near] = 1.0
    for image, box in ((n, box) for n, several in enumerate(boxes) for box in several):
        if box[4] >= DOUBT:
            left, top, right, bottom = (box[:4] / STRIDE).tolist()
            plane = heat[image, int(box[4]) - DOUBT]
            inside = plane[int(top) : math.ceil(bottom), int(left) : math.ceil(right)]
            inside[inside < 1] = -1
    return heat, place, known


def loss(
    said: tuple[Tensor, Tensor, Tensor, Tensor], boxes: Tensor, rows: int, columns: int
) -> Tensor:
    """Focal loss of the heat map, distance of places and sizes, cross-entropy of the whole."""
    heat, place, known = targets(boxes, rows, columns)
    found, placed, whole, _ = (one.float() for one in said)
    probability = found.sigmoid().clamp(1e-4, 1 - 1e-4)
    centre = heat >= 1
    right = centre * (1 - probability) ** 2 * probability.log()
    wrong = (heat >= 0) * ~centre * (1 - heat) ** 4 * probability**2 * (1 - probability).log()
    number = centre.sum().clamp(min=1)
    total = -(right.sum() + wrong.sum()) / number
    gap = functional.smooth_l1_loss(placed * known, place * known, reduction="sum", beta=0.2)
    total = total + 0.5 * gap / known.sum().clamp(min=1)
    sites = torch.arange(len(SITES))
    present = (boxes[..., 4, None] == sites).any(1)
    certain = present | ~(boxes[..., 4, None] == sites + DOUBT).any(1)
    return total + 0.5 * functional.binary_cross_entropy_with_logits(
        whole, present.float(), certain.float()
    )
