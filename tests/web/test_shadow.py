"""What an algorithm on silent trial says is nowhere to be seen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.activation import Activated, Activation
from core.store.watch import activations
from tests.web.house import House, fill
from tests.web.seed import NOW, open_seed
from tests.web.visitor import TestClient
from web.app import create_app


@pytest.fixture
def shadow(tmp_path: Path) -> Iterator[tuple[TestClient, House]]:
    """The chest algorithm is in shadow in Drammen."""
    settings, seed = open_seed(tmp_path)
    house = fill(seed)
    with seed.database.write() as connection:
        changed = Activated("drammen", "chest_xray", Activation.SHADOW, NOW, "Kari", "silent run")
        activations.change(connection, changed, day=NOW.date())
    app = create_app(settings, seed.database, algorithms={})
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client, house
    seed.database.close()


def test_the_study_page_says_that_it_reads_and_not_what(shadow: tuple[TestClient, House]) -> None:
    client, house = shadow
    html = client.get(f"/studies/{house.findings}").text
    assert "I skygge" in html
    assert "Pneumothorax" not in html
    assert "Pneumotoraks" not in html
    answers = html.split('id="answers"')[1].split("</article>")[0]
    assert not re.search(r"\b87\b", answers), "no probability; ids may hold the digits"


def test_the_worklist_says_so_too(shadow: tuple[TestClient, House]) -> None:
    client, _ = shadow
    html = client.get("/?site=drammen").text
    assert "I skygge" in html
    elsewhere = client.get("/?site=baerum").text
    assert "I skygge" not in elsewhere
