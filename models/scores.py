"""The statistics of an evaluation, in numpy alone."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 400  #: of the bootstrap
NORMAL: Final = 1.959964  #: the 97.5 percentile of the normal distribution

Column = NDArray[Any]
Interval = tuple[float, float, float]  #: the figure, and its 95 % interval
Boxes = NDArray[np.floating[Any]]  #: (n, 4): left, top, right, bottom


def auc(truth: Column, score: Column) -> float:
    """The area under the ROC curve, ties counted half; NaN where one class is missing."""
    positive, negative = score[truth], score[~truth]
    if not len(positive) or not len(negative):
        return float("nan")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    upto = np.searchsorted(ordered, positive, "right")
    return float((below + upto).mean() / 2 / len(negative))


def share(chosen: Column, yes: Column) -> float:
    """How many of the `chosen` are `yes`; NaN where none is chosen."""
    return float(yes[chosen].mean()) if chosen.any() else float("nan")


def interval(
    figure: Callable[..., float],
    *columns: Column,
    studies: Column | None = None,
    draws: int = DRAWS,
) -> Interval:
    """`figure(*columns)`, and the 2.5 and 97.5 percentiles of its bootstrap over studies.

    `studies` (rows,) tells which study a row is of, for columns with several rows a
    study; each row is its own where None. Draws in which the figure is NaN are left out.
    """
    rng = np.random.default_rng(0)
    rows = np.arange(len(columns[0])) if studies is None else np.asarray(studies)
    names, where = np.unique(rows, return_inverse=True)
    members = [np.flatnonzero(where == number) for number in range(len(names))]
    several = []
    for _ in range(draws):
        drawn = np.concatenate([members[one] for one in rng.integers(len(names), size=len(names))])
        several.append(figure(*(column[drawn] for column in columns)))
    good = np.array(several)[np.isfinite(several)]
    low, high = np.percentile(good, (2.5, 97.5)) if len(good) else (np.nan, np.nan)
    return figure(*columns), float(low), float(high)


def wilson(hits: int, total: int) -> Interval:
    """A share and its 95 % interval after Wilson; NaN where `total` is 0."""
    if not total:
        return float("nan"), float("nan"), float("nan")
    found, z2 = hits / total, NORMAL**2
    middle = (found + z2 / (2 * total)) / (1 + z2 / total)
    reach = NORMAL * np.sqrt(found * (1 - found) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return found, max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def threshold(
    truth: Column, score: Column, *, sensitivity: float = 0.95, most_false: float = 0.08
) -> float:
    """The threshold of that `sensitivity`, or a higher one.

    Higher where else more than the share `most_false` of the negative would be called
    positive; and halfway to where 2 % are, if that is higher and costs no sensitivity.
    """
    sensitive = float(np.quantile(score[truth], 1 - sensitivity))
    specific = float(np.quantile(score[~truth], 1 - most_false))
    quiet = float(np.quantile(score[~truth], 0.98))
    least = max(sensitive, specific)
    return (least + max(least, min(quiet, sensitive))) / 2


@dataclasses.dataclass(frozen=True, slots=True)
class Froc:
    """Free-response ROC: one point for each threshold, the highest threshold first."""

    threshold: Column
    sensitivity: Column
    false_per_image: Column

    def at(self, most_false: float) -> tuple[float, float, float]:
        """(threshold, sensitivity, false an image) of the highest sensitivity at `most_false`.

        The highest such threshold; (inf, 0, 0) where no threshold keeps below.
        """
        allowed = np.flatnonzero(self.false_per_image <= most_false)
        if not len(allowed):
            return float("inf"), 0.0, 0.0
        best = allowed[int(np.argmax(self.sensitivity[allowed]))]
        return (
            float(self.threshold[best]),
            float(self.sensitivity[best]),
            float(self.false_per_image[best]),
        )


def froc(score: Column, match: Column, *, truths: int, images: int) -> Froc:
    """The curve of detections with a `score` and the truth that they `match`.

    `match` (detections,): the number of a truth, counted through all images, or -1 for
    a false one. A truth that was already found adds nothing, neither right nor false.
    """
    order = np.argsort(-score, kind="stable")
    score, match = score[order], match[order]
    first = np.zeros(len(match), bool)
    _, firsts = np.unique(match, return_index=True)
    first[firsts] = True
    hits = np.cumsum(first & (match >= 0))
    false = np.cumsum(match < 0)
    last = np.append(score[1:] != score[:-1], np.ones(min(1, len(score)), bool))
    return Froc(score[last], hits[last] / max(truths, 1), false[last] / max(images, 1))


def iou(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Intersection over union (n, m) of `boxes` (n, 4) and `others` (m, 4)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(one[:, 2:] - one[:, :2], 0, None).prod(axis=1) for one in (boxes, others)]
    union = areas[0][:, None] + areas[1][None] - common
    return np.asarray(common / np.maximum(union, 1e-9), np.float64)


def matches(boxes: Boxes, score: Column, truths: Boxes, least: float = 0.2) -> NDArray[np.int_]:
    """For each of `boxes` the number of the truth that it hits by IoU `least`, or -1.

    The highest score chooses first. A further box on a truth that is already found gets
    the same number: `froc` counts it once.
    """
    found = np.full(len(boxes), -1)
    if not len(boxes) or not len(truths):
        return found
    overlap = iou(boxes, truths)
    taken = np.zeros(len(truths), bool)
    for number in np.argsort(-score, kind="stable"):
        hit = overlap[number] >= least
        if hit.any():
            free = hit & ~taken
            chosen = np.where(free if free.any() else hit, overlap[number], -1)
            found[number] = int(chosen.argmax())
            taken[found[number]] = True
    return found


def subgroups(
    groups: Sequence[Mapping[str, str]], figures: Callable[[Column], Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """`figures(rows)` for the rows of every value of every kind, under "kind value".

    `groups`: for each row its value by kind, such as {"sex": "F", "view": "PA"}.
    """
    told = {}
    for kind in groups[0]:
        for value in sorted({row[kind] for row in groups}):
            rows = np.array([number for number, row in enumerate(groups) if row[kind] == value])
            told[f"{kind} {value}"] = {"studies": len(rows), **figures(rows)}
    return told
