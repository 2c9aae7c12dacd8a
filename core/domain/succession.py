"""Which result of a study takes the place of which: pure, and the same however often it is asked.

Results stand in the order of their revision, then of their job, then of its run. A newer
one takes an older one's place where it says at least as much: what "failed" says is that
the platform stumbled, and that is no reason to withdraw what was found.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable

from core.domain.finding import Outcome
from core.domain.job import PLATFORM


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """A result among those of its study."""

    job_id: str
    run: int
    revision: int
    created_at: dt.datetime  #: of the job
    algorithm: str
    version: str
    outcome: Outcome

    @property
    def rank(self) -> tuple[int, dt.datetime, str, int]:
        """Grows from result to result; the runs of one job follow each other."""
        return self.revision, self.created_at, self.job_id, self.run


def succeeds(new: Standing, old: Standing) -> bool:
    """Whether `new` takes the place of `old`; if so and `old` takes that of a third, so does `new`.

    Any version of an algorithm takes the place of any other. What an algorithm says takes
    that of "no algorithm reads this study", never the other way round.
    """
    if new.rank <= old.rank:
        return False
    if old.algorithm == PLATFORM and new.algorithm != PLATFORM:
        return True
    told = new.outcome is not Outcome.FAILED or old.outcome is Outcome.FAILED
    return new.algorithm == old.algorithm and told


def outdated(one: Standing, stored: Iterable[Standing]) -> Standing | None:
    """The newest of the `stored` results that took the place of `one` before it was finished."""
    newer = [other for other in stored if succeeds(other, one)]
    return max(newer, key=lambda other: other.rank, default=None)


def replaced(one: Standing, stored: Iterable[Standing]) -> list[Standing]:
    """The `stored` results that `one` takes the place of, the oldest first."""
    return sorted((other for other in stored if succeeds(one, other)), key=lambda old: old.rank)
