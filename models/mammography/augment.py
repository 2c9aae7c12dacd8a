# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Changes to views while training, with their boxes, and images that are no mammogram.

A view is (2, rows, columns) in 0..1 as `prepare` gives it; boxes are (n, most, 5): label or
-1, left, top, right, bottom in pixels.
"""

import torch
from torch import Tensor
from torch.nn import functional

CROP = (448, 320)


def placed(
    image: Tensor, boxes: Tensor, flip: Tensor, size: tuple[int, int], middle: Tensor
) -> tuple[Tensor, Tensor]:
    """Parts of `size` round `middle` (n, 2: column, row), scaled, turned, shifted; with boxes.

    `image` (n, 2, h, w); `flip` (n,) allows to mirror top and bottom: a CC view may be.
    """
    count, _, height, width = image.shape
    turn = torch.randn(count) * 0.10
    scale = torch.exp(torch.randn(count) * 0.10)
    aspect = torch.exp(torch.randn(count) * 0.04)
    sign = torch.where(flip & (torch.rand(count) < 0.5), -1.0, 1.0)
    cos, sin = torch.cos(turn), torch.sin(turn)
    # from the part's pixels, seen from its middle, to the view's
    to_view = torch.stack([
        torch.stack([cos / scale * aspect, -sin / scale * sign], 1),
        torch.stack([sin / scale, cos / scale / aspect * sign], 1),
    ], 1)  # fmt: skip
    half_part = torch.tensor([size[1] / 2, size[0] / 2])
    half_view = torch.tensor([width / 2, height / 2])
    theta = torch.zeros(count, 2, 3)
    theta[:, :, :2] = to_view * half_part[None, None] / half_view[None, :, None]
    theta[:, :, 2] = middle / half_view - 1
    where = functional.affine_grid(theta, [count, 2, *size], align_corners=False)
    part = functional.grid_sample(image, where, align_corners=False)
    return part, _boxes(boxes, torch.linalg.inv(to_view), middle, half_part)


def _boxes(boxes: Tensor, to_part: Tensor, middle: Tensor, half: Tensor) -> Tensor:
    """Boxes of the view in the part: their middles moved, their sizes scaled."""
    corners = boxes[..., 1:].unflatten(-1, (2, 2))
    centre, reach = corners.mean(2), (corners[:, :, 1] - corners[:, :, 0]) / 2
    moved = torch.einsum("nij,nbj->nbi", to_part, centre - middle[:, None]) + half
    grown = reach * torch.diagonal(to_part, dim1=1, dim2=2).abs()[:, None]
    label = boxes[..., :1].clone()
    outside = ((moved < 4) | (moved > 2 * half - 4)).any(-1, keepdim=True)
    label[outside] = -1
    return torch.cat([label, moved - grown, moved + grown], -1)


def toned(image: Tensor) -> Tensor:
    """Another gamma, window, sharpness, grain for each view; air stays air."""
    count = len(image)
    mean, speck = image[:, :1], image[:, 1:]
    inside = (mean > 0.02).to(mean.dtype)
    gamma = torch.exp(torch.randn(count, 1, 1, 1) * 0.25)
    gain = torch.exp(torch.randn(count, 1, 1, 1) * 0.15)
    lift = torch.randn(count, 1, 1, 1) * 0.05
    level = mean.clamp(1e-4, 1)
    changed = (gain * level**gamma + lift).clamp(0, 1)
    slope = (gain * gamma * level ** (gamma - 1)).clamp(0.3, 3)
    speck = speck * slope
    if torch.rand(()) < 0.25:
        changed = functional.avg_pool2d(changed, 3, 1, 1)
        speck = functional.avg_pool2d(speck, 3, 1, 1) * 1.3
    grain = torch.rand(count, 1, 1, 1) ** 2 * 0.03
    changed = changed + torch.randn_like(changed) * grain
    speck = speck + torch.randn_like(speck).abs() * grain * 3
    return torch.cat([changed.clamp(0, 1) * inside, speck.clamp(0, 1) * inside], 1)


def foreign(image: Tensor) -> Tensor:
    """Each view turned into something that is no mammogram as it should be."""
    kinds = (_turned, _turned, _negative, _zoomed, _noise, _shapes, _shapes)
    made = [kinds[int(torch.randint(len(kinds), ()))](one) for one in image]
    return torch.stack(made).clamp(0, 1)


def _turned(one: Tensor) -> Tensor:
    """On its head or on its side."""
    if torch.rand(()) < 0.4:
        return torch.flip(one, (1, 2))
    sides = torch.rot90(one, 1 if torch.rand(()) < 0.5 else 3, (1, 2))
    return functional.interpolate(sides[None], size=one.shape[1:])[0]


def _negative(one: Tensor) -> Tensor:
    return torch.cat([1 - one[:1], one[1:]])


def _zoomed(one: Tensor) -> Tensor:
    """A small part of the breast, enlarged to fill the image."""
    row, column = int(torch.randint(60, 400, ())), int(torch.randint(10, 150, ()))
    part = one[None, :, row : row + 180, column : column + 110]
    return functional.interpolate(part, size=one.shape[1:], mode="bilinear")[0]


def _noise(one: Tensor) -> Tensor:
    grain = int(torch.randint(2, 120, ()))
    coarse = torch.rand(1, 1, grain, grain)
    plane = functional.interpolate(coarse, size=one.shape[1:], mode="bilinear")[0]
    plane = plane * torch.rand(()) + torch.rand(()) * 0.4
    return torch.cat([plane, (torch.randn_like(plane) * torch.rand(()) * 0.3).abs()])


def _shapes(one: Tensor) -> Tensor:
    """Limbs, chests and test objects in the rough: rods and ellipses at any angle."""
    height, width = one.shape[1:]
    down, across = torch.meshgrid(
        torch.linspace(-1.6, 1.6, height), torch.linspace(-1, 1, width), indexing="ij"
    )
    out = torch.rand(()) * 0.3 * torch.ones(height, width)
    for _ in range(int(torch.randint(2, 8, ()))):
        turn = torch.rand(()) * 3.2
        x = across * torch.cos(turn) + down * torch.sin(turn) - torch.randn(()) * 0.4
        y = down * torch.cos(turn) - across * torch.sin(turn) - torch.randn(()) * 0.4
        far = (x / (0.06 + torch.rand(()) * 0.6)) ** 2 + (y / (0.2 + torch.rand(()) * 1.5)) ** 2
        out = out + (1 - far).clamp(min=0).sqrt() * (torch.rand(()) * 0.8 + 0.1)
        if torch.rand(()) < 0.5:
            out = out + torch.exp(-(far - 0.8).abs() * 20) * 0.4
    out = out / out.max().clamp(min=0.5) + 0.02 * torch.randn(height, width)
    speck = 4 * (out - functional.avg_pool2d(out[None], 9, 1, 4)[0])
    return torch.stack([out, speck.clamp(0, 1)])
