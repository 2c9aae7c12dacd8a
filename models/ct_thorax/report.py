"""The figures of an evaluation, with intervals and subgroups, and their tables for the card."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from models import card, scores
from models.ct_thorax.scoring import Fluids, Found

RELEVANT_MM: Final = 5.0  #: long axis of a nodule that counts
AGES: Final = ("below 50", "50 to 69", "70 and more")
SIZES: Final = ("3 to 5 mm", "5 to 8 mm", "8 to 15 mm", "above 15 mm")
MOST_FALSE: Final = 1.0  #: a scan, at which sensitivity is told


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One scan: its truth (`simulator.ct.truth.Truth`) and what was said of it."""

    truth: Any
    held_out: bool
    nodules: tuple[Found, ...]
    fluids: tuple[Fluids, ...]
    dice: float
    seconds: float
    slices: int


def figures(rows: Sequence[Row], nodule: float, effusion: float) -> dict[str, Any]:
    """All figures; `nodule` and `effusion` are the thresholds in use."""
    sizes = np.array([_relevant(row) for row in rows])
    only_small = np.array([bool(row.truth.nodules) for row in rows]) & ~sizes
    top = np.array([max((one.probability for one in row.nodules), default=0.0) for row in rows])
    judged = ~only_small
    gaps = _diameter_gaps(rows, nodule)
    fluid = [one for row in rows for one in row.fluids]
    there = np.array([one.true > 0 for one in fluid])
    said = np.array([one.probability for one in fluid])
    return {
        "scans": len(rows),
        "thresholds": {"Nodule": nodule, "Pleural effusion": effusion},
        "auc_scan": scores.interval(scores.auc, sizes[judged], top[judged]),
        "nodules": _sensitivity(rows, nodule),
        "froc": _froc(rows),
        "diameter_error_mm": _median(gaps),
        "lung_dice": _median(np.array([row.dice for row in rows])),
        "lung_dice_worst": float(min(row.dice for row in rows)),
        "effusion_auc": scores.interval(scores.auc, there, said),
        "effusion": _effusion(fluid, effusion),
        "seconds": _median(np.array([row.seconds for row in rows])),
        "subgroups": _subgroups(rows, nodule),
        "kinds": _kinds(rows, nodule),
    }


def _relevant(row: Row) -> bool:
    return any(one.long_mm >= RELEVANT_MM for one in row.truth.nodules)


def _median(values: np.ndarray) -> tuple[float, float, float]:
    if not len(values):
        return float("nan"), float("nan"), float("nan")
    return scores.interval(lambda column: float(np.median(column)), values)


def _hits(row: Row, threshold: float) -> set[int]:
    return {one.match for one in row.nodules if one.probability >= threshold and one.match >= 0}


def _false(row: Row, threshold: float) -> int:
    """Reported nodules that are none; those below 5 mm in truth are neither right nor wrong."""
    return sum(one.match < 0 and one.probability >= threshold for one in row.nodules)


def _sensitivity(rows: Sequence[Row], threshold: float) -> dict[str, Any]:
    hit = total = 0
    for row in rows:
        found = _hits(row, threshold)
        for number, one in enumerate(row.truth.nodules):
            if one.long_mm >= RELEVANT_MM:
                total += 1
                hit += number in found
    false = np.array([_false(row, threshold) for row in rows], float)
    return {
        "count": total,
        "sensitivity": scores.wilson(hit, total),
        "false_per_scan": scores.interval(lambda column: float(column.mean()), false),
    }


def _froc(rows: Sequence[Row]) -> dict[str, Any]:
    """Threshold, sensitivity and false nodules a scan at 1, a half and a quarter of them."""
    drawn = curve(rows)
    return {f"{most:g}": drawn.at(most) for most in (MOST_FALSE, 0.5, 0.25)}


def curve(rows: Sequence[Row]) -> scores.Froc:
    """The free-response curve for nodules of `RELEVANT_MM` and more; smaller ones do not count."""
    score, match, truths = [], [], 0
    for row in rows:
        counted = [n for n, one in enumerate(row.truth.nodules) if one.long_mm >= RELEVANT_MM]
        for one in row.nodules:
            if one.match < 0 or one.match in counted:
                score.append(one.probability)
                match.append(truths + counted.index(one.match) if one.match >= 0 else -1)
        truths += len(counted)
    return scores.froc(np.array(score), np.array(match), truths=truths, images=len(rows))


def _diameter_gaps(rows: Sequence[Row], threshold: float) -> np.ndarray:
    """Absolute error of the long axis of every nodule of 3 mm and more that was found."""
    gaps = []
    for row in rows:
        best: dict[int, Found] = {}
        for one in row.nodules:
            if one.match >= 0 and one.probability >= threshold:
                best.setdefault(one.match, one)
        gaps += [abs(one.long - row.truth.nodules[n].long_mm) for n, one in best.items()]
    return np.array(gaps)


def _effusion(fluid: Sequence[Fluids], threshold: float) -> dict[str, Any]:
    there = [one for one in fluid if one.true > 0]
    found = [one for one in there if one.probability >= threshold]
    away = [one for one in fluid if not one.true]
    error = np.array([abs(one.told - one.true) for one in found])
    share = np.array([abs(one.told - one.true) / one.true for one in found])
    return {
        "count": len(there),
        "sensitivity": scores.wilson(len(found), len(there)),
        "specificity": scores.wilson(sum(o.probability < threshold for o in away), len(away)),
        "volume_error_ml": _median(error),
        "volume_error_share": _median(share),
    }


def _subgroups(rows: Sequence[Row], threshold: float) -> dict[str, Any]:
    groups: dict[str, Callable[[Row], str]] = {
        "sex": lambda row: str(row.truth.sex),
        "age": lambda row: AGES[sum(row.truth.age >= edge for edge in (50, 70))],
        "slices": lambda row: f"{row.truth.thickness:g} mm",
        "scanner": lambda row: str(row.truth.scanner),
        "makers": lambda row: "held out" if row.held_out else "seen in training",
        "contrast": lambda row: "with" if row.truth.contrast else "without",
    }
    told: dict[str, Any] = {}
    for kind, of in groups.items():
        for value in sorted({of(row) for row in rows}):
            some = [row for row in rows if of(row) == value]
            told[f"{kind} {value}"] = {
                "scans": len(some),
                **_sensitivity(some, threshold),
                "diameter_error_mm": _median(_diameter_gaps(some, threshold)),
                "lung_dice": _median(np.array([row.dice for row in some])),
            }
    return told


def _kinds(rows: Sequence[Row], threshold: float) -> dict[str, Any]:
    """Sensitivity by what a nodule is."""
    groups: Mapping[str, Callable[[Any], str]] = {
        "size": lambda one: _size(one.long_mm),
        "type": lambda one: str(one.kind),
        "place": lambda one: str(one.place),
        "margin": lambda one: str(one.margin),
    }
    told: dict[str, Any] = {}
    pairs = [
        (one, number in _hits(row, threshold))
        for row in rows
        for number, one in enumerate(row.truth.nodules)
    ]
    for kind, of in groups.items():
        counted = [pair for pair in pairs if kind == "size" or pair[0].long_mm >= RELEVANT_MM]
        for value in sorted({of(one) for one, _ in counted}):
            some = [hit for one, hit in counted if of(one) == value]
            told[f"{kind} {value}"] = {
                "count": len(some), "sensitivity": scores.wilson(sum(some), len(some)),
            }  # fmt: skip
    return told


def _size(long: float) -> str:
    return SIZES[sum(long >= edge for edge in (5, 8, 15))]


def block(told: Mapping[str, Any]) -> str:
    """The tables of the card."""
    found, froc, fluid = told["nodules"], told["froc"], told["effusion"]
    whole = card.table(
        ["figure", "value (95 % interval)"],
        [
            ["scans", str(told["scans"])],
            ["AUC a scan, nodule of 5 mm and more", card.figures(told["auc_scan"])],
            ["nodules of 5 mm and more", str(found["count"])],
            ["sensitivity for them at the threshold", card.figures(found["sensitivity"])],
            ["false nodules a scan at the threshold", card.figures(found["false_per_scan"], 2)],
            [
                "sensitivity at 1 / 0.5 / 0.25 false a scan",
                " / ".join(card.figure(froc[k][1]) for k in ("1", "0.5", "0.25")),
            ],
            ["median error of the long axis, mm", card.figures(told["diameter_error_mm"], 2)],
            ["median Dice of the lungs", card.figures(told["lung_dice"])],
            ["lowest Dice of the lungs", card.figure(told["lung_dice_worst"])],
            ["AUC a side, pleural effusion", card.figures(told["effusion_auc"])],
            ["sensitivity for effusion", card.figures(fluid["sensitivity"])],
            ["specificity for effusion", card.figures(fluid["specificity"])],
            ["median error of its volume, mL", card.figures(fluid["volume_error_ml"], 0)],
            ["the same, share of the volume", card.figures(fluid["volume_error_share"], 2)],
            ["seconds a scan (reading only)", card.figures(told["seconds"], 1)],
        ],
    )
    groups = card.table(
        ["subgroup", "scans", "sensitivity, 5 mm and more", "false a scan", "diameter error, mm", "lung Dice"],  # noqa: E501
        [
            [
                name, str(one["scans"]), card.figures(one["sensitivity"]),
                card.figures(one["false_per_scan"], 2), card.figures(one["diameter_error_mm"], 2),
                card.figures(one["lung_dice"]),
            ]
            for name, one in told["subgroups"].items()
        ],
    )  # fmt: skip
    kinds = card.table(
        ["nodules by", "count", "sensitivity"],
        [
            [n, str(one["count"]), card.figures(one["sensitivity"])]
            for n, one in told["kinds"].items()
        ],
    )
    return f"{whole}\n\n{kinds}\n\n{groups}"
