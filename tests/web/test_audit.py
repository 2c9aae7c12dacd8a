"""A blinded reading: nothing of the answer before it is given, everything after."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest

from core.domain.feedback import Source, Truth
from core.settings import Settings
from core.store.watch import audits, comparisons
from tests.web import kinds
from tests.web.answered import EFFUSION, PNEUMOTHORAX, answered, browser
from tests.web.seed import NOW, Seed
from tests.web.visitor import TestClient

SEEN = {"role": "radiologist", f"truth-{PNEUMOTHORAX}": "absent", f"truth-{EFFUSION}": "absent"}


@pytest.fixture
def seed(empty: tuple[Settings, Seed]) -> Seed:
    return empty[1]


@pytest.fixture
def page(empty: tuple[Settings, Seed]) -> Iterator[TestClient]:
    with browser(*empty) as client:
        yield client


def draw(seed: Seed) -> list[audits.Audit]:
    with seed.database.write() as connection:
        since = NOW - dt.timedelta(days=2)
        audits.draw(connection, key=bytes(32), share=1, since=since, now=NOW)
        return audits.waiting(connection)


def test_nothing_waits_at_first(page: TestClient) -> None:
    assert "Ingen venter" in page.get("/audits").text


def test_the_list_says_neither_who_nor_what(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    draw(seed)
    html = page.get("/audits").text
    assert f'href="/audits/{job}"' in html
    assert study not in html, "a link to the study would show the answer"
    assert "Hansen" not in html
    assert not re.search(r"funn|Pneumotoraks|Samsvar", html)
    assert job not in page.get("/audits?site=baerum").text
    assert job in page.get("/audits?site=drammen").text
    assert job in page.get("/audits?site=%00").text, "an unknown site chooses nothing"


def test_the_reader_sees_the_images_and_nothing_else(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    draw(seed)
    html = page.get(f"/audits/{job}").text
    assert f"/studies/{study}/instances/1/frames/1.png" in html
    assert f'href="/studies/{study}"' not in html
    assert not re.search(r"\b87\b", html), "no probability; ids may hold the digits"
    for told in ("verdict", "funn", "Til stede", "Hansen", "chest_xray", 'class="region',
                 "data-go", "Markeringer", "grense"):  # fmt: skip
        assert told not in html.replace("/static/", ""), told
    assert html.count("required") == 7, "six answers and a role"
    assert "checked" not in html


@pytest.mark.parametrize("kind", ["thorax", "mammography", "fracture"])
def test_no_overlay_no_segment_and_no_window_gives_the_answer_away(
    page: TestClient, seed: Seed, kind: str
) -> None:
    study = getattr(kinds, f"drawn_{kind}")(seed)
    (one,) = [each for each in draw(seed) if each.study_id == study]
    html, shown = page.get(f"/audits/{one.job_id}").text, page.get(f"/studies/{study}").text
    assert 'class="region' in shown, "the study page does show it"
    assert 'class="region' not in html
    assert '"segments"' not in html
    assert 'data-outlines=""' in html
    assert 'data-window=""' in html, "the lungs' window would say where the answer is"
    (place,) = re.findall(r'id="picture"[^>]*data-place="([0-9.]+)"', html) or ["1.1"]
    assert place == "1.1", "the first image, not the finding's"


def test_afterwards_both_are_shown_and_compared(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    draw(seed)
    answer = page.post(f"/audits/{job}", data=SEEN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/audits/{job}")
    html = page.get(f"/audits/{job}").text
    assert "Samsvar" in html
    assert html.count("<b>uenige</b>") == 1
    assert f'href="/studies/{study}"' in html
    assert '<form method="post"' not in html
    with seed.database.read() as connection:
        found = {
            one.label: (one.called, one.truth)
            for one in comparisons.of_job(connection, job)
            if one.source is Source.AUDIT
        }
    assert found == {
        PNEUMOTHORAX: (True, Truth.ABSENT),
        EFFUSION: (False, Truth.ABSENT),
        "any": (True, Truth.ABSENT),
    }
    listed = page.get("/audits").text
    assert "Ingen venter" in listed
    assert "<b>uenige</b>" in listed


def test_the_first_answer_holds(page: TestClient, seed: Seed) -> None:
    _, job = answered(seed)
    draw(seed)
    page.post(f"/audits/{job}", data=SEEN)
    again = {**SEEN, f"truth-{PNEUMOTHORAX}": "present"}
    assert page.post(f"/audits/{job}", data=again).status_code == 409
    with seed.database.read() as connection:
        assert audits.get(connection, job).truths[PNEUMOTHORAX] is Truth.ABSENT


@pytest.mark.parametrize(
    "changed",
    [
        {f"truth-{EFFUSION}": ""}, {f"truth-{EFFUSION}": "unknown"}, {"truth-4711": "present"},
        {"role": ""}, {"role": "<script>"},
    ],
)  # fmt: skip
def test_every_question_needs_an_answer(
    page: TestClient, seed: Seed, changed: dict[str, str]
) -> None:
    _, job = answered(seed)
    draw(seed)
    assert page.post(f"/audits/{job}", data={**SEEN, **changed}).status_code == 422
    assert "Samsvar" not in page.get(f"/audits/{job}").text


@pytest.mark.parametrize("job", ["0" * 32, "%2e%2e", "%00", "x" * 5000])
def test_what_was_not_drawn_is_not_there(page: TestClient, seed: Seed, job: str) -> None:
    _, other = answered(seed)
    assert page.get(f"/audits/{other}").status_code == 404
    assert page.get(f"/audits/{job}").status_code == 404
    assert page.post(f"/audits/{job}", data=SEEN).status_code in {404, 405}
