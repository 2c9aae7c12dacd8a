"""The network: one view in, lesions as boxes, density, view and "is it a mammogram" out.

Anchor-free: a heat map of lesion centres at `STRIDE` pixels for each label, with the box
that belongs to a centre in each cell.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

LABELS: Final = 2  #: mass, calcifications
STRIDE: Final = 8
MOST: Final = 10  #: boxes of each label that come out
TONES: Final = 24  #: numbers that density follows from
AIR: Final = 0.03
WALL: Final = 16  #: cells next to the chest wall, where the muscle may lie
TIE: Final = 1e-9  #: by which a cell counts less than the one before it
WIDTHS: Final = (16, 32, 64, 96, 128)


def tones(image: Tensor) -> Tensor:
    """(n, 24): how bright the breast is, in all and away from the chest wall.

    For both: the share of it that is brighter than each of ten levels, the mean, and the
    mean of the second channel. Density follows from these alone.
    """
    level = functional.avg_pool2d(image[:, :1], STRIDE)
    speck = functional.avg_pool2d(image[:, 1:], STRIDE)
    whole = (level > AIR).to(image.dtype)
    front = whole * (torch.arange(level.shape[3]) >= WALL).to(image.dtype)
    edges = torch.linspace(0.08, 0.98, 10).view(1, 10, 1, 1)
    told = []
    for part in (whole, front):
        cells = part.sum((2, 3)) + 1
        above = torch.sigmoid((level - edges) * 25) * part
        told += [(one * part).sum((2, 3)) / cells for one in (above, level, 4 * speck)]
    return torch.cat(told, 1)


class Block(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """Two convolutions round which the input passes."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _conv(width, width, dilation=dilation)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same."""
        return functional.relu(x + self.second(self.first(x)))


class MammographyNetwork(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """(n, 2, h, w) in 0..1, h and w multiples of 32, to raw maps and logits.

    Returns heat logits (n, 2, h/8, w/8), boxes (n, 4, h/8, w/8) as logarithms of the
    distances (left, top, right, bottom) from the cell's middle in cells, density logits
    (n, 4), view logits (n, 2) and a region logit (n, 1).
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d, e = WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(2, a, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(a), nn.ReLU(),
            _conv(a, b, stride=2), Block(b),
        )  # fmt: skip
        self.eighth = nn.Sequential(_conv(b, c, stride=2), Block(c), Block(c))
        self.sixteenth = nn.Sequential(_conv(c, d, stride=2), Block(d), Block(d))
        self.deepest = nn.Sequential(_conv(d, e, stride=2), Block(e), Block(e, dilation=2))
        self.from_deepest = nn.Conv2d(e, d, 1)
        self.from_sixteenth = nn.Sequential(_conv(d, d), nn.Conv2d(d, c, 1))
        self.merge = nn.Sequential(_conv(c, c), Block(c))
        self.heat = nn.Sequential(_conv(c, c), nn.Conv2d(c, LABELS, 1))
        self.box = nn.Sequential(_conv(c, c), nn.Conv2d(c, 4, 1))
        self.whole = nn.Linear(2 * e + c, 64)
        self.view, self.region = nn.Linear(64, 2), nn.Linear(64, 1)
        self.density = nn.Sequential(
            nn.BatchNorm1d(TONES), nn.Linear(TONES, 32), nn.ReLU(), nn.Linear(32, 4)
        )
        last = self.heat[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        nn.init.constant_(last.bias, -4.6)  # a hundredth: most cells hold no lesion

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        merged, pooled = self._features(image)
        whole = functional.relu(self.whole(pooled))
        density = self.density(tones(image))
        return self.heat(merged), self.box(merged), density, self.view(whole), self.region(whole)

    def _features(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 64, h/8, w/8) of all depths, and the pooled features."""
        eighth = self.eighth(self.stem(image))
        sixteenth = self.sixteenth(eighth)
        deepest = self.deepest(sixteenth)
        up = sixteenth + functional.interpolate(self.from_deepest(deepest), scale_factor=2.0)
        up = functional.interpolate(self.from_sixteenth(up), scale_factor=2.0)
        merged = self.merge(eighth + up)
        pooled = [deepest.mean((2, 3)), deepest.amax((2, 3)), merged.mean((2, 3))]
        return merged, torch.cat(pooled, 1)


class Decoded(nn.Module):  # type: ignore[misc,unused-ignore] # no torch where types are checked
    """What is exported: boxes and scores of the strongest centres, and probabilities.

    `boxes` (n, 20, 4): left, top, right, bottom in pixels of the input, the `MOST` of each
    label in turn; `scores` (n, 20, 2), 0 in the other label's column; `density` (n, 4),
    `view` (n, 2), `region` (n, 1).
    """

    def __init__(self, network: MammographyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        heat, box, density, view, region = self.network(image)
        probability = heat.sigmoid()
        breast = functional.avg_pool2d(image[:, :1], STRIDE) > 0
        peak = functional.max_pool2d(probability, 3, 1, 1)
        probability = probability * ((probability >= peak) & breast).to(probability.dtype)
        width = probability.shape[3]
        flat = probability.flatten(2)
        # air is all zeros: the order of equal cells must be the same in every runtime
        order = torch.arange(1, flat.shape[2] + 1) * TIE
        score, where = (flat - order).topk(MOST, dim=2)
        score = score.clamp(min=0)
        column = (where % width + 0.5) * STRIDE
        row = (torch.div(where, width, rounding_mode="floor") + 0.5) * STRIDE
        reach = box.clamp(-3, 4).exp().flatten(2) * STRIDE  # (n, 4, cells)
        chosen = reach.gather(2, where.flatten(1)[:, None].expand(-1, 4, -1))
        middle = torch.stack([column, row], 1).flatten(2)  # (n, 2, 2 * MOST)
        boxes = torch.cat([middle - chosen[:, :2], middle + chosen[:, 2:]], 1).transpose(1, 2)
        none = torch.zeros_like(score[:, 0])
        scores = torch.stack(
            [torch.cat([score[:, 0], none], 1), torch.cat([none, score[:, 1]], 1)], 2
        )
        return boxes, scores, density.softmax(1), view.softmax(1), region.sigmoid()


def _conv(before: int, after: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
