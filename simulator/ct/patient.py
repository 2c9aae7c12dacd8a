# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Who lies in the scanner: age, sex, size and the many lengths that vary with them.

LPS in mm; z = 0 is the top of the right diaphragm, x = y = 0 the middle of the chest.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

HARMONICS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Patient:
    """Lengths in mm; what is drawn once for a patient."""

    age: int
    sex: str
    width: float  #: half the inner width of the chest
    front: float  #: inner depth of the chest before the middle
    back: float  #: and behind it
    height: float  #: from the dome of the right diaphragm to the apex of the lungs
    recess: float  #: from the dome to the lowest recess behind
    fat: float  #: thickness of the fat below the skin
    muscle: float  #: how strong the muscles are, about 1
    breast: float  #: how far the breasts stand out
    left_dome: float  #: z of the dome of the left diaphragm
    carina: float  #: z of the carina
    contrast: float  #: HU that a contrast agent adds to blood, 0 for none
    emphysema: float  #: 0..1
    squareness: float  #: exponent of the outline, 2 is an ellipse
    wobble: NDArray[np.float64]  #: (harmonics, 2): how the outline departs from it

    def reach(self, theta: NDArray[np.float32], z: NDArray[np.float32]) -> NDArray[np.float32]:
        """Inner radius of the chest wall, mm, at angle `theta` (0 left, pi / 2 back) and z."""
        taper = np.clip((z - 0.35 * self.height) / (0.75 * self.height), 0, 1)
        size = 1 - 0.62 * taper**2.6
        waist = np.clip(-z / 200, 0, 1)
        a = self.width * size * (1 - 0.10 * waist)
        b = np.where(theta > 0, self.back * (1 - 0.45 * taper**2), self.front * size)
        n = self.squareness
        radius = (np.abs(np.cos(theta) / a) ** n + np.abs(np.sin(theta) / b) ** n) ** (-1 / n)
        for order, (even, odd) in enumerate(self.wobble, start=2):
            radius = radius * (1 + even * np.cos(order * theta) + odd * np.sin(order * theta))
        return np.asarray(radius, np.float32)


def draw(seed: int) -> Patient:
    """A patient of 20 to 90 years."""
    rng = np.random.default_rng([seed, 40])
    sex = "F" if rng.random() < 0.5 else "M"
    size = float(np.clip(rng.normal(1.0, 0.07), 0.84, 1.18)) * (0.93 if sex == "F" else 1.03)
    age = int(np.clip(rng.normal(62, 15), 20, 90))
    fat = float(np.clip(rng.lognormal(np.log(14), 0.55), 4, 45))
    depth = float(rng.uniform(0.92, 1.12))
    height = float(rng.uniform(125, 195)) * size
    return Patient(
        age=age,
        sex=sex,
        width=float(rng.uniform(117, 137)) * size,
        front=float(rng.uniform(72, 88)) * size * depth,
        back=float(rng.uniform(90, 106)) * size * depth,
        height=height,
        recess=float(rng.uniform(65, 118)) * size,
        fat=fat,
        muscle=float(rng.uniform(0.6, 1.25)) * (0.85 if sex == "F" else 1.15),
        breast=float(rng.uniform(8, 38)) * (1 + fat / 60) if sex == "F" else 2.0,
        left_dome=float(rng.uniform(-25, 4)),
        carina=height - float(rng.uniform(52, 78)) * size,
        contrast=float(rng.choice([0.0, rng.uniform(60, 380)])),
        emphysema=float(np.clip(rng.normal(0.004 * (age - 40), 0.15), 0, 1)),
        squareness=float(rng.uniform(1.9, 2.4)),
        wobble=rng.normal(0, 0.012, (HARMONICS, 2)),
    )
