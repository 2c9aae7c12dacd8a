"""A Bernoulli CUSUM on errors, resumed from daily counts."""

import dataclasses
import datetime as dt
from collections.abc import Iterable
from typing import Final

from monitoring.performance.run_length import Weights, limit_for

ODDS: Final = 2.0  #: out of control: the odds of an error are doubled (Steiner and others 2000)


@dataclasses.dataclass(frozen=True, slots=True)
class Cusum:
    """A chart: the two shares of errors that it tells apart, and where it signals."""

    in_control: float
    out_of_control: float
    limit: float  #: of the sum of log-likelihood ratios

    @classmethod
    def for_run_length(cls, in_control: float, wanted: float) -> "Cusum":
        """With at least `wanted` studies to a false alarm, against doubled odds of an error."""
        odds = ODDS * in_control / (1 - in_control)
        out = odds / (1 + odds)
        return cls(in_control, out, limit_for(Weights.of(in_control, out), in_control, wanted))

    @property
    def weights(self) -> Weights:
        """What a study adds."""
        return Weights.of(self.in_control, self.out_of_control)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A day of the chart. `value` is the sum at its end, between 0 and the limit.

    `outside` begins where the limit is reached and ends where the sum is below half of it.
    """

    day: dt.date
    errors: int
    known: int  #: studies that could have been an error
    value: float
    limit: float
    outside: bool

    @property
    def score(self) -> float:
        """The sum over its limit: 1 at the limit, whichever chart the day is of."""
        return self.value / self.limit


def path(chart: Cusum, days: Iterable[tuple[dt.date, int, int]]) -> tuple[Step, ...]:
    """The chart over (day, errors, known), in order of the days.

    The order of studies within a day is not kept, so a day is added as a whole. The sum is
    then never above that of any order, and a signal means that every order had given one:
    the run length to a false alarm is at least that of study by study, and a real
    change is found later by a part of a day. The sum stays at the limit, at most.
    """
    steps: list[Step] = []
    value, outside, weights = 0.0, False, chart.weights
    for day, errors, known in days:
        value += errors * weights.error + (known - errors) * weights.right
        value = min(max(0.0, value), chart.limit)
        outside = value >= chart.limit or (outside and value >= chart.limit / 2)
        steps.append(Step(day, errors, known, value, chart.limit, outside))
    return tuple(steps)
