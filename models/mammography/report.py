# ruff: noqa: PLR2004 - bounds of subgroups, each used once
"""The figures of an evaluation, and the tables of the card that show them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy import stats

from models import card, scores
from models.mammography import pairs
from models.mammography.observed import NAMES, Observation, hits
from models.mammography.pairs import Calibration, Lesion
from models.manifest import Manifest

Measured = dict[str, Any]

THIRDS: Final = ("obvious", "moderate", "subtle")
MARKS: Final = 0.5  #: false marks an image at which sensitivity is told


def measure(
    studies: Sequence[Observation], rules: Calibration, manifest: Manifest, held_out: Sequence[str]
) -> Measured:
    """Everything that the card tells, as plain data."""
    found = [pairs.lesions(one.seen, rules) for one in studies]
    assert manifest.output is not None
    limits = [label.threshold for label in manifest.output.label]
    suspected = np.array([pairs.suspicion(one) for one in found])
    truth = np.array([not one.normal for one in studies])
    return {
        "studies": len(studies),
        "with_lesion": int(truth.sum()),
        "auc": scores.interval(scores.auc, truth, suspected),
        "sensitivity_specificity": [
            scores.wilson(int((suspected[truth] >= limits[2]).sum()), int(truth.sum())),
            scores.wilson(int((suspected[~truth] < limits[2]).sum()), int((~truth).sum())),
        ],
        "marks": {
            name: _marks(studies, found, limits[n], n) for n, name in enumerate(NAMES)
        } | {"both": _marks(studies, found, None, None, limits)},
        "lesions": _by_lesion(studies, found, limits),
        "pairing": _pairing(studies, found, limits),
        "steps": _steps(suspected[~truth], suspected[truth], rules),
        "density": _density(studies),
        "view": _views(studies),
        "subgroups": _subgroups(studies, suspected, truth, held_out),
    }  # fmt: skip


def tables(measured: Measured) -> str:
    """The figures as Markdown."""
    head = "\n".join([_studies(measured), "", *_lines(measured)])
    parts = [head, _marks_table(measured), _lesion_table(measured), _step_table(measured)]
    return "\n\n".join([*parts, _density_table(measured), _group_table(measured)])


def _studies(measured: Measured) -> str:
    count, ill = measured["studies"], measured["with_lesion"]
    return (
        f"{count} studies of four views, {ill} with a lesion, all makers in turn, seeds used for\n"
        "nothing else. Intervals are 95 %."
    )


def _lines(measured: Measured) -> list[str]:
    """The main figures, one a line."""
    both, pairing = measured["marks"]["both"], measured["pairing"]
    detected, quiet = (card.figures(one) for one in measured["sensitivity_specificity"])
    density, view = measured["density"], measured["view"]
    half, at = card.figures(both["at_half"]), card.figures(both["sensitivity"])
    return [
        f"* Study: AUC **{card.figures(measured['auc'])}**; at the threshold sensitivity",
        f"  {detected}, specificity {quiet}.",
        f"* Marks: sensitivity **{half}** at {MARKS} false marks an image; at the thresholds",
        f"  {at} with {both['false_an_image']:.2f} false marks an image.",
        f"* Pairing: of {pairing['seen_twice']} lesions marked in both views,",
        f"  {card.figures(pairing['right'])} have one tracking identifier; of {pairing['pairs']}",
        f"  pairs told, {card.figures(pairing['true'])} are one lesion.",
        f"* Density: agreement {card.figures(density['agreement'])}, weighted kappa",
        f"  {card.figures(density['kappa'])}.",
        f"* View by pixels: {card.figures(view['right'])} right;",
        f"  {card.figures(view['accepted'])} of the images accepted as mammograms.",
    ]


def _marks(
    studies: Sequence[Observation], found: Sequence[Sequence[Lesion]], limit: float | None,
    label: int | None, limits: Sequence[float] = (),
) -> Measured:  # fmt: skip
    """Marks on images: a lesion that two views show counts twice, and so does a false pair."""
    score, match, study, truths = [], [], [], 0
    names: dict[tuple[int, str, str], int] = {}
    for number, (one, lesions) in enumerate(zip(studies, found, strict=True)):
        wanted = [known for known in one.lesions if label in {None, known.label}]
        for known in wanted:
            for position in known.boxes:
                names[number, known.id, position] = truths
                truths += 1
        for lesion in lesions:
            if label not in {None, lesion.label}:
                continue
            at = limits[lesion.label] if limit is None else limit
            for (seen, _), what in zip(lesion.places, hits(lesion, one.lesions), strict=True):
                # thresholds differ between labels: a mark's score is relative to its own
                score.append(lesion.probability if limit is not None else _relative(lesion, at))
                match.append(names[number, what, seen.view.position] if what else -1)
                study.append(number)
    images = sum(one.images for one in studies)
    told, marks = np.array(score), np.array(match)
    edge = 0.5 if limit is None else limit
    curve = scores.froc(told, marks, truths=truths, images=images)
    at_half = scores.wilson(round(curve.at(MARKS)[1] * truths), truths)
    shown = told >= edge
    caught = len(set(marks[shown & (marks >= 0)].tolist()))
    return {
        "lesions": truths,
        "at_half": at_half,
        "sensitivity": scores.wilson(caught, truths),
        "false_an_image": float((shown & (marks < 0)).sum() / images),
    }


def _relative(lesion: Lesion, threshold: float) -> float:
    """The probability on a scale on which every label's threshold is a half."""
    gap = pairs.logit(lesion.probability) - pairs.logit(threshold)
    return float(1 / (1 + np.exp(-gap)))


def _by_lesion(
    studies: Sequence[Observation], found: Sequence[Sequence[Lesion]], limits: Sequence[float]
) -> Measured:
    """Lesions that are marked in at least one view, by kind and by subtlety."""
    rows: list[tuple[str, str, bool]] = []
    for one, lesions in zip(studies, found, strict=True):
        shown = [lesion for lesion in lesions if lesion.probability >= limits[lesion.label]]
        caught = {what for lesion in shown for what in hits(lesion, one.lesions)}
        for known in one.lesions:
            third = THIRDS[min(int(known.subtlety * 3), 2)]
            rows.append((known.shape, third, known.id in caught))
    shapes = sorted({shape for shape, _, _ in rows})
    return {
        shape: {
            third: scores.wilson(sum(c for s, t, c in rows if (s, t) == (shape, third)),
                                 sum((s, t) == (shape, third) for s, t, _ in rows))
            for third in THIRDS
        }
        for shape in shapes
    }  # fmt: skip


def _pairing(
    studies: Sequence[Observation], found: Sequence[Sequence[Lesion]], limits: Sequence[float]
) -> Measured:
    """Whether what both views show is told as one, and whether what is told as one is one."""
    twice = right = told = true = 0
    for one, lesions in zip(studies, found, strict=True):
        shown = [lesion for lesion in lesions if lesion.probability >= limits[lesion.label]]
        places: dict[str, set[str]] = {}
        for lesion in shown:
            for (seen, _), what in zip(lesion.places, hits(lesion, one.lesions), strict=True):
                places.setdefault(what, set()).add(seen.view.position)
        both = {what for what, seen in places.items() if what and len(seen) > 1}
        paired = [hits(lesion, one.lesions) for lesion in shown if len(lesion.places) > 1]
        same = {ends[0] for ends in paired if ends[0] and ends[0] == ends[1]}
        twice, right = twice + len(both), right + len(both & same)
        told, true = told + len(paired), true + sum(bool(e[0]) and e[0] == e[1] for e in paired)
    return {
        "seen_twice": twice, "right": scores.wilson(right, twice),
        "pairs": told, "true": scores.wilson(true, told),
    }  # fmt: skip


def _steps(normal: np.ndarray[Any, Any], ill: np.ndarray[Any, Any], rules: Calibration) -> Measured:
    """How many studies have each study score; a tenth of the normal ones should."""
    counts = [
        np.bincount([pairs.step(float(one), rules) for one in group], minlength=11)[1:]
        for group in (normal, ill)
    ]
    test = stats.chisquare(counts[0])
    return {
        "normal": counts[0].tolist(), "lesion": counts[1].tolist(),
        "chi_square": round(float(test.statistic), 2), "p": round(float(test.pvalue), 4),
        "share": [scores.wilson(int(count), int(counts[0].sum())) for count in counts[0]],
    }  # fmt: skip


def _density(studies: Sequence[Observation]) -> Measured:
    """The told category against the true one."""
    true = np.array([one.density for one in studies])
    told = np.array([_category(one) for one in studies])
    matrix = [
        [int(((true == row) & (told == column)).sum()) for column in range(4)] for row in range(4)
    ]
    return {
        "agreement": scores.wilson(int((true == told).sum()), len(true)),
        "kappa": scores.interval(_kappa, true, told),
        "matrix": matrix,
    }


def _category(one: Observation) -> int:
    """As hooks.py does: the views' probabilities multiplied."""
    return int(np.mean([np.log(np.maximum(s.density, 1e-4)) for s in one.seen], axis=0).argmax())


def _kappa(true: np.ndarray[Any, Any], told: np.ndarray[Any, Any]) -> float:
    """Cohen's kappa with quadratic weights."""
    expected = np.outer(np.bincount(true, minlength=4), np.bincount(told, minlength=4)) / len(true)
    weights = np.subtract.outer(np.arange(4), np.arange(4)) ** 2
    total = float((weights * expected).sum())
    return 1 - float(((true - told) ** 2).sum()) / total if total else float("nan")


def _views(studies: Sequence[Observation]) -> Measured:
    views = [one for study in studies for one in study.seen]
    right = sum(("CC", "MLO")[int(one.position.argmax())] == one.view.position for one in views)
    images = sum(one.images for one in studies)
    return {
        "right": scores.wilson(right, len(views)),
        "accepted": scores.wilson(sum(one.region >= 0.5 for one in views), images),
    }


def _subgroups(
    studies: Sequence[Observation], suspected: np.ndarray[Any, Any], truth: np.ndarray[Any, Any],
    held_out: Sequence[str],
) -> Measured:  # fmt: skip
    groups: list[Mapping[str, str]] = [
        {
            "age": "40–54" if one.age < 55 else "55–69" if one.age < 70 else "70–84",
            "density": "abcd"[one.density],
            "scanner": one.scanner,
            "scanners": "held out" if one.scanner in held_out else "seen in training",
        }
        for one in studies
    ]
    figures: Callable[..., Measured] = lambda rows: {  # noqa: E731 - what a subgroup tells
        "auc": scores.interval(scores.auc, truth[rows], suspected[rows])
    }
    told = scores.subgroups(groups, figures)
    for name, chosen in _kinds(studies).items():
        rows = np.flatnonzero(chosen | ~truth)
        told[name] = {"studies": int(chosen.sum()), **figures(rows)}
    return told


def _kinds(studies: Sequence[Observation]) -> dict[str, np.ndarray[Any, Any]]:
    """Studies whose lesions are of one kind or one third of subtlety; against all normal ones."""
    kinds = {}
    for label, name in enumerate(NAMES):
        kinds[f"lesion {name}"] = np.array(
            [bool(one.lesions) and all(k.label == label for k in one.lesions) for one in studies]
        )
    for third, name in enumerate(THIRDS):
        kinds[f"lesion {name}"] = np.array([
            bool(one.lesions)
            and min(int(min(k.subtlety for k in one.lesions) * 3), 2) == third
            for one in studies
        ])  # fmt: skip
    return kinds


def _marks_table(measured: Measured) -> str:
    rows = [
        [name, str(one["lesions"]), card.figures(one["at_half"]), card.figures(one["sensitivity"]),
         card.figure(one["false_an_image"], 2)]
        for name, one in measured["marks"].items()
    ]  # fmt: skip
    head = ["marks", "lesions on images", f"sensitivity at {MARKS} false an image",
            "at the threshold", "false an image"]  # fmt: skip
    return card.table(head, rows)


def _lesion_table(measured: Measured) -> str:
    rows = [
        [shape, *(card.figures(one[third], 2) for third in THIRDS)]
        for shape, one in measured["lesions"].items()
    ]
    return card.table(["marked in at least one view", *THIRDS], rows)


def _step_table(measured: Measured) -> str:
    steps = measured["steps"]
    rows = [
        ["normal studies", *(str(count) for count in steps["normal"])],
        ["studies with a lesion", *(str(count) for count in steps["lesion"])],
    ]
    shown = card.table(["study score", *(str(step) for step in range(1, 11))], rows)
    test = f"chi-square {steps['chi_square']} on 9 degrees of freedom, p = {steps['p']}"
    return f"{shown}\n\nAgainst a tenth of the normal studies each: {test}."


def _density_table(measured: Measured) -> str:
    rows = [
        [f"truly {letter}", *(str(count) for count in row)]
        for letter, row in zip("abcd", measured["density"]["matrix"], strict=True)
    ]
    return card.table(["density", *(f"told {letter}" for letter in "abcd")], rows)


def _group_table(measured: Measured) -> str:
    rows = [
        [name, str(one["studies"]), card.figures(one["auc"])]
        for name, one in measured["subgroups"].items()
    ]
    return card.table(["subgroup", "studies", "AUC"], rows)
