"""Makers of simulated mammograms: what tells one maker's image from another's, as data.

The names are invented; the differences are of the kinds that real equipment shows.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal


@dataclasses.dataclass(frozen=True, slots=True)
class Scanner:
    """One maker's detector, tube and image processing."""

    manufacturer: str
    model: str
    software: str
    pixel_mm: float  #: of the delivered image, at the detector
    rows_mm: float  #: height of the delivered image
    columns_mm: float  #: its width
    kvp: float  #: tube voltage at 50 mm compressed thickness, kV
    target: str  #: ANODE TARGET MATERIAL (PS3.3 C.8.7.10)
    filter: str  #: FILTER MATERIAL
    quanta_per_mm2: float  #: quanta detected behind the breast
    blur_mm: float  #: standard deviation of the detector's point spread
    scatter: float  #: scattered share of what is detected behind the breast
    equalise: float  #: 0..1, how much of the thinner rim is evened out
    edge: float  #: gain of the edge enhancement
    gamma: float  #: of the tone curve: above 1 darker fat
    slope: float  #: of its sigmoid: 0 is a straight line
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]
    flips_right: bool  #: right breasts are stored with the chest wall on the left


SCANNERS: Final[Mapping[str, Scanner]] = MappingProxyType({
    "fjell": Scanner(
        "Fjell Medical", "Fjell Mamma 2", "2.4.1", 0.1, 230, 190, 29, "TUNGSTEN", "RHODIUM",
        7.0e5, 0.06, 0.12, 0.85, 0.7, 1.1, 3.0, "MONOCHROME2", False,
    ),
    "fjord": Scanner(
        "Fjord Imaging", "Fjord M", "9.0.3", 0.085, 238, 180, 28, "TUNGSTEN", "RHODIUM",
        6.0e5, 0.05, 0.20, 0.70, 0.4, 1.4, 2.0, "MONOCHROME1", False,
    ),
    "skog": Scanner(
        "Skog Systems", "Skog Bryst", "5.1", 0.1, 224, 184, 27, "MOLYBDENUM", "RHODIUM",
        8.0e5, 0.08, 0.15, 0.95, 1.1, 1.0, 4.0, "MONOCHROME2", True,
    ),
    "elv": Scanner(
        "Elv Diagnostics", "Elv Screen", "1.7.2", 0.094, 235, 175, 30, "TUNGSTEN", "SILVER",
        5.0e5, 0.09, 0.25, 0.60, 1.5, 0.9, 1.0, "MONOCHROME2", False,
    ),
    "vidde": Scanner(
        "Vidde Radiology", "Vidde 24x30", "3.3.0", 0.1, 240, 200, 31, "RHODIUM", "RHODIUM",
        6.5e5, 0.07, 0.18, 0.80, 0.2, 1.6, 3.5, "MONOCHROME1", True,
    ),
    "isbre": Scanner(
        "Isbre AS", "Isbre M70", "6.2.0", 0.09, 232, 186, 28.5, "TUNGSTEN", "ALUMINUM",
        5.5e5, 0.08, 0.22, 0.90, 0.9, 1.25, 2.5, "MONOCHROME2", False,
    ),
    "strand": Scanner(
        "Strand Health", "Strand Senologe", "4.8", 0.1, 228, 192, 30.5, "RHODIUM", "RHODIUM",
        4.8e5, 0.07, 0.16, 0.65, 1.3, 1.05, 3.8, "MONOCHROME1", False,
    ),
})  # fmt: skip

HELD_OUT: Final = ("isbre", "strand")  #: no model has seen an image of theirs
FOR_TRAINING: Final = tuple(name for name in SCANNERS if name not in HELD_OUT)
