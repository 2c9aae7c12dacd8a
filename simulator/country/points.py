"""Labels as operating points: what a card says, as two normal distributions of log odds.

The log odds of a label's score are normal where the finding is absent and where it is present
(the binormal model, Dorfman and Alf 1969). The means follow from threshold, sensitivity and
specificity, the ratio of the two spreads from the AUC.
"""

import dataclasses
import math

import numpy as np
from scipy.special import ndtr, ndtri

from models import manifest

LEAST_RATIO, MOST_RATIO = 0.4, 1.6  # of the two spreads


@dataclasses.dataclass(frozen=True, slots=True)
class Point:
    """What is known of one label: how often, how well, and how its frequency moves.

    Sensitivity, specificity and AUC come from the card; 1.000 there is taken as 0.998, since no
    normal distribution never fails. `spread` is the standard deviation of the log odds where the
    finding is absent, set so that their median is that of the model's `reference.json`. `wave`
    and `influenza` are log odds at their peaks, `age` log odds for a standard deviation of age.
    """

    name: str  #: in the manifest
    prevalence: float
    sensitivity: float
    specificity: float
    auc: float
    spread: float
    wave: float = 0.0
    influenza: float = 0.0
    age: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """A label with the distributions of its log odds, as (mean, standard deviation)."""

    point: Point
    code: str
    threshold: float  #: log odds
    absent: tuple[float, float]
    present: tuple[float, float]

    @property
    def auc(self) -> float:
        """Of the two distributions: where no ratio gives the card's, the nearest that one does."""
        apart = self.present[0] - self.absent[0]
        return float(ndtr(apart / math.hypot(self.absent[1], self.present[1])))


def label(point: Point, found: manifest.Label) -> Label:
    """The point with the code value and the threshold of the manifest."""
    threshold = math.log(found.threshold / (1 - found.threshold))
    wide = point.spread * ratio(point.sensitivity, point.specificity, point.auc)
    return Label(
        point,
        found.code.value,
        threshold,
        (threshold - point.spread * float(ndtri(point.specificity)), point.spread),
        (threshold + wide * float(ndtri(point.sensitivity)), wide),
    )


def ratio(sensitivity: float, specificity: float, auc: float) -> float:
    """Spread where present over spread where absent that has this AUC at this operating point.

    With z for normal quantiles, z_auc = (z_spec + r z_sens) / sqrt(1 + r²). Of two solutions the
    one nearer 1; where there is none, the ratio with the highest AUC, z_sens / z_spec.
    """
    sens, spec, area = (float(ndtri(one)) for one in (sensitivity, specificity, auc))
    roots = np.roots([sens**2 - area**2, 2 * sens * spec, spec**2 - area**2])
    real = [float(one.real) for one in roots if abs(one.imag) < 1e-9 and one.real > 0]  # noqa: PLR2004
    best = min(real, key=lambda one: abs(math.log(one))) if real else sens / spec
    return min(max(best, LEAST_RATIO), MOST_RATIO)
