# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""One chest as layers along the beam; findings and devices change them before the exposure."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from simulator import xray
from simulator.chest import bones, lungs, middle, vessels
from simulator.chest.lungs import Lung
from simulator.chest.person import SIDES, Floats, Grid, Person
from simulator.chest.shapes import texture
from simulator.chest.tubes import thickness

DENSITY = 0.2  #: of healthy lung without its vessels, relative to tissue


@dataclasses.dataclass(slots=True)
class Body:
    """The layers of one chest, cm along the beam, (rows, columns) each."""

    who: Person
    grid: Grid
    outer: Floats  #: the whole body, with what stands out into the lungs
    lungs: tuple[Lung, Lung]  #: right, left
    bone: Floats
    metal: Floats
    heart: NDArray[np.bool_]

    @property
    def tissue(self) -> Floats:
        """Tissue along the beam: the body without what the lungs lack."""
        lacking = sum(lung.air * (1 - lung.density) for lung in self.lungs)
        return np.asarray(np.maximum(self.outer - lacking, 0), np.float32)

    @property
    def through(self) -> xray.Thickness:
        """All materials."""
        return xray.Thickness(self.tissue, self.bone, self.metal)


def body(who: Person, grid: Grid, seed: int) -> Body:
    """The healthy chest of `who`, with the heart that `who` has; every organ has its draws."""
    forms = tuple(lungs.shape(who, side, _draws(seed, 1, side + 1)) for side in SIDES)
    right, left = (lungs.lung(form, grid) for form in forms)
    heart = middle.heart(who, grid, _draws(seed, 2))
    _displaced((right, left), heart, middle.great_vessels(who, grid, _draws(seed, 3)), grid)
    _fill((right, left), grid, _draws(seed, 4))
    blood = [tube for form in forms for tube in vessels.trees(form, _draws(seed, 5, form.side + 1))]
    outer = middle.outline(who, grid, _draws(seed, 6))
    share, fine = middle.rough(grid, _draws(seed, 7))
    outer = (outer + middle.breasts(who, grid, _draws(seed, 8))) * (1 + share) + fine * (outer > 1)
    gas = middle.airways(grid, _draws(seed, 9)) + middle.belly_gas(who, grid, _draws(seed, 10))
    outer = outer + (1 - DENSITY) * thickness(grid, blood) * (right.air + left.air > 0.5) - gas
    return Body(
        who,
        grid,
        np.asarray(np.maximum(outer, 0), np.float32),
        (right, left),
        bones.bones(who, grid, (forms[0], forms[1]), _draws(seed, 11)) * (outer > 0.5),
        np.zeros(grid.shape, np.float32),
        heart > 0.3,
    )


def _draws(seed: int, *which: int) -> np.random.Generator:
    return np.random.default_rng([seed, 5, *which])


def _displaced(both: tuple[Lung, Lung], heart: Floats, vessels_: Floats, grid: Grid) -> None:
    """Take from the lungs what heart and vessels fill."""
    for lung in both:
        part = (0.7 if lung.side > 0 else 0.3) if grid.lateral else 1.0
        left = np.maximum(lung.air - part * heart, 0.05 * lung.air)
        lung.air = np.maximum(left - (0.5 if grid.lateral else 1.0) * vessels_, 0)


def _fill(both: tuple[Lung, Lung], grid: Grid, rng: np.random.Generator) -> None:
    """Healthy lung, denser below, with a texture of what is too fine to draw."""
    level = rng.uniform(0.8, 1.25) * (1 + 0.012 * (grid.y + 2))
    rough = 1 + 0.07 * texture(grid, rng, 0.5) + 0.06 * texture(grid, rng, 3.0)
    for lung in both:
        lung.density = np.clip(DENSITY * level * rough, 0.05, 1)
