"""The network: an encoder and decoder, a heat map of middles, sizes, and the decoding to boxes."""

from typing import Final

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn
from torch.nn import functional

from models.fracture.cases import SITES

FOLD: Final = 4  #: pixels that become channels before the first convolution
STRIDE: Final = 8  #: pixels a cell of the heat map
WIDTHS: Final = (32, 64, 128, 160)
TYPICAL: Final = 44.0  #: pixels, the size that a size of 0 stands for
FARTHEST: Final = 1.8  #: of the logarithm of a size
BOXES: Final = 24  #: that come out of the decoding
FAINT: Final = 0.02  #: a box that scores less is all zeros: its place would be chance
RARE: Final = -4.0  #: logit of the heat map before training


def convolution(before: int, after: int, stride: int = 1, kernel: int = 3) -> nn.Module:
    """Normalised over the batch, rectified."""
    block: nn.Module = Convolution(
        2, before, after, strides=stride, kernel_size=kernel, adn_ordering="NA", act="RELU",
        norm="BATCH", bias=False,
    )  # fmt: skip
    return block


class FractureNetwork(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """(batch, 1, rows, columns) in 0..1 to logits.

    `heat` (batch, 4, rows / 8, columns / 8); `place` (batch, 4, …): offset of the middle in
    cells from the cell's own, and logarithms of width and height; `whole` (batch, 4);
    `region` (batch, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.fold = nn.PixelUnshuffle(FOLD)
        self.fine = nn.Sequential(convolution(FOLD**2, first), convolution(first, first))
        self.middle = nn.Sequential(
            convolution(first, second, 2), convolution(second, second), convolution(second, second)
        )
        self.coarse = nn.Sequential(convolution(second, third, 2), convolution(third, third))
        self.deep = nn.Sequential(convolution(third, fourth, 2), convolution(fourth, fourth))
        self.less_deep = convolution(fourth, 96, kernel=1)
        self.up_coarse = convolution(96 + third, third)
        self.less_coarse = convolution(third, second, kernel=1)
        self.up_middle = nn.Sequential(convolution(2 * second, second), convolution(second, second))
        self.heat = nn.Conv2d(second, len(SITES), 1)
        self.place = nn.Conv2d(second, 4, 1)
        self.whole = nn.Linear(2 * fourth, len(SITES))
        self.region = nn.Linear(2 * fourth, 1)
        self.share = nn.Parameter(torch.ones(len(SITES)))
        self.enlarge = nn.Upsample(scale_factor=2.0, mode="nearest")
        nn.init.constant_(self.heat.bias, RARE)
        nn.init.zeros_(self.whole.weight)

    def pooled(self, image: Tensor) -> Tensor:
        """(batch, features) of the deepest layer."""
        deep = self.deep(self.coarse(self.middle(self.fine(self.fold((image - 0.5) * 4)))))
        return torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`heat`, `place`, `whole`, `region`."""
        middle = self.middle(self.fine(self.fold((image - 0.5) * 4)))
        coarse = self.coarse(middle)
        deep = self.deep(coarse)
        up = self.up_coarse(torch.cat([self.enlarge(self.less_deep(deep)), coarse], 1))
        up = self.up_middle(torch.cat([self.enlarge(self.less_coarse(up)), middle], 1))
        heat = self.heat(up)
        pooled = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        whole = self.whole(pooled) + self.share * heat.amax((2, 3))
        return heat, self.place(up), whole, self.region(pooled)


class Detector(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """The network as it is exported: boxes and probabilities instead of maps and logits."""

    def __init__(self, network: FractureNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """`boxes` (1, N, 4), `scores` (1, N, 4), `probability` (1, 4), `region` (1, 1).

        A box is a peak of one site's heat map: it scores for that site, and 0 for others.
        """
        heat, place, whole, region = self.network(image)
        columns = heat.shape[3]
        score = heat.sigmoid()
        peak = functional.max_pool2d(score, 3, 1, 1) == score
        strongest, where = (score * peak).flatten(1).topk(BOXES, dim=1)
        cells = heat.shape[2] * columns
        site, cell = where // cells, where % cells
        at = place.flatten(2).gather(2, cell[:, None].expand(-1, 4, -1))
        across = ((cell % columns).float() + 0.5 + at[:, 0]) * STRIDE
        down = ((cell // columns).float() + 0.5 + at[:, 1]) * STRIDE
        wide = at[:, 2].clamp(-FARTHEST, FARTHEST).exp() * TYPICAL / 2
        high = at[:, 3].clamp(-FARTHEST, FARTHEST).exp() * TYPICAL / 2
        corners = [across - wide, down - high, across + wide, down + high]
        most = [image.shape[3], image.shape[2]] * 2
        boxes = torch.stack([one.clamp(0, end) for one, end in zip(corners, most, strict=True)], 2)
        clear = (strongest >= FAINT)[..., None]
        own = (site[..., None] == torch.arange(len(SITES))) & clear
        return boxes * clear, strongest[..., None] * own, whole.sigmoid(), region.sigmoid()
