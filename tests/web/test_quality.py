"""Is it right: figures with intervals, sources kept apart, few said to be few, who was right."""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.case import CaseKind
from core.domain.feedback import Role, Source
from core.settings import Settings
from core.store.watch import cases, comparisons, concordance
from core.store.watch.comparisons import Settled
from core.store.watch.concordance import Counted
from monitoring.performance.confusion import Confusion
from tests.web import watched
from tests.web.conftest import URL
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from tests.web.watched import DUE, NOW
from web import concord
from web.app import create_app
from web.words import Words

Country = tuple[Settings, Seed]
PAGE = "/quality/drammen/chest_xray"
NB = Words("nb")


def visitor(country: Country) -> TestClient:
    app = create_app(country[0], country[1].database)
    return TestClient(app, base_url=URL, headers={"Origin": URL})


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Two sites with a hundred days of comparisons, one of which became worse; one tiny site."""
    settings, seed = watched.open_watched(tmp_path_factory.mktemp("quality"))
    watched.compared(seed, "drammen", "chest_xray", days=100, a_day=40, worse=15)
    watched.compared(seed, "baerum", "chest_xray", days=100, a_day=40)
    watched.compared(seed, "hallingdal", "chest_xray", days=20, a_day=2)
    watched.said(seed, "drammen", "chest_xray", days=200, worse=25)
    yield settings, seed
    seed.database.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Country]:
    settings, seed = watched.open_watched(tmp_path)
    yield settings, seed
    seed.database.close()


@pytest.fixture(scope="module")
def client(full: Country) -> Iterator[TestClient]:
    with visitor(full) as made:
        yield made


def count(seed: Seed, *told: Counted) -> None:
    with seed.database.write() as connection:
        concordance.write(connection, told)


def counted(*cells: int, source: Source = Source.REPORT, **more: object) -> Counted:
    """TP, FP, FN, TN, unknown of yesterday."""
    one = Counted("drammen", "chest_xray", "2.1.0", DUE, "any", source, "", *cells)
    return dataclasses.replace(one, **more)  # type: ignore[arg-type]


def test_an_empty_house(bare: Country) -> None:
    with visitor(bare) as visit:
        assert "Ingenting er sammenlignet ennå." in visit.get("/quality").text
        page = visit.get(PAGE)
    assert page.status_code == 200
    assert page.text.count("Ingen sammenligninger i perioden.") == len(Source)
    assert "Ingen uenigheter venter." in page.text
    assert "Ingen tilbakemeldinger fra ortopeder" in page.text


def test_the_figures_are_those_of_the_counts(bare: Country) -> None:
    """TP 212, FP 61, FN 14, TN 713, calculated by hand with Wilson's formula."""
    count(bare[1], counted(212, 61, 14, 713, 120))
    with visitor(bare) as visit:
        html = visit.get(PAGE).text.replace("\N{NO-BREAK SPACE}", " ")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
    for told in ("93,8 % (89,9–96,3) n = 226", "92,1 % (90,0–93,8) n = 774",
                 "77,7 % (72,4–82,2) n = 273", "98,1 % (96,8–98,8) n = 727",
                 "0,80 (0,76–0,84)", "10,7 %"):  # fmt: skip
        assert told in text, told


def test_sources_are_never_added_up(bare: Country) -> None:
    count(bare[1], counted(80, 0, 20, 0), counted(10, 0, 90, 0, source=Source.AUDIT))
    with visitor(bare) as visit:
        html = visit.get(PAGE).text
        side = visit.get("/quality").text
    for page in (html, side):
        assert "<strong>80,0" in page
        assert "<strong>10,0" in page
        assert "<strong>45,0" not in page
    assert (
        html.index("Mot rapporten")
        < html.index("Mot tilfeldig kontroll")
        < html.index("Mot tilbake")
    )


def test_reports_written_after_the_answer_are_said_to_agree(client: TestClient) -> None:
    for path in ("/quality", PAGE):
        assert "skrevet etter at svaret fra KI var sett, er enige med det" in client.get(path).text


def test_few_are_said_to_be_few(bare: Country) -> None:
    count(bare[1], counted(8, 3, 2, 400), counted(8, 3, 2, 400, subgroup="sex:F"),
          counted(90, 3, 9, 400, subgroup="sex:M"))  # fmt: skip
    with visitor(bare) as visit:
        html = visit.get(PAGE).text
    assert "n = 10, for få" in html
    assert "for få (10)" in html, "a subgroup with fewer than 50 positives"
    assert 'class="chart forest pale"' in html


def test_sites_are_side_by_side_by_name(client: TestClient) -> None:
    html = client.get("/quality").text
    table = html.split("Mot tilfeldig kontroll")[0]
    assert re.findall(r'class="row" href="/quality/([a-z]+)/chest_xray"', table) == [
        "baerum", "drammen", "hallingdal"
    ]  # fmt: skip
    assert "Alle steder samlet" in table
    assert "ikke rangert" in html


def test_a_site_beyond_the_funnel_is_marked(bare: Country) -> None:
    for site in watched.SITES:
        right = 60 if site == "ski" else 92
        count(bare[1], counted(right * 10, 50, 1000 - right * 10, 950, site=site))
    with visitor(bare) as visit:
        html = visit.get("/quality").text
    marked = [row for row in html.split("<tr>") if "skiller seg fra de andre" in row]
    assert len(marked) == 1
    assert "Ski sykehus" in marked[0]


def test_over_time_by_version_and_with_the_sum_of_errors(client: TestClient) -> None:
    html = client.get(PAGE).text
    assert html.count('<svg class="chart shares"') == 3
    assert html.count('<svg class="chart trend"') >= 2
    assert "CUSUM" in html
    alarm = html.split("<h2>Falske funn</h2>")[1].split("</section>")[0]
    assert 'class="stands outside"' in alarm
    assert 'class="outside"' in alarm
    assert "2.1.0" in html.split("Versjoner</h2>")[1]


def test_orthopaedists_false_finds_are_a_p_chart(client: TestClient) -> None:
    part = client.get(f"{PAGE}?days=730").text.split("Ortopedenes falske funn")[1]
    part = part.split("</section>")[0]
    assert part.count('class="limit"') == 2
    assert re.search(r"[0-9]+ av [0-9\u202f]+ funn ikke bekreftet", part)
    assert "Som tabell" in part


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/quality/nowhere/chest_xray", 404), ("/quality/*/chest_xray", 404),
        ("/quality/drammen/%3Cb%3E", 404), ("/quality/drammen/unheard_of", 200),
        (f"{PAGE}?label=36118008", 200), (f"{PAGE}?label=%3Cscript%3E&days=x&said=x", 200),
        (f"{PAGE}?label={'9' * 3000}", 200), ("/quality?algorithm=%00&days=9", 200),
        ("/quality/nowhere/chest_xray.csv", 404),
    ],
)  # fmt: skip
def test_addresses(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_one_finding(client: TestClient, full: Country) -> None:
    html = client.get(f"{PAGE}?label=36118008").text
    assert '<option value="36118008" selected>Pneumotoraks' in html


def test_the_counts_as_csv(client: TestClient) -> None:
    body = client.get(f"{PAGE}.csv?days=90").content.decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(body, newline=""), delimiter=";"))
    assert {row["source"] for row in found} == {"report", "audit", "feedback"}
    assert {row["label"] for row in found} == {"any", "36118008"}
    assert len({row["day"] for row in found}) == 90
    assert {"", "sex:F", "age:80+"} <= {row["subgroup"] for row in found}
    said = client.get(f"{PAGE}.csv?part=feedback").content.decode("utf-8-sig")
    assert said.splitlines()[0] == "site;algorithm;version;day;role;word;called;count"
    assert ";orthopaedist;disagree;1;" in said


@pytest.fixture
def disagreeing(bare: Country) -> tuple[Country, list[str]]:
    return bare, watched.disagreed(bare[1], "drammen")


def test_disagreements_newest_first_with_their_study(
    disagreeing: tuple[Country, list[str]],
) -> None:
    country, jobs = disagreeing
    with visitor(country) as visit:
        html = visit.get(PAGE).text
        part = html.split('id="disagreements"')[1].split("</section>")[0]
        found = re.findall(r'name="settle" value="([0-9a-f]{32}):[^"]*:algorithm"', part)
        assert found == jobs, "the first is the newest"
        studies = re.findall(r'href="(/studies/[0-9a-f]{32})"', part)
        assert len(studies) == len(jobs)
        assert visit.get(studies[0]).status_code == 200
    assert "Pneumotoraks" in part
    assert "Nilsen" not in html, "no patient on a page of quality"


def test_who_was_right_is_settled_by_role(disagreeing: tuple[Country, list[str]]) -> None:
    country, jobs = disagreeing
    with visitor(country) as visit:
        fields = {"role": "radiologist", "settle": f"{jobs[0]}:36118008:audit:algorithm"}
        answer = visit.post(PAGE, data=fields, follow_redirects=False)
        assert answer.status_code == 303
        html = visit.get(answer.headers["location"]).text
        assert "Uenigheten er avgjort" in html
        assert '<option value="radiologist" selected>' in html, "the role is remembered"
        assert jobs[0] not in html
        assert "Radiolog</small>" in visit.get(f"{PAGE}?all=1").text
        again = {**fields, "settle": f"{jobs[1]}:36118008:report:report"}
        gone = visit.post(PAGE, data=again, follow_redirects=False)
        assert gone.headers["location"].endswith("said=gone#disagreements"), "of another finding"
    with country[1].database.read() as connection:
        done = next(
            one for one in comparisons.disagreements(connection, site="drammen", open_only=False)
            if one.comparison.job_id == jobs[0]
        )  # fmt: skip
    assert (done.settled_as, done.settled_role) == (Settled.ALGORITHM, Role.RADIOLOGIST)


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "radiologist"}, {"settle": f"{'0' * 32}:1:report:report"},
        {"role": "nobody", "settle": f"{'0' * 32}:1:report:report"},
        {"role": "radiologist", "settle": "x"},
        {"role": "radiologist", "settle": f"{'0' * 32}:1:report:everybody"},
    ],
)  # fmt: skip
def test_what_cannot_be_settled(
    disagreeing: tuple[Country, list[str]], fields: dict[str, str]
) -> None:
    with visitor(disagreeing[0]) as visit:
        assert visit.post(PAGE, data=fields).status_code == 422
        stranger = {"Sec-Fetch-Site": "cross-site"}
        assert visit.post(PAGE, data=fields, headers=stranger).status_code == 403


def test_an_open_case_of_errors_is_shown(bare: Country) -> None:
    count(bare[1], counted(80, 10, 20, 100))
    with bare[1].database.write() as connection:
        key = cases.opened(
            connection, kind=CaseKind.ERRORS, site="drammen", algorithm="chest_xray",
            subject="report:false_positive", evidence={}, day=DUE, now=NOW,
        )  # fmt: skip
    with visitor(bare) as visit:
        assert f'href="/cases/{key}"' in visit.get(PAGE).text
        assert "flere feil enn avtalt" in visit.get("/quality").text


@pytest.mark.parametrize("path", ["/quality", PAGE])
def test_in_both_languages(client: TestClient, path: str) -> None:
    english = client.get(f"{path}?lang=en").text
    norwegian = client.get(f"{path}?lang=nb").text
    client.cookies.clear()
    assert '<html lang="en">' in english
    assert "Sensitivitet" in norwegian
    main = english.split("<main")[1]
    assert not re.search("Sensitivitet|Spesifisitet|Mot rapporten|for få|Uenighet", main)


def test_an_axis_holds_every_interval_that_tells_something() -> None:
    sure, few = Confusion(70, 5, 30, 95), Confusion(1, 5, 9, 95)
    low, high = concord.axis([sure, few], "sensitivity")
    assert low <= 0.604
    assert high == 1.0
    assert concord.axis([], "sensitivity") == (0.9, 1.0)
    assert concord.added([]) == Confusion()


def test_nothing_is_drawn_of_nothing() -> None:
    one = concord.row("sensitivity", None, NB, (0.5, 1.0))
    assert (one.drawn, one.few) == ("", True)
