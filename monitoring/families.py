"""Metrics of the catalogue in the shapes of prometheus_client."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from monitoring.catalogue import Metric

Sample = tuple[tuple[str, ...], float]  #: (label values in the catalogue's order, value)


def family(metric: Metric, samples: Iterable[Sample]) -> Family:
    """A gauge or a counter with its samples."""
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    made = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in samples:
        made.add_metric(labels, value)
    return made


class Buckets:
    """One series of a histogram: how many values fell below each bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Start empty."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value; a clock that went backwards counts as 0."""
        value = max(value, 0.0)
        place = sum(value > bound for bound in self._bounds)
        self._counts[place] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper bound, values at or below it), `+Inf` last."""
        names = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        return [(name, sum(self._counts[: place + 1])) for place, name in enumerate(names)]


class Histogram:
    """A histogram of the catalogue with its series."""

    def __init__(self, metric: Metric) -> None:
        """Start empty."""
        self._metric = metric
        self._series: dict[tuple[str, ...], Buckets] = {}

    def add(self, labels: tuple[str, ...], value: float) -> None:
        """Count one value in the series of `labels`."""
        self._series.setdefault(labels, Buckets(self._metric.buckets)).add(value)

    def family(self) -> Family:
        """The histogram as it stands."""
        made = HistogramMetricFamily(
            self._metric.name, self._metric.help, labels=self._metric.labels
        )
        for labels, buckets in self._series.items():
            made.add_metric(labels, buckets.cumulative(), buckets.sum)
        return made
