"""The text that Prometheus reads is the one that prometheus_client would write, only sooner."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitoring.exporter import Exporter
from monitoring.exposition import CONTENT_TYPE, Page, Writer
from monitoring.families import Histogram, Reading
from monitoring.metric import Metric
from tests.monitoring.watched import watch
from tests.web.house import fill
from tests.web.seed import Seed, open_seed

GAUGE = Metric("varde_things", "gauge", ("site", "state"), 'Things \\ of a "kind".')
COUNTER = Metric("varde_things_total", "counter", ("site",), "Things.")
BARE = Metric("varde_up", "gauge", (), "Up.")
TIMES = Metric("varde_wait_seconds", "histogram", ("site",), "Waiting.", "seconds", (0.5, 2, 1000))
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def seed(tmp_path: Path) -> Iterator[Seed]:
    """A full, watched house."""
    _, made = open_seed(tmp_path)
    fill(made)
    watch(made)
    yield made
    made.database.close()


class Kept:
    """A collector that gives readings."""

    def __init__(self, readings: list[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Any]:
        """As prometheus_client asks."""
        return (reading.family() for reading in self._readings)


def theirs(readings: list[Reading]) -> str:
    registry = prometheus_client.CollectorRegistry()
    registry.register(Kept(readings))
    return prometheus_client.generate_latest(registry).decode()


def parsed(text: str) -> dict[Any, Any]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@settings(derandomize=True, max_examples=60)
@given(
    st.dictionaries(st.tuples(TEXT, TEXT), NUMBER, max_size=4),
    st.lists(st.tuples(TEXT, st.floats(0, 5000)), max_size=6),
)
def test_says_what_prometheus_client_says(
    gauges: dict[tuple[str, str], float], waits: list[tuple[str, float]]
) -> None:
    histogram = Histogram(TIMES)
    for site, seconds in waits:
        histogram.add((site,), seconds)
    readings = [
        Reading(BARE, [((), 1.0)]),
        Reading(GAUGE, list(gauges.items())),
        Reading(COUNTER, [((site,), 3.0) for site in {site for site, _ in gauges}]),
        histogram.reading(),
    ]
    writer = Writer()
    for _ in range(2):  # the second time from what it has kept
        assert parsed(writer.text(readings).decode()) == parsed(theirs(readings))


def test_says_it_of_a_whole_house(seed: Seed) -> None:
    readings = Exporter(seed.database).readings()
    assert parsed(Writer().text(readings).decode()) == parsed(theirs(readings))


def test_a_page_is_packed_where_that_is_taken(seed: Seed) -> None:
    page = Page(Exporter(seed.database))
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
        told.update(status=status, **dict(headers))

    plain = b"".join(page({}, start))
    assert told == {"status": "200 OK", "Content-Type": CONTENT_TYPE}
    packed = b"".join(page({"HTTP_ACCEPT_ENCODING": "gzip"}, start))
    assert told["Content-Encoding"] == "gzip"
    assert parsed(gzip.decompress(packed).decode()).keys() == parsed(plain.decode()).keys()
