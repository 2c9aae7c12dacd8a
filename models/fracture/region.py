# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""The last stage of the training: the region output alone, on features that stay as they are.

It sees wrists changed far more than a fracture would survive, so that it does not learn what
the simulator's wrists look like to the last detail, and is kept simple by a penalty.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.fracture.augment import toned
from models.fracture.cases import SIZE
from models.fracture.network import FractureNetwork

IMAGES: Final = 640  #: wrists
BATCH: Final = 32
STEPS: Final = 500
PENALTY: Final = 0.004


def fit(network: FractureNetwork, image: NDArray[np.uint8], chests: NDArray[np.uint8]) -> None:
    """Fit `network.region` in place on wrists, `image`, and others, uint8 (n, 512, 512) each."""
    network.eval()
    torch.manual_seed(11)
    wrists, others = [], []
    for part in _parts(image):
        wrists.append(_features(network, estranged(part)))
        others.append(_features(network, toned(foreign(part))))
    for part in _parts(chests):
        others.append(_features(network, toned(_turned(part))))
        others.append(_features(network, estranged(part)))
    _fit(network, torch.cat(wrists), torch.cat(others))


def estranged(plane: Tensor) -> Tensor:
    """The same with other tones, nearer or farther, turned, with clouds over it."""
    count = len(plane)
    turn = torch.randn(count) * 0.25
    scale = torch.exp(torch.rand(count) * 0.9 - 0.65)  # below 1 magnifies
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = torch.cos(turn) * scale
    theta[:, 0, 1], theta[:, 1, 0] = -torch.sin(turn) * scale, torch.sin(turn) * scale
    theta[:, :, 2] = torch.randn(count, 2) * 0.12
    grid = functional.affine_grid(theta, list(plane.shape), align_corners=False)
    plane = functional.grid_sample(plane, grid, align_corners=False)
    clouds = functional.interpolate(torch.rand(count, 1, 7, 7), size=(SIZE, SIZE), mode="bicubic")
    plane = plane + (clouds - 0.5) * 0.5 * torch.rand(count, 1, 1, 1) * (plane > 0.02)
    return toned(plane.clamp(1e-3, 1) ** torch.exp(torch.randn(count, 1, 1, 1) * 0.35))


def foreign(image: Tensor) -> Tensor:
    """Each image turned into something that is no radiograph of a wrist as it should be."""
    kinds = (_negative, _negative, _negative, _crop, _noise, _shapes, _doubled)
    made = [kinds[int(torch.randint(len(kinds), ()))](one) for one in image]
    return torch.stack(made).clamp(0, 1)


def _fit(network: FractureNetwork, wrists: Tensor, others: Tensor) -> None:
    features = torch.cat([wrists, others])
    wanted = torch.cat([torch.ones(len(wrists), 1), torch.zeros(len(others), 1)])
    weight = torch.where(wanted > 0, len(others) / len(wrists), 1.0)
    middle, spread = features.mean(0), features.std(0) + 1e-2
    layer = torch.nn.Linear(features.shape[1], 1)
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(STEPS):
        loss = functional.binary_cross_entropy_with_logits(
            layer((features - middle) / spread), wanted, weight
        )
        loss = loss + PENALTY * layer.weight.square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        network.region.weight.copy_(layer.weight / spread)
        network.region.bias.copy_(layer.bias - (layer.weight / spread) @ middle)


def _parts(image: NDArray[np.uint8]) -> Iterator[Tensor]:
    chosen = torch.randperm(len(image))[:IMAGES]
    for part in chosen.split(BATCH):
        yield torch.from_numpy(image[part.numpy()])[:, None].float() / 255


def _features(network: FractureNetwork, plane: Tensor) -> Tensor:
    """(batch, features) of the deepest layer."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        return network.pooled(plane.contiguous(memory_format=torch.channels_last)).float()


def _turned(plane: Tensor) -> Tensor:
    """Upright, on its side or upside down."""
    return torch.rot90(plane, int(torch.randint(4, ())), (2, 3))


def _negative(one: Tensor) -> Tensor:
    return 1 - one


def _crop(one: Tensor) -> Tensor:
    """A small part, enlarged."""
    size = int(torch.randint(50, 100, ()))
    row, column = (int(torch.randint(100, 400 - size, ())) for _ in range(2))
    part = one[None, :, row : row + size, column : column + size]
    return functional.interpolate(part, size=(SIZE, SIZE), mode="bilinear")[0]


def _noise(one: Tensor) -> Tensor:
    grain = int(torch.randint(2, 200, ()))
    coarse = torch.rand(1, 1, grain, grain)
    plane = functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear")[0]
    return plane * torch.rand(()) + torch.rand(()) * 0.5 + 0.02 * torch.randn_like(one)


def _doubled(one: Tensor) -> Tensor:
    """Mirrored top to bottom over itself: no limb looks like this."""
    return (one + torch.flip(one, (1,)) + torch.rot90(one, 1, (1, 2))) / 2


def _shapes(one: Tensor) -> Tensor:
    """Trunks, skulls and test objects in the rough: bright ellipses and rings, at any angle."""
    axis = torch.linspace(-1, 1, SIZE)
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    out = torch.rand(()) * 0.2 + torch.zeros(SIZE, SIZE)
    for _ in range(int(torch.randint(1, 6, ()))):
        turn = torch.rand(()) * 3.2
        x = across * torch.cos(turn) + down * torch.sin(turn) - torch.randn(()) * 0.3
        y = down * torch.cos(turn) - across * torch.sin(turn) - torch.randn(()) * 0.3
        wide, tall = 0.2 + torch.rand(()) * 0.8, 0.2 + torch.rand(()) * 0.8
        far = (x / wide) ** 2 + (y / tall) ** 2
        out = out + (1 - far).clamp(min=0).sqrt() * (torch.rand(()) * 0.8 + 0.1)
        if torch.rand(()) < 0.5:
            out = out + torch.exp(-(far - 0.8).abs() * 20) * 0.4
    return (out / out.max().clamp(min=0.5))[None] + 0.02 * torch.randn_like(one)
