# ruff: noqa: PLR2004 - shares and sizes of what is drawn, each used once
"""Images that are no frontal chest radiograph, made of ones that are, or drawn.

They teach the `region` output. `image` is (batch, 1, 384, 384) in 0..1.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.chest_xray.cases import SIZE


def foreign(image: Tensor) -> Tensor:
    """Each image turned into something that is no frontal chest radiograph as it should be."""
    kinds = (
        _upright, _upside_down, _negative, _crop, _noise, _shapes, _shapes, _limb, _limb, _breast,
        _squeezed,
    )  # fmt: skip
    made = [kinds[int(torch.randint(len(kinds), ()))](one) for one in image]
    return torch.stack(made).clamp(0, 1)


def _upright(one: Tensor) -> Tensor:
    return torch.rot90(one, 1 if torch.rand(()) < 0.5 else 3, (1, 2))


def _upside_down(one: Tensor) -> Tensor:
    return torch.flip(one, (1, 2) if torch.rand(()) < 0.5 else (1,))


def _negative(one: Tensor) -> Tensor:
    return 1 - one


def _crop(one: Tensor) -> Tensor:
    """A small part, enlarged."""
    size = int(torch.randint(60, 130, ()))
    row, column = (int(torch.randint(24, SIZE - 24 - size, ())) for _ in range(2))
    part = one[None, :, row : row + size, column : column + size]
    return functional.interpolate(part, size=(SIZE, SIZE), mode="bilinear")[0]


def _noise(one: Tensor) -> Tensor:
    plane = _clouds(int(torch.randint(2, 190, ())))
    return plane * torch.rand(()) + torch.rand(()) * 0.5 + 0.02 * torch.randn_like(one)


def _clouds(grain: int) -> Tensor:
    coarse = torch.rand(1, 1, grain, grain)
    return functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear")[0]


def _squeezed(one: Tensor) -> Tensor:
    """A narrow image in a square: no chest has this shape."""
    narrow = functional.interpolate(one[None], size=(SIZE, int(torch.randint(70, 140, ()))))[0]
    out = torch.zeros_like(one)
    out[:, :, 120 : 120 + narrow.shape[2]] = narrow
    return out if torch.rand(()) < 0.5 else out.transpose(1, 2)


def _axes(turn: float) -> tuple[Tensor, Tensor]:
    axis = torch.linspace(-1, 1, SIZE)
    down, across = torch.meshgrid(axis, axis, indexing="ij")
    cos, sin = torch.cos(torch.tensor(turn)), torch.sin(torch.tensor(turn))
    return across * cos + down * sin, down * cos - across * sin


def _shapes(one: Tensor) -> Tensor:
    """Skulls and test objects in the rough: bright rods and ellipses, at any angle."""
    out = torch.rand(()) * 0.2 + torch.zeros(SIZE, SIZE)
    for _ in range(int(torch.randint(1, 7, ()))):
        x, y = _axes(float(torch.rand(())) * 3.2)
        x, y = x - torch.randn(()) * 0.3, y - torch.randn(()) * 0.3
        wide, tall = 0.05 + torch.rand(()) * 0.5, 0.2 + torch.rand(()) * 1.5
        out = out + (1 - (x / wide) ** 2 - (y / tall) ** 2).clamp(min=0).sqrt() * (
            torch.rand(()) * 0.8 + 0.1
        )
        if torch.rand(()) < 0.5:
            ring = ((x / wide) ** 2 + (y / tall) ** 2 - 0.8).abs()
            out = out + torch.exp(-ring * 20) * 0.4
    return (out / out.max().clamp(min=0.5))[None] + 0.02 * torch.randn_like(one)


def _limb(one: Tensor) -> Tensor:
    """A limb: soft tissue with one or two long bones, a joint of many small ones, a splint."""
    x, y = _axes(float(torch.randn(())) * 0.3)
    soft = (1 - (x / (0.4 + 0.3 * torch.rand(()))) ** 2).clamp(min=0).sqrt()
    out = 0.3 * soft
    joint = float(torch.rand(())) * 0.8 - 0.4
    for _ in range(int(torch.randint(1, 3, ()))):
        off, wide = (torch.rand(()) - 0.5) * 0.5, 0.06 + 0.1 * torch.rand(())
        wide = wide * (1 + 0.8 * torch.exp(-(((y - joint) / 0.15) ** 2)))
        out = out + 0.5 * ((x - off).abs() < wide) * (y > joint) * (
            1.4 - (1 - ((x - off) / wide) ** 2).clamp(0, 1).sqrt()
        )
    for _ in range(int(torch.randint(0, 14, ()))):
        dx, dy = x - torch.randn(()) * 0.22, y - joint + torch.rand(()) * 0.6
        size = 0.03 + 0.07 * torch.rand(())
        out = (
            out
            + 0.3
            * (1 - (dx / size) ** 2 - (dy / (size * (1 + 2 * torch.rand(())))) ** 2)
            .clamp(min=0)
            .sqrt()
        )
    out = out + 0.04 * _clouds(60)[0] * soft
    return (out / out.max().clamp(min=0.5))[None] + 0.01 * torch.randn_like(one)


def _breast(one: Tensor) -> Tensor:
    """A half disc at one side, with clouds of every size."""
    x, y = _axes(0.0)
    side = 1.0 if torch.rand(()) < 0.5 else -1.0
    inside = (
        1
        - ((side * x + 1) / (0.8 + 0.8 * torch.rand(()))) ** 2
        - (y / (0.6 + 0.5 * torch.rand(()))) ** 2
    ).clamp(min=0) ** 0.3
    rough = sum(_clouds(grain)[0] / (1 + number) for number, grain in enumerate((5, 12, 30, 80)))
    return (inside * (0.2 + 0.45 * rough))[None] + 0.01 * torch.randn_like(one)
