"""The network: a small encoder and decoder, a location map, and a probability from both."""

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn

from models.chest_xray.cases import LABELS

FOLD = 4  #: pixels that become channels before the first convolution
WIDTHS = (32, 64, 96, 128)


def convolution(before: int, after: int, stride: int = 1) -> nn.Module:
    """3 x 3, normalised over the batch, rectified."""
    block: nn.Module = Convolution(
        2, before, after, strides=stride, adn_ordering="NA", act="RELU", norm="BATCH", bias=False
    )
    return block


def twice(before: int, after: int, stride: int = 1) -> nn.Module:
    """Two convolutions, the first with the stride."""
    return nn.Sequential(convolution(before, after, stride), convolution(after, after))


class ChestNetwork(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """(batch, 1, 384, 384) in 0..1 to logits: image (batch, 5), map (batch, 5, 48, 48),
    region (batch, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.fold = nn.PixelUnshuffle(FOLD)
        self.fine = convolution(FOLD**2, first)
        self.middle = twice(first, second, 2)
        self.coarse = twice(second, third, 2)
        self.deep = twice(third, fourth, 2)
        self.up_coarse = convolution(third + fourth, third)
        self.up_middle = twice(second + third, second)
        self.place = nn.Conv2d(second, len(LABELS), 1)
        self.whole = nn.Linear(2 * fourth, len(LABELS))
        self.region = nn.Linear(2 * fourth, 1)
        self.share = nn.Parameter(torch.ones(len(LABELS)))
        self.enlarge = nn.Upsample(scale_factor=2.0, mode="nearest")
        nn.init.constant_(self.place.bias, -3.0)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The logits of image, map and region."""
        middle = self.middle(self.fine(self.fold((image - 0.5) * 4)))
        coarse = self.coarse(middle)
        deep = self.deep(coarse)
        up = self.up_coarse(torch.cat([self.enlarge(deep), coarse], 1))
        up = self.up_middle(torch.cat([self.enlarge(up), middle], 1))
        place = self.place(up)
        all_of_it = pooled(deep)
        whole = self.whole(all_of_it) + self.share * place.amax((2, 3))
        return whole, place, self.region(all_of_it)

    def features(self, image: Tensor) -> Tensor:
        """What the region output is computed from: (batch, 2 x width)."""
        fine = self.fine(self.fold((image - 0.5) * 4))
        return pooled(self.deep(self.coarse(self.middle(fine))))


def pooled(deep: Tensor) -> Tensor:
    """The mean and the largest value of every channel."""
    return torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)


class Probabilities(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """The network as it is exported: probabilities instead of logits."""

    def __init__(self, network: ChestNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`probability`, `location`, `region`."""
        whole, place, region = self.network(image)
        return whole.sigmoid(), place.sigmoid(), region.sigmoid()
