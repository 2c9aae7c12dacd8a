"""The two networks: lungs on 3 mm, nodules on 1.25 mm. Training only; at run time they are ONNX."""

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional


class Volumetric(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """A network of five axes (n, channel, z, y, x): "channels last" has another name there."""

    def to(self, *places: Any, **more: Any) -> Self:  # noqa: ANN401 - as torch has it
        """As torch's, with the layout meant for images taken as that for volumes."""
        if more.get("memory_format") is torch.channels_last:
            more["memory_format"] = torch.channels_last_3d
        moved: Self = super().to(*places, **more)
        return moved

    def laid(self, image: Tensor) -> Tensor:
        """`image` as the weights lie, which is faster in training."""
        if self.training:
            return image.contiguous(memory_format=torch.channels_last_3d)
        return image


def _norm(inner: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(inner, nn.BatchNorm3d(channels), nn.ReLU())


class Block(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _norm(nn.Conv3d(channels, channels, 3, padding=1, bias=False), channels)
        self.second = nn.Sequential(
            nn.Conv3d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm3d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return functional.relu(x + self.second(self.first(x)))


def _down(before: int, after: int) -> nn.Sequential:
    """Half the size; the kernel is even, so that a cell's middle lies between two voxels."""
    halved = nn.Conv3d(before, after, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(_norm(halved, after), Block(after))


class Up(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """Twice the size, joined with what was there before."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__()
        self.narrow = nn.Conv3d(low, high, 1, bias=False)
        self.join = _norm(nn.Conv3d(high, high, 3, padding=1, bias=False), high)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """The shape of `high`."""
        grown = functional.interpolate(self.narrow(low), scale_factor=2.0, mode="nearest")
        joined: Tensor = self.join(grown + high)
        return joined


class NoduleNetwork(Volumetric):
    """(n, 1, z, y, x) in 0..1, sides multiples of 8, to logits of the heat map and log diameters.

    Both (n, 1, z / 2, y / 2, x / 2): cell k lies in the middle of voxels 2 k and 2 k + 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.middle, self.coarse = _down(1, 32), _down(32, 64), _down(64, 64)
        self.deep = Block(64)
        self.up, self.last = Up(64, 64), Up(64, 32)
        self.head = nn.Sequential(
            _norm(nn.Conv3d(32, 32, 3, padding=1, bias=False), 32), nn.Conv3d(32, 2, 1)
        )
        nn.init.constant_(self.head[1].bias, -3.0)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and the logarithm of the mean diameter in mm."""
        fine = self.fine(self.laid(image))
        middle = self.middle(fine)
        deep = self.deep(self.coarse(middle))
        both = self.head(self.last(self.up(deep, middle), fine))
        return both[:, :1], both[:, 1:] + 5.0


class LungNetwork(Volumetric):
    """(n, 1, z, y, x) in 0..1, sides multiples of 16, to logits of 4 classes (n, 4, z, y, x).

    Classes: elsewhere, left lung, right lung, pleural fluid.
    """

    def __init__(self) -> None:
        super().__init__()
        self.downs = nn.ModuleList([_down(1, 32), _down(32, 64), _down(64, 64), _down(64, 64)])
        self.ups = nn.ModuleList([Up(64, 64), Up(64, 64), Up(64, 32)])
        self.grow = _norm(nn.ConvTranspose3d(32, 8, 4, stride=2, padding=1, bias=False), 8)
        self.head = nn.Conv3d(9, 4, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Logits."""
        x, seen = self.laid(image), []
        for down in self.downs:
            x = down(x)
            seen.append(x)
        x = seen.pop()
        for up in self.ups:
            x = up(x, seen.pop())
        logits: Tensor = self.head(torch.cat([self.grow(x), image.to(x.dtype)], 1))
        return logits


class Nodules(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """What is exported: `heat` as probability and `diameter` in mm."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Both (n, 1, z / 2, y / 2, x / 2)."""
        heat, size = self.network(image)
        return torch.sigmoid(heat), torch.exp(torch.clamp(size, 0.0, 4.0))


class Lungs(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """What is exported: `share` (n, 4, z, y, x), the probability of each class."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """(n, 4, z, y, x)."""
        return torch.softmax(self.network(image), dim=1)
