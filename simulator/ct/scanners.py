"""Makers of simulated CT: what tells one maker's images from another's, as data.

The names are invented; the differences are of the kinds that real scanners show.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Kernel:
    """A reconstruction kernel: how it blurs, and where its noise has most power."""

    name: str
    blur_mm: float  #: standard deviation of the point spread
    edge: float  #: how far edges are overdone
    peak: float  #: of the noise's spectrum, cycles/mm
    fall: float  #: above which it falls, cycles/mm


KERNELS: Final[Mapping[str, Kernel]] = MappingProxyType({
    "soft": Kernel("S20", 0.60, 0.0, 0.16, 0.32),
    "standard": Kernel("STD", 0.42, 0.05, 0.25, 0.42),
    "lung": Kernel("L60", 0.25, 0.25, 0.42, 0.62),
    "sharp": Kernel("B75", 0.15, 0.50, 0.58, 0.80),
})  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Scanner:
    """One maker's scanner and protocol."""

    manufacturer: str
    model: str
    software: str
    kvp: float  #: tube voltage, kV
    mas: float  #: tube current-time product, mAs
    kernel: str  #: of `KERNELS`
    noise: float  #: HU, of water 280 mm across at 100 mAs, slices of 1.25 mm and kernel standard
    thickness: float  #: of a slice, mm
    increment: float  #: between slices, mm
    round_view: bool  #: whether what lies outside the field of view is padding


SCANNERS: Final[Mapping[str, Scanner]] = MappingProxyType({
    "fjell": Scanner(
        "Fjell Medical", "Fjell CT 64", "5.1", 120, 90, "standard", 19, 2.5, 2.5, True
    ),
    "fjord": Scanner("Fjord Imaging", "Fjord Spiral", "VB20", 110, 60, "lung", 17, 1.5, 1.0, False),
    "skog": Scanner("Skog Systems", "Skog 128", "3.4.2", 100, 120, "soft", 21, 5.0, 5.0, True),
    "elv": Scanner("Elv Diagnostics", "Elv 16", "2.0.9", 130, 45, "standard", 22, 3.0, 2.0, True),
    "vidde": Scanner(
        "Vidde Radiology", "Vidde Duo", "9.0", 120, 140, "lung", 16, 1.25, 1.25, False
    ),
    "isbre": Scanner("Isbre AS", "Isbre One", "1.7", 120, 70, "sharp", 18, 2.0, 1.5, True),
    "strand": Scanner("Strand Health", "Strand C4", "6.3", 90, 100, "soft", 23, 3.0, 3.0, False),
})  # fmt: skip

HELD_OUT: Final = ("isbre", "strand")  #: no model has seen an image of theirs
FOR_TRAINING: Final = tuple(name for name in SCANNERS if name not in HELD_OUT)
