"""The four algorithms: whom they read, how often there is something, and how well they read it.

Sensitivities, specificities and AUCs are those of models/*/card.md. How often a finding is there
is our own guess at practice: the simulated images of the cards have far more of them.
"""

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from models import manifest
from simulator.country.points import Label, Point, label

XRAY: Final = {
    "mas": (4.0, 0.35, 0.30), "exposure_index": (420.0, 0.22, -0.08),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One algorithm's studies: how many, of whom, and what is measured of them.

    `numbers`: (median, log standard deviation, log for a standard deviation of body size).
    """

    key: str
    modality: str
    points: tuple[Point, ...]
    share: float  #: studies for each chest radiograph of the site
    smallest: float  #: sites of a smaller size do not have it
    weekend: float  #: volume on a day off, against a working day
    mobile: tuple[float, float]  #: share at the bedside or as an emergency: working days, others
    ages: tuple[tuple[float, float, float], ...]  #: (weight, mean, sd) in years, youngest first
    women: float
    kvp: tuple[float, float]  #: mean, for a standard deviation of body size
    numbers: Mapping[str, tuple[float, float, float]]
    body_parts: Mapping[str, float]
    views: tuple[str, str]  #: at the scanner, at the bedside
    youngest: float = 0.0  #: who is younger is declined
    whole: bool = False  #: the last point is of the study: there where any other is
    doubled: int = 1  #: the point that the fault `finding` is about

    @property
    def version(self) -> str:
        """Of the algorithm, from its manifest."""
        return _manifest(self.key).algorithm.version

    @property
    def labels(self) -> tuple[Label, ...]:
        """Its labels with code values and thresholds."""
        return _labels(self.key)

    @property
    def codes(self) -> tuple[str, ...]:
        """The different code values, in the order of the labels: several labels can have one."""
        return tuple(dict.fromkeys(one.code for one in self.labels))


FRACTURE: Final = Kind(
    "fracture", "DX",
    (
        Point("Fracture of distal radius", 0.17, 0.910, 0.909, 0.967, 1.0, wave=0.3),
        Point("Fracture of distal ulna", 0.06, 0.880, 0.893, 0.964, 1.0, wave=0.3),
        Point("Fracture of scaphoid", 0.03, 0.927, 0.902, 0.967, 0.9, wave=0.1),
        Point("Fracture of metacarpal bone", 0.07, 0.971, 0.913, 0.988, 1.4, wave=-0.1),
    ),
    share=0.6, smallest=0, weekend=0.75, mobile=(0.2, 0.35),
    ages=((0.33, 10, 4), (0.35, 40, 14), (0.32, 72, 10)), women=0.52, kvp=(54, 1.2),
    numbers=XRAY, body_parts={"WRIST": 0.6, "HAND": 0.3, "FOREARM": 0.1}, views=("PA", "LATERAL"),
)  # fmt: skip
CHEST: Final = Kind(
    "chest_xray", "DX",
    (
        Point("Pneumothorax", 0.025, 0.989, 0.998, 0.998, 2.4, age=-0.3),
        Point("Pleural effusion", 0.12, 0.961, 0.998, 0.998, 2.4, wave=0.1, influenza=0.4, age=0.5),
        Point("Consolidation", 0.12, 0.952, 0.899, 0.977, 1.5, wave=0.3, influenza=0.7, age=0.2),
        Point("Nodule", 0.05, 0.735, 0.848, 0.887, 1.1, age=0.3),
        Point("Cardiomegaly", 0.12, 0.988, 0.998, 0.998, 2.4, wave=0.1, age=0.5),
    ),
    share=1.0, smallest=0, weekend=0.45, mobile=(0.25, 0.55),
    ages=((0.02, 9, 5), (0.28, 45, 12), (0.70, 71, 12)), women=0.49, kvp=(118, 1.5),
    numbers=XRAY, body_parts={"CHEST": 0.93, "THORAX": 0.07}, views=("PA", "AP"), youngest=18,
    doubled=2,
)  # fmt: skip
MAMMOGRAPHY: Final = Kind(
    "mammography", "MG",
    (
        Point("Mass", 0.03, 0.90, 0.88, 0.948, 1.0, age=0.2),
        Point("Calcifications", 0.025, 0.985, 0.84, 0.995, 1.0, age=0.1),
        Point("Study score", 0.054, 0.906, 0.939, 0.969, 0.6),
    ),
    share=0.5, smallest=40, weekend=0.0, mobile=(0.0, 0.0), ages=((0.2, 47, 4), (0.8, 60, 6)),
    women=0.995, kvp=(29, 0.7), numbers={"mas": (90.0, 0.3, 0.35), "exposure_index": (320, 0.2, 0)},
    body_parts={"BREAST": 1.0}, views=("CC", "MLO"), youngest=30, whole=True,
)  # fmt: skip
THORAX: Final = Kind(
    "ct_thorax", "CT",
    (
        Point("Nodule", 0.30, 0.875, 0.89, 0.954, 0.9, age=0.2),
        Point("Pleural effusion", 0.13, 0.985, 0.998, 0.998, 2.0, wave=0.1, influenza=0.3, age=0.3),
    ),
    share=0.35, smallest=14, weekend=0.25, mobile=(0.15, 0.6), ages=((0.2, 48, 10), (0.8, 69, 9)),
    women=0.48, kvp=(112, 4), numbers={"mas": (110.0, 0.3, 0.3), "ctdi_vol": (5.5, 0.25, 0.35)},
    body_parts={"CHEST": 0.85, "THORAX": 0.15}, views=("", ""), youngest=18,
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {one.key: one for one in (FRACTURE, CHEST, MAMMOGRAPHY, THORAX)}
)


@functools.cache
def _manifest(key: str) -> manifest.Manifest:
    return manifest.read(Path(manifest.__file__).parent / key)


@functools.cache
def _labels(key: str) -> tuple[Label, ...]:
    output = _manifest(key).output
    assert output is not None
    known = {one.name: one for one in output.label}
    return tuple(label(point, known[point.name]) for point in KINDS[key].points)
