"""`varde watch activate` and `planned` write what they say, with a name and a reason."""

from pathlib import Path

import pytest

from core.domain.activation import Activation
from core.domain.event import EventKind
from core.settings import Settings
from core.store.database import Database, open_database
from core.store.watch import activations, events
from tests.web.seed import SITES
from varde.arguments import ACTIVATIONS
from varde.cli import main

TOLD = ["--by", "Kari Lien", "--reason", "silent run"]


@pytest.fixture
def database(home: Path) -> Database:
    """Two sites of one trust; the commands find them in the database."""
    opened = open_database(Settings.model_validate({"home": home, **SITES}))
    opened.close()
    return opened


def run(*words: str) -> int:
    return main(["watch", *words])


def test_the_words_are_those_of_the_domain() -> None:
    assert set(ACTIVATIONS) == {state.value for state in Activation}


def test_an_algorithm_becomes_what_somebody_says(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("activate", "drammen", "chest_xray", "shadow", *TOLD) == 0
    assert "chest_xray at drammen: shadow" in capsys.readouterr().out
    with database.read() as connection:
        (change,) = activations.history(connection, "drammen", "chest_xray")
        assert activations.state(connection, "baerum", "chest_xray") is Activation.LIVE
    assert (change.state, change.by, change.reason) == (
        Activation.SHADOW,
        "Kari Lien",
        "silent run",
    )
    assert run("activate", "drammen", "chest_xray", "shadow", *TOLD) == 0
    assert "was shadow already" in capsys.readouterr().out


def test_a_whole_trust(database: Database) -> None:
    assert run("activate", "trust:vv", "chest_xray", "suspended", *TOLD) == 0
    with database.read() as connection:
        for key in ("drammen", "baerum"):
            assert activations.state(connection, key, "chest_xray") is Activation.SUSPENDED


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["activate", "oslo", "chest_xray", "live", *TOLD], "baerum, drammen"),
        (["activate", "drammen", "chest_xray", "live", "--by", " ", "--reason", "x"], "name"),
        (["planned", "drammen", "chest_xray", "--by", "Kari", "--reason", "\n"], "change"),
    ],
)
def test_what_cannot_be_done_is_said(
    database: Database, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert run(*words) == 2
    assert told in capsys.readouterr().err


def test_a_planned_change_is_marked(database: Database) -> None:
    words = ["planned", "drammen", "fracture", "--day", "2026-03-02", *TOLD]
    assert run(*words) == 0
    with database.read() as connection:
        (event,) = events.latest(connection)
    assert (event.kind, event.day.isoformat()) == (EventKind.PLANNED, "2026-03-02")
