"""The operator's list."""

import sqlalchemy as sa

from core.domain.finding import Outcome
from core.domain.job import State
from core.settings import Settings
from core.store import deliveries
from core.store.tables import DeliveryRow
from tests.web.conftest import URL
from tests.web.seed import NOW, Seed, chest, dataset
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


def test_what_no_archive_commits_to(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(8, 8))])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    seed.answer(job, Outcome.NOTHING_FOUND)
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert "lovet bevart" not in client.get("/refusals").text
        for state, word in (("refused", "bevaring avslått"),
                            ("unanswered", "bevaring ubesvart"),
                            ("unsupported", "bevaring tilbys ikke")):  # fmt: skip
            error = "0x0122 <script>"
            seed.execute(sa.update(DeliveryRow).values(
                commitment=state, commitment_at=NOW, commitment_error=error
            ))  # fmt: skip
            html = client.get("/refusals").text
            assert html.count(f">{word}</span>") == 2
            assert "0x0122 &lt;script&gt;" in html
            assert html.count(f"<code>{job}</code>") == 2
        seed.execute(sa.update(DeliveryRow).values(commitment="committed"))
        assert job not in client.get("/refusals").text


def test_what_one_destination_refused_is_listed_while_another_object_waits(
    empty: tuple[Settings, Seed],
) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(8, 8))])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    seed.answer(job, Outcome.NOTHING_FOUND, receipt=None)
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert job not in client.get("/refusals").text
        with seed.database.write() as connection:
            first, second = deliveries.of_jobs(connection, [job])
            error = "no such kind"
            deliveries.undeliverable(connection, first, receipt=None, error=error, now=NOW)
            deliveries.postponed(connection, second, receipt=None, error="away", again=NOW)
        assert seed.state(job) is State.ENCODED
        html = client.get("/refusals").text
        assert f"<code>{job}</code>" in html
        assert "pacs: no such kind" in html
