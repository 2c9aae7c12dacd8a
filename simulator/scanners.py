"""Makers of simulated radiographs: what tells one maker's image from another's, as data.

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
    kvp: float  #: tube voltage, kV
    columns_mm: float  #: width of the detector, mm
    rows_mm: float  #: its height, mm
    quanta_per_mm2: float  #: detected quanta where nothing is in the beam
    blur_mm: float  #: standard deviation of the detector's point spread
    scatter: float  #: scattered share of all that is detected behind the patient, with grid
    gamma: float  #: of the tone curve: above 1 darker lungs
    slope: float  #: of the tone curve's sigmoid: 0 is a straight line
    edge: float  #: gain of the edge enhancement
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]


SCANNERS: Final[Mapping[str, Scanner]] = MappingProxyType({
    "fjell": Scanner(
        "Fjell Medical", "Fjell DR 100", "3.1.0", 120, 350, 430, 1.6e5, 0.15, 0.30,
        1.0, 3.0, 0.4, "MONOCHROME2",
    ),
    "fjord": Scanner(
        "Fjord Imaging", "Fjord X", "8.4.2", 125, 430, 430, 1.1e5, 0.22, 0.38,
        1.2, 0.0, 0.8, "MONOCHROME1",
    ),
    "skog": Scanner(
        "Skog Systems", "Skog Duo", "2.0", 110, 350, 430, 2.4e5, 0.12, 0.25,
        0.8, 5.0, 0.2, "MONOCHROME2",
    ),
    "elv": Scanner(
        "Elv Diagnostics", "Elv Mobile", "5.5.1", 95, 350, 430, 0.7e5, 0.30, 0.50,
        0.9, 2.0, 1.2, "MONOCHROME2",
    ),
    "vidde": Scanner(
        "Vidde Radiology", "Vidde 43", "1.9.7", 133, 430, 430, 1.3e5, 0.18, 0.33,
        1.4, 4.0, 0.0, "MONOCHROME1",
    ),
    "isbre": Scanner(
        "Isbre AS", "Isbre Panel", "4.0.3", 117, 400, 430, 1.0e5, 0.20, 0.42,
        1.1, 6.0, 0.6, "MONOCHROME2",
    ),
    "strand": Scanner(
        "Strand Health", "Strand S2", "7.2", 102, 350, 430, 0.9e5, 0.26, 0.45,
        0.75, 1.0, 1.0, "MONOCHROME1",
    ),
})  # fmt: skip

HELD_OUT: Final = ("isbre", "strand")  #: no model has seen an image of theirs
FOR_TRAINING: Final = tuple(name for name in SCANNERS if name not in HELD_OUT)
