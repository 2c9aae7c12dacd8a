"""A site's scanners: what each does to the numbers, the pixels and what the network sees."""

import dataclasses
from typing import Final

import numpy as np

from core.domain.equipment import Equipment
from simulator.country.algorithms import Kind
from simulator.country.places import Place
from simulator.scanners import SCANNERS

MAKERS: Final = tuple(SCANNERS.values())
MODELS: Final = {"DX": "DR", "MG": "Mammo", "CT": "CT"}
KERNELS: Final = ("Lung50", "Br40", "Bl57")
SLICES_MM: Final = (1.0, 1.5, 2.0, 3.0)
STYLES: Final = 3
NUMBER: Final = {"DX": (1, 50, 4), "MG": (1, 110, 2), "CT": (1, 80, 3)}  # least, size for one, most


@dataclasses.dataclass(frozen=True, slots=True)
class Machine:
    """One scanner with its own offsets, in the units of `faults.Effect`."""

    equipment: Equipment
    share: float  #: of the site's studies that are not made at the bedside
    contrast: float
    level: float
    noise: float
    exposure: float
    kvp: float
    style: tuple[float, ...]
    photometric: str
    kernel: str
    slice_mm: float


def machines(place: Place, kind: Kind, seed: list[int]) -> tuple[Machine, ...]:
    """The stationary ones, the busiest first; then, of DX, the one that goes to bedsides.

    The last of all is the one that would replace the busiest: nobody has it before a fault.
    """
    rng = np.random.default_rng(seed)
    least, each, most = NUMBER[kind.modality]
    count = min(most, least + int(place.size // each))
    shares = 0.6 ** np.arange(count)
    shares /= shares.sum()
    wanted = [*shares, 0.0, 0.0] if kind.modality == "DX" else [*shares, 0.0]
    return tuple(
        _made(kind, float(share), f"{place.key}/{kind.modality}/{number}", rng)
        for number, share in enumerate(wanted)
    )


def _made(kind: Kind, share: float, serial: str, rng: np.random.Generator) -> Machine:
    maker = MAKERS[int(rng.integers(len(MAKERS)))]
    model = (
        f"{maker.manufacturer.split()[0]} {MODELS[kind.modality]} {int(rng.integers(1, 9)) * 100}"
    )
    hashed = Equipment(serial=serial).key  # as if it were the keyed hash of a number
    return Machine(
        equipment=Equipment(maker.manufacturer, model, maker.software, hashed),
        share=share,
        contrast=float(rng.normal(0, 0.03)),
        level=float(rng.normal(0, 0.02)),
        noise=float(rng.normal(0, 0.2)),
        exposure=float(rng.normal(0, 0.1)),
        kvp=float(rng.normal(0, 0.02)),
        style=tuple(rng.normal(0, 0.5, STYLES)),
        photometric=maker.photometric,
        kernel=str(rng.choice(KERNELS)),
        slice_mm=float(rng.choice(SLICES_MM)),
    )
