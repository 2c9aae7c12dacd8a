"""Does it behave as before: what is bad is first, and what is old or absent is never good."""

import csv
import dataclasses
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.domain.activation import Activated, Activation
from core.domain.event import EventKind
from core.domain.watch import (
    NATIONAL,
    TRUST,
    Chart,
    Evaluation,
    Member,
    Point,
    Signal,
    Standing,
    Stream,
)  # fmt: skip
from core.settings import Settings
from core.store.watch import activations
from tests.web import watched
from tests.web.conftest import URL
from tests.web.seed import Seed
from tests.web.visitor import TestClient
from tests.web.watched import DUE, NOW, Way
from web.app import create_app
from web.overview import FACES

HOSTILE = "<script>alert(1)</script>\"'&"
Country = tuple[Settings, Seed]


def visitor(country: Country) -> TestClient:
    return TestClient(create_app(country[0], country[1].database), base_url=URL)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Every standing somewhere; nobody changes it."""
    settings, seed = watched.open_watched(tmp_path_factory.mktemp("country"))
    watched.fill(seed, 45)
    yield settings, seed
    seed.database.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Country]:
    """Sites and nothing else."""
    settings, seed = watched.open_watched(tmp_path)
    yield settings, seed
    seed.database.close()


@pytest.fixture(scope="module")
def client(full: Country) -> Iterator[TestClient]:
    with visitor(full) as made:
        yield made


def faces(html: str) -> list[str]:
    """The faces of the list, from top to bottom."""
    return re.findall(r'<td class="stand"><span class="stands ([a-z_]+)">', html)


def cells(html: str) -> list[str]:
    """The faces of the matrix."""
    return re.findall(r'class="cell ([a-z_]+)"', html)


def rows(body: bytes, delimiter: str = ";") -> list[dict[str, str]]:
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def test_an_empty_house_says_that_nothing_was_evaluated(bare: Country) -> None:
    with visitor(bare) as visit:
        html = visit.get("/watch").text
        assert "Ingen natt er kjørt ennå" in html
        assert "Ingen algoritme er vurdert ennå." in html
        assert "inside" not in html
        page = visit.get("/watch/drammen/chest_xray")
    assert page.status_code == 200
    assert "aldri vurdert her" in page.text
    assert 'class="stands no_data"' in page.text


def test_the_worst_is_first_with_its_reason(client: TestClient) -> None:
    html = client.get("/watch").text
    found = faces(html)
    assert found == sorted(found, key=FACES.index)
    assert found[:3] == ["outside", "outside", "watched"]
    assert set(found) == {"outside", "watched", "no_data", "stale"}
    assert "Drammen sykehus" in html.split("<tbody>")[1].split("</tr>")[0]
    assert re.search(r"Andel med funn<small title=\"mot [a-z ]+\">3,0 × grensen, Andel", html)
    assert "Utenfor betyr at noen skal lete etter en forklaring" in html


def test_every_face_has_its_own_shape_and_word(client: TestClient) -> None:
    html = client.get("/watch").text
    shapes = dict(
        re.findall(r'class="cell ([a-z_]+)".*?<path fill-rule="evenodd" d="([^"]+)"', html)
    )
    words = dict(re.findall(r'class="cell ([a-z_]+)".*?<span>([^<]+)</span></a>', html))
    assert set(shapes) == set(FACES)
    assert len(set(shapes.values())) == len(FACES)
    assert len(set(words.values())) == len(FACES)


def test_since_when(client: TestClient) -> None:
    drammen = client.get("/watch").text.split("Drammen sykehus</a>")[1].split("</tr>")[0]
    assert (DUE - dt.timedelta(days=11)).strftime("%d.%m.%Y") in drammen
    elverum = client.get("/watch").text.split("Elverum sykehus</a>")[1].split("</tr>")[0]
    assert f"sto som «Innenfor» {DUE - dt.timedelta(days=6):%d.%m.%Y}" in elverum


def test_an_old_night_is_never_green(bare: Country) -> None:
    _, seed = bare
    for site in ("drammen", "baerum"):
        watched.write(seed, watched.course(Stream(site, "chest_xray"), Way(ends=2), 20))
    outside = Way(Standing.OUTSIDE, (Signal.INPUT,), 9, ends=2)
    watched.write(seed, watched.course(Stream("ski", "chest_xray"), outside, 20))
    watched.ran(seed, until=DUE - dt.timedelta(days=2))
    with visitor(bare) as visit:
        html = visit.get("/watch").text
        page = visit.get("/watch/drammen/chest_xray").text
    assert 'class="night late"' in html
    assert sorted(cells(html)) == ["outside", "stale", "stale"], "bad news stays"
    assert re.search(r'stands inside none"[^>]*>.*?<strong>0</strong>', html)
    assert 'class="card lead stale"' in page
    assert "for gammelt" in page
    assert "lead inside" not in page


def test_a_failed_night_is_said_with_its_error(bare: Country) -> None:
    watched.write(bare[1], watched.course(Stream("drammen", "chest_xray"), Way(), 3))
    watched.ran(bare[1], error=f"the aggregate cannot be read {HOSTILE}")
    with visitor(bare) as visit:
        html = visit.get("/watch").text
    assert 'class="night failed"' in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("query", "sites"),
    [
        ("scope=baerum", {"baerum", NATIONAL}),
        ("scope=trust:inn", {"lillehammer", "gjovik", "elverum", NATIONAL}),
        ("scope=trust:vv&algorithm=fracture",
         {"drammen", "baerum", "kongsberg", "ringerike", "hallingdal", "trust:vv", NATIONAL}),
    ],
)  # fmt: skip
def test_filters(client: TestClient, query: str, sites: set[str]) -> None:
    html = client.get(f"/watch?{query}").text
    matrix = html.split('class="matrix"')[1]
    assert set(re.findall(r'href="/watch/([^/"]+)/', matrix)) == sites


def test_one_face_alone(client: TestClient) -> None:
    html = client.get("/watch?standing=too_few").text
    assert set(faces(html)) == {"too_few"}
    assert 'class="matrix"' not in html


@pytest.mark.parametrize("value", ["nowhere", "%00", "a" * 5000, "<script>", "*", "trust:"])
def test_hostile_filters_show_all(client: TestClient, value: str) -> None:
    answer = client.get("/watch", params={"scope": value, "algorithm": value, "standing": value})
    assert answer.status_code == 200
    assert len(cells(answer.text)) == len(cells(client.get("/watch").text))
    assert "<script>" not in answer.text.replace("<script src", "")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/watch/*/chest_xray", 200), ("/watch/trust:vv/fracture", 200),
        ("/watch/drammen/unheard_of", 200), ("/watch/trust:nobody/fracture", 404),
        ("/watch/nowhere/fracture", 404), ("/watch/drammen/%3Cscript%3E", 404),
        ("/watch/drammen/a.b", 404), ("/watch/nowhere/fracture.csv", 404),
        ("/watch/%00/x", 404), (f"/watch/{'a' * 3000}/x", 404),
    ],
)  # fmt: skip
def test_addresses(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_a_stream_tells_how_it_stands_and_why(client: TestClient) -> None:
    html = client.get("/watch/drammen/chest_xray").text
    since = (DUE - dt.timedelta(days=11)).strftime("%d.%m.%Y")
    assert re.search(rf"Bildene som kommer inn, .* og andel med funn er utenfor .* {since}", html)
    assert "Utenfor betyr at noen skal lete etter en forklaring" in html
    assert "referanse 1:" in html
    assert "lagt til av Kari Nordmann" in html
    assert "Første år etter oppstart" in html
    assert "Nytt apparat: Siemens Ysio X.pree VE10A" in html
    panels = re.findall(r'class="card panel-of ([a-z_]+)" id="([a-z]+)"', html)
    assert len(panels) == len(watched.MEMBERS)
    assert [face for face, _ in panels] == ["outside"] * 4 + ["inside"] * 2, "the worst first"
    assert html.count('<svg class="chart trend"') == len(panels) + 3 + 2 + 0 + 3 + 1 + 1
    assert "Rørspenning (kV)" in html
    assert "Svar, snitt (log-odds): Pneumotoraks" in html


def test_days_and_signals_can_be_chosen(client: TestClient) -> None:
    html = client.get("/watch/drammen/chest_xray?days=28&signal=input").text
    assert html.count("panel-of outside") == 1
    assert html.count('<svg class="chart trend"') == 1 + 5, "all members of the one signal"
    assert re.search(r'days=28[^"]*" aria-current="true">28 dager', html)
    for days in ("365", "90", "7", "x" * 400, ""):
        assert client.get(f"/watch/drammen/chest_xray?days={days}").status_code == 200


def test_missing_days_are_gaps_in_every_figure(client: TestClient) -> None:
    html = client.get("/watch/drammen/chest_xray?days=90").text
    figures = re.findall(r'<svg class="chart trend".*?</svg>', html, re.DOTALL)
    assert all('class="gap"' in one for one in figures), "40 to 42 days ago, and before the first"


def test_as_a_table(client: TestClient) -> None:
    html = client.get("/watch/drammen/chest_xray?view=table&days=28").text
    assert "<figure>" not in html
    assert html.count('<tr><th scope="row">') == 28
    assert html.index(f"{DUE:%d.%m.%Y}") < html.index(f"{DUE - dt.timedelta(1):%d.%m.%Y}</time>")


def test_the_numbers_behind_the_figures(client: TestClient) -> None:
    answer = client.get("/watch/drammen/chest_xray.csv?days=28")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="varde-drammen-chest_xray.csv"' in answer.headers["content-disposition"]
    found = rows(answer.content)
    assert len({row["day"] for row in found}) == 28
    kvp = [row for row in found if row["member"] == "kvp" and row["chart"] == "own"]
    assert len(kvp) == 28
    newest = kvp[-1]
    assert newest["day"] == DUE.isoformat()
    assert newest["stream_standing"] == "outside"
    assert float(newest["value"].replace(",", ".")) > float(newest["high"].replace(",", "."))
    one = rows(client.get("/watch/drammen/chest_xray.csv?signal=input&member=kvp").content)
    assert {(row["signal"], row["member"]) for row in one} == {("input", "kvp")}
    english = client.get("/watch/drammen/chest_xray.csv?lang=en&days=28").content
    assert rows(english, ",")[0]["score"] == rows(answer.content)[0]["score"].replace(",", ".")
    client.cookies.clear()


def test_days_that_cannot_be_read_are_said_and_are_no_good_news(bare: Country) -> None:
    _, seed = bare
    notes = (f"missing:{DUE - dt.timedelta(1)}", f"unreadable:{DUE}", "reference:unreadable:2")
    stream = Stream("drammen", "chest_xray")
    watched.write(seed, watched.course(stream, Way(), 10))
    watched.write(seed, [Evaluation(stream, DUE, 2, 40, 0, Standing.NO_DATA, (), notes)])
    watched.ran(seed)
    with visitor(bare) as visit:
        html = visit.get("/watch/drammen/chest_xray").text
        overview = visit.get("/watch").text
        sheet = rows(visit.get("/watch/drammen/chest_xray.csv").content)
    assert "Ingen data å vurdere. Det er ikke et godt tegn" in html
    assert "Kunne ikke leses" in html
    assert f"{DUE:%d.%m.%Y}" in html.split("Kunne ikke leses")[1][:60]
    assert cells(overview) == ["no_data"]
    assert sheet[-1]["notes"] == " ".join(notes)


def test_numbers_that_are_none_are_not_drawn(bare: Country) -> None:
    nan = float("nan")
    members = (Member("kvp", nan, nan, nan, nan), Member("mas", 3.0, nan, 4.0, 0.2))
    point = Point(Signal.INPUT, Chart.OWN, 0.2, Standing.INSIDE, members)
    stream = Stream("drammen", "chest_xray")
    watched.write(bare[1], [Evaluation(stream, DUE, 1, 40, 9, Standing.INSIDE, (point,))])
    with visitor(bare) as visit:
        answer = visit.get("/watch/drammen/chest_xray")
    assert answer.status_code == 200
    assert "nan" not in "".join(re.findall(r"<svg.*?</svg>", answer.text, re.DOTALL))


def test_names_from_outside_are_only_text(tmp_path: Path) -> None:
    sites = {"evil": (HOSTILE, "vv")}
    settings, seed = watched.open_watched(tmp_path, sites)
    stream = Stream("evil", "chest_xray")
    bad = Way(Standing.OUTSIDE, (Signal.CATEGORY,), 4)
    told = watched.course(stream, bad, 9)
    member = Member(f"view:{HOSTILE}", 0.9, 0.1, 0.2, 4.0)
    points = tuple(dataclasses.replace(one, members=(member,)) for one in told[-1].points)
    notes = (f"odd:{HOSTILE}", HOSTILE)
    watched.write(seed, [*told[:-1], dataclasses.replace(told[-1], points=points, notes=notes)])
    watched.happened(seed, "evil", "chest_xray", EventKind.SCANNER, 2,
                     manufacturer=HOSTILE, model="=cmd|' /C calc'!A0")  # fmt: skip
    watched.learned(seed, stream, by=HOSTILE, reason=HOSTILE)
    with visitor((settings, seed)) as visit:
        for path in ("/watch", "/watch/evil/chest_xray", "/watch/evil/chest_xray?view=table",
                     "/cases", "/quality/evil/chest_xray"):  # fmt: skip
            html = visit.get(path).text
            assert "<script>alert" not in html, path
            assert not re.search(r"\sstyle=|\son[a-z]+=\"|<style", html), path
        assert "&lt;script&gt;alert(1)" in visit.get("/watch/evil/chest_xray").text
    seed.database.close()


def test_what_the_algorithm_may_do_is_said(full: Country) -> None:
    _, seed = full
    changed = Activated("ski", "fracture", Activation.SUSPENDED, NOW, "Per", "bilder mangler")
    with seed.database.write() as connection:
        activations.change(connection, changed, day=DUE)
    with visitor(full) as visit:
        assert "Stanset" in visit.get("/watch/ski/fracture").text
        assert "Stanset" in visit.get("/watch?standing=inside&scope=ski").text


@pytest.mark.parametrize("path", ["/watch", "/watch/drammen/chest_xray", "/watch/*/chest_xray",
                                  f"/watch/{TRUST}vv/fracture"])  # fmt: skip
def test_in_both_languages(client: TestClient, path: str) -> None:
    assert '<html lang="nb">' in client.get(f"{path}?lang=nb").text
    english = client.get(f"{path}?lang=en").text
    client.cookies.clear()
    assert '<html lang="en">' in english
    main = english.split("<main")[1].split("</main>")[0]
    assert not re.search(r"Utenfor|Innenfor|sykehuset |undersøkelse|grensen", main)


def test_the_number_of_queries_does_not_grow_with_the_streams(full: Country, bare: Country) -> None:
    watched.write(bare[1], watched.course(Stream("drammen", "chest_xray"), Way(), 3))
    counted = []
    for country in (bare, full):
        seen: list[str] = []
        with visitor(country) as visit:
            visit.get("/watch")

            def note(*args: object, seen: list[str] = seen) -> None:
                seen.append(str(args[2]))

            sa.event.listen(country[1].database.engine, "before_cursor_execute", note)
            visit.get("/watch")
            sa.event.remove(country[1].database.engine, "before_cursor_execute", note)
        counted.append(sum(one.lstrip().startswith("SELECT") for one in seen))
    assert counted[0] == counted[1] <= 10


def test_the_menu_leads_here_and_counts_open_cases(client: TestClient) -> None:
    html = client.get("/watch").text
    assert '<a href="/watch" aria-current="page">Oppfører seg som før?</a>' in html
    assert re.search(r'<a href="/cases" >Saker <span class="badge">[0-9]+</span>', html)
