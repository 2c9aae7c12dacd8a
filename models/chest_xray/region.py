"""The last stage of the training: the region output alone, on features that stay as they are.

Trained together with the findings it learns what the simulator's chests look like to the
last detail, and declines real ones. Here it sees chests changed far more than a finding
would survive, and is kept simple by a strong penalty.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.chest_xray.augment import estranged, varied
from models.chest_xray.foreign import foreign
from models.chest_xray.network import ChestNetwork

IMAGES = 1920
BATCH = 48
STEPS = 500
PENALTY = 0.03


def fit(network: ChestNetwork, image: Tensor, lateral: Tensor) -> None:
    """Fit `network.region` in place, on `image` and `lateral` uint8 (n, 384, 384)."""
    network.eval()
    chests, others = [], []
    for part in image[torch.randperm(len(image))[:IMAGES]].split(BATCH):
        plane = _varied(part)
        chests.append(_features(network, estranged(plane)))
        others.append(_features(network, foreign(estranged(plane))))
    for part in lateral.split(BATCH):
        others += [_features(network, estranged(_varied(part))) for _ in range(2)]
    right, wrong = torch.cat(chests), torch.cat(others)
    features = torch.cat([right, wrong])
    wanted = torch.cat([torch.ones(len(right), 1), torch.zeros(len(wrong), 1)])
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


def _varied(part: Tensor) -> Tensor:
    plane = part[:, None].float() / 255
    return varied(plane, plane.new_zeros(len(plane), 1, 8, 8))[0]


def _features(network: ChestNetwork, plane: Tensor) -> Tensor:
    """(batch, 2 x width) of the deepest layer."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        return network.features(plane).float()
