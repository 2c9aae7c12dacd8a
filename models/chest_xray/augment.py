# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Changes to a batch while training: place, tones, processing, noise, what makers burn in.

`image` is (batch, 1, rows, rows) in 0..1, `cells` (batch, 5, h, h).
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.chest_xray.cases import SIZE

MOST_TURN = 0.12  #: radians


def varied(image: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Move, turn and scale images with their cells; change tones; add what makers add."""
    theta = _placing(len(image))
    image, cells = _warped(image, theta), _warped(cells, theta)
    image = toned(processed(image) if torch.rand(()) < 0.5 else image)
    if torch.rand(()) < 0.2:
        image = functional.avg_pool2d(image, 3, 1, 1)
    if torch.rand(()) < 0.5:
        image = image + torch.randn_like(image) * torch.rand(len(image), 1, 1, 1) ** 2 * 0.04
    for one in image:
        _burnt_in(one[0])
    return image.clamp(0, 1), cells


def estranged(plane: Tensor) -> Tensor:
    """Chests changed far more than a finding would survive: clouds, blots, a bright surround."""
    count = len(plane)
    draw = torch.rand(count, 1, 1, 1)
    closer = _sized(plane[:, :, 28:348, 38:346], SIZE)
    plane = torch.where(torch.rand(count, 1, 1, 1) < 0.5, closer, plane)
    clouds = functional.interpolate(torch.rand(count, 1, 7, 7), size=(SIZE, SIZE), mode="bicubic")
    blots = functional.interpolate(torch.rand(count, 1, 20, 20), size=(SIZE, SIZE), mode="bicubic")
    plane = plane + (clouds - 0.5) * 0.5 * draw + (blots - 0.5).clamp(min=0) * 0.6 * draw.flip(0)
    axis = torch.linspace(-1, 1, SIZE)
    far = (axis[:, None].abs() ** 4 + axis[None].abs() ** 4)[None, None]
    plane = plane + (far - 0.4).clamp(min=0) * 0.8 * (torch.rand(count, 1, 1, 1) - 0.2)
    return toned(processed(plane)).clamp(0, 1)


def processed(image: Tensor) -> Tensor:
    """What makers' programs do: bright and dark regions brought together, detail lifted."""
    count = len(image)
    coarse = functional.avg_pool2d(image, 16)
    coarse = functional.avg_pool2d(coarse, 3, 1, 1, count_include_pad=False)
    slow = functional.interpolate(coarse, size=image.shape[2:], mode="bilinear")
    flat = 0.75 * torch.rand(count, 1, 1, 1) * (torch.rand(count, 1, 1, 1) < 0.6)
    fine = image - functional.avg_pool2d(image, 5, 1, 2, count_include_pad=False)
    sharp = (torch.rand(count, 1, 1, 1) - 0.35) * 1.4
    made = image - flat * (slow - slow.mean((2, 3), keepdim=True)) + sharp * fine
    low, high = made.amin((2, 3), keepdim=True), made.amax((2, 3), keepdim=True)
    return torch.where(flat > 0, (made - low) / (high - low).clamp(min=0.1), made)


def toned(image: Tensor) -> Tensor:
    """Another window, another gamma and another curve for each image."""
    count = len(image)
    low = (torch.rand(count, 1, 1, 1) - 0.4) * 0.3
    high = 1 + (torch.rand(count, 1, 1, 1) - 0.65) * 0.45
    gamma = torch.exp(torch.randn(count, 1, 1, 1) * 0.35)
    image = ((image - low) / (high - low)).clamp(1e-3, 1) ** gamma
    bend = (torch.rand(count, 1, 1, 1) - 0.5) * 0.8
    return image + bend * image * (1 - image) * (1 - 2 * image)


def _placing(count: int) -> Tensor:
    """Affine maps (count, 2, 3) for `affine_grid`."""
    turn = (torch.rand(count) * 2 - 1) * MOST_TURN
    scale = torch.exp((torch.rand(count) - 0.65) * 0.45)  # below 1 magnifies
    aspect = torch.exp(torch.randn(count) * 0.05)
    shift = torch.randn(count, 2) * 0.05
    cos, sin = torch.cos(turn) * scale, torch.sin(turn) * scale
    top = torch.stack([cos * aspect, -sin, shift[:, 0]], 1)
    return torch.stack([top, torch.stack([sin, cos / aspect, shift[:, 1]], 1)], 1)


def _warped(plane: Tensor, theta: Tensor) -> Tensor:
    where = functional.affine_grid(theta, list(plane.shape), align_corners=False)
    return functional.grid_sample(plane, where, align_corners=False)


def _sized(plane: Tensor, size: int) -> Tensor:
    return functional.interpolate(plane, size=(size, size), mode="bilinear")


def _burnt_in(plane: Tensor) -> None:
    """A black or white border, a bright side marker; in some images."""
    draw, end = torch.rand(8).tolist(), len(plane)
    if draw[0] < 0.25:
        edge = 1.0 if draw[7] < 0.25 else 0.0
        sides = [int(share * end / 11) for share in draw[1:5]]
        plane[: sides[0]], plane[end - sides[1] :] = edge, edge
        plane[:, : sides[2]], plane[:, end - sides[3] :] = edge, edge
    if draw[5] < 0.4:
        row, column = int(draw[1] * 72) + 6, int(draw[2] * 72) + 6
        column = end - 24 - column if draw[6] < 0.5 else column
        size = 6 + int(draw[3] * 11)
        plane[row : row + size, column : column + 2] = 1.0
        plane[row + size : row + size + 2, column : column + size // 2 + 2] = 1.0
