"""Forms that anatomy is made of: rounded edges, rods, ellipsoids, smooth noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator.chest.person import Floats, Grid


def round_root(distance: NDArray[Any], reach: float) -> Floats:
    """0 at 0, 1 from `reach` on, as a quarter of a circle: a round body's thickness."""
    share = np.clip(1 - distance / reach, 0, 1)
    return np.asarray(np.sqrt(1 - share * share), np.float32)


def capsule(grid: Grid, start: tuple[float, float], end: tuple[float, float]) -> Floats:
    """The distance in cm of every pixel from the line between two points (across, y)."""
    along = np.subtract(end, start)
    length2 = float(along @ along) or 1e-6
    dx, dy = grid.across - np.float32(start[0]), grid.y - np.float32(start[1])
    share = np.clip((dx * along[0] + dy * along[1]) / length2, 0, 1)
    return np.asarray(np.hypot(dx - share * along[0], dy - share * along[1]), np.float32)


def ellipsoid(
    grid: Grid, centre: tuple[float, float, float], axes: tuple[float, float, float], tilt: float
) -> Floats:
    """Centimetres along the beam through an ellipsoid: half axes (x, y, z), leaning in x, y."""
    reach_x = np.sqrt(max(axes[0] ** 2 - (axes[1] * np.sin(tilt)) ** 2, 1.0)) / np.cos(tilt)
    if grid.lateral:
        dz, dy = grid.from_axis(np.array(centre))
        u, v, depth = dz / axes[2], dy / axes[1], axes[0]
    else:
        dx, dy = grid.from_axis(np.array(centre))
        u = (dx * np.cos(tilt) + dy * np.sin(tilt)) / reach_x
        v = (dy * np.cos(tilt) - dx * np.sin(tilt)) / axes[1]
        depth = axes[2]
    return np.asarray(2 * depth * np.sqrt(np.clip(1 - u * u - v * v, 0, None)), np.float32)


def texture(grid: Grid, rng: np.random.Generator, scale_cm: float) -> Floats:
    """Smooth noise of unit variance with details of about `scale_cm`, fixed in the patient."""
    count = int(np.clip(60 / scale_cm, 8, 160))
    table = rng.normal(size=(count, count)).astype(np.float32)
    places = [(axis + 30) / 60 * count for axis in (grid.y, grid.across)]
    return np.asarray(ndimage.map_coordinates(table, places, order=1, mode="grid-wrap") * 1.4)
