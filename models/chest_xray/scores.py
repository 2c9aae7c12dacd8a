"""The few statistics of an evaluation, in numpy."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 400  #: of the bootstrap
Column = NDArray[Any]


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
    figure: Callable[[Column, Column], float], first: Column, second: Column
) -> tuple[float, float, float]:
    """The figure, and the 2.5 and 97.5 percentiles of its bootstrap over images."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(first), size=(DRAWS, len(first)))
    several = [figure(first[rows], second[rows]) for rows in drawn]
    low, high = np.nanpercentile(several, (2.5, 97.5))
    return figure(first, second), float(low), float(high)


def inside(points: NDArray[np.float64], cells: tuple[int, ...], size: int) -> NDArray[np.bool_]:
    """Which cells (rows, columns) have their centre in a closed polyline (n, 2) of (column, row).

    `size` is the number of pixels that the cells share along each axis. By the parity of
    crossings; at least the cell of the middle.
    """
    x, y = (points / (size / cells[0])).T
    column, row = np.meshgrid(np.arange(cells[1]) + 0.5, np.arange(cells[0]) + 0.5)
    odd = np.zeros(cells, bool)
    for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
        if y0 == y1:
            continue
        crosses = (y0 > row) != (y1 > row)
        odd ^= crosses & (column < x0 + (row - y0) * (x1 - x0) / (y1 - y0))
    if not odd.any():
        middle = np.clip([y.mean(), x.mean()], 0, np.array(cells) - 1).astype(int)
        odd[tuple(middle)] = True
    return odd


def table(told: Mapping[str, Any]) -> str:
    """The figures as text."""
    names = ("auc", "sensitivity", "specificity", "localised")
    lines = [f"{told['images']} images, {told['accepted']:.1%} accepted", ""]
    lines.append(f"{'':18}" + "".join(f"{name:>22}" for name in names) + "   false/image")
    for label, row in told["labels"].items():
        figures = "".join(f"{'{:.3f} ({:.3f}–{:.3f})'.format(*row[name]):>22}" for name in names)
        lines.append(f"{label:18}{figures}{row['false_positives_per_image']:14.3f}")
    lines += [f"{'all':18}{told['false_positives_per_image']:102.3f}", ""]
    for group, row in told["groups"].items():
        lines.append(
            f"{group:26}{row['images']:6} images, AUC {row['auc']:.3f}, "
            f"localised {row['localised']:.3f}, false/image "
            f"{row['false_positives_per_image']:.3f}"
        )
    for label, thirds in told["subtlety"].items():
        parts = ", ".join(f"{words} {hit:.2f} of {n}" for words, (n, hit) in thirds.items())
        lines.append(f"{label:18} localised: {parts}")
    return "\n".join(lines)
