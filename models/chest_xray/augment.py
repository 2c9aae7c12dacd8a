# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Changes to a batch while training, and images that are no frontal chest radiograph.

`image` is (batch, 1, 320, 320) in 0..1, `cells` (batch, 5, 40, 40).
"""

import torch
from torch import Tensor
from torch.nn import functional

MOST_TURN = 0.12  #: radians


def varied(image: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Move, turn and scale images with their cells; change tones; add what makers add."""
    theta = _placing(len(image))
    image, cells = _warped(image, theta), _warped(cells, theta)
    image = _toned(image)
    if torch.rand(()) < 0.3:
        image = functional.avg_pool2d(image, 3, 1, 1)
    image = image + torch.randn_like(image) * torch.rand(len(image), 1, 1, 1) ** 2 * 0.05
    for one in image:
        _burnt_in(one[0])
    return image.clamp(0, 1), cells


def foreign(image: Tensor) -> Tensor:
    """Each image turned into something that is no frontal chest radiograph as it should be."""
    kinds = (_upright, _upside_down, _negative, _crop, _noise, _shapes, _shapes, _squeezed)
    made = [kinds[int(torch.randint(len(kinds), ()))](one) for one in image]
    return torch.stack(made).clamp(0, 1)


def _placing(count: int) -> Tensor:
    """Affine maps (count, 2, 3) for `affine_grid`."""
    turn = (torch.rand(count) * 2 - 1) * MOST_TURN
    scale = torch.exp((torch.rand(count) - 0.55) * 0.42)  # below 1 magnifies
    aspect = torch.exp(torch.randn(count) * 0.04)
    shift = torch.randn(count, 2) * 0.05
    cos, sin = torch.cos(turn) * scale, torch.sin(turn) * scale
    top = torch.stack([cos * aspect, -sin, shift[:, 0]], 1)
    return torch.stack([top, torch.stack([sin, cos / aspect, shift[:, 1]], 1)], 1)


def _warped(plane: Tensor, theta: Tensor) -> Tensor:
    where = functional.affine_grid(theta, list(plane.shape), align_corners=False)
    return functional.grid_sample(plane, where, align_corners=False)


def _toned(image: Tensor) -> Tensor:
    """Another window and another gamma for each image."""
    count = len(image)
    low = (torch.rand(count, 1, 1, 1) - 0.3) * 0.22
    high = 1 + (torch.rand(count, 1, 1, 1) - 0.6) * 0.35
    gamma = torch.exp(torch.randn(count, 1, 1, 1) * 0.3)
    return ((image - low) / (high - low)).clamp(1e-3, 1) ** gamma


def _burnt_in(plane: Tensor) -> None:
    """A black or white border, a bright side marker; in some images."""
    draw = torch.rand(8).tolist()
    if draw[0] < 0.25:
        edge = 1.0 if draw[7] < 0.25 else 0.0
        sides = [int(share * 28) for share in draw[1:5]]
        plane[: sides[0]], plane[320 - sides[1] :] = edge, edge
        plane[:, : sides[2]], plane[:, 320 - sides[3] :] = edge, edge
    if draw[5] < 0.4:
        row, column = int(draw[1] * 60) + 5, int(draw[2] * 60) + 5
        column = 300 - column if draw[6] < 0.5 else column
        size = 5 + int(draw[3] * 9)
        plane[row : row + size, column : column + 2] = 1.0
        plane[row + size : row + size + 2, column : column + size // 2 + 2] = 1.0


def _upright(one: Tensor) -> Tensor:
    return torch.rot90(one, 1 if torch.rand(()) < 0.5 else 3, (1, 2))


def _upside_down(one: Tensor) -> Tensor:
    return torch.flip(one, (1, 2) if torch.rand(()) < 0.5 else (1,))


def _negative(one: Tensor) -> Tensor:
    return 1 - one


def _crop(one: Tensor) -> Tensor:
    """A small part, enlarged."""
    size = int(torch.randint(50, 110, ()))
    row, column = (int(torch.randint(20, 300 - size, ())) for _ in range(2))
    part = one[None, :, row : row + size, column : column + size]
    return functional.interpolate(part, size=(320, 320), mode="bilinear")[0]


def _noise(one: Tensor) -> Tensor:
    grain = int(torch.randint(2, 160, ()))
    coarse = torch.rand(1, 1, grain, grain)
    plane = functional.interpolate(coarse, size=(320, 320), mode="bilinear")[0]
    return plane * torch.rand(()) + torch.rand(()) * 0.5 + 0.02 * torch.randn_like(one)


def _squeezed(one: Tensor) -> Tensor:
    """A narrow image in a square: no chest has this shape."""
    narrow = functional.interpolate(one[None], size=(320, int(torch.randint(60, 120, ()))))[0]
    out = torch.zeros_like(one)
    out[:, :, 100 : 100 + narrow.shape[2]] = narrow
    return out if torch.rand(()) < 0.5 else out.transpose(1, 2)


def _shapes(one: Tensor) -> Tensor:
    """Limbs, skulls and test objects in the rough: bright rods and ellipses, at any angle."""
    axis = torch.linspace(-1, 1, 320)
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    out = torch.rand(()) * 0.2 + torch.zeros(320, 320)
    for _ in range(int(torch.randint(1, 7, ()))):
        turn = float(torch.rand(())) * 3.2
        x = across * torch.cos(torch.tensor(turn)) + down * torch.sin(torch.tensor(turn))
        y = down * torch.cos(torch.tensor(turn)) - across * torch.sin(torch.tensor(turn))
        x, y = x - torch.randn(()) * 0.3, y - torch.randn(()) * 0.3
        wide, tall = 0.05 + torch.rand(()) * 0.5, 0.2 + torch.rand(()) * 1.5
        inside = (1 - (x / wide) ** 2 - (y / tall) ** 2).clamp(min=0).sqrt()
        out = out + inside * (torch.rand(()) * 0.8 + 0.1)
        if torch.rand(()) < 0.5:
            ring = ((x / wide) ** 2 + (y / tall) ** 2 - 0.8).abs()
            out = out + torch.exp(-ring * 20) * 0.4
    return (out / out.max().clamp(min=0.5))[None] + 0.02 * torch.randn_like(one)
