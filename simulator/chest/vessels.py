# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""The vessels of the lungs: trees that leave the hila, fork, bend and thin out."""

from typing import Final

import numpy as np

from simulator.chest.lungs import LungShape
from simulator.chest.tubes import STEP, Points

FORKS: Final = 6
TREES: Final = 8  #: in each lung: arteries and veins of its lobes
RADII: Final = (0.06, 0.1, 0.16, 0.25, 0.36, 0.5)  #: cm; every vessel has the nearest one


def trees(form: LungShape, rng: np.random.Generator) -> list[tuple[Points, float, float]]:
    """Tubes (points, radius, 1.0) of one lung; what would leave the lung is left out."""
    made: list[tuple[Points, float, float]] = []
    hilum = np.array([form.side * 2.9, -0.9 + 0.5 * (form.side < 0), -0.3])
    for number in range(TREES):
        angle = (number + rng.uniform(0.1, 0.9)) / TREES * 2.6 - 1.35
        towards = np.array([form.side * np.cos(angle), np.sin(angle) * 1.15, rng.normal(0, 0.45)])
        start = hilum + rng.normal(0, 0.5, 3) * (0.4, 1.2, 1.0)
        _grow(made, form, rng, start[None], towards[None] / np.linalg.norm(towards))
    return made


def _grow(
    made: list[tuple[Points, float, float]],
    form: LungShape,
    rng: np.random.Generator,
    starts: Points,
    ways: Points,
) -> None:
    """All generations of one tree, each as one array of segments with a bend in the middle."""
    radius, length = rng.uniform(0.36, 0.55), rng.uniform(2.4, 3.4)
    for _ in range(FORKS):
        bent = ways + rng.normal(0, 0.18, ways.shape)
        bent /= np.linalg.norm(bent, axis=1, keepdims=True)
        middles = starts + ways * length / 2
        ends = middles + bent * length / 2
        kept = form.holds(ends, 0.3) | (form.holds(middles) & (rng.random(len(ends)) < 0.3))
        if not kept.any():
            return
        count = max(int(length / 2 / STEP), 1)
        along = ((np.arange(count) + 0.5) / count * length / 2)[:, None, None]
        points = np.concatenate([starts + ways * along, middles + bent * along])[:, kept]
        size = min(RADII, key=lambda one: abs(one - radius))
        made.append((points.reshape(-1, 3), size, length / 2 / count / STEP))
        starts, ways = np.repeat(ends[kept], 2, axis=0), np.repeat(bent[kept], 2, axis=0)
        ways = ways + rng.normal(0, 0.42, ways.shape)
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        radius, length = radius * 0.75, length * rng.uniform(0.72, 0.86)
