"""Health tells its reason in words, and the metrics name no study."""

import shutil
import types
from pathlib import Path
from typing import Any

import pytest

from core.sections import Queue
from core.settings import Settings
from tests.services.process import free_port
from tests.web.conftest import URL, Seeded
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from web.app import create_app


def ready(settings: Settings, seed: Seed) -> tuple[int, dict[str, Any]]:
    """(status, parts)."""
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        answer = client.get("/health/ready")
    assert answer.json()["ready"] is (answer.status_code == 200)
    return answer.status_code, answer.json()["parts"]


def test_alive_and_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"alive": True}
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["parts"]["database"]["reason"] == "answers, 2 sites described"
    assert "free" in answer.json()["parts"]["files"]["reason"]


def test_a_queue_that_is_away(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    queue = Queue(url=f"redis://127.0.0.1:{free_port()}/0")
    status, parts = ready(settings.model_copy(update={"queue": queue}), seed)
    assert status == 503
    assert parts["queue"] == {
        "ok": False,
        "reason": "the queue does not answer: is Redis at queue.url running?",
    }


def test_a_file_store_that_is_gone(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    app = create_app(settings, seed.database, algorithms={})
    shutil.rmtree(seed.files.incoming)
    with TestClient(app, base_url=URL) as client:
        answer = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert answer.status_code == 503
    assert "disk" in answer.json()["parts"]["files"]["reason"]


def test_a_disk_with_little_room(
    empty: tuple[Settings, Seed], monkeypatch: pytest.MonkeyPatch
) -> None:
    def little(_: Path) -> Any:
        return types.SimpleNamespace(free=10**6)

    monkeypatch.setattr(shutil, "disk_usage", little)
    status, parts = ready(*empty)
    assert status == 503
    assert parts["files"]["reason"] == "only 0 MB are free, 100 are needed"


def test_metrics_count_routes_and_not_paths(client: TestClient, seeded: Seeded) -> None:
    client.get(f"/studies/{seeded.house.findings}")
    client.get("/some/secret/path")
    told = client.get("/metrics").text
    assert (
        'varde_http_requests_total{method="GET",route="/studies/{study_id}",status="200"} 1.0'
        in told
    )
    assert 'route="unmatched",status="404"' in told
    assert seeded.house.findings not in told
    assert "secret" not in told
    assert "varde_database_up 1.0" in told
