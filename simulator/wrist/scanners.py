"""Makers of simulated extremity radiographs: detector, beam and processing, as data.

The names are invented; the differences are of the kinds that real equipment shows.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal


@dataclasses.dataclass(frozen=True, slots=True)
class Scanner:
    """One maker's table-top detector, beam and image processing for extremities."""

    manufacturer: str
    model: str
    software: str
    kvp: float  #: tube voltage, kV
    quanta_per_mm2: float  #: detected quanta where nothing is in the beam
    blur_mm: float  #: standard deviation of the detector's point spread
    scatter: float  #: scattered share of all that is detected behind the limb, without grid
    equalise: float  #: share of the slow part of the signal that is taken away
    edge: float  #: gain of the edge enhancement
    gamma: float  #: of the tone curve: above 1 darker soft tissue
    slope: float  #: of the tone curve's sigmoid: 0 is a straight line
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]


SCANNERS: Final[Mapping[str, Scanner]] = MappingProxyType({
    "fjell": Scanner(
        "Fjell Medical", "Fjell DR 60", "3.1.0", 52, 1.3e5, 0.10, 0.12, 0.30, 0.5,
        1.00, 1.0, "MONOCHROME2",
    ),
    "fjord": Scanner(
        "Fjord Imaging", "Fjord X", "8.4.2", 55, 0.8e5, 0.14, 0.18, 0.45, 0.8,
        0.85, 0.0, "MONOCHROME1",
    ),
    "skog": Scanner(
        "Skog Systems", "Skog Uno", "2.0", 50, 1.8e5, 0.08, 0.10, 0.15, 0.3,
        1.15, 2.5, "MONOCHROME2",
    ),
    "elv": Scanner(
        "Elv Diagnostics", "Elv Mobile", "5.5.1", 60, 0.5e5, 0.18, 0.25, 0.35, 1.3,
        0.95, 1.5, "MONOCHROME2",
    ),
    "vidde": Scanner(
        "Vidde Radiology", "Vidde 24", "1.9.7", 57, 1.0e5, 0.12, 0.15, 0.05, 0.1,
        1.25, 0.0, "MONOCHROME1",
    ),
    "isbre": Scanner(
        "Isbre AS", "Isbre Panel S", "4.0.3", 54, 0.7e5, 0.13, 0.20, 0.25, 0.7,
        1.05, 3.0, "MONOCHROME2",
    ),
    "strand": Scanner(
        "Strand Health", "Strand S1", "7.2", 58, 0.6e5, 0.16, 0.22, 0.40, 1.0,
        0.90, 0.5, "MONOCHROME1",
    ),
})  # fmt: skip

HELD_OUT: Final = ("isbre", "strand")  #: no model has seen an image of theirs
FOR_TRAINING: Final = tuple(name for name in SCANNERS if name not in HELD_OUT)
