"""What is followed of a stream: numbers that are means of studies, one value a day.

A channel belongs to a family of signals. A mean is followed in its own unit, a share as a
difference of shares; `scale` makes them comparable: a standard deviation between studies, and
p(1-p), which makes of a difference of shares one of log odds.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.domain.watch import Signal

LEAST_COVERAGE: Final = 0.5  #: share of the days on which a channel needs to have a value
LEAST_SCALE: Final = 0.01
LOCAL: Final = frozenset({"kernel", "manufacturer_model", "photometric"})  #: of a site's scanners
OTHER: Final = "other"


@dataclasses.dataclass(frozen=True, slots=True)
class Channel:
    """One of them: where it is found in a series, and how it is scaled.

    `kind` is number, category, group, output, high, top, feature, positive, part, refused,
    outcome or pair; `key` says of what. `start` is the first bin of a high score, the column of a
    feature or of a pair.
    """

    signal: Signal
    name: str
    kind: str
    key: tuple[str, ...] = ()
    share: bool = True
    start: int = 0
    scale: float = 1.0

    @property
    def local(self) -> bool:
        """Whether it is the site's own affair: other sites have other scanners."""
        return self.kind in {"category", OTHER} and self.key[0] in LOCAL


def places(channels: Sequence[Channel], signal: Signal) -> NDArray[np.int64]:
    """Where a family's channels are."""
    return np.array([at for at, one in enumerate(channels) if one.signal is signal], np.int64)
