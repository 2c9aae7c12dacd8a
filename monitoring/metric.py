"""What a metric is, as Prometheus sees it."""

import dataclasses
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    """One metric. Counters carry their `_total`; units are base units."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    unit: Literal["", "seconds"] = ""
    buckets: tuple[float, ...] = ()  #: upper bounds of a histogram, without +Inf
