"""What a simulated study holds, as plain data: the lesions, where they are, and the woman."""

import dataclasses
from collections.abc import Mapping
from typing import Final, Literal

Box = tuple[float, float, float, float]
Kind = Literal["mass", "calcifications"]

SIDES: Final = ("L", "R")
POSITIONS: Final = ("CC", "MLO")
DENSITIES: Final = ("a", "b", "c", "d")
SHAPES: Final = ("round", "oval", "lobulated", "spiculated")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where in the compressed breast, mm from the nipple."""

    depth: float  #: behind the nipple, towards the chest wall
    lateral: float  #: positive towards the arm
    cranial: float  #: positive towards the head


@dataclasses.dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion of one breast.

    `boxes`: by view position, (left, top, right, bottom) in pixels of the delivered
    image, 0,0 the outer corner of its top left pixel. `nipple_mm`: by view position, the
    distance of the lesion's middle from the nipple in the image.
    """

    id: str
    name: Kind
    shape: str  #: of `SHAPES`, or "cluster"
    side: str  #: L or R
    subtlety: float  #: 0 obvious .. 1 hardly to be seen
    size_mm: float  #: longest diameter
    place: Place
    boxes: Mapping[str, Box] = dataclasses.field(default_factory=dict)
    nipple_mm: Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """What is in a study. `density` is the ACR BI-RADS category of the breasts' composition."""

    seed: int
    age: int
    sex: str
    density: str
    thickness_mm: float
    scanner: str
    findings: tuple[Lesion, ...]
