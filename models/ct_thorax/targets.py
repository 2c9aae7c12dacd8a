"""What the networks should say, and how wrong they are. Training only."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

CELL_MM: Final = 2.5  #: between two cells of the heat map
NARROW, WIDE = 0.75, 2.2  #: cells: the least and the largest width of a peak
SHARE: Final = 0.16  #: width of a peak, share of the diameter
NEAR: Final = 0.4  #: heat from which a cell must know the diameter
WEIGHTS: Final = (1.0, 1.0, 1.0, 4.0)  #: of elsewhere, left, right, fluid


def peaks(truth: Tensor, cells: int) -> tuple[Tensor, Tensor]:
    """Heat (n, 1, z, y, x) with 1 in the cell of a nodule's middle, and log diameters.

    `truth` (n, 5): z, y, x in voxels, long axis and mean diameter in mm; 0 for no nodule.
    """
    line = torch.arange(cells, dtype=torch.float32)
    middle = torch.round((truth[:, :3] - 0.5) / 2)
    gaps = [(line[None] - middle[:, n, None]) ** 2 for n in range(3)]
    square = gaps[0][:, :, None, None] + gaps[1][:, None, :, None] + gaps[2][:, None, None, :]
    width = torch.clamp(truth[:, 4] * SHARE / CELL_MM, NARROW, WIDE)[:, None, None, None]
    heat = torch.exp(-square / (2 * width**2)) * (truth[:, 3] > 0)[:, None, None, None]
    size = torch.log(torch.clamp(truth[:, 4], min=1.0))[:, None, None, None, None]
    return heat[:, None], size


def nodule_loss(logits: Tensor, sizes: Tensor, truth: Tensor) -> Tensor:
    """Focal loss of the heat map, one part a nodule, and the error of log diameters."""
    heat, size = peaks(truth, logits.shape[-1])
    p = torch.sigmoid(logits.float()).clamp(1e-5, 1 - 1e-5)
    top = heat > 0.999  # noqa: PLR2004 - the cell of the middle itself
    found = torch.where(top, (1 - p) ** 2 * torch.log(p), 0.0)
    false = torch.where(top, 0.0, (1 - heat) ** 4 * p**2 * torch.log(1 - p))
    focal = -(found.sum() + false.sum()) / max(1.0, float(top.sum()))
    near = heat > NEAR
    gap = functional.smooth_l1_loss(
        sizes.float(), size.expand_as(sizes), reduction="none", beta=0.1
    )
    return focal + 0.5 * (gap * near).sum() / max(1.0, float(near.sum()))


def lung_loss(logits: Tensor, label: Tensor) -> Tensor:
    """Cross entropy and Dice of the four classes; `label` (n, z, y, x)."""
    logits = logits.float()
    weights = torch.tensor(WEIGHTS)
    entropy = functional.cross_entropy(logits, label, weights)
    p = torch.softmax(logits, 1)
    missed = entropy.new_zeros(())
    for name in range(1, len(WEIGHTS)):
        wanted = (label == name).float()
        both = (p[:, name] * wanted).sum()
        missed = missed + 1 - (2 * both + 50) / (p[:, name].sum() + wanted.sum() + 50)
    return entropy + missed / (len(WEIGHTS) - 1)
