"""After a training: the rules of `calibration.json`, the thresholds, golden case, reference."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import manifest as manifests
from models.mammography import pairs
from models.mammography.detect import Seen, Spot
from models.mammography.observed import NAMES, Observation, hit, hits
from models.mammography.pairs import Calibration, Lesion
from models.mammography.prepare import COLUMNS, ROWS
from models.training import release
from models.volume import Network

FALSE_AN_IMAGE: Final = 0.08  #: of each label, at its threshold
RIDGE: Final = 1.0  #: of the logistic rules: towards one weight on the network's own logit

GOLDEN: Final = (416, 256)  #: rows and columns of the golden case

Rows = list[tuple[tuple[float, ...], bool]]


def settle(folder: Path, studies: Sequence[Observation], file: str = manifests.FILE) -> None:
    """Fit the rules, part normal studies in tenths, choose thresholds; write all of it."""
    rules = fitted(studies)
    told = {name: [list(row) for row in getattr(rules, name)] for name in pairs.TERMS}
    text = json.dumps({**told, "deciles": list(rules.deciles)}, indent=1)
    (folder / pairs.FILE).write_text(f"{text}\n", encoding="utf-8")
    names = [label.name for label in _labels(folder, file)]
    for number, name in enumerate(names[:2]):
        release.threshold(folder, name, file, threshold=chosen(studies, rules, number))
    release.threshold(folder, names[2], file, threshold=round(rules.deciles[-1], 4))
    release.weights(folder, file)


def golden(folder: Path, network: Network, cases: Mapping[str, NDArray[Any]]) -> None:
    """The golden case: a quarter of the first stored view with a lesion, round the lesion."""
    boxes = cases["boxes"]
    number, position = (int(one[0]) for one in np.nonzero(boxes[:, :, 0, 0] >= 0))
    left, top, right, bottom = boxes[number, position, 0, 1:]
    row = int(np.clip((top + bottom) / 2 - GOLDEN[0] / 2, 0, ROWS - GOLDEN[0]))
    column = int(np.clip((left + right) / 2 - GOLDEN[1] / 2, 0, COLUMNS - GOLDEN[1]))
    view = cases["image"][number, position]
    part = view[None, :, row : row + GOLDEN[0], column : column + GOLDEN[1]]
    outputs = network(part.astype(np.float32) * np.float32(1 / 255))
    release.golden(folder, manifests.read(folder), part, outputs, scale=1 / 255)


def reference(folder: Path, studies: Sequence[Observation], rules: Calibration) -> None:
    """What the model says of simulated studies of the makers for training."""
    labels = manifests.read(folder).output
    assert labels is not None
    found = [pairs.lesions(one.seen, rules) for one in studies]
    probability = {
        label.name: np.array([_strongest(one, number) for one in found])
        for number, label in enumerate(labels.label[:2])
    }
    probability[labels.label[2].name] = np.array([pairs.suspicion(one) for one in found])
    steps = [pairs.step(pairs.suspicion(one), rules) for one in found]
    density = [int(np.mean([s.density for s in one.seen], axis=0).argmax()) for one in studies]
    release.reference(
        folder, probability, {label.name: label.threshold for label in labels.label[:3]},
        [one.age for one in studies],
        "simulated studies of the makers for training, 35 % with a lesion",
        study_score=np.bincount(steps, minlength=11)[1:].tolist(),
        density=np.bincount(density, minlength=4).tolist(),
    )  # fmt: skip


def _strongest(found: Sequence[Lesion], label: int) -> float:
    return max((one.probability for one in found if one.label == label), default=0.0)


def fitted(studies: Sequence[Observation]) -> Calibration:
    """The rules that tell these studies' lesions from the rest best."""
    tables: dict[str, tuple[tuple[float, ...], ...]] = {}
    for name, rows in (("pair", _pairs), ("lone", _lone), ("single", _single)):
        tables[name] = tuple(
            logistic([row for one in studies for row in rows(one, label)])
            for label in range(len(NAMES))
        )
    rules = Calibration(**tables, deciles=())
    normal = [pairs.suspicion(pairs.lesions(one.seen, rules)) for one in studies if one.normal]
    deciles = np.quantile(normal, np.arange(0.1, 0.95, 0.1))
    return Calibration(**tables, deciles=tuple(round(float(value), 5) for value in deciles))


def logistic(rows: Rows) -> tuple[float, ...]:
    """Coefficients of a logistic rule, by Newton's method with a ridge."""
    terms = np.array([row for row, _ in rows], np.float64)
    truth = np.array([told for _, told in rows], np.float64)
    prior = np.zeros(terms.shape[1])
    prior[1] = 1.0
    weights = prior.copy()
    penalty = RIDGE * np.eye(len(prior))
    penalty[0, 0] = 1e-3
    for _ in range(40):
        share = 1 / (1 + np.exp(-np.clip(terms @ weights, -30, 30)))
        slope = terms.T @ (truth - share) - penalty @ (weights - prior)
        bend = (terms * (share * (1 - share))[:, None]).T @ terms + penalty
        weights = weights + np.clip(np.linalg.solve(bend, slope), -2, 2)
    return tuple(round(float(value), 5) for value in weights)


def chosen(studies: Sequence[Observation], rules: Calibration, label: int) -> float:
    """The threshold at which `FALSE_AN_IMAGE` marks of the label are false."""
    false = sorted(
        (found.probability
         for one in studies for found in pairs.lesions(one.seen, rules) if found.label == label
         for what in hits(found, one.lesions) if not what),
        reverse=True,
    )  # fmt: skip
    allowed = int(FALSE_AN_IMAGE * sum(one.images for one in studies))
    return round(
        float(np.clip(false[min(allowed, len(false) - 1)] if false else 0.5, 0.01, 0.99)), 4
    )


def _pairs(study: Observation, label: int) -> Rows:
    """Every pair that could be, and whether it is one lesion."""
    return [
        (pairs.features(first, second), bool(told) and told == hit(two, second, study.lesions))
        for side in "LR"
        for one, first, two, second in pairs.candidates(_of(study, side), label)
        for told in [hit(one, first, study.lesions)]
    ]


def _single(study: Observation, label: int) -> Rows:
    """Every detection by itself."""
    return [
        ((1.0, pairs.logit(spot.score)), bool(hit(one, spot, study.lesions)))
        for one, spot in _spots(study, label)
    ]


def _lone(study: Observation, label: int) -> Rows:
    """Every detection but those of lesions that both views show."""
    told = [(one, spot, hit(one, spot, study.lesions)) for one, spot in _spots(study, label)]
    views: dict[str, set[str]] = {}
    for one, _, what in told:
        views.setdefault(what, set()).add(one.view.position)
    return [
        ((1.0, pairs.logit(spot.score)), bool(what))
        for _, spot, what in told
        if not what or len(views[what]) == 1
    ]


def _of(study: Observation, side: str) -> list[Seen]:
    return [one for one in study.seen if one.view.laterality == side]


def _spots(study: Observation, label: int) -> list[tuple[Seen, Spot]]:
    return [(one, spot) for one in study.seen for spot in one.spots if spot.label == label]


def _labels(folder: Path, file: str) -> Sequence[Any]:
    output = manifests.read(folder, file).output
    assert output is not None
    return output.label
