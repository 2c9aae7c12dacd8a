"""The study page: answers that cannot be mistaken, provenance, receipts and the why-not."""

import datetime as dt
import json
import re

import pytest
import sqlalchemy as sa

from core.domain import codes
from core.domain.commitment import CommitmentState
from core.domain.finding import Outcome
from core.domain.profile import REJECTION, Kind
from core.domain.reason import Reason, ReasonCode
from core.settings import Settings
from core.store import jobs
from core.store.tables import DeliveryRow, ObjectRow
from tests.web.conftest import URL, Seeded
from tests.web.seed import NOW, Seed, chest, circle, dataset, finding
from tests.web.visitor import TestClient
from web.app import create_app
from web.texts import TEXTS


def page(client: TestClient, study: str, query: str = "") -> str:
    """The page as text with single, ordinary spaces."""
    answer = client.get(f"/studies/{study}{query}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_findings_with_probability_threshold_and_overlay(
    client: TestClient, seeded: Seeded
) -> None:
    html = page(client, seeded.house.findings)
    assert re.search("Pneumotoraks</th>.*?<small>høyre</small>", html)
    assert "<strong>87 %</strong> <small>grense 42 %</small>" in html
    assert html.count('class="region tone-') == 2
    assert 'viewBox="0 0 560 640"' in html
    assert 'points="227,180 ' in html
    assert 'data-go="1.1"' in html
    assert "KI – ikke verifisert" in html
    assert html.count("Ikke til stede") == 2
    assert "uten markering" in html


def test_provenance_why_and_why_not(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.findings)
    assert "<code>5f2a5f2a5f2a</code>" in html
    assert "<code>" + "5f2a" * 16 + "</code>" in html
    assert "CPUExecutionProvider" in html
    assert "Not for clinical use." in html
    assert "valgt av ruten «chest»" in html
    assert "ct_nodule <small>2.1.0</small></dt><dd>modaliteten er DX, den leser CT" in html


def test_what_is_sent_is_named_and_whether_it_is_kept(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(8, 8))])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    seed.answer(job, Outcome.NOTHING_FOUND)
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert "bevart" not in page(client, study)
        seed.execute(sa.update(DeliveryRow).values(commitment="committed"))
        seed.execute(sa.update(ObjectRow).where(ObjectRow.kind == "gsps").values(kind=REJECTION))
        html = page(client, study)
        assert html.count("<small>lovet bevart</small>") == 2
        assert "<td>SR</td>" in html
        assert "<td>Tilbaketrekking (KOS)</td>" in html
        assert "<td>Withdrawal (KOS)</td>" in page(client, study, "?lang=en")


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_kind_and_every_state_of_commitment_has_words(language: str) -> None:
    keys = [f"kind.{kind}" for kind in (*Kind, REJECTION)]
    keys += [f"commitment.{state}" for state in CommitmentState if state]
    assert set(keys) <= set(TEXTS[language])


def test_receipts(client: TestClient, seeded: Seeded) -> None:
    assert page(client, seeded.house.findings).count("<code>0x0000</code>") == 2
    html = page(client, seeded.house.undelivered)
    assert html.count("<code>0xA700</code>") == 2
    assert "out of resources" in html
    assert "ikke levert" in html


@pytest.mark.parametrize(
    ("study", "face", "words"),
    [
        ("nothing", "nothing_found", "Algoritmen fant ingenting av det den leter etter."),
        ("declined", "not_evaluated", "ingen algoritme her leser denne undersøkelsen (MG)"),
        ("failed", "failed", "algoritmen brukte mer enn 60 s"),
        ("waiting", "waiting", "Venter på ledig maskin."),
        ("running", "running", "Analysen er i gang."),
        ("receiving", "receiving", "Undersøkelsen er ikke komplett ennå."),
        ("report", "not_evaluated", "Ingen algoritme er valgt"),
    ],
)
def test_every_answer_is_unmistakable(
    client: TestClient, seeded: Seeded, study: str, face: str, words: str
) -> None:
    html = page(client, getattr(seeded.house, study))
    assert f'verdict {face}"' in html
    assert words in html
    if face != "nothing_found":
        assert "fant ingenting" not in html


def test_a_study_without_images(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.report)
    assert TEXTS["nb"]["viewer.none"] in html
    assert 'id="slider"' not in html


def test_hundreds_of_slices_in_one_page(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.slices, "?image=75")
    assert 'max="150" value="75"' in html
    assert "/instances/75/frames/1.png" in html
    found = re.search(r'<script type="application/json" id="images"[^>]*>(.*?)</script>', html)
    assert found
    assert len(json.loads(found[1])) == 150


def test_json_within_html_cannot_end_its_script(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(8, 8), SeriesDescription="</script><b>")])
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        html = page(client, study)
    assert "</script><b>" not in html
    assert "\\u003c/script>" in html


def test_overlay_can_be_off_and_is_remembered(client: TestClient, seeded: Seeded) -> None:
    study = seeded.house.findings
    assert 'data-overlay="on"' in page(client, study)
    assert 'data-overlay="off"' in page(client, study, "?overlay=off")
    client.cookies.set("varde-overlay", "off")
    assert 'data-overlay="off"' in page(client, study)


def test_two_revisions(empty: tuple[Settings, Seed]) -> None:
    """The images are the newest, the answers those of the revision that was asked for."""
    settings, seed = empty
    first, late = dataset(chest(16, 16)), dataset(chest(16, 16))
    study = seed.study([first])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    seed.answer(job, Outcome.NOTHING_FOUND)
    patient = {"patient_name": "Hansen^Kari"}
    with seed.database.read() as connection:
        uid = jobs.get(connection, job).study_uid
    seed.arrive(uid, late, site="drammen", at=NOW, patient=patient)
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        assert "Det kommer flere bilder." in page(client, study)
        assert seed.complete(study) == 2
        seed.job(study, revision=2)
        newest, older = page(client, study), page(client, study, "?revision=1")
        unknown = page(client, study, "?revision=7")
    assert 'verdict waiting"' in unknown
    assert 'verdict waiting"' in newest
    assert 'verdict nothing_found"' in older
    assert "eldre revisjon" in older
    assert 'id="panel-2"' in newest
    assert 'id="panel-2"' in older


def test_a_job_that_runs_again_has_no_answer(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(16, 16))])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    seed.answer(job, Outcome.FAILED, reason=Reason(ReasonCode.TIMEOUT, {"detail": "60"}))
    with seed.database.write() as connection:
        jobs.retry(connection, job, NOW + dt.timedelta(seconds=1))
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        html = page(client, study)
    assert 'verdict waiting"' in html
    assert 'verdict failed"' not in html


def test_pixels_that_are_not_square(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    image = dataset(chest(20, 40), PixelSpacing=[0.4, 0.2])
    study = seed.study([image])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    found = finding(codes.NODULE, 0.9, image, circle(20, 10, 4))
    seed.answer(job, Outcome.FINDINGS, [found])
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        html = page(client, study)
    assert 'viewBox="0 0 40 40"' in html
    assert 'transform="scale(1 2.0)"' in html


def test_a_thorax_with_nodules_lungs_and_a_remark(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.thorax)
    assert "2 funn" in html
    assert "lunge, høyre · snitt 32" in html
    assert "Lang akse 11,2 mm · Kort akse 9 mm · Volum 562 mm³" in html.replace("9,0", "9")
    assert "Markert: Lunge, venstre" in html
    assert "<b>Merk:</b> 2 snitt mangler i serien" in html
    assert "frames/1.png?v=" in html
    assert "&amp;window=-600,1500" in html or "&window=-600,1500" in html
    assert html.count('data-window="') == 5
    assert html.count("<image") == 2, "one image and its outlines, never a whole series"
    assert "slice 32" in page(client, seeded.house.thorax, "?lang=en")


def test_every_slice_with_a_segment_says_so(client: TestClient, seeded: Seeded) -> None:
    html = client.get(f"/studies/{seeded.house.thorax}").text
    found = re.search(r'<script type="application/json" id="images"[^>]*>(.*?)</script>', html)
    assert found
    listed = json.loads(found[1])
    assert len(listed) == 60
    assert all(one["segments"] for one in listed)
    assert listed[31]["label"].endswith("snitt 32")


def test_four_views_in_the_customary_hanging(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.mammography)
    assert re.findall("<figcaption>([RL] [A-Z]+)", html) == ["R CC", "L CC", "R MLO", "L MLO"]
    assert html.count('transform="translate(400 0) scale(-1 1)"') == 1
    assert "R MLO <small>speilvendt for visning" in html
    assert "2 funn" in html
    assert "<strong>b, spredt kjertelvev</strong>" in html
    assert "Skår for undersøkelsen (1 til 10)</dt><dd><strong>9</strong>" in html
    assert "samme lesjon i en annen projeksjon" in html
    assert html.count('<text class="number"') == html.count(">1</text>") == 2
    assert 'id="slider"' not in html


def test_a_missing_view_is_said(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.half)
    assert "R MLO mangler" in html
    assert "undersøkelsen mangler R MLO; lest uten." in html
    assert "R MLO is missing" in page(client, seeded.house.half, "?lang=en")


def test_two_radiographs_side_by_side(client: TestClient, seeded: Seeded) -> None:
    html = page(client, seeded.house.fracture)
    assert html.count('class="panel"') == 2
    assert "distale radius, venstre · PA" in html
    first, second = html.split('id="panel-2"')
    assert (first.count('class="region'), second.count('class="region')) == (2, 1)


@pytest.mark.parametrize("study", ["nope", "0" * 32, "..%2f..%2fetc", "%00", "A" * 3000])
def test_no_such_study(client: TestClient, study: str) -> None:
    assert client.get(f"/studies/{study}").status_code == 404
