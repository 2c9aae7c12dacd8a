"""The layers that tell the density, fitted last, alone, on tones that nothing changed.

Density follows from how bright the breast is (`network.tones`); what varies tones while the
rest is trained would blur it.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from models.mammography.batches import Views
from models.mammography.network import MammographyNetwork, tones

STEPS: Final = 1200
BATCH: Final = 128
RATE: Final = 3e-3


def fit(network: MammographyNetwork, data: Views, *, seed: int) -> None:
    """Fit `density` of `network`; everything else stays as it is."""
    torch.manual_seed(seed)
    with torch.no_grad():
        told = torch.cat([tones(part.float() / 255) for part in data.image.split(20)])
    network.density.train().requires_grad_(requires_grad=True)
    weights = list(network.density.parameters())
    optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.05)
    course = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(told), (BATCH,))
        value = _loss(network.density(told[rows]), data.density[rows])
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        course.step()
    network.density.eval().requires_grad_(requires_grad=False)


def _loss(said: Tensor, density: Tensor) -> Tensor:
    """Cross entropy, and how far the expected category is off: the categories are in order."""
    expected = (said.softmax(1) * torch.arange(4.0)).sum(1)
    off = functional.mse_loss(expected, density.float())
    return functional.cross_entropy(said, density, label_smoothing=0.03) + 0.3 * off
