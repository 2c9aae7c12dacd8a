# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""Batches of a training: parts of views, mostly round lesions, and whole views."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

import torch
from numpy.typing import NDArray
from torch import Tensor

from models.mammography import augment
from models.mammography.augment import CROP

WHOLE: Final = (832, 512)
PARTS_BATCH: Final = 12
WHOLE_BATCH: Final = 6
FOREIGN: Final = 2  #: of the images of a batch of whole views

Batch = dict[str, Tensor]


@dataclasses.dataclass(frozen=True, slots=True)
class Views:
    """Views and what is in them; `foreign` are prepared images of other regions.

    `image` uint8 (n, 2, 832, 512), `boxes` float (n, most, 5) with the label or -1 first,
    `density` (n,), `view` (n,): 0 CC, 1 MLO.
    """

    image: Tensor
    boxes: Tensor
    density: Tensor
    view: Tensor
    foreign: Tensor


def views(arrays: Mapping[str, NDArray[Any]], foreign: NDArray[Any]) -> Views:
    """The cases of `train.simulate`, every view by itself."""
    image = torch.from_numpy(arrays["image"]).flatten(0, 1)
    count = len(arrays["image"])
    return Views(
        image,
        torch.from_numpy(arrays["boxes"]).flatten(0, 1),
        torch.from_numpy(arrays["density"]).long().repeat_interleave(2),
        torch.arange(2).repeat(count),
        torch.from_numpy(foreign),
    )


def batches(data: Views) -> Iterator[Batch]:
    """One pass: every view once, in parts or whole."""
    order = torch.randperm(len(data.image))
    first = 0
    while first < len(order) - 1:  # one view alone has no deviation to be normalised by
        whole = bool(torch.rand(()) < 0.4)
        last = first + (WHOLE_BATCH if whole else PARTS_BATCH)
        rows = order[first:last]
        yield _whole(data, rows) if whole else _parts(data, rows)
        first = last


def _parts(data: Views, rows: Tensor) -> Batch:
    """Parts of `CROP`: three of four with a lesion where the view has one."""
    boxes = data.boxes[rows]
    middle = torch.stack(
        [_middle(data.image[row], one) for row, one in zip(rows, boxes, strict=True)]
    )
    image, boxes = augment.placed(
        data.image[rows].float() / 255, boxes, data.view[rows] == 0, CROP, middle
    )
    return {"image": augment.toned(image), "boxes": boxes}


def _middle(image: Tensor, boxes: Tensor) -> Tensor:
    """Where a part of the view has its middle: (column, row)."""
    there = boxes[boxes[:, 0] >= 0]
    jitter = (torch.rand(2) - 0.5) * torch.tensor([CROP[1] * 0.8, CROP[0] * 0.8])
    if len(there) and torch.rand(()) < 0.75:
        one = there[int(torch.randint(len(there), ()))]
        return torch.stack([(one[1] + one[3]) / 2, (one[2] + one[4]) / 2]) + jitter
    rows = int((image[0, ::8, 8] > 0).sum()) * 8
    columns = int((image[0, max(rows // 2, 0), ::8] > 0).sum()) * 8
    return torch.rand(2) * torch.tensor([float(max(columns, 64)), float(max(rows, 64))])


def _whole(data: Views, rows: Tensor) -> Batch:
    """Whole views, the last of them made foreign; `density` is -1 for those."""
    image = data.image[rows].float() / 255
    middle = torch.tensor([WHOLE[1] / 2, WHOLE[0] / 2]) + torch.randn(len(rows), 2) * 6
    image, boxes = augment.placed(image, data.boxes[rows], data.view[rows] == 0, WHOLE, middle)
    density, view = data.density[rows].clone(), data.view[rows]
    count = min(FOREIGN, len(rows) - 1)
    if count > 0:
        image = augment.toned(image)
        image[-count:] = augment.foreign(image[-count:])
        if len(data.foreign) and torch.rand(()) < 0.6:
            one = data.foreign[int(torch.randint(len(data.foreign), ()))]
            image[-1] = one.float() / 255
        density[-count:] = -1
        boxes[-count:, :, 0] = -1
    return {"image": image, "boxes": boxes, "density": density, "view": view}
