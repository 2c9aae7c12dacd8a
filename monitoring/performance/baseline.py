"""What a chart of errors is compared with: its own first days, and how sure they are."""

import datetime as dt
import math
from collections.abc import Sequence
from typing import Final

from monitoring.performance.cusum import Cusum, Step
from monitoring.performance.wilson import wilson

FALSE_ALARM_YEARS: Final = 10.0  #: between two of them on one chart, at the least
SHORTEST: Final = 2000.0  #: studies to a false alarm where few come
LONGEST: Final = 200_000.0
LOWEST, HIGHEST = 0.002, 0.4  #: shares of errors that a chart can be drawn for
#: Two-sided levels: the true share is above the upper end in one of ten streams, one of four.
FIRST_CAUTION, FULL_CAUTION = 0.80, 0.50
_STEP: Final = 1.03  # shares of errors are rounded up to such steps, so that charts share limits
FULL_ERRORS: Final = 60  #: of a full baseline: its share is known to an eighth of itself
FULL_DAYS: Final = 364  #: or after so many days, however few there are

Day = tuple[dt.date, int, int]  #: day, errors, studies that could have been one


def chart(baseline: Sequence[Day], caution: float) -> Cusum:
    """In control at the upper end of the baseline, so that its own luck gives no false alarms.

    Limits from an estimate that was lucky are too narrow for good (guaranteed in-control
    performance: Gandy and Kvaløy 2013).
    """
    known = sum(one[2] for one in baseline)
    share = wilson(sum(one[1] for one in baseline), known, caution)
    assert share is not None
    steps = math.ceil(math.log(min(max(share.high, LOWEST), HIGHEST)) / math.log(_STEP))
    in_control = _STEP**steps
    span = (baseline[-1][0] - baseline[0][0]).days + 1
    wanted = FALSE_ALARM_YEARS * 365.25 * known / span
    return Cusum.for_run_length(in_control, _rounded(min(max(wanted, SHORTEST), LONGEST)))


def _rounded(wanted: float) -> float:
    """To two digits, for the same reason."""
    return float(f"{wanted:.1e}")


def first_length(counted: Sequence[Day], least: int) -> int | None:
    """How many days of (day, errors, known) it takes; None where there are too few."""
    known = 0
    for length, (_, _, today) in enumerate(counted, start=1):
        known += today
        if known >= least:
            return length
    return None


def full_length(counted: Sequence[Day], first: int, steps: Sequence[Step]) -> int | None:
    """The same of a full baseline; `steps` are those of the first chart.

    Days that the first chart calls outside, or is halfway to, are not learned from.
    """
    errors, start = sum(one[1] for one in counted[:first]), counted[0][0]
    for length, step in enumerate(steps, start=first + 1):
        errors += step.errors
        enough = errors >= FULL_ERRORS or (step.day - start).days + 1 >= FULL_DAYS
        if step.outside:
            return None
        if enough and step.value < step.limit / 2:
            return length
    return None
