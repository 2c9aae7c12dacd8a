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


class ChestNetwork(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """(batch, 1, 320, 320) in 0..1 to logits: image (batch, 5), map (batch, 5, 40, 40),
    region (batch, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.fold = nn.PixelUnshuffle(FOLD)
        self.fine = nn.Sequential(convolution(FOLD**2, first), convolution(first, first))
        self.middle = nn.Sequential(convolution(first, second, 2), convolution(second, second))
        self.coarse = nn.Sequential(convolution(second, third, 2), convolution(third, third))
        self.deep = nn.Sequential(convolution(third, fourth, 2), convolution(fourth, fourth))
        self.up_coarse = convolution(third + fourth, third)
        self.up_middle = convolution(second + third, second)
        self.place = nn.Conv2d(second, len(LABELS), 1)
        self.whole = nn.Linear(2 * fourth, len(LABELS))
        self.region = nn.Linear(2 * fourth, 1)
        self.share = nn.Parameter(torch.ones(len(LABELS)))
        self.enlarge = nn.Upsample(scale_factor=2.0, mode="nearest")

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The logits of image, map and region."""
        fine = self.fine(self.fold((image - 0.5) * 4))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        deep = self.deep(coarse)
        up = self.up_coarse(torch.cat([self.enlarge(deep), coarse], 1))
        up = self.up_middle(torch.cat([self.enlarge(up), middle], 1))
        place = self.place(up)
        all_of_it = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        strongest = place.amax((2, 3))
        whole = self.whole(all_of_it) + self.share * strongest
        return whole, place, self.region(all_of_it)


class Probabilities(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """The network as it is exported: probabilities instead of logits."""

    def __init__(self, network: ChestNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`probability`, `location`, `region`."""
        whole, place, region = self.network(image)
        return whole.sigmoid(), place.sigmoid(), region.sigmoid()
