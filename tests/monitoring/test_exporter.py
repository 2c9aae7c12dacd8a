"""The exporter counts what is in the database, and never fails a scrape."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import prometheus_client
import pytest
import sqlalchemy as sa

from core.domain.finding import Outcome
from core.queue import News, app, send
from core.store import commitments
from core.store.database import Database
from core.store.tables import DeliveryRow
from monitoring.exporter import Exporter
from monitoring.exporter_tallies import LAG
from monitoring.families import Buckets
from tests.services.redis import Redis
from tests.web.seed import NOW, Seed, chest, dataset, open_seed


@pytest.fixture
def seed(tmp_path: Path) -> Iterator[Seed]:
    """An empty house."""
    _, made = open_seed(tmp_path)
    yield made
    made.database.close()


def read(exporter: Exporter) -> dict[str, float]:
    """Every sample by its name and labels, as they are written."""
    registry = prometheus_client.CollectorRegistry()
    registry.register(exporter)
    lines = prometheus_client.generate_latest(registry).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def delivered(seed: Seed, at: dt.datetime, seconds: float) -> None:
    """A study whose answer was delivered `seconds` after its last instance."""
    study = seed.study([dataset(chest(8, 8))], at=at)
    seed.complete(study, at=at)
    job = seed.job(study, at=at)
    seed.claim(job, at=at + dt.timedelta(seconds=seconds / 2))
    seed.answer(job, Outcome.NOTHING_FOUND, at=at + dt.timedelta(seconds=seconds))


def test_what_came_in(seed: Seed) -> None:
    seed.study([dataset(chest(8, 8)), dataset(chest(8, 8))], at=NOW)
    seed.refuse()
    seed.refuse(site=None)
    found = read(Exporter(seed.database))
    assert found['varde_studies_received_total{site="drammen"}'] == 1
    assert found['varde_instances_received_total{modality="DX",site="drammen"}'] == 2
    assert found['varde_last_instance_timestamp_seconds{site="drammen"}'] == NOW.timestamp()
    assert found['varde_refusals_total{code="truncated",site="drammen"}'] == 1
    assert found['varde_refusals_total{code="truncated",site="unknown"}'] == 1


def test_jobs_and_how_long_they_wait(seed: Seed) -> None:
    study = seed.study([dataset(chest(8, 8))])
    seed.complete(study)
    seed.job(study, at=NOW)
    found = read(Exporter(seed.database, clock=lambda: NOW + dt.timedelta(seconds=90)))
    labels = 'algorithm="chest_xray",outcome="none",site="drammen",state="queued",version="1.0.0"'
    assert found[f"varde_jobs{{{labels}}}"] == 1
    assert found['varde_queue_oldest_seconds{queue="cpu"}'] == 90
    assert found['varde_queue_oldest_seconds{queue="gpu"}'] == 0


def test_deliveries(seed: Seed) -> None:
    delivered(seed, NOW, 3)
    assert not any("varde_deliveries" in name for name in read(Exporter(seed.database)))
    seed.execute(sa.update(DeliveryRow).values(state="waiting"))
    found = read(Exporter(seed.database))
    assert found['varde_deliveries{destination="pacs",state="waiting"}'] == 2


def test_commitments(seed: Seed) -> None:
    delivered(seed, NOW, 3)
    assert not any("varde_commitments" in name for name in read(Exporter(seed.database)))
    seed.execute(sa.update(DeliveryRow).values(**commitments.wanted(NOW)))
    found = read(Exporter(seed.database))
    assert found['varde_commitments{destination="pacs",state="wanted"}'] == 2


def test_times_are_counted_once(seed: Seed) -> None:
    times = [NOW + LAG + dt.timedelta(minutes=1)]
    exporter = Exporter(seed.database, clock=lambda: times[-1])
    delivered(seed, NOW, 4)
    for _ in range(2):
        read(exporter)
    found = read(exporter)
    name = "varde_result_delivery_seconds"
    labels = 'algorithm="chest_xray",site="drammen"'
    assert found[f"{name}_count{{{labels}}}"] == 1
    assert found[f"{name}_sum{{{labels}}}"] == pytest.approx(4)
    assert found[f'{name}_bucket{{algorithm="chest_xray",le="2",site="drammen"}}'] == 0
    assert found[f'{name}_bucket{{algorithm="chest_xray",le="5",site="drammen"}}'] == 1
    assert found['varde_inference_duration_seconds_sum{algorithm="chest_xray"}'] == pytest.approx(2)
    delivered(seed, NOW + dt.timedelta(minutes=5), 40)
    assert read(exporter)[f"{name}_count{{{labels}}}"] == 1, "not yet: it may still be committed"
    times.append(NOW + LAG + dt.timedelta(minutes=9))
    assert read(exporter)[f"{name}_count{{{labels}}}"] == 2


def test_a_database_that_is_away(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/never-migrated.db")
    assert read(Exporter(database)) == {"varde_database_up": 0}
    database.close()


def test_the_queue_lengths(seed: Seed, valkey_server: Redis) -> None:
    queue = app(valkey_server.url)
    for priority in (0, 6):
        send(queue, "0" * 32, queue="cpu", priority=priority, limit_s=60)
    queue.close()
    found = read(Exporter(seed.database, News(valkey_server.url)))
    assert found["varde_queue_up"] == 1
    assert found['varde_queue_depth{queue="cpu"}'] == 2
    assert found['varde_queue_depth{queue="gpu"}'] == 0


def test_bounds_belong_to_their_bucket() -> None:
    buckets = Buckets((1, 2))
    for value in (-1, 1, 1.5, 2, 99):
        buckets.add(value)
    assert buckets.cumulative() == [("1", 2), ("2", 4), ("+Inf", 5)]
    assert buckets.sum == pytest.approx(103.5)
