"""What can go wrong at a known place on a known day, and what it does to the latent variables.

The sizes are set so that sensitivity and specificity move as in the table of real shifts of a
small network (none .898/.908; contrast -8 % .912/.881; contrast -20 % .920/.778; smaller bodies
.908/.867; subtler findings .826/.917). `test_country_faults.py` holds them to it.
"""

import dataclasses
import datetime as dt
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.domain.errors import NotFoundError
from core.domain.watch import NATIONAL


@dataclasses.dataclass(frozen=True, slots=True)
class Effect:
    """What is added to the latent variables of a study.

    `contrast` (natural log), `level` of the pixels (share of the range), `sharpness` and
    `exposure` (logs), `style` (a shift of what the network sees of the processing, standard
    deviations), `severity`, `body` (standard deviations), `absent` and `present` (score of the
    absent and present, standard deviations), `odds_young` (log odds of the youngest group).
    `prevalence` and `finding` multiply probabilities: of all labels, and of one.
    """

    contrast: float = 0.0
    level: float = 0.0
    sharpness: float = 0.0
    exposure: float = 0.0
    style: float = 0.0
    severity: float = 0.0
    body: float = 0.0
    absent: float = 0.0
    present: float = 0.0
    odds_young: float = 0.0
    prevalence: float = 1.0
    finding: float = 1.0
    network: float = 0.0  #: a shift of every dimension of the embedding: it is another network
    busiest: bool = False  #: only the studies of the busiest scanner, which is a new one


FACTORS: Final = ("prevalence", "finding")  #: fields that multiply; all others add
EFFECTS: Final[Mapping[str, Effect]] = MappingProxyType({
    "contrast_8": Effect(contrast=math.log(0.92), level=-0.01, style=0.3),
    "contrast_20": Effect(contrast=math.log(0.80), level=-0.025, style=0.75),
    "scanner": Effect(
        contrast=-0.15, level=0.03, sharpness=0.15, exposure=0.25, style=1.2, busiest=True
    ),
    "software": Effect(contrast=-0.12, level=0.01, sharpness=0.2, style=0.9),
    "prevalence": Effect(prevalence=1.5),
    "finding": Effect(finding=2.0),
    "subtler": Effect(severity=-0.553, absent=-0.056),
    "subgroup": Effect(body=-0.6, odds_young=0.7),
    "version": Effect(absent=0.25, present=0.25, network=0.8),
})  # fmt: skip
#: Nothing is sent on, or what is written is lost, written twice, written later or damaged.
DATA: Final = ("silence", "missing", "duplicated", "late", "corrupt")
LATE_DAYS: Final = 5
NEW_VERSION: Final = "+simulated"  #: after the version of an algorithm that is replaced
WORDS: Final = re.compile(
    r"(?P<kind>\w+)@(?P<site>[\w*-]+)@(?P<day>[\d-]+)(\+(?P<days>\d+))?(@(?P<algorithm>\w+))?"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A fault from `day` on, for `days` days (None: to the end).

    `site` may be `*`: every site at once. `algorithm` empty: all of them.
    """

    kind: str
    site: str
    day: dt.date
    algorithm: str = ""
    days: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in EFFECTS and self.kind not in DATA:
            message = f"no fault «{self.kind}» but {', '.join((*EFFECTS, *DATA))}"
            raise NotFoundError(message)

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """`NAME@SITE@DAY[+DAYS][@ALGORITHM]`; raises `NotFoundError`."""
        found = WORDS.fullmatch(text)
        if found is None:
            message = f"«{text}» is not NAME@SITE@YYYY-MM-DD[+DAYS][@ALGORITHM]"
            raise NotFoundError(message)
        days = int(found["days"]) if found["days"] else None
        return cls(found["kind"], found["site"], day(found["day"]), found["algorithm"] or "", days)

    def at(self, site: str, algorithm: str) -> bool:
        """Whether it happens there."""
        return self.site in {site, NATIONAL} and self.algorithm in {"", algorithm}

    def on(self, day: dt.date) -> bool:
        """Whether it lasts on that day."""
        passed = (day - self.day).days
        return passed >= 0 and (self.days is None or passed < self.days)


def day(text: str) -> dt.date:
    """A day as `YYYY-MM-DD`; raises `NotFoundError`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        message = f"«{text}» is no day: YYYY-MM-DD"
        raise NotFoundError(message) from error
