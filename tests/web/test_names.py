"""What signals' members are called, and which of them are shares."""

import pytest

from core.domain.event import Event, EventKind
from core.store.watch.overview import Place
from tests.web.watched import DUE, NOW
from web import names
from web.words import Words

NB, EN = Words("nb"), Words("en")
FOUND = {"36118008": "Pneumotoraks"}
PLACES = [Place("ski", "Ski sykehus", "ahus", "Akershus")]


@pytest.mark.parametrize(
    ("name", "told", "share"),
    [
        ("pixel_sd", "Kontrast (spredning)", False),
        ("score:36118008", "Svar, snitt (log-odds): Pneumotoraks", False),
        ("high:36118008:25", "Andel svar over 50,0\N{NO-BREAK SPACE}%: Pneumotoraks", True),
        ("high:36118008:x", "Andel svar over 0,0\N{NO-BREAK SPACE}%: Pneumotoraks", True),
        (
            "top:36118008:25",
            "Snitt (log-odds) av svar over 50,0\N{NO-BREAK SPACE}%: Pneumotoraks",
            False,
        ),
        ("view:PA", "Projeksjon: PA", True),
        ("view:other", "Projeksjon: andre", True),
        ("sex:F", "kvinne", True),
        ("age:65-79", "65–79 år", True),
        ("positive", "Andel med funn", True),
        ("positive:sex:M", "Andel med funn: mann", True),
        ("axis:7", "Nettverkets retning 7", False),
        ("refused", "Ikke vurdert eller feilet", True),
        ("disagree:vendor", "Uenig med: vendor", True),
        ("unheard_of", "unheard_of", False),
        ("unheard_of:a:b", "unheard_of: a:b", True),
        ("", "", False),
    ],
)
def test_members(name: str, told: str, share: bool) -> None:
    assert names.member(name, FOUND, NB) == told
    assert names.is_share(name) is share


def test_long_names_are_cut() -> None:
    assert len(names.member("x" * 9000, {}, NB)) == 200
    assert len(names.member("view:" + "x" * 9000, {}, NB)) < 300


@pytest.mark.parametrize(
    ("scope", "told"),
    [("*", "Hele landet"), ("ski", "Ski sykehus"), ("trust:ahus", "Akershus"), ("gone", "gone")],
)
def test_scopes(scope: str, told: str) -> None:
    assert names.scope(scope, PLACES, NB) == told


@pytest.mark.parametrize(
    ("kind", "subject", "facts", "told"),
    [
        (EventKind.SCANNER, "ab12", {"manufacturer": "GE", "model": "Optima", "serial": "ff"},
         "Nytt apparat: GE Optima"),
        (EventKind.VERSION, "2.2.0", {}, "Ny versjon av algoritmen: 2.2.0"),
        (EventKind.ACTIVATION, "x", {"state": "suspended"}, "Endret bruk: Stanset"),
        (EventKind.PLANNED, "x", {"told": "Ny protokoll", "by": "Kari"},
         "Varslet endring: Ny protokoll"),
        (EventKind.SOFTWARE, "ab12", {}, "Ny programvare på apparat"),
    ],
)  # fmt: skip
def test_events(kind: EventKind, subject: str, facts: dict[str, str], told: str) -> None:
    assert names.event(Event(NOW, DUE, "ski", "x", kind, subject, facts), NB) == told
