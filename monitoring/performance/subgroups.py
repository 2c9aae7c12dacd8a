"""Whether an algorithm does as well in one subgroup as in the others."""

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import Final

from scipy.special import ndtr

from monitoring.performance.benjamini_hochberg import adjusted
from monitoring.performance.confusion import Confusion, total
from monitoring.performance.estimate import Estimate
from monitoring.performance.newcombe import difference
from monitoring.performance.shrinkage import shrunken
from monitoring.performance.wilson import wilson

FEW: Final = 50  #: studies that the share is of; fewer tell nothing
FOUND: Final = 0.05  #: the expected share of false finds among gaps called so


class Measure(enum.StrEnum):
    """What is compared between subgroups."""

    SENSITIVITY = "sensitivity"  #: of those with the finding
    SPECIFICITY = "specificity"  #: of those without it
    CALLED = "called"  #: the share that the algorithm calls positive, of those with a truth


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """One subgroup against the others of its dimension (`sex`, `age`, `equipment`).

    `share` is its own with Wilson's interval, `shrunken` drawn towards the others, `gap` the
    difference to them with Newcombe's interval. `adjusted` is the p-value after Benjamini and
    Hochberg over all gaps compared. Where `few`, only `share` is given: nothing is claimed.
    """

    subgroup: str
    measure: Measure
    count: int
    few: bool
    share: Estimate | None
    shrunken: Estimate | None = None
    gap: Estimate | None = None
    adjusted: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the gap is more than chance, all subgroups taken together."""
        return self.adjusted is not None and self.adjusted <= FOUND


def gaps(
    subgroups: Mapping[str, Confusion], measure: Measure = Measure.SENSITIVITY
) -> tuple[Gap, ...]:
    """Of subgroups as the table `concordance` names them (`sex:F`), in the order given.

    A study belongs to one subgroup of a dimension at most: the others of the dimension are
    what each is compared with. A subgroup below `FEW`, or whose others are, is few.
    """
    found = [_gap(name, subgroups, measure) for name in subgroups]
    p = adjusted([_p_value(name, subgroups, measure) for name in _told(found)])
    by_name = dict(zip(_told(found), p, strict=True))
    drawn = _drawn(subgroups, _told(found), measure)
    return tuple(
        one
        if one.few
        else dataclasses.replace(one, adjusted=by_name[one.subgroup], shrunken=drawn[one.subgroup])
        for one in found
    )


def _told(found: list[Gap]) -> list[str]:
    return [one.subgroup for one in found if not one.few]


def _gap(name: str, subgroups: Mapping[str, Confusion], measure: Measure) -> Gap:
    hits, count = _share(subgroups[name], measure)
    other_hits, other_count = _share(_others(name, subgroups), measure)
    few = min(count, other_count) < FEW
    gap = None if few else difference(hits, count, other_hits, other_count)
    return Gap(name, measure, count, few, wilson(hits, count), gap=gap)


def _drawn(
    subgroups: Mapping[str, Confusion], told: list[str], measure: Measure
) -> dict[str, Estimate]:
    """The shrunken shares of those told, each dimension for itself."""
    drawn: dict[str, Estimate] = {}
    for dimension in {_dimension(name) for name in told}:
        names = [name for name in told if _dimension(name) == dimension]
        shares = [_share(subgroups[name], measure) for name in names]
        estimates = shrunken([hits for hits, _ in shares], [count for _, count in shares])
        drawn |= dict(zip(names, estimates, strict=True))
    return drawn


def _others(name: str, subgroups: Mapping[str, Confusion]) -> Confusion:
    """The sum of the other subgroups of the dimension."""
    dimension = _dimension(name)
    return total(
        one for key, one in subgroups.items() if key != name and _dimension(key) == dimension
    )


def _dimension(name: str) -> str:
    """`age` of `age:65-79`."""
    return name.partition(":")[0]


def _share(confusion: Confusion, measure: Measure) -> tuple[int, int]:
    """(hits, out of how many)."""
    match measure:
        case Measure.SENSITIVITY:
            return confusion.true_positive, confusion.positives
        case Measure.SPECIFICITY:
            return confusion.true_negative, confusion.negatives
        case Measure.CALLED:
            return confusion.true_positive + confusion.false_positive, confusion.known


def _p_value(name: str, subgroups: Mapping[str, Confusion], measure: Measure) -> float:
    """Two-sided score test of equal shares, pooled variance; 1 where all or none are hits."""
    hits, count = _share(subgroups[name], measure)
    other_hits, other_count = _share(_others(name, subgroups), measure)
    pooled = (hits + other_hits) / (count + other_count)
    variance = pooled * (1 - pooled) * (1 / count + 1 / other_count)
    if not variance:
        return 1.0
    return float(2 * ndtr(-abs(hits / count - other_hits / other_count) / math.sqrt(variance)))
