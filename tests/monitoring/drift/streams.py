"""Quick streams: days drawn as sums at once, from a few numbers a site, in milliseconds."""

import dataclasses
import datetime as dt

import numpy as np
from scipy.signal import lfilter

from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import FEATURES, LOG_ODDS
from monitoring.drift.calendars import off

FIRST = dt.date(2024, 1, 1)
DAYS = 450
LAST = dt.date(2024, 12, 29)  # 364 days
PHI, SLOW = 0.7, 0.12
LABELS = ("36118008", "60046008")
SIZES = {"a": 80, "b": 60, "c": 50, "d": 40, "e": 40, "f": 30, "s": 8, "t": 5}
TRUSTS = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "z", "f": "z", "s": "z", "t": "w"}
History = dict[dt.date, Aggregate]


@dataclasses.dataclass(frozen=True)
class Shift:
    """What changes from a day on."""

    day: int = 10**6
    until: int = 10**6
    pixels: float = 0.0  #: of pixel_mean
    odds: float = 0.0  #: log odds of a finding
    network: float = 0.0  #: of the embedding's features
    volume: float = 1.0
    refused: float = 0.02


def history(
    seed: int,
    a_day: float,
    days: int,
    *,
    shift: Shift | None = None,
    common: np.ndarray | None = None,
) -> History:
    """One site's days; `common` (days,) is added to the log odds."""
    shift = shift or Shift()
    rng = np.random.default_rng([seed, 51])
    level = rng.normal(-1.0, 0.2)
    walk = lfilter([1], [1, -PHI], rng.normal(0, SLOW * np.sqrt(1 - PHI**2), days + 50))[50:]
    made = {}
    for at in range(days):
        day = FIRST + dt.timedelta(at)
        draw = np.random.default_rng([seed, at])  # a shift changes only its own days
        hit = shift.day <= at < shift.until
        mean = a_day * (0.4 if off(day) else 1.0) * (shift.volume if hit else 1.0)
        studies = int(draw.poisson(mean))
        if studies:
            odds = level + walk[at] + (0 if common is None else common[at])
            made[day] = _day(draw, studies, odds, shift if hit else Shift(), busy=not off(day))
    return made


def _day(
    draw: np.random.Generator, studies: int, odds: float, shift: Shift, *, busy: bool
) -> Aggregate:
    refused = int(draw.binomial(studies, shift.refused))
    n = studies - refused
    odds += shift.odds + 0.2 * busy
    sick = int(draw.binomial(n, 1 / (1 + np.exp(-odds))))
    scores = {
        label: np.concatenate([draw.normal(1.5, 1.5, sick), draw.normal(-2.5, 1.5, n - sick)])
        for label in LABELS
    }
    outputs = {
        label: np.bincount(np.searchsorted(LOG_ODDS, told, side="right"), minlength=50)
        for label, told in scores.items()
    }
    pixels = draw.normal(0.4 + shift.pixels, 0.08, n)
    features = draw.normal(shift.network, 1, FEATURES) * np.sqrt(n) * 0.06
    features += n * (0.03 + 0.06 * shift.network)
    women = int(draw.binomial(n, 0.52))
    ill = int(draw.hypergeometric(women, n - women, sick)) if sick else 0
    other = int(draw.binomial(n, 0.06))
    return Aggregate(
        studies=studies, evaluated=n, positives=sick,
        outcomes={"findings": sick, "nothing_found": n - sick, "declined": refused},
        outputs={label: told.astype(np.int64) for label, told in outputs.items()},
        numbers={
            "pixel_mean": Moments.of(pixels), "kvp": Moments.of(draw.normal(118, 4, n)),
        },
        categories={"view": {"PA": n - other, "AP": other}},
        features=Features(n, features) if n else Features(),
        groups={
            "sex:F": (women, ill), "sex:M": (n - women, sick - ill),
        },
        pairs={"twin": np.array([[n - other, 0], [other, 0]])},
    )  # fmt: skip


def country(
    *,
    sites: str = "",
    shift: Shift | None = None,
    common: np.ndarray | None = None,
    days: int = DAYS,
) -> dict[str, History]:
    """All sites of `SIZES`, those of `sites` with a shift: 's' shares a trust, 't' has its own."""
    return {
        site: history(at, size, days, shift=shift if site in sites else None, common=common)
        for at, (site, size) in enumerate(SIZES.items())
    }
