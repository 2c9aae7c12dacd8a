"""One simulated case as the network sees it, and as it is stored between two trainings."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.manifest import Manifest
from models.steps import Geometry, Image, prepare

SIZE: Final = 384  #: rows and columns of the input tensor
CELLS: Final = 48  #: rows and columns of the location map
LABELS: Final = (
    "pneumothorax", "pleural_effusion", "consolidation", "nodule", "cardiomegaly",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """`tensor` (1, 1, 384, 384) in 0..1; `cells` (5, 48, 48), the covered share of each cell."""

    tensor: NDArray[np.float32]
    cells: NDArray[np.float32]
    present: NDArray[np.bool_]
    geometry: Geometry


def case(
    pixels: NDArray[np.uint16], masks: Mapping[str, NDArray[np.bool_]], manifest: Manifest
) -> Case:
    """Prepare an image as a worker does, and its masks with it."""
    ready = prepare(Image(pixels.astype(np.float32)), manifest.input.step)
    cells = np.zeros((len(LABELS), CELLS, CELLS), np.float32)
    for channel, name in enumerate(LABELS):
        if name in masks:
            cells[channel] = _shares(masks[name], ready.geometry)
    present = np.array([name in masks for name in LABELS])
    return Case(ready.tensor, cells, present, ready.geometry)


def stored(one: Case) -> dict[str, Any]:
    """`image` uint8 (384, 384), `cells` uint8 (5, 48, 48), `present` uint8 (5,)."""
    return {
        "image": np.round(one.tensor[0, 0] * 255).astype(np.uint8),
        "cells": np.round(one.cells * 255).astype(np.uint8),
        "present": one.present.astype(np.uint8),
    }


def _shares(mask: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.float32]:
    """How much of each cell of the input tensor `mask` (rows, columns of the image) covers."""
    per_cell = SIZE // CELLS
    centres = np.arange(SIZE) + 0.5
    points = geometry.to_original(np.column_stack([centres, centres]))
    columns, rows = np.floor(points).astype(int).T
    inside = np.outer(
        (rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1])
    )
    near = np.ix_(rows.clip(0, mask.shape[0] - 1), columns.clip(0, mask.shape[1] - 1))
    fitted = (mask[near] & inside).astype(np.float32)
    return np.asarray(fitted.reshape(CELLS, per_cell, CELLS, per_cell).mean(axis=(1, 3)))
