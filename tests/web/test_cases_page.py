"""Cases: what was seen, and the verdict of a named person that takes effect."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.activation import Activation
from core.domain.case import CaseKind, Consequence, Verdict
from core.domain.event import EventKind
from core.domain.watch import NATIONAL, TRUST, Signal, Standing, Stream
from core.settings import Settings
from core.store.watch import activations, cases
from monitoring import casework
from tests.web import watched
from tests.web.conftest import URL
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from tests.web.watched import DUE, NOW, Way
from web.app import create_app

OWN = {"Origin": URL}  #: as a browser says it of a form on our own page
HOSTILE = "<script>alert(1)</script>\"'&"
Country = tuple[Settings, Seed]
GOOD = {
    "verdict": "explained", "consequence": "supervise", "name": "Kari Nordmann",
    "reason": "Nytt apparat satt i drift på stue 2",
}  # fmt: skip


@pytest.fixture
def country(tmp_path: Path) -> Iterator[Country]:
    """A site with an alarm after a new scanner."""
    settings, seed = watched.open_watched(tmp_path)
    way = Way(Standing.OUTSIDE, (Signal.INPUT, Signal.POSITIVE), 6)
    stream = Stream("drammen", "chest_xray")
    told = watched.course(stream, way, 30)
    watched.write(seed, told)
    watched.happened(seed, "drammen", "chest_xray", EventKind.SCANNER, 7,
                     manufacturer="Siemens", model="Ysio")  # fmt: skip
    with seed.database.write() as connection:
        casework.after_night(connection, told[-6:], now=NOW, watch=settings.watch)
    yield settings, seed
    seed.database.close()


@pytest.fixture
def client(country: Country) -> Iterator[TestClient]:
    with TestClient(create_app(country[0], country[1].database), base_url=URL, headers=OWN) as made:
        yield made


def opened(seed: Seed, kind: CaseKind, site: str = "drammen", **evidence: object) -> str:
    """A case of a kind, today; `evidence` may be given as one mapping."""
    held = evidence.pop("evidence", None)
    if isinstance(held, dict):
        evidence.update(held)
    with seed.database.write() as connection:
        return cases.opened(
            connection, kind=kind, site=site, algorithm="chest_xray", subject=kind.value,
            evidence=evidence, day=DUE, now=NOW,
        )  # fmt: skip


def drift(seed: Seed) -> str:
    """The id of the drift case."""
    with seed.database.read() as connection:
        return cases.listed(connection, kind=CaseKind.DRIFT)[0].id


def test_an_empty_house(tmp_path: Path) -> None:
    settings, seed = watched.open_watched(tmp_path)
    with TestClient(create_app(settings, seed.database), base_url=URL) as visit:
        html = visit.get("/cases").text
    assert "Ingen saker ennå." in html
    assert "badge" not in html
    seed.database.close()


def test_open_cases_first_the_pressing_before_the_patient(
    client: TestClient, country: Country
) -> None:
    opened(country[1], CaseKind.ERRORS, source="report", error="false_positive")
    done = opened(country[1], CaseKind.SILENT, days=3)
    assert client.post(f"/cases/{done}", data=GOOD).status_code == 200
    html = client.get("/cases").text
    kinds = re.findall(r'<a class="row" href="/cases/[0-9a-f]{32}">([^<]+)</a>', html)
    assert kinds == [
        "Flere feil enn avtalt", "Oppfører seg annerledes", "Må verifiseres på nytt",
        "Det kommer ingenting",
    ]  # fmt: skip
    assert "Bildene som kommer inn og andel med funn" in html
    assert "Nytt apparat: Siemens Ysio" in html
    assert 'Saker <span class="badge">3</span>' in html
    assert "av Kari Nordmann" in html


def test_what_has_fallen_silent_comes_after_what_holds(
    client: TestClient, country: Country
) -> None:
    key = opened(country[1], CaseKind.ERRORS, source="report")
    with country[1].database.write() as connection:
        cases.seen(connection, key, evidence={}, at=NOW, quiet_at=NOW)
    html = client.get("/cases").text
    assert html.index("Oppfører seg annerledes") < html.index("Flere feil enn avtalt</a>")
    assert f"stille siden {NOW:%d.%m.%Y}" in html


def test_filters(client: TestClient, country: Country) -> None:
    opened(country[1], CaseKind.DATA, "ski", days=[f"missing:{DUE}"])
    assert "Ski sykehus" not in client.get("/cases?site=drammen").text.split("<table")[1]
    only = client.get("/cases?kind=data").text
    assert only.count('class="row"') == 1
    for bad in ("x", "%00", "<script>", "a" * 4000):
        assert client.get(f"/cases?kind={bad}&site={bad}&algorithm={bad}").status_code == 200


def test_a_case_says_what_was_seen_and_what_to_look_at(
    client: TestClient, country: Country
) -> None:
    html = client.get(f"/cases/{drift(country[1])}").text
    assert "Dette ble sett" in html
    assert "mot de andre stedene" in html
    assert "Rørspenning (kV)" in html
    assert "Nytt apparat: Siemens Ysio" in html
    assert "Står det et nytt apparat" in html
    assert html.count('<svg class="chart trend"') == 4, "two signals and the clearest of each"
    assert "Skriv aldri navn, fødselsnummer" in html
    assert html.count('<option value="') == 1 + 6


@pytest.mark.parametrize("kind", CaseKind)
def test_every_kind_has_its_page_in_both_languages(
    client: TestClient, country: Country, kind: CaseKind
) -> None:
    evidence: dict[str, object] = {
        "days": ["missing:2026-03-01", "odd"], "from": "2025-01-01", "to": "2025-12-31",
        "studies": 17_000, "source": "report", "error": "false_negative", "baseline": 0.0713,
        "event": "scanner", "manufacturer": HOSTILE, HOSTILE: HOSTILE, "limit": 6.72,
        "signals": {HOSTILE: {}, "input:own": {"score": None}, "output:peers": {"score": 1.7}},
    }  # fmt: skip
    key = opened(country[1], kind, evidence=evidence)
    html = ""
    for language in ("nb", "en"):
        html = client.get(f"/cases/{key}?lang={language}").text
        assert f'<html lang="{language}">' in html
        assert "<script>alert" not in html
        assert ('name="reason"' in html) is True
        assert '<ol class="checks"><li>' in html
    assert "17 000" in html.replace("17,000", "17 000")
    assert "7.1%" in html


def test_a_verdict_takes_effect(client: TestClient, country: Country) -> None:
    _, seed = country
    key = drift(seed)
    answer = client.post(f"/cases/{key}", data=GOOD, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{key}?done=1")
    html = client.get(answer.headers["location"]).text
    assert "Saken er avgjort." in html
    assert "Avgjort: Forklart endring i bildene" in html
    assert '<form method="post"' not in html
    assert "Under oppsyn" in html
    with seed.database.read() as connection:
        case = cases.get(connection, key)
        state = activations.state(connection, "drammen", "chest_xray")
    assert (case.verdict, case.consequence) == (Verdict.EXPLAINED, Consequence.SUPERVISE)
    assert (case.by, case.reason) == (GOOD["name"], GOOD["reason"])
    assert state is Activation.SUPERVISED


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "   "}, {"reason": ""}, {"reason": "x" * 501}, {"name": "x" * 81},
        {"verdict": ""}, {"verdict": "nonsense"}, {"verdict": "verified"}, {"consequence": ""},
    ],
)  # fmt: skip
def test_what_is_missing_is_said_and_what_was_typed_stays(
    client: TestClient, country: Country, change: dict[str, str]
) -> None:
    key = drift(country[1])
    answer = client.post(f"/cases/{key}", data={**GOOD, **change, "extra": HOSTILE})
    assert answer.status_code == 422
    assert "Saken er ikke avgjort." in answer.text
    kept = "reason" if "reason" not in change else "name"
    assert GOOD[kept] in answer.text
    with country[1].database.read() as connection:
        assert cases.get(connection, key).open


def test_typed_code_is_only_text(client: TestClient, country: Country) -> None:
    key = drift(country[1])
    answer = client.post(f"/cases/{key}", data={**GOOD, "name": HOSTILE, "verdict": ""})
    assert "<script>alert" not in answer.text
    assert client.post(f"/cases/{key}", data={**GOOD, "reason": HOSTILE}).status_code == 200
    html = client.get(f"/cases/{key}").text + client.get("/cases").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_who_comes_second_changes_nothing(client: TestClient, country: Country) -> None:
    key = drift(country[1])
    client.post(f"/cases/{key}", data=GOOD)
    answer = client.post(f"/cases/{key}", data={**GOOD, "consequence": "suspend"})
    assert answer.status_code == 409
    assert "allerede avgjort" in answer.text
    with country[1].database.read() as connection:
        state = activations.state(connection, "drammen", "chest_xray")
    assert state is Activation.SUPERVISED


@pytest.mark.parametrize("key", ["0" * 32, "x", "A" * 32, "0" * 33])
def test_no_such_case(client: TestClient, key: str) -> None:
    assert client.get(f"/cases/{key}").status_code == 404
    assert client.post(f"/cases/{key}", data=GOOD).status_code == 404


def test_a_strangers_page_settles_nothing(client: TestClient, country: Country) -> None:
    key = drift(country[1])
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(f"/cases/{key}", data=GOOD, headers=headers).status_code == 403
    assert client.post(f"/cases/{key}", content=b"{}").status_code == 415
    assert client.post(f"/cases/{key}", data={**GOOD, "x": "a" * 20_000}).status_code == 413
    with country[1].database.read() as connection:
        assert cases.get(connection, key).open


@pytest.mark.parametrize(
    ("site", "named"), [(NATIONAL, "Hele landet"), (f"{TRUST}vv", "Vestre Viken")]
)
def test_a_case_of_many_sites_says_that_it_holds_for_all(
    client: TestClient, country: Country, site: str, named: str
) -> None:
    key = opened(country[1], CaseKind.DRIFT, site, signals={"output:national": {"score": 1.4}})
    html = client.get(f"/cases/{key}").text
    assert f"Gjelder alle steder i {named}." in html
    client.post(f"/cases/{key}", data={**GOOD, "consequence": "suspend"})
    with country[1].database.read() as connection:
        state = activations.state(connection, "baerum", "chest_xray")
    assert state is Activation.SUSPENDED


def test_a_reference_is_adopted_through_its_case(client: TestClient, country: Country) -> None:
    with country[1].database.write() as connection:
        key = casework.reference_due(
            connection, Stream("drammen", "chest_xray"), first=DUE - dt.timedelta(363), last=DUE,
            studies=17_000, now=NOW,
        )  # fmt: skip
    html = client.get(f"/cases/{key}").text
    assert "læres referansen av perioden" in html
    assert f"{DUE - dt.timedelta(363):%d.%m.%Y}" in html
    good = {**GOOD, "verdict": "verified", "consequence": "continue"}
    assert client.post(f"/cases/{key}", data=good).status_code == 200
    with country[1].database.read() as connection:
        (adoption,) = casework.adoptions(connection)
    assert (adoption.by, adoption.last) == (GOOD["name"], DUE)
