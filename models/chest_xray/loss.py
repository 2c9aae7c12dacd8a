"""What the training makes small: errors of the image, of the map and of the region output."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: How much the map counts, by label: small things fill few cells.
LABEL = (1.0, 1.0, 2.0, 5.0, 1.0)
COVERED = (3.0, 3.0, 4.0, 20.0, 3.0)  #: and how much more where the finding is
SMALL = 3  #: the label whose parts count alike, whatever their size
FULL = 8.0  #: cells of a part of that label that count once each

Batch = tuple[Tensor, Tensor, Tensor]  #: images, and of the chests among them: maps, presence


def loss(network: nn.Module, batch: Batch) -> Tensor:
    """The sum of all errors; the images after the chests are no frontal chests."""
    planes, places, present = batch
    whole, place, recognised = (one.float() for one in network(planes))
    count = len(places)
    is_chest = torch.zeros_like(recognised)
    is_chest[:count] = 1
    total = functional.binary_cross_entropy_with_logits(whole[:count], present)
    total = total + 2 * _map(place[:count], places) + 0.5 * _overlap(place[:count], places)
    return total + 0.3 * functional.binary_cross_entropy_with_logits(recognised, is_chest)


def _map(place: Tensor, places: Tensor) -> Tensor:
    """Cross-entropy of every cell."""
    label, covered = (
        torch.tensor(one, device=place.device)[:, None, None] for one in (LABEL, COVERED)
    )
    more = covered * places
    near = functional.avg_pool2d(places[:, SMALL : SMALL + 1], 13, 1, 6) * 13**2
    more[:, SMALL : SMALL + 1] *= (FULL / (near + 1)).clamp(0.2, 2.0)
    return functional.binary_cross_entropy_with_logits(place, places, (1 + more) * label)


def _overlap(place: Tensor, places: Tensor) -> Tensor:
    """One minus the Dice index of each label over the batch."""
    said = place.sigmoid()
    both = (said * places).sum((0, 2, 3))
    return (1 - (2 * both + 5) / (said.sum((0, 2, 3)) + places.sum((0, 2, 3)) + 5)).mean()
