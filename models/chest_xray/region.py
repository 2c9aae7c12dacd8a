# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""The last stage of the training: the region output alone, on features that stay as they are.

Trained together with the findings it learns what the simulator's chests look like to the
last detail, and declines real ones. Here it sees chests changed far more than a finding
would survive, and is kept simple by a strong penalty.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.chest_xray.augment import foreign, varied
from models.chest_xray.network import ChestNetwork

IMAGES = 2400
BATCH = 48
STEPS = 400
PENALTY = 0.03


def fit(network: ChestNetwork, image: Tensor) -> None:
    """Fit `network.region` on `image` uint8 (n, 320, 320), in place."""
    network.eval()
    chests, others = [], []
    cells = torch.zeros(BATCH, 5, 40, 40)
    for part in image[torch.randperm(len(image))[:IMAGES]].split(BATCH):
        plane = part[:, None].float() / 255
        moved, _ = varied(plane, cells[: len(plane)])
        chests.append(_features(network, _estranged(moved)))
        others.append(_features(network, foreign(_estranged(moved))))
    features = torch.cat([*chests, *others])
    wanted = torch.cat([torch.ones(len(features) // 2, 1), torch.zeros(len(features) // 2, 1)])
    middle, spread = features.mean(0), features.std(0) + 1e-3
    layer = torch.nn.Linear(features.shape[1], 1)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(STEPS):
        loss = functional.binary_cross_entropy_with_logits(
            layer((features - middle) / spread), wanted
        )
        loss = loss + PENALTY * layer.weight.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        network.region.weight.copy_(layer.weight / spread)
        network.region.bias.copy_(layer.bias - (layer.weight / spread) @ middle)


def _features(network: ChestNetwork, plane: Tensor) -> Tensor:
    """(batch, 2 x width) of the deepest layer."""
    with torch.no_grad():
        middle = network.middle(network.fine(network.fold((plane - 0.5) * 4)))
        deep = network.deep(network.coarse(middle))
        return torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)


def _estranged(plane: Tensor) -> Tensor:
    """Chests with other tones, closer up, with clouds over them, or in a bright surround."""
    count = len(plane)
    draw = torch.rand(count, 1, 1, 1)
    closer = functional.interpolate(plane[:, :, 24:290, 32:288], size=(320, 320), mode="bilinear")
    plane = torch.where(torch.rand(count, 1, 1, 1) < 0.5, closer, plane)
    clouds = functional.interpolate(torch.rand(count, 1, 7, 7), size=(320, 320), mode="bicubic")
    blots = functional.interpolate(torch.rand(count, 1, 20, 20), size=(320, 320), mode="bicubic")
    plane = plane + (clouds - 0.5) * 0.5 * draw + (blots - 0.5).clamp(min=0) * 0.6 * draw.flip(0)
    axis = torch.linspace(-1, 1, 320)
    far = (axis[:, None].abs() ** 4 + axis[None].abs() ** 4)[None, None]
    plane = plane + (far - 0.4).clamp(min=0) * 0.8 * (torch.rand(count, 1, 1, 1) - 0.2)
    plane = plane.clamp(1e-3, 1) ** torch.exp(torch.randn(count, 1, 1, 1) * 0.45)
    return plane.clamp(0, 1)
