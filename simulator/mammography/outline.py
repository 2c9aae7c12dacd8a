# ruff: noqa: PLR2004 - shares and sizes of what is varied, each used once
"""The compressed breast as one view shows it: its outline, rim, nipple and muscle.

Frame of a view: (row, column) in mm from the top left corner of a window that holds the
breast; the chest wall is at column 0, the arm (CC) or the head (MLO) at row 0's side.
"""

import dataclasses
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.mammography.breast import Woman, upper
from simulator.mammography.truth import Place

Floats = NDArray[np.float32]

GRID_MM: Final = 0.5  #: of the distance map
BLOCK_MM: Final = 16  #: windows are whole blocks, so that few sizes of transform occur


@dataclasses.dataclass(frozen=True, slots=True)
class Outline:
    """Where things are in one view."""

    position: str
    rows: float  #: height of the window
    columns: float  #: its width
    top: float  #: of the window in the image: negative where the image cuts it
    nipple: tuple[float, float]
    thickness: float
    distance: Floats  #: from the skin, positive inside, on the grid of `GRID_MM`
    muscle: tuple[float, float, float] | None  #: column at row 0, row at column 0, bulge

    def seen_at(self, spot: Place, rng: np.random.Generator) -> tuple[float, float]:
        """Where the view shows a place of the breast: its depth is kept to a few mm."""
        height = spot.lateral if self.position == "CC" else upper(spot)
        shift = rng.normal(0, 1.5, 2)
        row, column = self.nipple[0] - height + shift[0], self.nipple[1] - spot.depth + shift[1]
        return float(row), float(max(column, 8.0))


def outline(position: str, body: Woman, image_rows: float, rng: np.random.Generator) -> Outline:
    """The outline of one breast in one view of an image `image_rows` mm high."""
    edge, apex, depth, top = (_craniocaudal if position == "CC" else _oblique)(
        body, image_rows, rng
    )
    rows = BLOCK_MM * np.ceil(min(edge.size * GRID_MM, image_rows) / BLOCK_MM)
    columns = BLOCK_MM * np.ceil((depth + 12) / BLOCK_MM)
    edge = np.pad(edge, (0, max(0, int(rows / GRID_MM) - edge.size)))[: int(rows / GRID_MM)]
    drop = rng.uniform(-8, 8) if position == "CC" else rng.uniform(0, 16)
    row = float(np.clip(apex + drop, 10, rows - 12))
    column = float(edge[int(row / GRID_MM)])
    muscle = None
    if position == "MLO":
        muscle = (rng.uniform(22, 58), rng.uniform(0.55, 0.95) * row, rng.uniform(-0.1, 0.22))
    return Outline(
        position, rows, columns, top, (row, column),
        body.thickness * rng.uniform(0.94, 1.06),
        _distance(edge, int(columns / GRID_MM), (row, column), rng), muscle,
    )  # fmt: skip


def _craniocaudal(
    body: Woman, image_rows: float, rng: np.random.Generator
) -> tuple[Floats, float, float, float]:
    """The skin's column of each grid row, the apex' row, the depth, the window's top."""
    depth = body.depth * rng.uniform(0.96, 1.04)
    upper_half, lower_half = body.half * rng.uniform(0.94, 1.08, 2)
    total = upper_half + lower_half + 4
    rows = (np.arange(int(total / GRID_MM)) + 0.5) * GRID_MM - upper_half - 2
    share = np.abs(rows) / np.where(rows < 0, upper_half, lower_half)
    bulge, power = rng.uniform(1.7, 2.2), rng.uniform(1.35, 1.9)
    edge = depth * np.clip(1 - share**bulge, 0, 1) ** (1 / power)
    top = (image_rows - total) / 2 + rng.normal(0, 6)
    return (
        edge.astype(np.float32),
        upper_half + 2,
        depth,
        float(max(top, min(0, image_rows - total))),
    )


def _oblique(
    body: Woman, image_rows: float, rng: np.random.Generator
) -> tuple[Floats, float, float, float]:
    """As `_craniocaudal`; the upper part runs on to the axilla at the image's top."""
    depth = body.depth * rng.uniform(0.98, 1.1)
    lower = body.half * rng.uniform(0.85, 1.0)
    above = float(np.clip(body.half * rng.uniform(1.35, 1.7), 80, image_rows - 0.75 * lower))
    rows = (np.arange(int((above + lower + 3) / GRID_MM)) + 0.5) * GRID_MM - above
    arm, length = rng.uniform(0.42, 0.72), above * rng.uniform(0.95, 1.2)
    over = np.clip(-rows / length, 0, 1)
    upper_edge = arm + (1 - arm) * np.cos(np.pi / 2 * over) ** rng.uniform(1.0, 1.5)
    under = np.clip(rows / lower, 0, 1)
    lower_edge = np.clip(1 - under ** rng.uniform(1.9, 2.6), 0, 1) ** rng.uniform(0.55, 0.75)
    edge = depth * np.where(rows < 0, upper_edge, lower_edge)
    return edge.astype(np.float32), above, depth, 0.0


def _distance(
    edge: Floats, columns: int, nipple: tuple[float, float], rng: np.random.Generator
) -> Floats:
    """Distance from the skin in mm, positive inside, on `GRID_MM`; the nipple stands out."""
    across = (np.arange(columns) + 0.5) * GRID_MM
    down = (np.arange(edge.size) + 0.5) * GRID_MM
    mask = across[None] < edge[:, None]
    if rng.random() < 0.8:
        wide, out = rng.uniform(4, 6.5), rng.uniform(3, 7)
        mask |= ((down[:, None] - nipple[0]) / wide) ** 2 + ((across - nipple[1]) / out) ** 2 < 1
    padded = np.pad(mask, ((0, 0), (1, 0)), constant_values=True)
    inside = ndimage.distance_transform_edt(padded)[:, 1:]
    outside = ndimage.distance_transform_edt(~padded)[:, 1:]
    signed = np.where(mask, inside - 0.5, 0.5 - outside) * GRID_MM
    return np.asarray(ndimage.gaussian_filter(signed, 1.5), np.float32)
