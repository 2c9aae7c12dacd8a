"""Calls against truths, counted."""

import dataclasses
from collections.abc import Iterable

from core.domain.feedback import Truth
from core.store.watch.concordance import Counted
from monitoring.performance.estimate import Estimate
from monitoring.performance.wilson import wilson


@dataclasses.dataclass(frozen=True, slots=True)
class Confusion:
    """Studies by what the algorithm called and what the truth says; `Confusion()` adds nothing.

    The columns of the table `concordance`. `unknown`: the truth is uncertain or not told.
    """

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0
    unknown: int = 0

    def __post_init__(self) -> None:
        if min(self._counts) < 0:
            message = f"counts are not negative: {self}"
            raise ValueError(message)

    @property
    def _counts(self) -> tuple[int, int, int, int, int]:
        """In the order of the fields: `dataclasses.astuple` takes ten times as long."""
        return (
            self.true_positive, self.false_positive, self.false_negative, self.true_negative,
            self.unknown,
        )  # fmt: skip

    @classmethod
    def of(cls, called: bool, truth: Truth) -> "Confusion":  # noqa: FBT001 - a pair
        """Of one study."""
        match truth:
            case Truth.PRESENT:
                return cls(true_positive=1) if called else cls(false_negative=1)
            case Truth.ABSENT:
                return cls(false_positive=1) if called else cls(true_negative=1)
            case _:
                return cls(unknown=1)

    @classmethod
    def counted(cls, row: Counted) -> "Confusion":
        """Of a row of the table."""
        return cls(
            row.true_positive, row.false_positive, row.false_negative, row.true_negative,
            row.unknown,
        )  # fmt: skip

    def __add__(self, other: "Confusion") -> "Confusion":
        pairs = zip(self._counts, other._counts, strict=True)
        return Confusion(*(one + two for one, two in pairs))

    def __sub__(self, other: "Confusion") -> "Confusion":
        """The rest; ValueError where `other` is no part of it."""
        pairs = zip(self._counts, other._counts, strict=True)
        return Confusion(*(one - two for one, two in pairs))

    @property
    def positives(self) -> int:
        """Studies in which the truth says that it is there."""
        return self.true_positive + self.false_negative

    @property
    def negatives(self) -> int:
        """Studies in which the truth says that it is not there."""
        return self.true_negative + self.false_positive

    @property
    def known(self) -> int:
        """Studies whose truth is told."""
        return self.positives + self.negatives

    @property
    def studies(self) -> int:
        """All."""
        return self.known + self.unknown

    @property
    def sensitivity(self) -> Estimate | None:
        """TP / (TP + FN); this and the next three with Wilson's interval, None of nothing."""
        return wilson(self.true_positive, self.positives)

    @property
    def specificity(self) -> Estimate | None:
        """TN / (TN + FP)."""
        return wilson(self.true_negative, self.negatives)

    @property
    def positive_value(self) -> Estimate | None:
        """Positive predictive value, TP / (TP + FP)."""
        return wilson(self.true_positive, self.true_positive + self.false_positive)

    @property
    def negative_value(self) -> Estimate | None:
        """Negative predictive value, TN / (TN + FN)."""
        return wilson(self.true_negative, self.true_negative + self.false_negative)

    @property
    def unknown_share(self) -> Estimate | None:
        """The share whose truth is not known: to be shown beside every other figure."""
        return wilson(self.unknown, self.studies)

    @property
    def table(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """((both say no, only the truth), (only the algorithm, both)): rows the algorithm's."""
        return (
            (self.true_negative, self.false_negative),
            (self.false_positive, self.true_positive),
        )


def total(confusions: Iterable[Confusion]) -> Confusion:
    """The sum of all."""
    return sum(confusions, Confusion())
