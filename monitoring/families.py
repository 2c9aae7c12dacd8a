"""Metrics of the catalogue with their samples, and in the shapes of prometheus_client."""

import bisect
import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from monitoring.metric import Metric

Labels = tuple[str, ...]  #: values, in the catalogue's order
Sample = tuple[Labels, float]


class Buckets:
    """One series of a histogram: how many values fell below each bound, and their sum."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Start empty."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value; a clock that went backwards counts as 0."""
        value = max(value, 0.0)
        self._counts[bisect.bisect_left(self._bounds, value)] += 1
        self.sum += value

    def counts(self) -> list[int]:
        """Values at or below each bound, all of them last."""
        return list(itertools.accumulate(self._counts))

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper bound, values at or below it), `+Inf` last."""
        return list(zip(bounds_of(self._bounds), self.counts(), strict=True))


def bounds_of(bounds: Sequence[float]) -> list[str]:
    """Bounds as they are written, `+Inf` last."""
    return [*(f"{bound:g}" for bound in bounds), "+Inf"]


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """A metric as it stands: samples of a gauge or a counter, series of a histogram."""

    metric: Metric
    samples: Sequence[Sample] = ()
    series: Sequence[tuple[Labels, Buckets]] = ()

    def family(self) -> Family:
        """In prometheus_client's shape."""
        if self.metric.kind != "histogram":
            return family(self.metric, self.samples)
        made = HistogramMetricFamily(self.metric.name, self.metric.help, labels=self.metric.labels)
        for labels, buckets in self.series:
            made.add_metric(labels, buckets.cumulative(), buckets.sum)
        return made


def family(metric: Metric, samples: Iterable[Sample]) -> Family:
    """A gauge or a counter with its samples."""
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    made = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        made.add_metric(labels, value)
    return made


class Histogram:
    """A histogram of the catalogue with its series."""

    def __init__(self, metric: Metric) -> None:
        """Start empty."""
        self._metric = metric
        self._series: dict[Labels, Buckets] = {}

    def add(self, labels: Labels, value: float) -> None:
        """Count one value in the series of `labels`."""
        found = self._series.get(labels)
        if found is None:
            found = self._series[labels] = Buckets(self._metric.buckets)
        found.add(value)

    def reading(self) -> Reading:
        """The histogram as it stands."""
        return Reading(self._metric, series=list(self._series.items()))
