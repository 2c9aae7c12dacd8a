"""Simulated frontal chest radiographs with known truth.

`make` is a pure function of its arguments: the same seed gives the same patient at every
pixel size, and the same pixels at the same size.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator import anatomy_chest, findings_chest, xray
from simulator.scanners import SCANNERS

PREVALENCE: Final = 0.24  #: of each finding
COLLIMATED: Final = 0.25  #: share of images with a black border


@dataclasses.dataclass(frozen=True, slots=True)
class TrueFinding:
    """A finding that is in the image; `box` is (left, top, right, bottom) in pixels."""

    name: str
    code: str
    side: str
    subtlety: float
    box: tuple[int, int, int, int]
    area_cm2: float


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of a simulated study, as plain data."""

    age: int
    sex: str
    view: str
    scanner: str
    findings: tuple[TrueFinding, ...]
    devices: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The findings that are there."""
        return frozenset(finding.name for finding in self.findings)


@dataclasses.dataclass(frozen=True, slots=True)
class Radiograph:
    """`pixels` (rows, columns), 12 bits, larger is brighter; `masks` bool of the same shape."""

    pixels: NDArray[np.uint16]
    spacing_mm: float
    truth: Truth
    masks: Mapping[str, NDArray[np.bool_]]


def make(seed: int, *, scanner: str, size: int = 320) -> Radiograph:
    """The radiograph of `seed`; `size` is the number of rows."""
    profile = SCANNERS[scanner]
    spacing = profile.rows_mm / size
    columns = round(profile.columns_mm / spacing)
    rng = np.random.default_rng([seed, 0])
    wanted = _wanted(rng)
    who = anatomy_chest.person(
        rng, enlarged="cardiomegaly" in wanted, subtlety=wanted.get("cardiomegaly", 0.0)
    )
    where = anatomy_chest.grid(who, size, columns, spacing)
    body = anatomy_chest.body(who, where, rng)
    seen = _change(body, wanted, seed)
    found = findings_chest.devices(body, np.random.default_rng([seed, 2]))
    through = xray.Thickness(body.tissue, body.bone, body.metal)
    signal = xray.expose(through, profile, spacing, np.random.default_rng([seed, 3]))
    pixels = xray.present(signal, profile, spacing)
    _collimate(pixels, spacing, np.random.default_rng([seed, 4]))
    truth = Truth(
        who.age, who.sex, who.view, scanner, tuple(_told(one, spacing) for one in seen), found
    )
    return Radiograph(pixels, spacing, truth, {one.name: one.mask for one in seen})


def _wanted(rng: np.random.Generator) -> dict[str, float]:
    """Name and subtlety of the findings to put in; nothing at all in about a quarter."""
    drawn = {name: float(rng.random()) for name in findings_chest.FINDINGS}
    there = {name: bool(rng.random() < PREVALENCE) for name in findings_chest.FINDINGS}
    return {name: subtlety for name, subtlety in drawn.items() if there[name]}


def _change(
    body: anatomy_chest.Body, wanted: Mapping[str, float], seed: int
) -> list[findings_chest.Seen]:
    """Put the findings in; one that ends up outside the image is not there."""
    seen: list[findings_chest.Seen] = []
    for number, (name, change) in enumerate(findings_chest.CHANGES.items()):
        if name not in wanted:
            continue
        rng = np.random.default_rng([seed, 1, number])
        lung = body.lungs[int(rng.integers(2))]
        mask = change(body, lung, wanted[name], rng)
        side = "R" if lung.side < 0 else "L"
        seen.append(findings_chest.Seen(name, side, wanted[name], mask))
    if "cardiomegaly" in wanted:
        seen.append(findings_chest.Seen("cardiomegaly", "", wanted["cardiomegaly"], body.heart))
    return [one for one in seen if one.mask.any()]


def _told(seen: findings_chest.Seen, spacing: float) -> TrueFinding:
    rows, columns = np.flatnonzero(seen.mask.any(axis=1)), np.flatnonzero(seen.mask.any(axis=0))
    return TrueFinding(
        seen.name,
        findings_chest.FINDINGS[seen.name].value,
        seen.side,
        round(seen.subtlety, 3),
        (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1),
        round(float(seen.mask.sum()) * spacing**2 / 100, 2),
    )


def _collimate(pixels: NDArray[np.uint16], spacing: float, rng: np.random.Generator) -> None:
    """A black border, in some images, outside the opening of the collimator."""
    if rng.random() >= COLLIMATED:
        return
    top, bottom, left, right = (int(rng.uniform(0, 14) / spacing) for _ in range(4))
    rows, columns = pixels.shape
    pixels[:top], pixels[rows - bottom :] = 0, 0
    pixels[:, :left], pixels[:, columns - right :] = 0, 0
