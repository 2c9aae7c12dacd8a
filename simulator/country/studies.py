"""Studies of one algorithm at one site, from latent variables to scores, numbers and embedding.

A study has a person (sex, age, body size), a scanner with contrast, noise and style, findings
with a severity, and chance. Whatever follows is made of these, so that a fault in one of them
shows wherever it would show.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.country.algorithms import Kind
from simulator.country.faults import FACTORS, Effect
from simulator.country.scanners import STYLES, Machine

Floats = NDArray[np.float64]
CHILD: Final = 16  #: years; younger bodies are smaller
CONTRAST_SD: Final = 0.05
BODY: Final = (0.27, 0.07)  # of the score, absent and present: a smaller body gives a higher one
NOISE: Final = (0.30, 0.15)
OTHERS: Final = 0.3  # of another finding, on the score of an absent one
SEVERITY: Final = 0.6
CHANCE: Final = (0.88, 0.77)  # so that the whole has a standard deviation of about 1
ADULT_AGE: Final = 60.0


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What a site is like for one algorithm; arrays are by day of the period drawn."""

    machines: tuple[Machine, ...]
    mean: Floats  #: (days,) expected studies
    logits: Floats  #: (days, labels) of how often a finding is there, at average age
    mobile: Floats  #: (days,) share at the bedside
    older: float  #: years
    body: float
    women: float
    effects: tuple[tuple[Effect, NDArray[np.bool_]], ...] = ()  #: with (days,) when they last
    finding: int = 0  #: the label that `Effect.finding` is about


@dataclasses.dataclass(frozen=True, slots=True)
class Latent:
    """(n,) each; `present` and `severity` (n, labels). `effect` gives a sum over the faults."""

    day: NDArray[np.int64]
    machine: NDArray[np.int64]
    mobile: NDArray[np.bool_]
    female: NDArray[np.bool_]
    age: Floats
    body: Floats
    contrast: Floats
    noise: Floats
    level: Floats
    style: Floats  #: (n, STYLES)
    present: NDArray[np.bool_]
    severity: Floats
    effects: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.day)


def drawn(kind: Kind, setting: Setting, rng: np.random.Generator) -> Latent:
    """The studies, by day. A fault changes none of the numbers drawn, only what comes of them."""
    days = len(setting.mean)
    day = np.repeat(np.arange(days), rng.poisson(setting.mean))
    n = len(day)
    mobile = rng.random(n) < setting.mobile[day]
    machine, is_new = _machine(setting, mobile, day, rng.random(n))
    effects = _effects(setting, day, is_new)
    female = rng.random(n) < setting.women
    age = _ages(kind, setting, effects["odds_young"], rng)
    body = rng.normal(setting.body, 1.0, n) - 0.3 * female + effects["body"]
    body -= 1.5 * np.clip((CHILD - age) / CHILD, 0, None)
    of = _of_machines(setting.machines)
    logits = setting.logits[day] + 0.15 * mobile[:, None]
    logits += np.outer((age - ADULT_AGE) / 18, [point.age for point in kind.points])
    present = _present(kind, setting, logits, effects, rng)
    return Latent(
        day, machine, mobile, female, age, body,
        of["contrast"][machine] + effects["contrast"] - 0.02 * mobile
        + rng.normal(0, CONTRAST_SD, n),
        of["noise"][machine] + 0.3 * mobile + rng.normal(0, 1, n),
        of["level"][machine] + effects["level"] - 0.02 * mobile,
        of["style"][machine] + effects["style"][:, None] / np.sqrt(STYLES),
        present,
        rng.normal(0, 1, (n, len(kind.points))) + effects["severity"][:, None],
        effects,
    )  # fmt: skip


def scores(kind: Kind, latent: Latent, scale: Floats, rng: np.random.Generator) -> Floats:
    """(n, labels) log odds. `scale` (labels, 2, 2): mean and deviation of what is not scaled."""
    absent, present = raw_scores(kind, latent, rng)
    places = (
        np.array([one.absent[0] for one in kind.labels]),
        np.array([one.present[0] for one in kind.labels]),
    )
    spreads = (
        np.array([one.absent[1] for one in kind.labels]),
        np.array([one.present[1] for one in kind.labels]),
    )
    low = places[0] + spreads[0] * (absent - scale[:, 0, 0]) / scale[:, 0, 1]
    high = places[1] + spreads[1] * (present - scale[:, 1, 0]) / scale[:, 1, 1]
    return np.where(latent.present, high, low)


def raw_scores(kind: Kind, latent: Latent, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(n, labels) each: were the finding absent, and were it present; about standard normal."""
    n, count = latent.present.shape
    chance = rng.normal(0, 1, (n, count))
    if kind.whole and count > 1:  # the study's score follows the strongest mark
        chance[:, -1] = 0.8 * (chance[:, :-1].max(1) - 0.56) / 0.83 + 0.6 * chance[:, -1]
    lower = -latent.contrast
    others = latent.present.sum(1, keepdims=True) - latent.present
    common = [
        (-a * latent.body + b * latent.noise)[:, None] for a, b in zip(BODY, NOISE, strict=True)
    ]
    absent = common[0] + CHANCE[0] * chance + _false(lower)[:, None]
    absent += OTHERS * np.minimum(others, 2) * (not kind.whole) + latent.effects["absent"][:, None]
    present = common[1] + CHANCE[1] * chance + _true(lower)[:, None]
    present += SEVERITY * latent.severity + latent.effects["present"][:, None]
    return absent, present


def _false(lower: Floats) -> Floats:
    """What lower contrast adds to the scores of the absent: +0.149 at 8 %, +0.563 at 20 %."""
    bounded = np.clip(lower, -0.3, 0.3)
    return 1.36 * bounded + 5.2 * bounded * np.abs(bounded)


def _true(lower: Floats) -> Floats:
    """The same of the present: +0.083 at 8 %, +0.135 at 20 %."""
    bounded = np.clip(lower, -0.22, 0.22)
    return 1.234 * bounded - 2.82 * bounded * np.abs(bounded)


def _machine(
    setting: Setting, mobile: NDArray[np.bool_], day: NDArray[np.int64], chosen: Floats
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which scanner made each study, and whether it is the new one."""
    ends = np.cumsum([one.share for one in setting.machines])
    machine = np.minimum(np.searchsorted(ends, chosen, side="right"), len(ends) - 2)
    bedside = len(ends) - 2
    if setting.machines[bedside].share == 0.0:
        machine = np.where(mobile, bedside, np.minimum(machine, bedside - 1))
    replaced = np.zeros(len(day), bool)
    for effect, lasts in setting.effects:
        if effect.busiest:
            replaced |= lasts[day] & (machine == 0)
    return np.where(replaced, len(ends) - 1, machine), replaced


def _effects(
    setting: Setting, day: NDArray[np.int64], is_new: NDArray[np.bool_]
) -> dict[str, Floats]:
    """Every field of `Effect`, (n,): the sum of those that last, the product of factors."""
    names = [one.name for one in dataclasses.fields(Effect) if one.name != "busiest"]
    found = {name: np.full(len(day), getattr(Effect(), name)) for name in names}
    for effect, lasts in setting.effects:
        here = lasts[day] & (is_new | (not effect.busiest))
        for name in names:
            value = getattr(effect, name)
            if name in FACTORS:
                found[name] *= np.where(here, value, 1.0)
            elif value:
                found[name] += np.where(here, value, 0.0)
    return found


def _ages(kind: Kind, setting: Setting, odds_young: Floats, rng: np.random.Generator) -> Floats:
    """Years, of a mixture whose youngest part can grow."""
    n = len(odds_young)
    weights = np.array([weight for weight, _, _ in kind.ages])
    young = weights[0] * np.exp(odds_young) / (1 - weights[0] + weights[0] * np.exp(odds_young))
    chosen, rest = rng.random(n), np.cumsum(weights[1:] / weights[1:].sum())
    later = np.searchsorted(rest[:-1], (chosen - young) / (1 - young)) + 1
    part = np.where(chosen < young, 0, later)
    means, spreads = (np.array([one[place] for one in kind.ages]) for place in (1, 2))
    age = rng.normal(0, 1, n) * spreads[part] + means[part] + setting.older * (part > 0)
    return np.asarray(np.clip(age, 0.0, 100.0))


def _present(
    kind: Kind, setting: Setting, logits: Floats, effects: Mapping[str, Floats],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:  # fmt: skip
    """(n, labels): which findings are there."""
    share = 1 / (1 + np.exp(-logits))
    share *= effects["prevalence"][:, None]
    share[:, setting.finding] *= effects["finding"]
    found = rng.random(share.shape) < np.minimum(share, 0.95)
    if kind.whole:
        found[:, -1] = found[:, :-1].any(1)
    return found


def _of_machines(machines: tuple[Machine, ...]) -> dict[str, Floats]:
    return {
        name: np.array([getattr(one, name) for one in machines])
        for name in ("contrast", "level", "noise", "exposure", "kvp", "style")
    }
