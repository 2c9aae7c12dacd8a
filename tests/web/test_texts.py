"""Both languages have every text, no text is unused, and the reader's choice is remembered."""

import re
import string
from pathlib import Path

import pytest

from tests.web.conftest import Seeded
from tests.web.visitor import TestClient
from web.texts import TEXTS

WEB = Path(__file__).parents[2] / "web"
SOURCES = "\n".join(
    file.read_text(encoding="utf-8")
    for file in [*WEB.glob("*.py"), *WEB.glob("charts/*.py"), *WEB.glob("templates/*.html")]
)
#: Keys made of a fixed part and a value of an enumeration, or of a count.
FAMILIES = set(re.findall(r"['\"f]([a-z_]+\.)(?:['\"] ~|\{)", SOURCES))
COUNTED = set(re.findall(r"count\('([a-z_.]+)'", SOURCES))


def test_both_languages_have_the_same_keys() -> None:
    assert set(TEXTS["nb"]) == set(TEXTS["en"])


def test_both_languages_have_the_same_facts() -> None:
    for key, norwegian in TEXTS["nb"].items():
        facts = [
            {field for _, field, *_ in string.Formatter().parse(text) if field}
            for text in (norwegian, TEXTS["en"][key])
        ]
        assert facts[0] == facts[1], key


@pytest.mark.parametrize("key", TEXTS["nb"])
def test_no_key_is_unused(key: str) -> None:
    quoted = f"'{key}'" in SOURCES or f'"{key}"' in SOURCES
    counted = key.rpartition(".")[0] in COUNTED
    assert quoted or counted or any(key.startswith(family) for family in FAMILIES)


def test_families_are_found() -> None:
    assert {"status.", "job.", "delivery.", "said.", "sex."} <= FAMILIES


def test_norwegian_unless_asked_otherwise(client: TestClient) -> None:
    html = client.get("/").text
    assert '<html lang="nb">' in html
    assert "Arbeidsliste" in html
    assert 'href="?lang=en" lang="en"' in html


def test_the_choice_is_remembered(client: TestClient) -> None:
    html = client.get("/?site=baerum&lang=en").text
    assert '<html lang="en">' in html
    assert 'href="?site=baerum&amp;lang=nb"' in html
    assert '<html lang="en">' in client.get("/refusals").text
    assert '<html lang="nb">' in client.get("/?lang=nb").text
    assert '<html lang="nb">' in client.get("/refusals").text


@pytest.mark.parametrize("lang", ["xx", "", "NB", "%00", "en'\"<script>", "e" * 5000])
def test_garbage_is_not_a_language(client: TestClient, lang: str) -> None:
    answer = client.get(f"/?lang={lang}")
    assert '<html lang="nb">' in answer.text
    assert "set-cookie" not in answer.headers


def test_every_page_in_both_languages(client: TestClient, seeded: Seeded) -> None:
    for path in (
        "/",
        "/refusals",
        "/nope",
        *(f"/studies/{key}" for key in vars(seeded.house).values()),
    ):
        for language in ("nb", "en"):
            assert f'<html lang="{language}">' in client.get(f"{path}?lang={language}").text
