"""Studies summed into aggregates, many groups of studies at once."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.equipment import AGES
from core.domain.finding import Outcome
from core.domain.reason import ReasonCode
from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import BINS, FEATURES, LOG_ODDS

Floats = NDArray[np.float64]
DECLINED: Final = "declined"
#: How a study ended, with its reason; the first two are evaluated.
ENDS: Final = (
    (Outcome.NOTHING_FOUND.value, ""), (Outcome.FINDINGS.value, ""),
    (DECLINED, ReasonCode.AGE.value), (DECLINED, ReasonCode.VIEW.value),
    (Outcome.NOT_EVALUATED.value, ReasonCode.NOT_THIS_REGION.value),
    (Outcome.FAILED.value, ReasonCode.ERROR.value),
)  # fmt: skip
EVALUATED: Final = 2  #: ends before it
AGE_STARTS: Final = np.array([start for start, _ in AGES])
GROUPS: Final = (
    "sex:F", "sex:M",
    *(f"age:{a}+" if (a, b) == AGES[-1] else f"age:{a}-{b}" for a, b in AGES),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Studies:
    """What the algorithm and the header say of n studies."""

    day: NDArray[np.int64]
    machine: NDArray[np.int64]
    female: NDArray[np.bool_]
    age: Floats
    end: NDArray[np.int64]  #: place in `ENDS`
    scores: Floats  #: (n, labels) log odds
    called: NDArray[np.bool_]  #: (n, labels)
    present: NDArray[np.bool_]  #: (n, labels): the truth
    severity: Floats  #: (n, labels)
    numbers: Mapping[str, Floats]
    categories: Mapping[str, tuple[NDArray[np.int64], tuple[str, ...]]]
    features: Floats  #: (n, FEATURES)

    @property
    def positive(self) -> NDArray[np.bool_]:
        """(n,): those with an answer that names a finding."""
        return np.asarray(self.end == 1)

    def those(self, kept: NDArray[np.bool_]) -> "Studies":
        """The ones where `kept` (n,) is true."""
        arrays = {
            name: getattr(self, name)[kept]
            for name in (
                "day", "machine", "female", "age", "end", "scores", "called", "present",
                "severity", "features",
            )
        }  # fmt: skip
        return Studies(
            **arrays,
            numbers={name: values[kept] for name, values in self.numbers.items()},
            categories={name: (x[kept], told) for name, (x, told) in self.categories.items()},
        )

    def groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n,) places in `GROUPS` of sex and of age group."""
        sex = np.where(self.female, 0, 1)
        return sex, 1 + np.searchsorted(AGE_STARTS, self.age, side="right")


def summed(
    studies: Studies, codes: Sequence[str], group: NDArray[np.int64], count: int
) -> list[Aggregate]:
    """`count` aggregates: of the studies whose `group` (n,) is 0, 1 and so on.

    `codes` are those of the labels; labels with one code count as one, with their highest score.
    """
    kept = studies.end < EVALUATED
    own = group[kept]
    ends = _table(group, studies.end, count, len(ENDS))
    outputs = {
        code: _table(own, _bins(studies.scores[kept], codes, code), count, BINS)
        for code in dict.fromkeys(codes)
    }
    moments = {name: _moments(own, x[kept], count) for name, x in studies.numbers.items()}
    words = {
        name: (_table(own, places[kept], count, len(told)), told)
        for name, (places, told) in studies.categories.items()
    }
    totals = _features(own, studies.features[kept], count)
    members = _groups(studies, kept, own, count)
    return [
        Aggregate(
            studies=int(ends[g].sum()),
            evaluated=int(ends[g, :EVALUATED].sum()),
            positives=int(ends[g, 1]),
            outcomes=_told(ends[g], [one for one, _ in ENDS]),
            reasons=_told(ends[g, EVALUATED:], [one for _, one in ENDS[EVALUATED:]]),
            outputs={code: table[g] for code, table in outputs.items()},
            numbers={
                name: Moments(int(n[g]), float(x[g]), float(xx[g]))
                for name, (n, x, xx) in sorted(moments.items()) if n[g]
            },
            categories={name: _told(table[g], told) for name, (table, told) in words.items()},
            features=Features(int(ends[g, :EVALUATED].sum()), totals[g])
            if ends[g, :EVALUATED].sum() else Features(),
            groups={
                name: (int(members[0][g, k]), int(members[1][g, k]))
                for k, name in enumerate(GROUPS) if members[0][g, k]
            },
        )
        for g in range(count)
    ]  # fmt: skip


def _told(counts: NDArray[np.int64], names: Sequence[str]) -> dict[str, int]:
    """Names with their counts; those of one name are added, those of none left out."""
    found: dict[str, int] = {}
    for name, number in zip(names, counts.tolist(), strict=True):
        if number:
            found[name] = found.get(name, 0) + number
    return found


def _table(
    group: NDArray[np.int64], place: NDArray[np.int64], count: int, width: int
) -> NDArray[np.int64]:
    """(count, width): how many of each group are at each place."""
    counted = np.bincount(group * width + place, minlength=count * width)
    return counted.reshape(count, width).astype(np.int64)


def _bins(scores: Floats, codes: Sequence[str], code: str) -> NDArray[np.int64]:
    """(n,) the bin of the highest score of this code."""
    columns = [place for place, one in enumerate(codes) if one == code]
    return np.asarray(np.searchsorted(LOG_ODDS, scores[:, columns].max(1), side="right"))


def _moments(
    group: NDArray[np.int64], values: Floats, count: int
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Number, sum and sum of squares of each group, (count,) each."""
    known = np.isfinite(values)
    at, told = group[known], values[known]
    sums = (np.bincount(at, weights, count) for weights in (told, told * told))
    totals, squares = (np.asarray(one, np.float64) for one in sums)
    return np.bincount(at, minlength=count).astype(np.int64), totals, squares


def _features(group: NDArray[np.int64], features: Floats, count: int) -> Floats:
    """(count, FEATURES) sums."""
    found = np.zeros((count, FEATURES))
    if len(group):
        order = np.argsort(group, kind="stable")
        ranked = group[order]
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        found[ranked[starts]] = np.add.reduceat(features[order], starts)
    return found


def _groups(
    studies: Studies, kept: NDArray[np.bool_], group: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(count, GROUPS) evaluated, and positive."""
    both = np.zeros((2, count, len(GROUPS)), np.int64)
    positive = studies.positive[kept]
    for places in studies.groups():
        both[0] += _table(group, places[kept], count, len(GROUPS))
        both[1] += _table(group[positive], places[kept][positive], count, len(GROUPS))
    return both[0], both[1]
