# ruff: noqa: PLR2004 - growth is a matter of numbers, each used once
"""Who is imaged: age, sex, size, how far the bones have ossified, how dense they are."""

import dataclasses
from typing import Final, Literal

import numpy as np

#: Length of the forearm relative to an adult's, by age in years.
GROWTH: Final = ((0, 0.30), (2, 0.50), (5, 0.64), (8, 0.75), (11, 0.86), (14, 0.97), (17, 1.0))
CHILDREN: Final = 0.5  #: share of patients below 18


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """One patient, in words and numbers."""

    age: int
    sex: Literal["F", "M"]
    side: Literal["L", "R"]
    size: float  #: 1 is an average adult's bones
    maturity: float  #: age of the bones in years: girls are ahead
    mineral: float  #: density of the bones, 1 is a young adult's
    soft: float  #: thickness of the soft tissue, 1 is average

    @property
    def is_growing(self) -> bool:
        """Whether the growth plates are open."""
        return self.maturity < 17


def person(rng: np.random.Generator) -> Person:
    """Draw a patient: as many children as adults, as in emergency departments."""
    sex: Literal["F", "M"] = "F" if rng.random() < 0.5 else "M"
    child = rng.random() < CHILDREN
    age = int(rng.integers(2, 18)) if child else int(np.clip(rng.normal(52, 20), 18, 95))
    maturity = age + rng.uniform(0, 1) + rng.normal(0, 0.5) + (1.5 if sex == "F" else 0.0)
    years, shares = zip(*GROWTH, strict=True)
    size = float(np.interp(maturity - 0.7, years, shares)) * (1.06 if sex == "M" else 0.95)
    loss = max(0.0, age - 50) * (0.008 if sex == "F" else 0.005)
    young = 0.82 + 0.18 * min(1.0, age / 18)
    return Person(
        age=age,
        sex=sex,
        side="L" if rng.random() < 0.5 else "R",
        size=size * float(rng.normal(1.0, 0.04)),
        maturity=float(np.clip(maturity, 1.2, 40)),
        mineral=float(np.clip((young - loss) * rng.normal(1.0, 0.09), 0.45, 1.2)),
        soft=float(np.clip(rng.normal(1.0, 0.14) + (0.12 if age < 6 else 0.0), 0.75, 1.5)),
    )
