"""What is true of a simulated chest CT, as plain data."""

import dataclasses

from simulator.ct.findings import Effusion, GroundGlass
from simulator.ct.nodules import Lesion


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """Of one study. Points are LPS in mm, volumes in mL; `missing` are slice numbers from 0."""

    age: int
    sex: str
    scanner: str
    kernel: str
    thickness: float
    increment: float
    contrast: float  #: HU added to blood
    nodules: tuple[Lesion, ...]
    effusions: tuple[Effusion, ...]
    ground_glass: tuple[GroundGlass, ...]
    left_ml: float  #: of air-filled lung with all that is in it
    right_ml: float
    missing: tuple[int, ...] = ()
