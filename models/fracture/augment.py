# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Changes to a batch while training. Images are (batch, 1, rows, columns) in 0..1."""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from models.fracture.cases import DOUBT, SIZE
from models.fracture.targets import SMALLEST

WINDOW: Final = (416, 320)  #: rows, columns of what a step sees of a case
KEPT: Final = 0.5  #: of a box must be in the window, else it is doubtful


def moved(image: Tensor, frame: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """A window of each image, turned, scaled and mirrored, and the boxes in it.

    `image` (batch, 1, 512, 512); `frame` (batch, 4) is where it is no padding; `boxes`
    (batch, n, 5) with the site, -1 for none.
    """
    count, (rows, columns) = len(image), WINDOW
    turn = torch.randn(count) * 0.09
    scale = torch.exp(torch.randn(count) * 0.13 + 0.04)  # above 1 magnifies
    aspect = torch.exp(torch.randn(count) * 0.03)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(turn) / scale, torch.sin(turn) / scale
    # from the window, measured from its middle, to the image
    matrix = torch.stack(
        [
            torch.stack([cos * mirror * aspect, -sin], 1),
            torch.stack([sin * mirror * aspect, cos], 1),
        ],
        1,
    )
    middle = (frame[:, :2] + frame[:, 2:]) / 2
    room = ((frame[:, 2:] - frame[:, :2]) / 2 - torch.tensor([columns, rows]) / 2).abs() * 0.8
    middle = middle + (torch.rand(count, 2) * 2 - 1) * (room + 8)
    down = (torch.arange(rows) + 0.5 - rows / 2)[:, None]
    across = (torch.arange(columns) + 0.5 - columns / 2)[None]
    # of the image, from -1 to 1: what `grid_sample` wants
    places = [
        (matrix[:, n, 0, None, None] * across + matrix[:, n, 1, None, None] * down) * (2 / SIZE)
        + (middle[:, n, None, None] * (2 / SIZE) - 1)
        for n in range(2)
    ]
    planes = functional.grid_sample(image, torch.stack(places, 3), align_corners=False)
    return planes, _boxes(boxes, matrix, middle)


def _boxes(boxes: Tensor, matrix: Tensor, middle: Tensor) -> Tensor:
    rows, columns = WINDOW
    x, y = boxes[..., [0, 2, 2, 0]], boxes[..., [1, 1, 3, 3]]
    # a box's corners are cut by an ellipse: turned boxes grow less
    middle_x, middle_y = x.mean(-1, keepdim=True), y.mean(-1, keepdim=True)
    points = torch.stack([x, y], -1) - middle[:, None, None]
    inverse = torch.linalg.inv(matrix)
    out = torch.einsum("nij,nbcj->nbci", inverse, points)
    centre = torch.einsum(
        "nij,nbcj->nbci", inverse, torch.stack([middle_x, middle_y], -1) - middle[:, None, None]
    )
    half = (out - centre).abs()
    low = centre[..., 0, :] - half.amax(2) * 0.96 + torch.tensor([columns, rows]) / 2
    high = centre[..., 0, :] + half.amax(2) * 0.96 + torch.tensor([columns, rows]) / 2
    end = torch.tensor([columns, rows]).float()
    inner_low, inner_high = low.clamp(min=0).minimum(end), high.clamp(min=0).minimum(end)
    left = (inner_high - inner_low).prod(-1) / (high - low).prod(-1).clamp(min=1e-3)
    kept = (left >= KEPT) & ((inner_high - inner_low).amin(-1) >= SMALLEST)
    some = (boxes[..., 4] >= 0) & ((inner_high - inner_low).amin(-1) > 0)
    cut = torch.where(some, boxes[..., 4] % DOUBT + DOUBT, -1.0)
    site = torch.where(kept, boxes[..., 4], cut)
    return torch.cat([inner_low, inner_high, site[..., None]], -1)


def toned(image: Tensor) -> Tensor:
    """Another window, gamma, sharpness and noise for each image; clouds; things burnt in."""
    count = len(image)
    low = (torch.rand(count, 1, 1, 1) - 0.4) * 0.22
    high = 1 + (torch.rand(count, 1, 1, 1) - 0.3) * 0.38
    gamma = torch.exp(torch.randn(count, 1, 1, 1) * 0.30)
    image = ((image - low) / (high - low)).clamp(1e-3, 1) ** gamma
    blurred = functional.avg_pool2d(image, 3, 1, 1)
    amount = torch.randn(count, 1, 1, 1) * 0.45 - 0.1  # below 0 blurs, above sharpens
    image = image + amount.clamp(-0.9, 1.2) * (image - blurred)
    clouds = functional.interpolate(
        torch.rand(count, 1, 5, 5), size=image.shape[2:], mode="bilinear"
    )
    image = image + (clouds - 0.5) * 0.35 * torch.rand(count, 1, 1, 1) * (image > 0.02)
    image = image + torch.randn_like(image) * torch.rand(count, 1, 1, 1) ** 2 * 0.045
    for one in image:
        _burnt_in(one[0])
    return image.clamp(0, 1)


def _burnt_in(plane: Tensor) -> None:
    """A black or white border, a bright bar; in some images."""
    draw = torch.rand(8).tolist()
    rows, columns = plane.shape
    if draw[0] < 0.15:
        edge = 1.0 if draw[7] < 0.3 else 0.0
        sides = [int(share * 22) for share in draw[1:5]]
        plane[: sides[0]], plane[rows - sides[1] :] = edge, edge
        plane[:, : sides[2]], plane[:, columns - sides[3] :] = edge, edge
    if draw[5] < 0.15:
        row, column = int(draw[1] * (rows - 40)), int(draw[2] * 40)
        column = columns - 50 + column // 4 if draw[6] < 0.5 else column
        plane[row : row + 8 + int(30 * draw[3]), column : column + 3 + math.ceil(4 * draw[4])] = 1.0
