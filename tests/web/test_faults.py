"""Pages that cannot be shown are calm, in the reader's language, and log no patient data."""

import pytest
import sqlalchemy as sa

from core.domain.errors import UnavailableError
from core.settings import Settings
from core.store import studies
from tests.web.conftest import URL
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from web.app import create_app
from web.texts import TEXTS


def test_not_found(client: TestClient) -> None:
    answer = client.get("/nope?lang=en")
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


def test_the_wrong_method(client: TestClient) -> None:
    answer = client.post("/")
    assert answer.status_code == 405
    assert "Går ikke" in answer.text
    assert "GET" in answer.headers["allow"]


def test_heads(client: TestClient) -> None:
    for path in ("/", "/refusals", "/health/live", "/health/ready"):
        assert client.head(path).status_code == 200


def test_a_database_that_is_away(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        message = "the database does not answer: no route to host"
        raise UnavailableError(message)

    monkeypatch.setattr(studies, "worklist", away)
    answer = client.get("/")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Utilgjengelig et øyeblikk" in answer.text


def test_an_error_that_nobody_foresaw(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "Hansen^Kari"
        raise RuntimeError(message)

    monkeypatch.setattr(studies, "worklist", broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert TEXTS["nb"]["fault.broken.title"] in answer.text
    assert answer.headers["content-security-policy"]
    told = capsys.readouterr()
    assert "Hansen" not in told.out + told.err + answer.text


def test_a_database_without_tables(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    with seed.database.engine.connect() as connection:
        for table in ("study", "site"):
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert client.get("/").status_code == 503
        assert client.get("/health/ready").status_code == 503
        assert "varde_database_up 0.0" in client.get("/metrics").text
