"""The one list of metrics: names in Prometheus' convention, labels bounded, nothing forgotten."""

import re
import subprocess
from pathlib import Path

import prometheus_client
import pytest

from core.sections import Queue
from core.settings import Settings
from monitoring.catalogue import METRICS, Metric
from monitoring.exporter import Exporter
from monitoring.exposition import Writer
from tests.monitoring.watched import watch
from tests.services.need import need
from tests.web.house import fill
from tests.web.seed import Seed, open_seed
from tests.web.visitor import TestClient
from web.app import create_app

BOUNDED = {
    "site", "code", "algorithm", "version", "state", "outcome", "destination", "queue", "route",
    "method", "status", "modality", "reason", "signal", "chart", "standing", "why", "below",
    "other", "pattern", "source", "role", "word", "kind",
}  # fmt: skip


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everything that is exposed of a full, watched house: the monitor's metrics and the pages'."""
    home = tmp_path_factory.mktemp("house")
    settings, seed = open_seed(home)
    fill(seed)
    watch(seed)
    with TestClient(
        create_app(settings, seed.database, algorithms={}), base_url="http://127.0.0.1"
    ) as client:
        client.get("/")
        pages = str(client.get("/metrics").text)
    monitor = Writer().text(Exporter(seed.database, home=home).readings()).decode()
    seed.database.close()
    of_pages = [line for line in pages.splitlines(keepends=True) if "varde_http_" in line]
    return monitor + "".join(of_pages)


def test_promtool_has_no_complaint(exposed: str) -> None:
    promtool = need("promtool", package="prometheus")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=exposed, capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


def test_what_is_exposed_is_in_the_catalogue(exposed: str) -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposed, re.MULTILINE))
    known = {metric.name: metric.kind for metric in METRICS}
    assert kinds.items() <= known.items()
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", exposed, re.MULTILINE))
    assert helps.items() <= {metric.name: metric.help for metric in METRICS}.items()


def test_everything_in_the_catalogue_is_exposed(exposed: str) -> None:
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposed, re.MULTILINE))
    of_the_queue = {"varde_queue_up", "varde_queue_depth"}
    assert {metric.name for metric in METRICS} - set(kinds) == of_the_queue


def test_a_queue_that_is_away_is_said(tmp_path: Path) -> None:
    settings, seed = open_seed(tmp_path)
    told = exposed_with_queue(settings, seed)
    assert "varde_queue_up 0.0" in told
    assert "# TYPE varde_queue_depth gauge" in told


def exposed_with_queue(settings: Settings, seed: Seed) -> str:
    """The exposition with a queue set at which nobody listens."""
    from core.queue import News  # noqa: PLC0415 - only this test speaks to a queue

    registry = prometheus_client.CollectorRegistry()
    queue = Queue(url="redis://127.0.0.1:1/0")
    registry.register(
        Exporter(seed.database, News(settings.model_copy(update={"queue": queue}).queue.url))
    )
    return prometheus_client.generate_latest(registry).decode()


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_conventions(metric: Metric) -> None:
    assert metric.name.startswith("varde_")
    assert set(metric.labels) <= BOUNDED
    assert metric.help.endswith(".")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_seconds") == (metric.unit == "seconds")
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))


def test_no_patient_and_no_study(exposed: str) -> None:
    for word in ("Hansen", "0101", "2.25.", "VV0000"):
        assert word not in exposed
    assert not re.search(r"[0-9a-f]{32}", exposed)
