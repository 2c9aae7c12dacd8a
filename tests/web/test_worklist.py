"""The worklist: order, sites, paging, words, and names that would be code."""

import datetime as dt
import re

import pytest

from core.settings import Settings
from tests.web.conftest import URL, Seeded
from tests.web.seed import NOW, Seed, chest, dataset
from tests.web.visitor import TestClient
from web.app import create_app
from web.texts import TEXTS
from web.worklist import PER_PAGE, paging


def links(html: str) -> list[str]:
    """The study ids in the order of the page."""
    return re.findall(r'href="/studies/([0-9a-f]{32})"', html)


def test_newest_first(client: TestClient, seeded: Seeded) -> None:
    found = links(client.get("/").text)
    assert len(found) == len(vars(seeded.house))
    assert found[0] == seeded.house.findings


def test_one_site_alone(client: TestClient, seeded: Seeded) -> None:
    found = links(client.get("/?site=baerum").text)
    house = seeded.house
    assert set(found) == {house.nothing, house.undelivered, house.hostile, house.revised}


@pytest.mark.parametrize("site", ["nowhere", "%00", "a" * 5000, "<script>"])
def test_an_unknown_site_shows_all(client: TestClient, seeded: Seeded, site: str) -> None:
    answer = client.get(f"/?site={site}")
    assert answer.status_code == 200
    assert len(links(answer.text)) == len(vars(seeded.house))


@pytest.mark.parametrize(
    ("face", "words"),
    [
        ("findings", "3 funn"),
        ("nothing_found", "Ingenting funnet"),
        ("not_evaluated", "Ikke vurdert"),
        ("failed", "Feilet"),
        ("waiting", "Venter"),
        ("running", TEXTS["nb"]["status.running"]),
        ("receiving", "Mottar bilder"),
    ],
)
def test_every_face_has_its_own_class_and_words(client: TestClient, face: str, words: str) -> None:
    html = client.get("/").text
    assert re.search(rf'<span class="status {face}"><svg.*?</svg> {words}</span>', html)


def test_answer_time_from_last_instance_to_last_receipt(client: TestClient) -> None:
    assert '<span class="time">14,2\N{NO-BREAK SPACE}s</span>' in client.get("/").text
    assert '<span class="time">14.2\N{NO-BREAK SPACE}s</span>' in client.get("/?lang=en").text


def test_names_are_escaped(client: TestClient, seeded: Seeded) -> None:
    for path in ("/", f"/studies/{seeded.house.hostile}"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;, &#34;&#39;&amp;" in html


def test_no_patient_in_titles_and_addresses(client: TestClient, seeded: Seeded) -> None:
    for path in ("/", f"/studies/{seeded.house.findings}"):
        html = client.get(path).text
        assert "Hansen" in html
        told = " ".join(re.findall(r"<title>.*?</title>|(?:href|src|action)=\"[^\"]*\"", html))
        assert "Hansen" not in told
        assert "010101" not in told
        assert "2.25." not in told


def test_an_empty_house_says_so(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert "Ingen undersøkelser ennå." in client.get("/").text


def test_paging(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    image = dataset(chest(8, 8))
    ids = [
        seed.study([image], at=NOW - dt.timedelta(seconds=number)) for number in range(PER_PAGE + 3)
    ]
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert links(client.get("/").text) == ids[:PER_PAGE]
        second = client.get("/?site=drammen&page=2").text
        assert links(second) == ids[PER_PAGE:]
        assert 'href="/?site=drammen&page=1"' in second.replace("&amp;", "&")


@pytest.mark.parametrize(
    ("asked", "number"),
    [("", 1), ("0", 1), ("-3", 1), ("2", 2), ("9" * 400, 1), ("99999", 3), ("١", 1), ("2.5", 1)],
)
def test_hostile_page_numbers(asked: str, number: int) -> None:
    assert paging(asked, 2 * PER_PAGE + 1).number == number
