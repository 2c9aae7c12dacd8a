"""What watching an algorithm says: streams, signals, charts, and how each stands on a day."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

NATIONAL: Final = "*"  #: the scope of the chart of all sites together
TRUST: Final = "trust:"  #: before a trust's key: its sites together, where each is too small alone


class Signal(enum.StrEnum):
    """A family of statistics: what may look otherwise than before."""

    INPUT = "input"  #: numbers of the acquisition and of the pixels
    CATEGORY = "category"  #: body part, view, photometric interpretation, kernel
    EMBEDDING = "embedding"  #: what the network itself sees
    OUTPUT = "output"  #: the distribution of its scores
    POSITIVE = "positive"  #: the share of studies with a finding
    REFUSED = "refused"  #: the share declined, not evaluated or failed
    DISAGREEMENT = "disagreement"  #: between algorithms with one purpose


class Chart(enum.StrEnum):
    """What a stream is compared with."""

    OWN = "own"  #: its own reference
    PEERS = "peers"  #: its own reference, less what the other sites see the same day
    NATIONAL = "national"  #: all sites together with their reference: what peers hide


class Standing(enum.StrEnum):
    """How a signal, or a whole stream, stands on a day. Only INSIDE is good news."""

    INSIDE = "inside"
    WATCHED = "watched"  #: outside once: one more evaluation outside, and it is an alarm
    OUTSIDE = "outside"  #: an alarm
    TOO_FEW = "too_few"  #: too few studies to tell
    LEARNING = "learning"  #: the reference is not long enough yet
    NO_DATA = "no_data"  #: nothing came, or what came cannot be read


#: The worst first: how a stream stands is how its worst signal does.
WORST: Final = (
    Standing.OUTSIDE, Standing.WATCHED, Standing.NO_DATA, Standing.LEARNING, Standing.TOO_FEW,
    Standing.INSIDE,
)  # fmt: skip


#: The signals without which nobody can say that an algorithm behaves as before.
NEEDED: Final = (Signal.INPUT, Signal.OUTPUT, Signal.POSITIVE)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Stream:
    """One algorithm at one site; `site` may also be `NATIONAL` or `TRUST` + a trust's key."""

    site: str
    algorithm: str


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One number within a signal on one day, in its own unit, and its normal band.

    `name` says which: `pixel_mean`, `score:72704001`, `positive`. `value`, `low` and `high` are
    in that unit; `score` is how far out it is, 1 at the limit.
    """

    name: str
    value: float
    low: float
    high: float
    score: float


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """One signal on one chart on one day.

    `score` is statistic over limit, 1 at the limit; None where there is none to tell.
    `members` come with the largest score first.
    """

    signal: Signal
    chart: Chart
    score: float | None
    standing: Standing
    members: tuple[Member, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Evaluation:
    """How a stream stood at the end of a day, against which reference, from how many studies.

    `studies` are those of the window that was looked at, `today` those of the day alone.
    `notes` say what was skipped: `missing:2026-03-01`, `unreadable:2026-03-02`.
    """

    stream: Stream
    day: dt.date
    reference: int  #: number of the reference, 0 where there is none
    studies: int
    today: int
    standing: Standing
    points: tuple[Point, ...] = ()
    notes: tuple[str, ...] = ()

    def scores(self) -> Mapping[tuple[Signal, Chart], float]:
        """The scores that there are."""
        return {(one.signal, one.chart): one.score for one in self.points if one.score is not None}


def of_signal(points: Iterable[Point]) -> Standing:
    """How one signal stands on all of its charts: what one cannot tell yet, another may."""
    stands = [point.standing for point in points]
    telling = (Standing.OUTSIDE, Standing.WATCHED, Standing.INSIDE)
    return next((one for one in telling if one in stands), worst(stands))


def of_stream(points: Sequence[Point]) -> Standing:
    """How a stream stands: any alarm is its own, and INSIDE takes every signal of `NEEDED`.

    Other signals may be too few for themselves (an algorithm that hardly ever declines) without
    hiding that the stream is as before; what of `NEEDED` the algorithm does not have is not
    missed.
    """
    signals = {point.signal for point in points}
    stands = {one: of_signal(p for p in points if p.signal is one) for one in signals}
    alarms = [one for one in stands.values() if one in {Standing.OUTSIDE, Standing.WATCHED}]
    needed = [stands[one] for one in NEEDED if one in stands]
    return worst(alarms or needed or [*stands.values()])


def worst(standings: Sequence[Standing]) -> Standing:
    """How a stream stands whose signals stand so; NO_DATA where there is none."""
    return next((one for one in WORST if one in standings), Standing.NO_DATA)
