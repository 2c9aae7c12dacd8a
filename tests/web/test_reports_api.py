"""Final reports by API: believed only as far as they are well-formed, and no word of them kept."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.domain.errors import SettingsError, UnavailableError
from core.domain.feedback import Truth
from core.settings import Settings
from core.store.watch import comparisons, reports
from monitoring import receiving
from tests.web.answered import EFFUSION, PNEUMOTHORAX, answered, program
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from web.app import create_app

SIGNED = "2026-03-14T09:30:00+01:00"
TEXT = "Sett fortetning hos Kari Nordmann. Ingen pneumotoraks. Ingen pleuravæske."


@pytest.fixture
def seed(empty: tuple[Settings, Seed]) -> Seed:
    return empty[1]


@pytest.fixture
def api(empty: tuple[Settings, Seed]) -> Iterator[TestClient]:
    with program(*empty) as client:
        yield client


def uid_of(seed: Seed, study: str) -> str:
    with seed.database.read() as connection:
        found = connection.execute(
            sa.text("SELECT study_uid FROM study WHERE id = :id"), {"id": study}
        )
        return str(found.scalar_one())


def report(seed: Seed, study: str, **changed: Any) -> dict[str, Any]:
    """A report that is well-formed until it is changed; None takes a field away."""
    told = {
        "site": "drammen", "study_uid": uid_of(seed, study), "signed_at": SIGNED,
        "truths": {PNEUMOTHORAX: "present"}, **changed,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value is not None}


def kept(seed: Seed, study: str) -> reports.Report | None:
    with seed.database.read() as connection:
        return reports.get(connection, study)


def test_a_report_is_kept_and_compared(api: TestClient, seed: Seed) -> None:
    study, job = answered(seed)
    answer = api.post("/api/reports", json=report(seed, study))
    assert answer.status_code == 201
    assert answer.json() == {"status": 201, "became": "stored"}
    found = kept(seed, study)
    assert found
    assert found.truths == {PNEUMOTHORAX: Truth.PRESENT}
    assert found.at == dt.datetime(2026, 3, 14, 8, 30, tzinfo=dt.UTC)
    assert (found.source, found.rules) == ("api", "")
    with seed.database.read() as connection:
        labels = {one.label: one.truth for one in comparisons.of_job(connection, job)}
    assert labels == {PNEUMOTHORAX: Truth.PRESENT, "any": Truth.PRESENT}


def test_the_same_the_later_and_the_older(api: TestClient, seed: Seed) -> None:
    study, _ = answered(seed)
    first = report(seed, study)
    api.post("/api/reports", json=first)
    assert api.post("/api/reports", json=first).json()["became"] == "unchanged"
    later = {**first, "signed_at": "2026-03-14T10:30:00+01:00", "truths": {EFFUSION: "absent"}}
    answer = api.post("/api/reports", json=later)
    assert (answer.status_code, answer.json()["became"]) == (200, "replaced")
    answer = api.post("/api/reports", json=first)
    assert (answer.status_code, answer.json()["became"]) == (409, "older")
    assert "later" in answer.json()["error"]
    found = kept(seed, study)
    assert found
    assert found.truths == {EFFUSION: Truth.ABSENT}


def test_text_is_read_and_forgotten(
    api: TestClient, empty: tuple[Settings, Seed], capsys: pytest.CaptureFixture[str]
) -> None:
    settings, seed = empty
    study, _ = answered(seed)
    answer = api.post("/api/reports", json=report(seed, study, truths=None, text=TEXT))
    assert answer.status_code == 201
    found = kept(seed, study)
    assert found
    assert found.rules
    assert (found.truths[PNEUMOTHORAX], found.truths[EFFUSION]) == (Truth.ABSENT, Truth.ABSENT)
    told = capsys.readouterr()
    everything = told.out + told.err + answer.text
    assert "Kari" not in everything
    assert "fortetning" not in everything
    seed.database.close()
    for file in Path(settings.home).glob("varde.db*"):
        assert b"Kari Nordmann" not in file.read_bytes(), "the text is nowhere on the disk"


def test_found_by_accession_number(api: TestClient, seed: Seed) -> None:
    study, _ = answered(seed, accession_number="A 1")
    answered(seed, accession_number="A 1", site="baerum")
    sent = report(seed, study, study_uid=None, accession_number=" A 1 ")
    assert api.post("/api/reports", json=sent).status_code == 201
    answered(seed, accession_number="A 1")
    answer = api.post("/api/reports", json=sent)
    assert answer.status_code == 409
    assert answer.json()["became"] == "several-studies"


def test_a_study_that_is_not_here(api: TestClient, seed: Seed) -> None:
    study, _ = answered(seed)
    answer = api.post("/api/reports", json=report(seed, study, study_uid="2.25.4711"))
    assert answer.status_code == 404
    assert answer.json()["became"] == "no-study"
    assert "not kept" in answer.json()["error"]
    elsewhere = report(seed, study, site="baerum")
    assert api.post("/api/reports", json=elsewhere).status_code == 404, "it is Drammen's"


def test_a_list_goes_in_as_far_as_it_can(api: TestClient, seed: Seed) -> None:
    one, two = answered(seed)[0], answered(seed)[0]
    sent = [
        report(seed, one), report(seed, one), report(seed, two, study_uid="2.25.9999"),
        report(seed, two, signed_at="2026-03-14T09:30Z"),
    ]  # fmt: skip
    answer = api.post("/api/reports", json=sent)
    assert answer.status_code == 200
    became = [one["became"] for one in answer.json()["reports"]]
    assert became == ["stored", "unchanged", "no-study", "stored"]
    assert answer.json()["counts"] == {"stored": 2, "unchanged": 1, "no-study": 1}


def test_a_list_with_a_faulty_report_is_not_taken_at_all(api: TestClient, seed: Seed) -> None:
    study, _ = answered(seed)
    sent = [report(seed, study), report(seed, study, signed_at="yesterday"), {}, 7]
    answer = api.post("/api/reports", json=sent)
    assert answer.status_code == 422
    assert [one["report"] for one in answer.json()["faults"]] == [2, 3, 4]
    assert kept(seed, study) is None


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"site": None}, "site: is missing"), ({"site": "../etc"}, "site: is not of the right"),
        ({"site": "elsewhere"}, "no such site"),
        ({"study_uid": None}, "study_uid or accession_number"),
        ({"study_uid": "../../etc/passwd"}, "study_uid: is no UID"),
        ({"study_uid": "1.2." + "3" * 64}, "study_uid: is no UID"),
        ({"study_uid": 12}, "study_uid"),
        ({"accession_number": "A\\B"}, "accession_number: is no accession number"),
        ({"accession_number": "A\x00B"}, "accession_number: is no accession number"),
        ({"accession_number": "\ud800"}, "accession_number"),
        ({"accession_number": "9" * 65}, "accession_number: is no accession number"),
        ({"signed_at": None}, "signed_at: is missing"),
        ({"signed_at": "2026-03-14T09:30:00"}, "with an offset"),
        ({"signed_at": 1_700_000_000}, "signed_at: is no time"),
        ({"signed_at": "2999-01-01T00:00:00Z"}, "in the future"),
        ({"truths": None}, "either truths or text"), ({"text": TEXT}, "either truths or text"),
        ({"truths": {}}, "truths is empty"), ({"truths": []}, "truths"),
        ({"truths": {"4711": "present"}}, "no algorithm here looks for 4711"),
        ({"truths": {PNEUMOTHORAX: "yes"}}, "truths"),
        ({"truths": {PNEUMOTHORAX: "unknown"}}, "truths"),
        ({"truths": {PNEUMOTHORAX: {"x": 1}}}, "truths"),
        ({"truths": {"<script>": "present"}}, "truths"),
        ({"truths": {"any": "present"}}, "any can only be absent"),
        ({"truths": {"any": "absent", PNEUMOTHORAX: "present"}}, "any is absent, and a finding"),
        ({"truths": None, "text": "x" * 100_001}, "text"),
        ({"patient_name": "Kari Nordmann"}, "a field that is not known"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(
    api: TestClient, seed: Seed, changed: dict[str, Any], cause: str
) -> None:
    study, _ = answered(seed)
    sent = json.dumps(report(seed, study, **changed))
    answer = api.post(
        "/api/reports", content=sent, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 422
    (fault,) = answer.json()["faults"]
    assert any(cause in one for one in fault["causes"]), fault
    assert "Kari" not in answer.text
    assert "passwd" not in answer.text
    assert kept(seed, study) is None


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400), (b"{", "application/json", 400),
        (b'{"site": NaN}', "application/json", 400), (b"\xff\xfe{}", "application/json", 400),
        (b'{"site": "a", "site": "b"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400), (b"9" * 10_000, "application/json", 400),
        (b" " * (2 << 20), "application/json", 413), (b"[]", "application/json", 422),
        (b"[" + b"{}," * 200 + b"{}]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"site=a", "application/x-www-form-urlencoded", 403), (b"{}", "text/plain", 403),
        (b"{}", "text/csv", 415), (b"{}", "", 415), (b"{}", "application/xml", 415),
    ],
)  # fmt: skip
def test_what_is_no_request(api: TestClient, body: bytes, kind: str, status: int) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = api.post("/api/reports", content=body, headers=headers)
    assert answer.status_code == status
    if status != 403:
        assert answer.json()["status"] == status


def test_a_length_that_lies(api: TestClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": "9" * 400}
    assert api.post("/api/reports", content=b"{}", headers=headers).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * (1 << 16)

    headers = {"Content-Type": "application/json"}
    assert api.post("/api/reports", content=endless(), headers=headers).status_code == 413


def test_other_methods_are_not_allowed(api: TestClient) -> None:
    answer = api.get("/api/reports")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/json"
    assert api.get("/api/none").status_code == 404


def test_a_database_that_is_away(
    api: TestClient, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, _ = answered(seed)

    def away(*_: object, **__: object) -> None:
        message = "the database does not answer: no route to host"
        raise UnavailableError(message)

    sent = report(seed, study)
    monkeypatch.setattr(receiving, "receive", away)
    answer = api.post("/api/reports", json=sent)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["status"] == 503


def test_rules_that_are_wrong_stop_the_start(empty: tuple[Settings, Seed], tmp_path: Path) -> None:
    settings, seed = empty
    file = tmp_path / "rules.toml"
    file.write_text("nonsense = [", encoding="utf-8")
    watch = settings.watch.model_copy(update={"report_rules": file})
    with pytest.raises(SettingsError, match=r"rules\.toml"):
        create_app(settings.model_copy(update={"watch": watch}), seed.database, algorithms={})
