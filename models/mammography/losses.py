"""What a training makes small: heat maps, boxes, and what is said of the whole view."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.mammography.batches import Batch
from models.mammography.network import LABELS, STRIDE

NEAR: Final = 0.5  #: cells whose target is above this learn the box
SHARES: Final = (1.0, 0.4, 0.25, 0.1, 0.25)  #: heat, box, density, view, region


def loss(network: nn.Module, batch: Batch) -> Tensor:
    """The sum of all losses of a batch; parts of views have heat and boxes alone."""
    heat, box, density, view, region = (out.float() for out in network(batch["image"]))
    wanted, reach, weight = targets(batch["boxes"], heat.shape[2:])
    total = SHARES[0] * _focal(heat, wanted)
    gap = functional.smooth_l1_loss(box, reach, reduction="none", beta=0.1)
    total = total + SHARES[1] * (gap * weight).sum() / (4 * weight.sum() + 4)
    if "density" not in batch:
        return total
    own = batch["density"] >= 0
    total = total + SHARES[2] * functional.cross_entropy(
        density, batch["density"], ignore_index=-1, label_smoothing=0.05
    )
    total = total + SHARES[3] * functional.cross_entropy(view[own], batch["view"][own])
    return total + SHARES[4] * functional.binary_cross_entropy_with_logits(
        region[:, 0], own.float()
    )


def targets(boxes: Tensor, cells: torch.Size) -> tuple[Tensor, Tensor, Tensor]:
    """Heat (n, 2, h, w); box logarithms (n, 4, h, w); the weight of each cell's box (n, 1, h, w).

    `boxes` (n, most, 5). Heat is 1 in the cell of a lesion's middle and falls with the
    distance, slower for larger lesions.
    """
    down = (torch.arange(cells[0]) + 0.5)[:, None]
    across = (torch.arange(cells[1]) + 0.5)[None]
    edges = boxes[:, :, 1:, None, None] / STRIDE  # (n, most, 4, 1, 1)
    left, top, right, bottom = edges.unbind(2)
    column, row = ((left + right) / 2).floor() + 0.5, ((top + bottom) / 2).floor() + 0.5
    wide, tall = ((right - left) / 6).clamp(min=0.7), ((bottom - top) / 6).clamp(min=0.7)
    each = torch.exp(-0.5 * (((across - column) / wide) ** 2 + ((down - row) / tall) ** 2))
    label = boxes[:, :, 0, None, None]
    each = each * (label >= 0)
    heat = torch.stack([(each * (label == one)).amax(1) for one in range(LABELS)], 1)
    nearest = each.argmax(1, keepdim=True)
    sides = torch.broadcast_tensors(across - left, down - top, right - across, bottom - down)
    reach = torch.stack(sides, 2)
    nearest = nearest[:, :, None].expand(-1, -1, 4, -1, -1)
    chosen = reach.gather(1, nearest)[:, 0]
    weight = each.amax(1, keepdim=True)
    return heat, chosen.clamp(min=0.2, max=50).log(), weight * (weight > NEAR)


def _focal(heat: Tensor, wanted: Tensor) -> Tensor:
    """Penalty-reduced focal loss, as for key points: near a middle a cell is less wrong."""
    probability = heat.sigmoid().clamp(1e-5, 1 - 1e-5)
    middle = wanted > 0.999  # noqa: PLR2004 - the cell itself
    hit = ((1 - probability) ** 2 * probability.log())[middle].sum()
    miss = ((1 - wanted) ** 4 * probability**2 * (1 - probability).log())[~middle].sum()
    return -(hit + miss) / (middle.sum() + 2)
