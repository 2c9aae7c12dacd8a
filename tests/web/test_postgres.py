"""The pages and the metrics over PostgreSQL, whose types are not SQLite's."""

import contextlib
from pathlib import Path

from tests.web.conftest import URL
from tests.web.house import fill
from tests.web.seed import open_seed
from tests.web.visitor import TestClient
from web.app import create_app


def test_every_page(tmp_path: Path, postgres_url: str) -> None:
    settings, seed = open_seed(tmp_path, postgres_url)
    house = fill(seed)
    with (
        contextlib.closing(seed.database),
        TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client,
    ):
        for path in ("/", "/refusals", *(f"/studies/{key}" for key in vars(house).values())):
            assert client.get(path).status_code == 200, path
        assert client.get("/studies/%00").status_code == 404
        assert client.get("/health/ready").json()["ready"]
        told = client.get("/metrics").text
    assert "varde_database_up 1.0" in told
    assert 'varde_studies_received_total{site="baerum"} 4.0' in told
