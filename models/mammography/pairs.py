"""Two views of a breast together: which detections are one lesion, and how probable it is.

The rules are logistic, with the coefficients of `calibration.json`, fitted by `settle` on
simulated studies: a lesion that both views show at one depth behind the nipple, of one
size, is more probable than one that only one of them shows.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.domain.errors import ModelError
from models.mammography.detect import Seen, Spot

FILE: Final = "calibration.json"
DEPTH_MM: Final = 6.0  #: by which the depth of one lesion differs between views
RATIO: Final = 0.35  #: and the logarithm of its size
FARTHEST: Final = 12.0  #: what differs more is not one lesion
TERMS: Final = {"pair": 4, "lone": 2, "single": 2}


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration:
    """Coefficients by label, and nine study probabilities that part normal studies in tenths.

    `lone`: the other view is there and does not show it; `single`: there is no other view.
    """

    pair: tuple[tuple[float, ...], ...]
    lone: tuple[tuple[float, ...], ...]
    single: tuple[tuple[float, ...], ...]
    deciles: tuple[float, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion: where it is seen, one or two views of a side, and its probability."""

    label: int
    side: str
    probability: float
    places: tuple[tuple[Seen, Spot], ...]


def read(folder: Path) -> Calibration:
    """The folder's `calibration.json`; `ModelError` where anything in it is not as described."""
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return _checked(told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"{path}: {error}"
        raise ModelError(message) from error


def lesions(seen: Sequence[Seen], rules: Calibration) -> list[Lesion]:
    """All lesions, the most probable first. Only views of one side and two positions pair."""
    found: list[Lesion] = []
    for side in sorted({one.view.laterality for one in seen}):
        own = [one for one in seen if one.view.laterality == side]
        for label in range(len(rules.pair)):
            found.extend(_of_a_breast(own, side, label, rules))
    return sorted(found, key=lambda one: -one.probability)


def suspicion(found: Sequence[Lesion]) -> float:
    """The probability that any of the lesions is one."""
    return float(1 - np.prod([1 - one.probability for one in found]))


def step(probability: float, rules: Calibration) -> int:
    """The study score 1 to 10: each holds a tenth of normal studies."""
    return 1 + int(np.searchsorted(rules.deciles, probability, side="right"))


def features(first: Spot, second: Spot) -> tuple[float, ...]:
    """What a pair's probability follows from: 1, both logits in order, and the difference."""
    low, high = sorted((logit(first.score), logit(second.score)))
    return 1.0, high, low, difference(first, second)


def difference(first: Spot, second: Spot) -> float:
    """How unlike two detections are in depth and size; about 1 is usual for one lesion."""
    deep = (first.depth_mm - second.depth_mm) / DEPTH_MM
    large = np.log(max(first.size_mm, 1) / max(second.size_mm, 1)) / RATIO
    return float(np.hypot(deep, large))


def logit(share: float) -> float:
    """Of a probability, cut off where it means nothing."""
    kept = min(max(share, 1e-3), 1 - 1e-3)
    return float(np.log(kept / (1 - kept)))


def candidates(own: Sequence[Seen], label: int) -> list[tuple[Seen, Spot, Seen, Spot]]:
    """Every detection of a CC view with every one of an MLO view that could be the same."""
    sides = [
        [
            (one, spot)
            for one in own
            if one.view.position == position and one.view.laterality
            for spot in one.spots
            if spot.label == label
        ]
        for position in ("CC", "MLO")
    ]
    return [
        (*first, *second)
        for first in sides[0]
        for second in sides[1]
        if difference(first[1], second[1]) < FARTHEST
    ]


def _of_a_breast(own: Sequence[Seen], side: str, label: int, rules: Calibration) -> list[Lesion]:
    """Pairs first, the most probable before others, where a pair says more than its better half."""
    several = len({one.view.position for one in own} & {"CC", "MLO"}) > 1 and bool(side)
    alone = rules.lone[label] if several else rules.single[label]
    lone = {
        id(spot): _sigmoid(alone, (1.0, logit(spot.score)))
        for one in own for spot in one.spots if spot.label == label
    }  # fmt: skip
    scored = [
        (_sigmoid(rules.pair[label], features(spot, other)), (one, spot), (two, other))
        for one, spot, two, other in candidates(own, label)
    ]
    used: set[int] = set()
    made: list[Lesion] = []
    for value, first, second in sorted(scored, key=lambda item: -item[0]):
        ends = {id(first[1]), id(second[1])}
        if not used & ends and value >= max(lone[end] for end in ends):
            used |= ends
            made.append(Lesion(label, side, value, (first, second)))
    made += [
        Lesion(label, side, lone[id(spot)], ((one, spot),))
        for one in own for spot in one.spots
        if spot.label == label and id(spot) not in used
    ]  # fmt: skip
    return made


def _sigmoid(weights: Sequence[float], terms: Sequence[float]) -> float:
    return float(1 / (1 + np.exp(-np.dot(weights, terms))))


def _checked(told: Mapping[str, Any]) -> Calibration:
    if set(told) != {*TERMS, "deciles"}:
        message = f"its keys are {sorted(told)}"
        raise ValueError(message)
    tables = {name: _table(told[name], name, terms) for name, terms in TERMS.items()}
    deciles = tuple(float(value) for value in told["deciles"])
    if len(deciles) != 9 or list(deciles) != sorted(deciles):  # noqa: PLR2004 - ten steps
        message = "deciles: nine rising numbers are needed"
        raise ValueError(message)
    return Calibration(**tables, deciles=deciles)


def _table(rows: Sequence[Sequence[float]], name: str, terms: int) -> tuple[tuple[float, ...], ...]:
    made = tuple(tuple(float(value) for value in row) for row in rows)
    if len(made) != 2 or any(len(row) != terms for row in made):  # noqa: PLR2004 - two labels
        message = f"{name}: two rows of {terms} numbers are needed"
        raise ValueError(message)
    return made
