"""The pages of the watch in a real browser: nothing beside the screen, and lists by keyboard."""

from collections.abc import Iterator

import pytest

from core.domain.watch import Signal, Standing, Stream
from tests.services.devtools import Chromium, chromium
from tests.web import watched
from tests.web.test_screen import served
from tests.web.watched import Way
from web.overview import FACES

NARROW, WIDE = (390, 844), (1440, 900)
PATHS = ("/watch", "/watch/drammen/chest_xray", "/watch/drammen/chest_xray?view=table",
         "/quality", "/quality/drammen/chest_xray", "/cases")  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small country, served."""
    settings, seed = watched.open_watched(tmp_path_factory.mktemp("screen"))
    for site, way in (
        ("drammen", Way(Standing.OUTSIDE, (Signal.INPUT, Signal.OUTPUT), 6)),
        ("baerum", Way(Standing.WATCHED, (Signal.POSITIVE,), 1)),
        ("ski", Way(Standing.NO_DATA, days=3)),
    ):
        watched.write(seed, watched.course(Stream(site, "chest_xray"), way, 40))
    watched.compared(seed, "drammen", "chest_xray", days=60)
    watched.said(seed, "drammen", "chest_xray", days=60)
    watched.disagreed(seed, "drammen", number=3)
    watched.ran(seed)
    with served(settings, seed) as place:
        yield place
    seed.database.close()


def shown(browser: Chromium, address: str) -> None:
    """Go there, and wait until it is."""
    browser.open(address)
    browser.wait_for(f"location.href === '{address}' && document.readyState === 'complete'")


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_no_page_is_wider_than_the_screen(url: str, size: tuple[int, int]) -> None:
    with chromium(size=size) as browser:
        for path in PATHS:
            shown(browser, url + path)
            assert browser.evaluate("document.documentElement.scrollWidth") <= size[0], path
            assert browser.evaluate(
                "[...document.querySelectorAll('svg.chart')]"
                ".filter((one) => one.getClientRects().length)"
                ".every((one) => one.getBoundingClientRect().width > 60)"
            ), path
        assert not browser.faults
        assert all(one.startswith(url) for one in browser.requests), "nothing from elsewhere"


def test_lists_by_keyboard(url: str) -> None:
    with chromium(size=WIDE) as browser:
        shown(browser, f"{url}/watch")
        press = (
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}))"
        )
        for key in "jjk":
            browser.evaluate(press % key)
        assert browser.evaluate("document.activeElement.textContent") == "Drammen sykehus"
        browser.evaluate(press % "j")
        assert browser.evaluate("document.activeElement.getAttribute('href')") == (
            "/watch/baerum/chest_xray"
        )
        browser.evaluate("document.querySelector('[name=scope]').focus()")
        browser.evaluate("document.activeElement.dispatchEvent("
                         "new KeyboardEvent('keydown', {key: 'j', bubbles: true}))")  # fmt: skip
        assert browser.evaluate("document.activeElement.name") == "scope", "keys stay in a field"


def test_faces_differ_without_colour(url: str) -> None:
    """Every face that the legend shows has its own outline, measured in grey."""
    with chromium(size=WIDE) as browser:
        shown(browser, f"{url}/watch")
        browser.evaluate("document.getElementById('legend').open = true")
        shapes = browser.evaluate(
            "[...document.querySelectorAll('#legend path')].map((one) => "
            "[one.getTotalLength().toFixed(1), one.getAttribute('d')].join())"
        )
        styles = browser.evaluate(
            "[...document.querySelectorAll('#legend .stands')].map((one) => {"
            "const it = getComputedStyle(one); return [it.borderStyle, it.borderWidth, "
            "one.textContent.trim()].join()})"
        )
    assert len(set(shapes)) == len(set(styles)) == len(FACES)
