"""The operator's list."""

from core.settings import Settings
from tests.web.conftest import URL
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from web.app import create_app


def test_refusals_with_why_and_without_paths(client: TestClient) -> None:
    html = client.get("/refusals").text
    assert "the data set ends too early" in html
    assert "<code>truncated</code>" in html
    assert "0xC002" in html
    assert "Drammen sykehus" in html
    assert "ukjent sted" in html
    assert "20260314T120000Z-ab.dcm" in html
    assert "secret-folder" not in html


def test_jobs_that_need_a_hand(client: TestClient) -> None:
    html = client.get("/refusals").text
    assert "the result could not be encoded" in html
    assert "pacs: out of resources" in html
    assert html.count(">Åpne</a>") == 2


def test_nothing_to_do(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        html = client.get("/refusals").text
    assert "Ingen. Alt som kom, er tatt imot." in html
    assert "Ingen. Alt er levert eller på vei." in html
