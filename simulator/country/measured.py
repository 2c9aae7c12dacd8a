"""What is measured of a study: numbers of acquisition and pixels, header words, the embedding."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.country.algorithms import Kind
from simulator.country.scanners import STYLES, Machine
from simulator.country.studies import ADULT_AGE, CONTRAST_SD, Latent

Floats = NDArray[np.float64]
DIMENSIONS: Final = 24  #: of the embedding
OWN_NOISE: Final = 0.7  #: of each dimension, against parts of one standard deviation
WEIGHTS: Final = (1.0, 0.5, 1.2, 1.0, 0.5)  # body, age, contrast, noise, bedside
FOUND: Final = (2.0, 1.0)  # a finding, and a standard deviation of its severity
HOUNSFIELD: Final = (-1.4, 2.0)  #: HU / 1000 of CT, where radiographs have shares of their range
UNKNOWN_MAS: Final = 0.02  #: share of studies whose header does not say it


def numbers(kind: Kind, latent: Latent, machines: Sequence[Machine], rng: np.random.Generator) -> dict[str, Floats]:  # fmt: skip # noqa: E501
    """Name to (n,); NaN where the header does not say it. Units as workers note them."""
    n, body = len(latent), latent.body
    at = {
        name: np.array([getattr(one, name) for one in machines])[latent.machine]
        for name in ("exposure", "kvp", "slice_mm")
    }
    volts, slope = kind.kvp
    found = {"kvp": volts * np.exp(at["kvp"]) + slope * (body + 0.5 * rng.normal(0, 1, n))}
    exposure = at["exposure"] + latent.effects["exposure"]
    for name, (median, spread, by_body) in kind.numbers.items():
        off = -0.15 * latent.noise if name == "mas" else exposure
        found[name] = median * np.exp(off + by_body * body + spread * rng.normal(0, 1, n))
    if "exposure_index" in kind.numbers:
        target = kind.numbers["exposure_index"][0]
        found["deviation_index"] = 10 * np.log10(found["exposure_index"] / target)
    else:
        found["slice_thickness"] = np.where(rng.random(n) < 0.1, 5.0, at["slice_mm"])  # noqa: PLR2004
    found["mas"] = np.where(rng.random(n) < UNKNOWN_MAS, np.nan, found["mas"])
    found["age_years"] = np.floor(latent.age)
    return found | _pixels(kind, latent, rng)


def _pixels(kind: Kind, latent: Latent, rng: np.random.Generator) -> dict[str, Floats]:
    chance = rng.normal(0, 1, (4, len(latent)))
    contrast, body = latent.contrast, latent.body
    sharp = latent.effects["sharpness"]
    zero, one = HOUNSFIELD if kind.modality == "CT" else (0.0, 1.0)
    mean = 0.45 + latent.level + 0.02 * body + 0.05 * chance[0]
    deviation = 0.22 * np.exp(contrast - 0.04 * body + 0.08 * chance[1])
    gradient = 0.03 * np.exp(contrast + sharp + 0.08 * latent.noise + 0.15 * chance[3])
    return {
        "pixel_mean": zero + one * mean,
        "pixel_sd": one * deviation,
        "pixel_p5": zero + one * (mean - 1.55 * deviation + 0.03 * chance[2]),
        "pixel_p95": zero + one * (mean + 1.6 * deviation - 0.03 * chance[2]),
        "pixel_gradient": one * gradient,
    }


def categories(
    kind: Kind, latent: Latent, machines: Sequence[Machine], rng: np.random.Generator
) -> dict[str, tuple[NDArray[np.int64], tuple[str, ...]]]:
    """Name to ((n,) places, the words that they stand for)."""
    parts = tuple(kind.body_parts)
    ends = np.cumsum(list(kind.body_parts.values()))[:-1]
    found = {"body_part": (np.searchsorted(ends, rng.random(len(latent)), side="right"), parts)}
    if any(kind.views):
        found["view"] = (latent.mobile.astype(np.int64), kind.views)
    by_machine = {
        "photometric": [one.photometric for one in machines],
        "manufacturer_model": [f"{x.equipment.manufacturer} {x.equipment.model}" for x in machines],
        "software": [one.equipment.software for one in machines],
    }
    if kind.modality == "CT":
        by_machine["kernel"] = [one.kernel for one in machines]
        by_machine["photometric"] = ["MONOCHROME2"] * len(machines)
    for name, told in by_machine.items():
        words = tuple(sorted(set(told)))
        places = np.array([words.index(word) for word in told])
        found[name] = (places[latent.machine], words)
    return found


def embedding(kind: Kind, latent: Latent, rng: np.random.Generator) -> Floats:
    """(n, DIMENSIONS), not standardised: every dimension carries something of everything."""
    parts = np.column_stack(
        [
            WEIGHTS[0] * latent.body,
            WEIGHTS[1] * (latent.age - ADULT_AGE) / 18,
            WEIGHTS[2] * latent.contrast / CONTRAST_SD / 2,
            WEIGHTS[3] * latent.noise,
            WEIGHTS[4] * latent.mobile,
            latent.style,
            latent.present * (FOUND[0] + FOUND[1] * latent.severity),
        ]
    )
    assert parts.shape[1] == len(WEIGHTS) + STYLES + len(kind.points)
    mixing = np.random.default_rng([11, len(kind.key), parts.shape[1]])
    weights = mixing.normal(0, 1 / np.sqrt(parts.shape[1]), (parts.shape[1], DIMENSIONS))
    other = mixing.normal(0, 1, DIMENSIONS)  # where another network would put it
    made: Floats = parts @ weights + OWN_NOISE * rng.normal(0, 1, (len(latent), DIMENSIONS))
    return made + latent.effects["network"][:, None] * other
