"""A reader's word on an answer: by form, by API, changed, taken back, and refused."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core.domain.feedback import Role, Source, Truth, Word
from core.domain.finding import Outcome
from core.settings import Settings
from core.store.watch import comparisons, concordance, feedback
from tests.web.answered import EFFUSION, FORM, PNEUMOTHORAX, answered, browser, program
from tests.web.seed import NOW, Seed
from tests.web.visitor import TestClient


@pytest.fixture
def page(empty: tuple[Settings, Seed]) -> Iterator[TestClient]:
    with browser(*empty) as client:
        yield client


@pytest.fixture
def api(empty: tuple[Settings, Seed]) -> Iterator[TestClient]:
    with program(*empty) as client:
        yield client


@pytest.fixture
def seed(empty: tuple[Settings, Seed]) -> Seed:
    return empty[1]


def said(seed: Seed, job: str) -> list[tuple[Role, Word]]:
    with seed.database.read() as connection:
        return [(one.role, one.word) for one in feedback.of_jobs(connection, [job]).get(job, [])]


def truths(seed: Seed, job: str) -> dict[str, Truth]:
    with seed.database.read() as connection:
        found = comparisons.of_job(connection, job)
    return {one.label: one.truth for one in found if one.source is Source.FEEDBACK}


def test_the_line_below_an_answer(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    html = page.get(f"/studies/{study}").text
    assert f'id="feedback-{job}"' in html
    assert f'action="/studies/{study}/feedback"' in html
    assert html.count('name="truth-36118008"') == 3
    assert '<option value="">Rolle …</option>' in html, "nobody has said who reads"
    order = [html.index(f"<legend>{name}</legend>") for name in ("Pleuravæske", "Pneumotoraks")]
    assert order == sorted(order)


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
def test_where_nothing_was_evaluated_there_is_nothing_to_agree_with(
    page: TestClient, api: TestClient, seed: Seed, outcome: Outcome
) -> None:
    study, job = answered(seed, outcome=outcome)
    assert 'class="feedback"' not in page.get(f"/studies/{study}").text
    form = {"job": job, "role": "radiologist", "word": "agree"}
    assert page.post(f"/studies/{study}/feedback", data=form).status_code == 409
    assert api.post("/api/feedback", json=form).status_code == 409
    assert said(seed, job) == []


def test_agree_change_and_withdraw(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    form = {"job": job, "role": "orthopaedist", "word": "agree"}
    answer = page.post(f"/studies/{study}/feedback", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/studies/{study}#feedback-{job}"
    html = page.get(f"/studies/{study}").text
    assert "Ortoped: <b>Enig</b>" in html
    assert '<option value="orthopaedist" selected>' in html, "the role is remembered"
    assert 'value="withdraw"' in html
    page.post(f"/studies/{study}/feedback", data={**form, "word": "disagree"})
    assert said(seed, job) == [(Role.ORTHOPAEDIST, Word.DISAGREE)]
    page.post(f"/studies/{study}/feedback", data={**form, "word": "withdraw"})
    assert said(seed, job) == []
    assert "Ortoped: <b>" not in page.get(f"/studies/{study}").text


def test_another_role_can_neither_change_nor_withdraw_what_was_said(
    page: TestClient, seed: Seed
) -> None:
    study, job = answered(seed)
    form = {"job": job, "role": "radiologist", "word": "disagree"}
    page.post(f"/studies/{study}/feedback", data=form)
    page.post(f"/studies/{study}/feedback", data={**form, "role": "clinician", "word": "withdraw"})
    page.post(f"/studies/{study}/feedback", data={**form, "role": "clinician", "word": "agree"})
    assert said(seed, job) == [(Role.RADIOLOGIST, Word.DISAGREE), (Role.CLINICIAN, Word.AGREE)]
    html = page.get(f"/studies/{study}?lang=en").text
    assert html.count('value="withdraw"') == 1, "only the reader's own role's word can go"
    assert "Radiologist: <b>Disagree</b>" in html


def test_a_correction_is_a_truth(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    form = {
        "job": job, "role": "radiologist", "word": "correct",
        f"truth-{PNEUMOTHORAX}": "absent", f"truth-{EFFUSION}": "",
    }  # fmt: skip
    assert page.post(f"/studies/{study}/feedback", data=form).status_code == 303
    assert truths(seed, job) == {PNEUMOTHORAX: Truth.ABSENT, "any": Truth.UNKNOWN}
    html = page.get(f"/studies/{study}").text
    assert "Radiolog: <b>Rettet</b>" in html
    assert "Pneumotoraks: nei" in html
    assert 'value="absent" checked' in html, "a change begins where it was left"
    with seed.database.read() as connection:
        day = comparisons.changed(connection, NOW)[0][2]
        (one,) = concordance.of(
            connection, algorithm="chest_xray", first=day, last=day, label=PNEUMOTHORAX, subgroup=""
        )
    assert (one.false_positive, one.known) == (1, 1)
    page.post(f"/studies/{study}/feedback", data={**form, "word": "withdraw"})
    assert truths(seed, job) == {}


def test_an_older_revision_is_returned_to(page: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    seed.execute(sa.text("UPDATE study SET revision = 2"))
    form = {"job": job, "role": "radiologist", "word": "agree"}
    answer = page.post(f"/studies/{study}/feedback", data=form)
    assert answer.headers["location"] == f"/studies/{study}?revision=1#feedback-{job}"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"role": ""}, 422), ({"role": "boss"}, 422), ({"word": ""}, 422), ({"word": "hate"}, 422),
        ({"job": "0" * 32}, 404), ({"job": "../../etc"}, 404), ({"job": ""}, 404),
        ({"word": "correct"}, 422),
        ({"word": "correct", "truth-4711": "present"}, 422),
        ({"word": "correct", f"truth-{PNEUMOTHORAX}": "<script>"}, 422),
        ({"word": "correct", f"truth-{PNEUMOTHORAX}": "unknown"}, 422),
    ],
)  # fmt: skip
def test_what_a_form_may_not_say(
    page: TestClient, seed: Seed, changed: dict[str, str], status: int
) -> None:
    study, job = answered(seed)
    form = {"job": job, "role": "radiologist", "word": "agree", **changed}
    answer = page.post(f"/studies/{study}/feedback", data=form)
    assert answer.status_code == status
    assert "<script>" not in answer.text.replace('<script src="/static', "")
    assert said(seed, job) == []


def test_a_job_of_another_study(page: TestClient, seed: Seed) -> None:
    (study, _), (_, job) = answered(seed), answered(seed)
    form = {"job": job, "role": "radiologist", "word": "agree"}
    assert page.post(f"/studies/{study}/feedback", data=form).status_code == 404
    assert page.post("/studies/none/feedback", data=form).status_code == 404
    assert said(seed, job) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"job=%FF&word=agree", FORM["Content-Type"], 422), (b"a=1&a=2", FORM["Content-Type"], 400),
        (b"\xff\xfe", FORM["Content-Type"], 400), (b"x" * 100_000, FORM["Content-Type"], 413),
        (b"&".join(b"f%d=1" % n for n in range(500)), FORM["Content-Type"], 400),
        (b"{}", "application/json", 415), (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"", "", 415),
    ],
)  # fmt: skip
def test_what_is_no_form(page: TestClient, seed: Seed, body: bytes, kind: str, status: int) -> None:
    study, job = answered(seed)
    headers = {"Content-Type": kind} if kind else {}
    answer = page.post(f"/studies/{study}/feedback", content=body, headers=headers)
    assert answer.status_code in ({400, 422} if status == 422 else {status})
    assert said(seed, job) == []


def test_the_api(api: TestClient, seed: Seed) -> None:
    _, job = answered(seed)
    word = {"job": job, "role": "radiographer", "word": "agree"}
    first = api.post("/api/feedback", json=word)
    assert (first.status_code, first.json()) == (201, {"became": "stored", "job": job})
    again = api.post("/api/feedback", json={**word, "word": "disagree"})
    assert (again.status_code, again.json()) == (200, {"became": "replaced", "job": job})
    assert said(seed, job) == [(Role.RADIOGRAPHER, Word.DISAGREE)]
    one = api.post("/api/feedback", json={**word, "finding": EFFUSION})
    assert one.status_code == 201
    with seed.database.read() as connection:
        days = feedback.of_days(connection, first=NOW.date(), last=NOW.date().replace(year=9999))
    assert {(one.word, one.called) for one in days} == {(Word.AGREE, False), (Word.DISAGREE, True)}
    corrected = {**word, "word": "correct", "corrected": {EFFUSION: "present"}}
    assert api.post("/api/feedback", json=corrected).status_code == 200
    assert truths(seed, job) == {EFFUSION: Truth.PRESENT, "any": Truth.PRESENT}
    place = f"/api/feedback/{job}/radiographer"
    assert api.delete(f"{place}?finding={EFFUSION}").status_code == 204
    assert api.delete(place).status_code == 204
    assert api.delete(place).status_code == 404
    assert said(seed, job) == []
    assert truths(seed, job) == {}


def test_whoever_holds_a_dicom_object_need_not_know_the_job(api: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    with seed.database.read() as connection:
        uid = connection.execute(sa.text("SELECT study_uid FROM study")).scalar_one()
    word = {"site": "drammen", "study_uid": uid, "algorithm": "chest_xray",
            "role": "clinician", "word": "disagree"}  # fmt: skip
    answer = api.post("/api/feedback", json=word)
    assert (answer.status_code, answer.json()["job"]) == (201, job)
    assert said(seed, job) == [(Role.CLINICIAN, Word.DISAGREE)]
    for changed in ({"site": "baerum"}, {"study_uid": "2.25.9"}, {"algorithm": "fracture"}):
        assert api.post("/api/feedback", json={**word, **changed}).status_code == 404
    for changed in ({"site": ""}, {"study_uid": "../x"}, {"algorithm": "A"}, {"job": job}):
        assert api.post("/api/feedback", json={**word, **changed}).status_code == 422
    seed.execute(sa.text(f"UPDATE job SET version = '0.9.0' WHERE id = '{job}'"))  # noqa: S608
    again = seed.job(study)
    seed.claim(again)
    seed.answer(again, Outcome.NOTHING_FOUND)
    assert api.post("/api/feedback", json=word).status_code == 409, "two versions have answered"


@pytest.mark.parametrize(
    "changed",
    [
        {"job": None}, {"job": "x"}, {"role": "nurse"}, {"word": "maybe"},
        {"comment": "Kari Nordmann has …"},
        {"word": "correct"}, {"corrected": {PNEUMOTHORAX: "present"}},
        {"word": "correct", "corrected": {PNEUMOTHORAX: "unknown"}},
        {"word": "correct", "corrected": {"4711": "present"}},
        {"word": "correct", "corrected": {PNEUMOTHORAX: "absent"}, "finding": PNEUMOTHORAX},
        {"finding": "4711"}, {"finding": "<script>"},
    ],
)  # fmt: skip
def test_what_the_api_does_not_take(
    api: TestClient, seed: Seed, changed: dict[str, object]
) -> None:
    _, job = answered(seed)
    sent = {"job": job, "role": "radiologist", "word": "agree", **changed}
    answer = api.post("/api/feedback", json=sent)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    assert "Kari" not in answer.text
    assert said(seed, job) == []


def test_nobody_s_name_is_asked_for_or_logged(
    page: TestClient, seed: Seed, capsys: pytest.CaptureFixture[str]
) -> None:
    study, job = answered(seed)
    html = page.get(f"/studies/{study}").text
    line = html[html.index('class="feedback"') : html.index("</section>", html.index("feedback-"))]
    assert "<textarea" not in line
    assert 'type="text"' not in line
    page.post(
        f"/studies/{study}/feedback", data={"job": job, "role": "radiologist", "word": "agree"}
    )
    told = capsys.readouterr()
    assert "Hansen" not in told.out + told.err
    assert "01 12345" not in told.out + told.err
